//! A rectangle of the screen to draw on, boxes with titles, and dialogs.

use std::ops::Range;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::row::PaneRow;
use super::scroll::{Scroll, position};
use super::text::{fit, width};
use crate::theme::Theme;

/// A rectangle of the screen, how things look, and whether keys act on what is drawn there.
pub struct Pane<'a> {
    /// The cells of the screen.
    pub buf: &'a mut Buffer,
    /// The rectangle.
    pub area: Rect,
    /// Colours and glyphs.
    pub theme: &'a Theme,
    /// Keys act on it.
    pub focused: bool,
}

impl<'a> Pane<'a> {
    /// An area of the screen; what lies outside of it is left out.
    pub fn new(buf: &'a mut Buffer, area: Rect, theme: &'a Theme) -> Self {
        Self {
            area: area.intersection(buf.area),
            buf,
            theme,
            focused: false,
        }
    }

    /// Another area of the same screen.
    pub fn part(&mut self, area: Rect) -> Pane<'_> {
        Pane {
            buf: self.buf,
            area,
            theme: self.theme,
            focused: self.focused,
        }
    }

    /// The part below the first `lines` lines.
    pub fn below(&mut self, lines: u16) -> Pane<'_> {
        self.part(super::below(self.area, lines))
    }

    /// `height` lines from one of its lines on.
    pub fn band(&mut self, line: u16, height: u16) -> Pane<'_> {
        self.part(super::band(self.area, line, height))
    }

    /// A panel of `len` lines, of which `page` can be seen at a time: the part inside, and which
    /// lines can be seen.
    pub fn scrolled(
        self,
        title: &str,
        scroll: &mut Scroll,
        (len, page): (usize, usize),
    ) -> (Self, Range<usize>) {
        let window = scroll.window(len, page);
        let inner = self.panel((title, &position(&window, len)));
        (inner, window)
    }

    /// One of its lines.
    pub fn row(&mut self, line: u16) -> PaneRow<'_> {
        PaneRow::new(self.buf, self.area, line, self.theme)
    }

    /// [`row`](Self::row) of a part that is needed for nothing else.
    pub fn into_row(self, line: u16) -> PaneRow<'a> {
        PaneRow::new(self.buf, self.area, line, self.theme)
    }

    /// Says in the first line why there is nothing else.
    pub fn nothing(&mut self, why: &str) {
        let style = self.theme.dim;
        self.row(0).text(why, style);
    }

    /// A box with a title at the left and one at the right of its upper border; gives
    /// the part inside.
    pub fn frame(self, (left, right): (&str, &str)) -> Self {
        let inner = framed(self.buf, self.area, (left, right), self.focused, self.theme);
        Self {
            area: inner,
            ..self
        }
    }

    /// [`frame`](Self::frame) with a blank column inside at the left and at the right.
    pub fn panel(self, titles: (&str, &str)) -> Self {
        let inner = self.frame(titles);
        Self {
            area: inset(inner.area),
            ..inner
        }
    }

    /// Lines of text, one below the other.
    pub fn lines(&mut self, lines: &[Line<'_>]) {
        for (line, row) in lines.iter().zip(self.area.rows()) {
            line.render(row, self.buf);
        }
    }

    /// Marks a column of cells as where the cursor is: what stands there stays readable, an empty
    /// cell gets a line.
    pub fn mark_column(&mut self, x: u16) {
        use ratatui::style::Modifier;
        let area = self.area.intersection(self.buf.area);
        if x < area.left() || x >= area.right() {
            return;
        }
        for y in area.top()..area.bottom() {
            let cell = &mut self.buf[(x, y)];
            if cell.symbol() == " " {
                let theme = self.theme;
                cell.set_symbol(theme.glyphs.cursor).set_style(theme.accent);
            } else {
                cell.modifier.toggle(Modifier::REVERSED);
            }
        }
    }
}

/// The area inside a box without its first and last column.
fn inset(inner: Rect) -> Rect {
    inner.inner(Margin::new(1, 0))
}

/// The area inside a [`panel`].
pub fn inside(area: Rect) -> Rect {
    inset(Block::bordered().inner(area))
}

fn framed(
    buf: &mut Buffer,
    area: Rect,
    (left, right): (&str, &str),
    focused: bool,
    theme: &Theme,
) -> Rect {
    let (border, title) = if focused {
        (theme.border_focus, theme.border_focus)
    } else {
        (theme.border, theme.title)
    };
    let line = Span::styled(theme.glyphs.border.horizontal_top, border);
    let titled = |text: &str, style: Style| Span::styled(format!(" {text} "), style);
    let room = usize::from(area.width).saturating_sub(6);
    let left = fit(left, room, theme.glyphs.ascii);
    let mut block = Block::bordered()
        .border_set(theme.glyphs.border)
        .border_style(border);
    if !left.is_empty() {
        block = block.title(Line::from(vec![line.clone(), titled(&left, title)]));
    }
    if !right.is_empty() && width(&left) + width(right) + 3 <= room {
        let text = Line::from(vec![titled(right, theme.dim), line]);
        block = block.title(text.right_aligned());
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// Draws a box with a title and returns what is inside.
pub fn panel(frame: &mut Frame, area: Rect, title: &str, focused: bool, theme: &Theme) -> Rect {
    inset(framed(
        frame.buffer_mut(),
        area,
        (title, ""),
        focused,
        theme,
    ))
}

/// A rectangle of a size in the middle of an area, as far as there is room.
pub fn middle(area: Rect, size: (u16, u16)) -> Rect {
    let (w, h) = (size.0.min(area.width), size.1.min(area.height));
    Rect::new(
        area.x + (area.width - w) / 2,
        area.y + (area.height - h) / 2,
        w,
        h,
    )
}

/// Clears a rectangle in the middle and draws a dialog's box there; returns what is inside.
pub fn dialog(frame: &mut Frame, area: Rect, size: (u16, u16), title: &str, theme: &Theme) -> Rect {
    let at = middle(area, size);
    Clear.render(at, frame.buffer_mut());
    frame.buffer_mut().set_style(at, theme.text);
    panel(frame, at, title, true, theme)
}

/// Says which size is needed where the area is smaller; whether it did.
pub fn too_small(buf: &mut Buffer, area: Rect, least: (u16, u16), theme: &Theme) -> bool {
    if area.width >= least.0 && area.height >= least.1 {
        return false;
    }
    let times = theme.either("×", "x");
    let text = [
        format!("workbench needs {}{times}{}", least.0, least.1),
        format!("this window is {}{times}{}", area.width, area.height),
    ];
    let top = area.height.saturating_sub(2) / 2;
    for (line, row) in text.iter().zip(area.rows().skip(usize::from(top))) {
        let line = Line::styled(line.as_str(), theme.warn).centered();
        line.render(row, buf);
    }
    true
}
