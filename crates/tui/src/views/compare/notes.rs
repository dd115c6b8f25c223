//! What may be said about the runs, the weightiest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::theme::Theme;
use crate::views::text::{highlight, wrap};
use crate::views::widgets::{Row, Scroll, panel, position};
use workbench_history::comparison::{Comparison, Weight};

/// Cells of a panel's width that are not text.
const AROUND: u16 = 6;

/// Lines that the panel needs in a width.
pub fn height(comparison: &Comparison, width: u16) -> u16 {
    let columns = width.saturating_sub(AROUND);
    let lines = comparison
        .notes
        .iter()
        .map(|note| wrap(&note.text, columns).len());
    u16::try_from(lines.sum::<usize>() + 2).unwrap_or(u16::MAX)
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
    let columns = area.width.saturating_sub(AROUND);
    let mut lines: Vec<(&'static str, Style, Style, String)> = Vec::new();
    for note in &comparison.notes {
        let (mark, style, text) = match note.weight {
            Weight::Bad => (theme.glyphs.failed, theme.bad, theme.bad),
            Weight::Warning => (theme.glyphs.warning, theme.warn, theme.warn),
            Weight::Finding => (theme.glyphs.finding, theme.accent, theme.text),
        };
        for (i, part) in wrap(&note.text, columns).into_iter().enumerate() {
            lines.push((if i == 0 { mark } else { "" }, style, text, part));
        }
    }
    let window = scroll.window(lines.len(), usize::from(area.height.saturating_sub(2)));
    let titles = ("What they say", position(&window, lines.len()));
    let inner = panel(buf, area, (titles.0, &titles.1), focused, theme);
    if lines.is_empty() {
        Row::new(buf, inner, 0)
            .skip(1)
            .text("the runs have nothing in common", theme.dim, theme);
    }
    for (line, (mark, style, text_style, text)) in (0..).zip(&lines[window]) {
        let mut row = Row::new(buf, inner, line);
        row.skip(1).left(mark, 2, *style, theme);
        for (words, style) in highlight(text, *text_style, theme.accent) {
            row.text(&words, style, theme);
        }
    }
}
