//! What was equal: the counters of work, what was done besides, and the figures of every arm,
//! side by side.

use ratatui::style::Style;
use workbench_record::{LabFacts, Quantity};
use workbench_report::{Counter, counters, label};
use workbench_result::{ArmResult, RunResult};

use super::bars::short;
use crate::kit::text::wrap_text;
use crate::kit::{Pane, Scroll, cells, position};
use crate::theme::Theme;

/// Cells of an arm's column at least.
const LEAST: u16 = 12;
/// Cells of the names at most.
const NAME: u16 = 30;

/// A line of the table.
enum Line {
    /// What the lines below have in common.
    Head(&'static str),
    /// A name, whether all arms have the same (`None` where that says nothing), and
    /// each arm's value.
    Values(String, Option<bool>, Vec<String>),
    /// A sentence, or a further part of it.
    Text(String),
}

/// Whether there is anything to tell.
pub fn any(result: &RunResult) -> bool {
    result.arms.iter().any(|arm| !arm.breakdown.is_empty())
}

/// Draws the panel. `turned` says which arms are shown first where not all fit.
pub fn draw(pane: Pane<'_>, (scroll, turned): (&mut Scroll, usize), result: &RunResult) {
    let theme = pane.theme;
    let arms: Vec<&ArmResult> = result.arms.iter().collect();
    let columns = pane.area.width.saturating_sub(4);
    let lines = lines(result, &arms, columns);
    let names = lines.iter().map(|line| match line {
        Line::Values(name, ..) => cells(name),
        Line::Head(_) | Line::Text(_) => 0,
    });
    let name = names.max().unwrap_or(0).clamp(LEAST, NAME) + 2;
    let each = each(&arms, &lines, columns.saturating_sub(2 + name));
    let fit = usize::from((columns.saturating_sub(2 + name) / each).max(1));
    let shown: Vec<usize> = if fit >= arms.len() {
        (0..arms.len()).collect()
    } else {
        (0..fit).map(|i| (i + turned) % arms.len()).collect()
    };
    let page = usize::from(pane.area.height.saturating_sub(3));
    let window = scroll.window(lines.len(), page.max(1));
    let note = if shown.len() < arms.len() {
        format!("{} of {} arms", shown.len(), arms.len())
    } else {
        position(&window, lines.len())
    };
    let title = "What was equal, and what was not";
    let mut inner = pane.panel((title, &note));
    let mut head = inner.row(0);
    head.skip(2 + name);
    for i in &shown {
        head.right(&short(arms[*i]), each, theme.dim);
    }
    for (y, line) in (1..).zip(&lines[window]) {
        let mut row = inner.row(y);
        match line {
            Line::Head(text) => _ = row.text(text, theme.title),
            Line::Text(text) => _ = row.skip(2).text(text, theme.text),
            Line::Values(text, same, values) => {
                let (mark, style) = mark(*same, theme);
                row.left(mark, 2, style).left(text, name, theme.dim);
                for i in &shown {
                    row.skip(2).right(&values[*i], each - 2, theme.text);
                }
            }
        }
    }
}

/// Cells of an arm's column: what its name and values need where all arms have that. Where they
/// have not, values are cut before arms are left out.
fn each(arms: &[&ArmResult], lines: &[Line], columns: u16) -> u16 {
    let heads = arms.iter().map(|arm| cells(&short(arm)) + 2);
    let head = heads.max().unwrap_or(0).clamp(LEAST, 22);
    let values = lines.iter().flat_map(|line| match line {
        Line::Values(_, _, values) => values.as_slice(),
        Line::Head(_) | Line::Text(_) => &[],
    });
    let value = values.map(|value| cells(value) + 2).max().unwrap_or(0);
    let fair = columns / u16::try_from(arms.len().max(1)).unwrap_or(u16::MAX);
    value.max(head).min(fair.max(head))
}

fn mark(same: Option<bool>, theme: &Theme) -> (&'static str, Style) {
    match same {
        Some(true) => (theme.glyphs.ok, theme.good),
        Some(false) => (theme.glyphs.failed, theme.bad),
        None => (" ", theme.dim),
    }
}

fn lines(result: &RunResult, arms: &[&ArmResult], columns: u16) -> Vec<Line> {
    let facts = &result.lab_facts;
    let (head, differ) = if result.comparison.basis.needs_equal_work() {
        ("work, which has to be equal", Some(false))
    } else {
        ("work on the way to the target, which may differ", None)
    };
    let mut lines = vec![Line::Head(head)];
    // What to say of a counter that is not equal.
    let line = |counter: Counter, differ: Option<bool>| {
        let same = if counter.equal { Some(true) } else { differ };
        Line::Values(counter.label, same, counter.values)
    };
    let work = counters(arms, facts, |arm| &arm.work).into_iter();
    lines.extend(work.map(|counter| line(counter, differ)));
    let besides = counters(arms, facts, |arm| &arm.breakdown.facts).into_iter();
    let besides: Vec<Line> = besides.map(|counter| line(counter, None)).collect();
    if !besides.is_empty() {
        lines.push(Line::Head("other work, which may differ"));
        lines.extend(besides);
    }
    let mut names: Vec<&str> = Vec::new();
    for name in arms.iter().flat_map(|arm| arm.quality.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let (all, some): (Vec<&str>, Vec<&str>) = names
        .into_iter()
        .partition(|name| arms.iter().all(|arm| arm.quality.contains_key(*name)));
    for (head, names) in [("figures", all), ("figures of some arms alone", some)] {
        if !names.is_empty() {
            lines.push(Line::Head(head));
        }
        for name in names {
            lines.extend(quality((arms, facts), name, columns));
        }
    }
    lines
}

/// A figure of every arm that has it; sentences get lines of their own.
fn quality((arms, facts): (&[&ArmResult], &LabFacts), name: &str, columns: u16) -> Vec<Line> {
    let mut sentences = Vec::new();
    for arm in arms {
        if let Some(Quantity::Text(text)) = arm.quality.get(name)
            && text.split_whitespace().count() > 3
        {
            let text = format!("{} of {}: {text}", label::label(facts, name), short(arm));
            let parts = wrap_text(&text, columns.saturating_sub(2));
            sentences.extend(parts.into_iter().map(Line::Text));
        }
    }
    if !sentences.is_empty() {
        return sentences;
    }
    let value = |arm: &&ArmResult| match arm.quality.get(name) {
        None => String::new(),
        Some(quantity) => label::value(facts, name, quantity),
    };
    vec![Line::Values(
        label::label(facts, name),
        None,
        arms.iter().map(value).collect(),
    )]
}
