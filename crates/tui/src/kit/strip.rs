//! Strips of history: a column of cells for every stretch of time, as high as the share then was.

use ratatui::style::Style;

use super::Pane;

/// A column of history: the lowest, the mean and the highest share of a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Extent {
    /// Lowest share.
    pub low: f32,
    /// Mean share.
    pub mean: f32,
    /// Highest share.
    pub high: f32,
}

impl Extent {
    /// What a single glyph shows: the extreme that is farther from the mean, so that spikes and
    /// dips both stay.
    fn extreme(&self) -> f64 {
        let extreme = if self.high - self.mean >= self.mean - self.low {
            self.high
        } else {
            self.low
        };
        f64::from(extreme)
    }
}

/// Draws columns of history, newest at the right: as high as the area, in the colours of heat, or
/// all in one style.
///
/// A full column stops an eighth of a cell short, so that strips above each other stay apart.
pub fn strip(pane: &mut Pane<'_>, columns: &[Option<Extent>], style: Option<Style>) {
    let theme = pane.theme;
    let area = pane.area.intersection(pane.buf.area);
    let shown = columns.len().min(usize::from(area.width));
    let columns = &columns[columns.len() - shown..];
    let left = area.right().saturating_sub(shown as u16);
    for (x, extent) in (left..).zip(columns) {
        let Some(extent) = extent else { continue };
        let height = extent.extreme().clamp(0.0, 1.0) * (f64::from(area.height) - 0.125);
        let style = style.unwrap_or_else(|| theme.heat(f64::from(extent.mean)));
        for row in 0..area.height {
            // An idle core shows as a line at the bottom, so that silence differs from no data.
            let least = if row == 0 { 0.01 } else { 0.0 };
            let part = (height - f64::from(row)).max(least);
            if part > 0.0 {
                let cell = &mut pane.buf[(x, area.bottom() - 1 - row)];
                cell.set_symbol(theme.glyphs.level(part)).set_style(style);
            }
        }
    }
}
