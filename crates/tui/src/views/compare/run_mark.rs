//! What tells the runs of a comparison apart: a letter, a mark and a colour.

use ratatui::style::Style;

use crate::kit::PaneRow;
use crate::theme::Theme;

/// The colour of a run.
pub fn colour(run: usize, theme: &Theme) -> Style {
    theme.series(run)
}

/// A run's letter and mark, in its colour: three cells.
pub fn name_run(row: &mut PaneRow<'_>, run: usize, letter: &str) {
    let theme = row.theme;
    let style = colour(run, theme);
    row.cell(letter, style)
        .skip(1)
        .cell(theme.glyphs.series_point(run), style);
}
