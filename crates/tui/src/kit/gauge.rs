//! A value as a bar on an axis that begins at 0, with its interval, its bound and its
//! ideal over it.

use ratatui::style::Style;

use super::PaneRow;

/// A value and what is drawn with it.
pub struct Gauge {
    /// The value; no bar where there is none.
    pub value: Option<f64>,
    /// Ends of its interval.
    pub interval: Option<[f64; 2]>,
    /// What it could be at the most.
    pub bound: Option<f64>,
    /// What it would be at the best.
    pub ideal: Option<f64>,
    /// What the bar is made of, and its style.
    pub fill: (&'static str, Style),
    /// The value is marked inside its interval.
    pub marked: bool,
}

impl Gauge {
    /// Draws it over `columns` cells, the last of which stands for `end`.
    pub fn draw(&self, row: &mut PaneRow<'_>, columns: u16, end: f64) {
        let theme = row.theme;
        let glyphs = theme.glyphs;
        let columns = columns.min(row.rest());
        let last = f64::from(columns.saturating_sub(1));
        let at = |value: f64| -> Option<usize> {
            let sound = value.is_finite() && value >= 0.0 && end > 0.0;
            sound.then(|| (value / end * last).round().min(last) as usize)
        };
        let mut cells = vec![(" ", theme.faint); usize::from(columns)];
        let mut set = |x: usize, glyph: &'static str, style: Style| {
            if let Some(cell) = cells.get_mut(x) {
                *cell = (glyph, style);
            }
        };
        let value = self.value.and_then(at);
        if let Some(value) = value {
            (0..=value).for_each(|x| set(x, self.fill.0, self.fill.1));
        }
        if let Some(ideal) = self.ideal.and_then(at) {
            set(ideal, glyphs.ideal, theme.dim);
        }
        if let Some(bound) = self.bound.and_then(at) {
            set(bound, glyphs.bound, theme.warn);
        }
        if let Some([low, high]) = self.interval
            && let (Some(low), Some(high)) = (at(low), at(high))
        {
            (low..=high).for_each(|x| set(x, glyphs.between, theme.text));
            if let Some(value) = value.filter(|_| self.marked) {
                set(value.clamp(low, high), glyphs.point, theme.text);
            }
            set(low, glyphs.low, theme.text);
            set(high, glyphs.high, theme.text);
            if low == high {
                set(low, glyphs.point, theme.text);
            }
        }
        for (glyph, style) in cells {
            row.cell(glyph, style);
        }
    }
}
