//! What was set differently, a row per setting and a column per run; what is the same is named on one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{colour, name_run};
use crate::comparison::{Comparison, Difference, Group};
use crate::tui::theme::Theme;
use crate::tui::views::text::wrap;
use crate::tui::views::widgets::{Row, Scroll, inset, panel, position, width};

/// Lines that the panel needs: the rows, their groups, the letters, and what is the same.
pub fn height(comparison: &Comparison) -> u16 {
    let rows = rows(&comparison.settings.differing).len();
    u16::try_from(rows + 5).unwrap_or(u16::MAX)
}

enum Line<'a> {
    Group(Group),
    Setting(&'a Difference),
}

fn rows(differing: &[Difference]) -> Vec<Line<'_>> {
    let mut rows = Vec::new();
    let mut group = None;
    for difference in differing {
        if group != Some(difference.group) {
            group = Some(difference.group);
            rows.push(Line::Group(difference.group));
        }
        rows.push(Line::Setting(difference));
    }
    rows
}

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    comparison: &Comparison,
    theme: &Theme,
) {
    let settings = &comparison.settings;
    let rows = rows(&settings.differing);
    let same = wrap(&settings.same_line(), area.width.saturating_sub(4));
    // What differs comes first: what is the same gets what is left, one line at least.
    let inside = usize::from(area.height.saturating_sub(2));
    let left = inside.saturating_sub(rows.len() + 1).clamp(1, same.len());
    let page = inside.saturating_sub(1 + left);
    let window = scroll.window(rows.len(), page);
    let title = match settings.differing.len() {
        0 => "Nothing was set differently".to_owned(),
        1 => "1 setting differs".to_owned(),
        n => format!("{n} settings differ"),
    };
    let place = position(&window, rows.len());
    let inner = inset(panel(buf, area, (&title, &place), focused, theme));
    let label = label(&settings.differing).min(inner.width / 3);
    let runs = comparison.runs.len();
    let column = (inner.width.saturating_sub(label) / runs.max(1) as u16).max(4);
    if !rows.is_empty() {
        let mut head = Row::new(buf, inner, 0);
        head.skip(label);
        for (index, run) in comparison.runs.iter().enumerate() {
            if head.rest() >= 3 {
                name_run(&mut head, index, run.letter, theme);
                head.skip(column.saturating_sub(3));
            }
        }
    }
    let first = u16::from(!rows.is_empty());
    for (line, row) in (first..).zip(&rows[window]) {
        let mut out = Row::new(buf, inner, line);
        match row {
            Line::Group(group) => drop(out.text(group.name(), theme.dim, theme)),
            Line::Setting(row) => setting(&mut out, row, (label, column), theme),
        }
    }
    let bottom = inner.height.saturating_sub(left as u16);
    let top = bottom.min(first + rows.len() as u16);
    for (line, text) in (top..).zip(shortened(&same, left)) {
        Row::new(buf, inner, line).text(&text, theme.dim, theme);
    }
}

fn setting(row: &mut Row<'_>, setting: &Difference, (label, column): (u16, u16), theme: &Theme) {
    row.skip(1)
        .left(&setting.name, label.saturating_sub(2), theme.text, theme)
        .skip(1);
    for (index, value) in setting.values.iter().enumerate() {
        let (text, style): (&str, Style) = match value {
            Some(value) => (value, colour(index, theme)),
            None => ("—", theme.dim),
        };
        row.left(text, column.saturating_sub(1), style, theme)
            .skip(1);
    }
}

fn label(differing: &[Difference]) -> u16 {
    let widest = differing.iter().map(|row| width(&row.name)).max();
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
