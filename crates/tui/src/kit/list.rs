//! Lines and lists that are longer than their area: which of them are shown, and which is selected.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Pane;
use crate::theme::Theme;

/// A way to move in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the start.
    Home,
    /// To the end.
    End,
}

impl Motion {
    /// Where it leads from line `at` with so many lines to a page. The end is far away: whoever
    /// knows how many lines there are holds it to them.
    pub fn from(self, at: usize, page: usize) -> usize {
        match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page.max(1)),
            Self::PageDown => at.saturating_add(page.max(1)),
            Self::Home => 0,
            Self::End => usize::MAX / 2,
        }
    }
}

/// A position in a list that is longer than its panel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scroll {
    /// First visible line.
    pub first: usize,
    /// Lines that were visible when it was drawn last.
    page: usize,
    /// Lines that there were when it was drawn last.
    len: usize,
}

impl Scroll {
    /// The visible lines of `len` on `page` lines.
    pub fn window(&mut self, len: usize, page: usize) -> Range<usize> {
        (self.page, self.len) = (page, len);
        self.first = self.first.min(len.saturating_sub(page));
        self.first..(self.first + page).min(len)
    }

    /// Moves the visible lines.
    pub fn act(&mut self, motion: Motion) {
        self.first = motion.from(self.first, self.page);
    }

    /// Moves a selected line and keeps it in sight; the first visible one where none is selected.
    pub fn select(&mut self, selected: Option<usize>, motion: Motion) -> usize {
        let at = match (selected, motion) {
            (Some(at), _) => motion.from(at, self.page),
            (None, Motion::Home | Motion::End) => motion.from(0, 1),
            (None, _) => self.first,
        };
        let at = at.min(self.len.saturating_sub(1));
        self.keep_in_sight(at);
        at
    }

    fn keep_in_sight(&mut self, at: usize) {
        let least = (at + 1).saturating_sub(self.page.max(1));
        self.first = self.first.clamp(least, at);
    }
}

/// `12 to 20 of 64`, or nothing where everything is visible.
pub fn position(window: &Range<usize>, len: usize) -> String {
    if window.len() >= len {
        String::new()
    } else {
        format!("{} to {} of {len}", window.start + 1, window.end)
    }
}

/// Draws a panel of lines, scrolled; `nothing` stands there where there is none.
pub fn panel_of_lines(
    pane: Pane<'_>,
    title: &str,
    scroll: &mut Scroll,
    lines: &[Line<'_>],
    nothing: &str,
) {
    let page = usize::from(pane.area.height.saturating_sub(2));
    let window = scroll.window(lines.len(), page);
    let mut inner = pane.panel((title, &position(&window, lines.len())));
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
/// Returns the first line that is really drawn, so that scrolling cannot run away.
pub fn scrolled(
    frame: &mut Frame,
    area: Rect,
    all: &[Line<'_>],
    from: usize,
    theme: &Theme,
) -> usize {
    let height = usize::from(area.height);
    let from = from.min(all.len().saturating_sub(height));
    lines(frame, area, &all[from..]);
    scroll_bar(frame, area, from, all.len(), theme);
    from
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

    /// Draws the rows with the selected one in sight. `row` makes the row of an index, for a width.
    pub fn draw<'a>(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        len: usize,
        theme: &Theme,
        mut row: impl FnMut(usize, usize) -> Line<'a>,
    ) {
        self.area = area;
        self.selected = self.selected.min(len.saturating_sub(1));
        self.scroll.page = usize::from(area.height);
        self.scroll.keep_in_sight(self.selected);
        let window = self.scroll.window(len, usize::from(area.height));
        for (index, at) in window.zip(area.rows()) {
            let columns = usize::from(at.width);
            let mark = if index == self.selected {
                theme.either("▸ ", "> ")
            } else {
                "  "
            };
            let mut line = row(index, columns.saturating_sub(2));
            line.spans.insert(0, Span::styled(mark, theme.accent));
            line.render(at, frame.buffer_mut());
            if index == self.selected {
                frame.buffer_mut().set_style(at, theme.selected);
            }
        }
        scroll_bar(frame, area, self.scroll.first, len, theme);
    }
}
