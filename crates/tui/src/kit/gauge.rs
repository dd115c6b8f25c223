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
        // What stands on a bar of whole cells keeps the bar's colour behind it.
        let whole = self.fill.0 == glyphs.useful && !glyphs.ascii;
        let inside = |x: usize| whole && value.is_some_and(|value| x <= value);
        let over = |x: usize, style: Style| {
            if inside(x) {
                theme.over(self.fill.1)
            } else {
                style
            }
        };
        if let Some(ideal) = self.ideal.and_then(at) {
            set(ideal, glyphs.ideal, over(ideal, theme.dim));
        }
        if let Some(bound) = self.bound.and_then(at) {
            set(bound, glyphs.bound, over(bound, theme.warn));
        }
        if let Some([low, high]) = self.interval
            && let (Some(low), Some(high)) = (at(low), at(high))
        {
            // The bar ends at the value: the whisker's line goes on where the bar is not.
            for x in low + 1..high {
                match value {
                    Some(value) if x == value || (x < value && !whole) => {
                        set(x, self.fill.0, self.fill.1);
                    }
                    _ => set(x, glyphs.between, over(x, theme.text)),
                }
            }
            if low == high {
                set(low, glyphs.point, over(low, theme.text));
            } else {
                set(low, glyphs.low, over(low, theme.text));
                set(high, glyphs.high, over(high, theme.text));
            }
        }
        for (glyph, style) in cells {
            row.cell(glyph, style);
        }
    }
}
