//! One line of cells, filled from left to right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text::{cell, cells, fit};
use crate::theme::Theme;

/// One line of an area, filled from left to right.
pub struct PaneRow<'a> {
    buf: &'a mut Buffer,
    /// Colours and glyphs.
    pub theme: &'a Theme,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> PaneRow<'a> {
    /// The `line`-th line of an area; a row without room where the area has no such line.
    pub fn new(buf: &'a mut Buffer, area: Rect, line: u16, theme: &'a Theme) -> Self {
        let visible = area.intersection(buf.area);
        let y = area.y.saturating_add(line);
        let end = if line < area.height && y >= visible.top() && y < visible.bottom() {
            visible.right()
        } else {
            area.x
        };
        Self {
            x: area.x.max(visible.x),
            buf,
            theme,
            y,
            end,
        }
    }

    /// Cells that are left.
    pub fn rest(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end.max(self.x));
        self
    }

    /// Goes to the last `cells` cells of the row.
    pub fn last(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.max(self.end.saturating_sub(cells));
        self
    }

    /// As much of a text as fits.
    pub fn text(&mut self, text: &str, style: Style) -> &mut Self {
        self.at_most(text, u16::MAX, style)
    }

    /// As much of a text as fits into `columns` cells, which take no more than it needs.
    pub fn at_most(&mut self, text: &str, columns: u16, style: Style) -> &mut Self {
        let shown = self.fit(text, columns.min(self.rest()));
        self.put(&shown, style)
    }

    /// A text where all of it fits, and nothing where it does not.
    pub fn whole(&mut self, text: &str, style: Style) -> &mut Self {
        if cells(text) <= self.rest() {
            self.text(text, style);
        }
        self
    }

    /// A text at the left of `columns` cells.
    pub fn left(&mut self, text: &str, columns: u16, style: Style) -> &mut Self {
        let columns = columns.min(self.rest());
        let shown = self.fit(text, columns);
        let rest = columns.saturating_sub(cells(&shown));
        self.put(&shown, style).skip(rest)
    }

    /// A text at the right of `columns` cells.
    pub fn right(&mut self, text: &str, columns: u16, style: Style) -> &mut Self {
        let columns = columns.min(self.rest());
        let shown = self.fit(text, columns);
        let rest = columns.saturating_sub(cells(&shown));
        self.skip(rest).put(&shown, style)
    }

    /// One cell.
    pub fn cell(&mut self, glyph: &str, style: Style) -> &mut Self {
        self.put(glyph, style)
    }

    /// As many cells of a glyph as fit, `n` at most.
    pub fn fill(&mut self, glyph: &str, n: u16, style: Style) -> &mut Self {
        for _ in 0..n.min(self.rest()) {
            self.put(glyph, style);
        }
        self
    }

    /// A thin bar over `columns` cells, filled up to a share (0 to 1).
    pub fn bar(&mut self, share: f64, columns: u16, style: Style) -> &mut Self {
        let (glyphs, faint) = (self.theme.glyphs, self.theme.faint);
        let columns = columns.min(self.rest());
        // What is not a number is nothing.
        let share = share.clamp(0.0, 1.0).max(0.0);
        let halves = (share * f64::from(columns) * 2.0).round() as u16;
        for cell in 0..columns {
            match halves.saturating_sub(2 * cell) {
                0 => self.put(glyphs.track, faint),
                1 => self.put(glyphs.thin_half, style),
                _ => self.put(glyphs.thin, style),
            };
        }
        self
    }

    fn fit(&self, text: &str, columns: u16) -> String {
        fit(text, usize::from(columns), self.theme.glyphs.ascii)
    }

    fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let room = usize::from(self.rest());
        if room > 0 {
            (self.x, _) = self.buf.set_stringn(self.x, self.y, text, room, style);
        }
        self
    }
}

/// Cells of given widths, two blanks apart, as one line.
pub fn columns(texts: &[(&str, usize, Style)], theme: &Theme) -> Line<'static> {
    let mut spans = Vec::new();
    for (i, (text, columns, style)) in texts.iter().enumerate() {
        if i > 0 {
            spans.push(Span::raw("  "));
        }
        let text = cell(text, *columns, theme.glyphs.ascii);
        spans.push(Span::styled(text, *style));
    }
    Line::from(spans)
}
