//! What all screens share: how they look, panels, the footer with its keys, lists that scroll.

use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::binding::Binding;
use super::keys::shown;
use super::text::{cell, fit, width};
use super::theme::Theme;

/// How everything looks.
#[derive(Debug, Clone)]
pub struct Look {
    /// Colours and attributes.
    pub theme: Theme,
    /// Nothing but ASCII is drawn.
    pub ascii: bool,
}

impl Look {
    /// A theme, with or without all of Unicode as its glyphs say.
    pub fn new(theme: Theme) -> Self {
        Self {
            ascii: theme.glyphs.ascii,
            theme,
        }
    }

    /// One of two texts: with all of Unicode, or without.
    pub fn either(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }
}

/// Draws a frame with a title and returns what is inside.
pub fn panel(frame: &mut Frame, area: Rect, title: &str, focused: bool, look: &Look) -> Rect {
    let (border, title_style) = if focused {
        (look.theme.border_focus, look.theme.border_focus)
    } else {
        (look.theme.border, look.theme.title)
    };
    let title = fit(title, usize::from(area.width.saturating_sub(6)), look.ascii);
    let mut block = Block::bordered()
        .border_set(look.theme.glyphs.border())
        .border_style(border);
    if !title.is_empty() {
        block = block.title(Line::from(vec![
            Span::styled(look.theme.glyphs.border().horizontal_top, border),
            Span::styled(format!(" {title} "), title_style),
        ]));
    }
    let inner = block.inner(area);
    block.render(area, frame.buffer_mut());
    inner.inner(Margin::new(1, 0))
}

/// Clears a rectangle in the middle and draws a dialog's frame there; returns what is inside.
pub fn dialog(frame: &mut Frame, area: Rect, size: (u16, u16), title: &str, look: &Look) -> Rect {
    let (w, h) = (size.0.min(area.width), size.1.min(area.height));
    let at = Rect::new(
        area.x + (area.width - w) / 2,
        area.y + (area.height - h) / 2,
        w,
        h,
    );
    Clear.render(at, frame.buffer_mut());
    frame.buffer_mut().set_style(at, look.theme.text);
    panel(frame, at, title, true, look)
}

/// Draws lines from the top; what does not fit is left out.
pub fn lines(frame: &mut Frame, area: Rect, lines: &[Line<'_>]) {
    for (line, row) in lines.iter().zip(area.rows()) {
        line.render(row, frame.buffer_mut());
    }
}

/// Draws lines from one of them on, with a scroll bar at the right when they do not all fit. Returns the first line that
/// is really drawn, so that scrolling cannot run away.
pub fn scrolled(
    frame: &mut Frame,
    area: Rect,
    all: &[Line<'_>],
    from: usize,
    look: &Look,
) -> usize {
    let height = usize::from(area.height);
    let from = from.min(all.len().saturating_sub(height));
    lines(frame, area, &all[from..]);
    scroll_bar(frame, area, from, all.len(), look);
    from
}

/// A scroll bar just right of an area, on its panel's frame.
fn scroll_bar(frame: &mut Frame, area: Rect, from: usize, total: usize, look: &Look) {
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
            cell.set_symbol(look.either("┃", "#"))
                .set_style(look.theme.accent);
        }
    }
}

/// A list with one selected row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListState {
    /// The selected row.
    pub selected: usize,
    offset: usize,
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
        let row = self.offset + usize::from(y - self.area.y);
        (row < len).then_some(row)
    }

    /// The line of the screen on which a row was drawn.
    pub fn row_of(&self, row: usize) -> Option<u16> {
        let y = row.checked_sub(self.offset)?;
        (y < usize::from(self.area.height)).then(|| self.area.y + y as u16)
    }

    /// Draws the rows with the selected one in sight. `row` makes the row of an index, for a width.
    pub fn draw<'a>(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        len: usize,
        look: &Look,
        mut row: impl FnMut(usize, usize) -> Line<'a>,
    ) {
        self.area = area;
        let height = usize::from(area.height);
        self.selected = self.selected.min(len.saturating_sub(1));
        self.offset = self
            .offset
            .clamp((self.selected + 1).saturating_sub(height), self.selected)
            .min(len.saturating_sub(height));
        for (index, at) in (self.offset..len).zip(area.rows()) {
            let columns = usize::from(at.width);
            let mark = if index == self.selected {
                look.either("▸ ", "> ")
            } else {
                "  "
            };
            let mut line = row(index, columns.saturating_sub(2));
            line.spans.insert(0, Span::styled(mark, look.theme.accent));
            line.render(at, frame.buffer_mut());
            if index == self.selected {
                frame.buffer_mut().set_style(at, look.theme.selected);
            }
        }
        scroll_bar(frame, area, self.offset, len, look);
    }
}

/// The last line: the keys that work now, as many as fit, and always the help.
pub fn footer(frame: &mut Frame, area: Rect, bindings: &[Binding], look: &Look) {
    let room = usize::from(area.width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    let mut used = 0;
    let help = bindings.iter().position(|b| b.keys.contains(&"?"));
    let reserved = help.map_or(0, |i| hint_width(&bindings[i], look));
    for (i, binding) in bindings.iter().enumerate() {
        if binding.label.is_empty() || Some(i) == help {
            continue;
        }
        let wide = hint_width(binding, look);
        if used + wide + reserved > room {
            break;
        }
        used += wide;
        hint(&mut spans, binding, look);
    }
    if let Some(help) = help {
        hint(&mut spans, &bindings[help], look);
    }
    Line::from(spans).render(area, frame.buffer_mut());
}

fn hint_width(binding: &Binding, look: &Look) -> usize {
    let key = binding
        .keys
        .first()
        .map_or("", |key| shown(key, look.ascii));
    width(key) + 1 + width(binding.label) + 2
}

fn hint(spans: &mut Vec<Span<'static>>, binding: &Binding, look: &Look) {
    let key = binding
        .keys
        .first()
        .map_or("", |key| shown(key, look.ascii));
    spans.push(Span::styled(key, look.theme.accent));
    spans.push(Span::styled(
        format!(" {}  ", binding.label),
        look.theme.dim,
    ));
}

/// Cells of given widths, two blanks apart, as one line.
pub fn columns(cells: &[(&str, usize, Style)], look: &Look) -> Line<'static> {
    let mut spans = Vec::new();
    for (i, (text, columns, style)) in cells.iter().enumerate() {
        if i > 0 {
            spans.push(Span::raw("  "));
        }
        spans.push(Span::styled(cell(text, *columns, look.ascii), *style));
    }
    Line::from(spans)
}
