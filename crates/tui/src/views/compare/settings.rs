//! What was set differently, a row per setting and a column per run; what is the same is named
//! on one line.

use super::run_mark::{colour, name_run};
use crate::kit::text::wrap_text;
use crate::kit::{Pane, PaneRow, Scroll, cells};
use workbench_history::comparison::{Comparison, DifferingSetting, Group};

/// Lines that the panel needs in so many columns: the rows, their groups, the letters, and what
/// is the same.
pub fn height(comparison: &Comparison, columns: u16) -> u16 {
    let differing = &comparison.settings.differing;
    let widths = Widths::new(differing, comparison.runs.len(), columns.saturating_sub(4));
    u16::try_from(rows(differing, &widths).len() + 5).unwrap_or(u16::MAX)
}

/// Lines that the values of one setting take at most.
const MOST_LINES: usize = 4;

/// Cells of the names and of every run's values, with what keeps them apart.
struct Widths {
    label: u16,
    runs: Vec<u16>,
}

impl Widths {
    /// Values get what they need where there is room; where there is not, none gets less than
    /// its fair share.
    fn new(differing: &[DifferingSetting], runs: usize, columns: u16) -> Self {
        let label = label(differing).min(columns / 3);
        let mut rest = columns.saturating_sub(label);
        let needed = |run: usize| {
            let values = differing
                .iter()
                .filter_map(|row| row.values.get(run)?.as_ref());
            values.map(|value| cells(value)).max().unwrap_or(1).max(3) + 1
        };
        let fair = rest / u16::try_from(runs.max(1)).unwrap_or(u16::MAX);
        if (0..runs).all(|run| needed(run) <= fair) {
            return Self {
                label,
                runs: vec![fair.max(4); runs],
            };
        }
        let mut order: Vec<usize> = (0..runs).collect();
        order.sort_by_key(|run| needed(*run));
        let mut widths = vec![0; runs];
        for (left, run) in (1..=runs).rev().zip(order) {
            let fair = rest / u16::try_from(left).unwrap_or(u16::MAX);
            widths[run] = needed(run).min(fair).max(4);
            rest = rest.saturating_sub(widths[run]);
        }
        Self {
            label,
            runs: widths,
        }
    }
}

enum Line<'a> {
    Group(Group),
    /// A setting's name, empty on its further lines, and a part of each of its values.
    Setting(&'a str, Vec<Value>),
}

/// A line of a run's value of a setting.
enum Value {
    /// The value has no further line.
    Blank,
    /// The run has no such setting.
    Missing,
    Text(String),
}

fn rows<'a>(differing: &'a [DifferingSetting], widths: &Widths) -> Vec<Line<'a>> {
    let mut rows = Vec::new();
    let mut group = None;
    for difference in differing {
        if group != Some(difference.group) {
            group = Some(difference.group);
            rows.push(Line::Group(difference.group));
        }
        let values = difference.values.iter().zip(&widths.runs);
        let mut values: Vec<_> = values
            .map(|(value, room)| parts(value.as_deref(), usize::from(*room) - 1).into_iter())
            .collect();
        let lines = values.iter().map(ExactSizeIterator::len).max().unwrap_or(1);
        for line in 0..lines.clamp(1, MOST_LINES) {
            let name = if line == 0 {
                difference.name.as_str()
            } else {
                ""
            };
            let values = values
                .iter_mut()
                .map(|parts| parts.next().unwrap_or(Value::Blank));
            rows.push(Line::Setting(name, values.collect()));
        }
    }
    rows
}

/// A value in lines; where they would be too many, the last one tells so by being too long.
fn parts(value: Option<&str>, room: usize) -> Vec<Value> {
    let Some(value) = value else {
        return vec![Value::Missing];
    };
    let mut parts = wrap_text(value, u16::try_from(room).unwrap_or(u16::MAX));
    if parts.len() > MOST_LINES {
        let rest = parts.split_off(MOST_LINES - 1);
        parts.push(rest.concat());
    }
    parts.into_iter().map(Value::Text).collect()
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, comparison: &Comparison) {
    let theme = pane.theme;
    let settings = &comparison.settings;
    let runs = comparison.runs.len();
    let widths = Widths::new(&settings.differing, runs, pane.area.width.saturating_sub(4));
    let rows = rows(&settings.differing, &widths);
    let same = wrap_text(&settings.same_line(), pane.area.width.saturating_sub(4));
    // What differs comes first: what is the same gets what is left, one line at least.
    let inside = usize::from(pane.area.height.saturating_sub(2));
    let left = inside.saturating_sub(rows.len() + 1).clamp(1, same.len());
    let page = inside.saturating_sub(1 + left);
    let title = match settings.differing.len() {
        0 => "No setting differs".to_owned(),
        1 => "1 setting differs".to_owned(),
        n => format!("{n} settings differ"),
    };
    let (mut inner, window) = pane.scrolled(&title, scroll, (rows.len(), page));
    if !rows.is_empty() {
        let mut head = inner.row(0);
        head.skip(widths.label);
        for (index, run) in comparison.runs.iter().enumerate() {
            if head.rest() >= 3 {
                name_run(&mut head, index, run.letter);
                head.skip(widths.runs[index].saturating_sub(3));
            }
        }
    }
    let first = u16::from(!rows.is_empty());
    for (line, row) in (first..).zip(&rows[window]) {
        let mut out = inner.row(line);
        match row {
            Line::Group(group) => drop(out.text(group.name(), theme.dim)),
            Line::Setting(name, values) => setting(&mut out, (name, values), &widths),
        }
    }
    let bottom = inner.area.height.saturating_sub(left as u16);
    let top = bottom.min(first + rows.len() as u16);
    for (line, text) in (top..).zip(shortened(&same, left)) {
        inner.row(line).text(&text, theme.dim);
    }
}

fn setting(row: &mut PaneRow<'_>, (name, values): (&str, &[Value]), widths: &Widths) {
    let theme = row.theme;
    row.skip(1)
        .left(name, widths.label.saturating_sub(2), theme.text)
        .skip(1);
    for (index, (value, room)) in values.iter().zip(&widths.runs).enumerate() {
        let (text, style) = match value {
            Value::Blank => ("", theme.dim),
            Value::Missing => ("—", theme.dim),
            Value::Text(text) => (text.as_str(), colour(index, theme)),
        };
        row.left(text, room.saturating_sub(1), style).skip(1);
    }
}

fn label(differing: &[DifferingSetting]) -> u16 {
    let widest = differing.iter().map(|row| cells(&row.name)).max();
    widest.unwrap_or(0) + 3
}

/// The first lines of a text; the last of them tells when there are more.
fn shortened(lines: &[String], most: usize) -> Vec<String> {
    let mut out: Vec<String> = lines.iter().take(most).cloned().collect();
    if let (true, Some(last)) = (lines.len() > most, out.last_mut()) {
        last.push_str(" …");
    }
    out
}
