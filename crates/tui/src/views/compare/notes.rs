//! What may be said about the runs, the weightiest first.

use ratatui::text::Line;

use crate::kit::list::panel_of_lines;
use crate::kit::text::marked;
use crate::kit::{Pane, Scroll};
use crate::theme::Theme;
use workbench_history::comparison::Comparison;

/// Cells of a panel's width that are not text or its mark.
const AROUND: u16 = 4;

/// Lines that the panel needs in a width.
pub fn height(comparison: &Comparison, width: u16, theme: &Theme) -> u16 {
    let lines = lines(comparison, width, theme).len();
    u16::try_from(lines + 2).unwrap_or(u16::MAX)
}

fn lines(comparison: &Comparison, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let columns = width.saturating_sub(AROUND);
    let notes = comparison.notes.iter().flat_map(|note| {
        let mark = theme.severity_mark(note.severity);
        let style = (theme.severity(note.severity), theme.accent);
        marked(mark, &note.text, columns, style)
    });
    notes.collect()
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, comparison: &Comparison) {
    let lines = lines(comparison, pane.area.width, pane.theme);
    let nothing = "the runs have nothing in common";
    panel_of_lines(pane, "What they say", scroll, &lines, nothing);
}
