//! Lines and lists that are longer than their area, drawn, and which line of a list is selected.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Pane, Scroll};
use crate::theme::Theme;

/// Draws a panel of lines, scrolled; `nothing` stands there where there is none.
pub fn panel_of_lines(
    pane: Pane<'_>,
    title: &str,
    scroll: &mut Scroll,
    lines: &[Line<'_>],
    nothing: &str,
) {
    let page = usize::from(pane.area.height.saturating_sub(2));
    let (mut inner, window) = pane.scrolled(title, scroll, (lines.len(), page));
    if lines.is_empty() {
        inner.nothing(nothing);
    }
    inner.lines(&lines[window]);
}

/// Draws lines from the top; what does not fit is left out.
pub fn lines(frame: &mut Frame, area: Rect, lines: &[Line<'_>]) {
    for (line, row) in lines.iter().zip(area.rows()) {
        line.render(row, frame.buffer_mut());
    }
}

/// Draws lines from one of them on, with a scroll bar at the right when they do not all fit.
pub fn scrolled(frame: &mut Frame, area: Rect, all: &[Line<'_>], from: usize, theme: &Theme) {
    lines(frame, area, all.get(from..).unwrap_or_default());
    scroll_bar(frame, area, from, all.len(), theme);
}

/// A scroll bar just right of an area, on its panel's frame.
fn scroll_bar(frame: &mut Frame, area: Rect, from: usize, total: usize, theme: &Theme) {
    let height = usize::from(area.height);
    if height == 0 || total <= height {
        return;
    }
    let length = (height * height / total).max(1);
    let top = from * (height - length) / (total - height).max(1);
    let x = area.right().saturating_add(1);
    for y in 0..length {
        let at = (x, area.y + (top + y) as u16);
        if let Some(cell) = frame.buffer_mut().cell_mut(at) {
            cell.set_symbol(theme.either("┃", "#"))
                .set_style(theme.accent);
        }
    }
}

/// A list with one selected row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListState {
    /// The selected row.
    pub selected: usize,
    scroll: Scroll,
    area: Rect,
}

impl ListState {
    /// The rows of a page, for scrolling by pages.
    pub fn page(&self) -> isize {
        isize::try_from(self.area.height)
            .unwrap_or(isize::MAX)
            .max(2)
            - 1
    }

    /// The row at a place of the screen.
    pub fn row_at(&self, x: u16, y: u16, len: usize) -> Option<usize> {
        if !self.area.contains((x, y).into()) {
            return None;
        }
        let row = self.scroll.first + usize::from(y - self.area.y);
        (row < len).then_some(row)
    }

    /// The line of the screen on which a row was drawn.
    pub fn row_of(&self, row: usize) -> Option<u16> {
        let y = row.checked_sub(self.scroll.first)?;
        (y < usize::from(self.area.height)).then(|| self.area.y + y as u16)
    }

    /// Takes in where the list goes and how many rows it has: the selected one is one of them, and
    /// in sight. A list without rows stays as it is.
    pub fn arrange(&mut self, area: Rect, len: usize) {
        self.arrange_to(area, len, self.selected);
    }

    /// The same where the lines up to `last` belong to the selected one: they are in sight too, as
    /// far as there is room.
    pub fn arrange_to(&mut self, area: Rect, len: usize, last: usize) {
        if len == 0 {
            return;
        }
        self.area = area;
        self.selected = self.selected.min(len - 1);
        self.scroll.page = usize::from(area.height);
        self.scroll.keep_in_sight(last.min(len - 1));
        self.scroll.keep_in_sight(self.selected);
        self.scroll.window(len, self.scroll.page);
    }

    /// Draws the rows in sight. `row` makes the row of an index, for a width. Where keys act
    /// elsewhere, the selected row has no bar.
    pub fn draw<'a>(
        &self,
        frame: &mut Frame,
        (len, keys_act): (usize, bool),
        theme: &Theme,
        mut row: impl FnMut(usize, usize) -> Line<'a>,
    ) {
        for (index, at) in (self.scroll.first..len).zip(self.area.rows()) {
            let columns = usize::from(at.width);
            let mark = match (index == self.selected, keys_act) {
                (true, true) => theme.either("▸ ", "> "),
                (true, false) => theme.either("· ", "- "),
                (false, _) => "  ",
            };
            let mut line = row(index, columns.saturating_sub(2));
            line.spans.insert(0, Span::styled(mark, theme.accent));
            line.render(at, frame.buffer_mut());
            if index == self.selected && keys_act {
                frame.buffer_mut().set_style(at, theme.selected);
            }
        }
        scroll_bar(frame, self.area, self.scroll.first, len, theme);
    }
}
