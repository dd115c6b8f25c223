//! The small parts that all panels are made of: rows of text, bars, strips of history, boxes, scroll positions.
//!
//! Everything here is total: what does not fit is cut, what is not a number is not drawn, and nothing is ever drawn
//! outside the area that was given.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Block, Widget};

use super::ViewAction;
use crate::theme::Theme;

/// How many cells a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// The text, or its start and a mark where it does not fit into `columns` cells.
pub fn fit(text: &str, columns: u16, theme: &Theme) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in Span::raw(text).styled_graphemes(Style::new()) {
        let cells = width(grapheme.symbol);
        if used + cells > room {
            break;
        }
        used += cells;
        cut.push_str(grapheme.symbol);
    }
    cut.push_str(theme.glyphs.cut);
    cut
}

/// One line of an area, filled from left to right.
pub struct Row<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Row<'a> {
    /// The `line`-th line of an area; a row without room where the area has no such line.
    pub fn new(buf: &'a mut Buffer, area: Rect, line: u16) -> Self {
        let visible = area.intersection(buf.area);
        let y = area.y.saturating_add(line);
        let end = if line < area.height && y >= visible.top() && y < visible.bottom() {
            visible.right()
        } else {
            area.x
        };
        let x = area.x.max(visible.x);
        Self { buf, x, y, end }
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
    pub fn text(&mut self, text: &str, style: Style, theme: &Theme) -> &mut Self {
        let room = self.rest();
        self.put(&fit(text, room, theme), style)
    }

    /// A text where all of it fits, and nothing where it does not.
    pub fn whole(&mut self, text: &str, style: Style) -> &mut Self {
        if width(text) <= self.rest() {
            self.put(text, style);
        }
        self
    }

    /// A text at the left of `columns` cells.
    pub fn left(&mut self, text: &str, columns: u16, style: Style, theme: &Theme) -> &mut Self {
        let columns = columns.min(self.rest());
        let shown = fit(text, columns, theme);
        let used = width(&shown);
        self.put(&shown, style).skip(columns.saturating_sub(used))
    }

    /// A text at the right of `columns` cells.
    pub fn right(&mut self, text: &str, columns: u16, style: Style, theme: &Theme) -> &mut Self {
        let columns = columns.min(self.rest());
        let shown = fit(text, columns, theme);
        let used = width(&shown);
        self.skip(columns.saturating_sub(used)).put(&shown, style)
    }

    /// One cell.
    pub fn cell(&mut self, glyph: &str, style: Style) -> &mut Self {
        self.put(glyph, style)
    }

    /// A thin bar over `columns` cells, filled up to a share (0 to 1).
    pub fn bar(&mut self, share: f64, columns: u16, style: Style, theme: &Theme) -> &mut Self {
        let columns = columns.min(self.rest());
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let halves = (share * f64::from(columns) * 2.0).round() as u16;
        for cell in 0..columns {
            match halves.saturating_sub(2 * cell) {
                0 => self.put(theme.glyphs.track, theme.faint),
                1 => self.put(theme.glyphs.thin_half, style),
                _ => self.put(theme.glyphs.thin, style),
            };
        }
        self
    }

    fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.rest();
        if room > 0 {
            let (x, _) = self
                .buf
                .set_stringn(self.x, self.y, text, usize::from(room), style);
            self.x = x;
        }
        self
    }
}

/// A box with a title at the left and one at the right of its upper border; gives the area inside.
pub fn panel(
    buf: &mut Buffer,
    area: Rect,
    titles: (&str, &str),
    focused: bool,
    theme: &Theme,
) -> Rect {
    let style = if focused {
        theme.border_focus
    } else {
        theme.border
    };
    let block = Block::bordered()
        .border_set(theme.glyphs.border())
        .border_style(style);
    let inner = block.inner(area);
    block.render(area, buf);
    let top = Rect { height: 1, ..area };
    let room = area.width.saturating_sub(4);
    let (left, right) = titles;
    let left = fit(left, room.saturating_sub(2), theme);
    let used = width(&left) + 2;
    if room > 2 && !left.is_empty() {
        let style = if focused {
            theme.border_focus
        } else {
            theme.title
        };
        Row::new(buf, top, 0)
            .skip(2)
            .text(&format!(" {left} "), style, theme);
    }
    let left_over = room.saturating_sub(used + 1);
    if !right.is_empty() && left_over >= width(right) + 2 {
        let shown = format!(" {right} ");
        Row::new(buf, top, 0)
            .last(width(&shown) + 2)
            .text(&shown, theme.dim, theme);
    }
    inner
}

/// The area inside a box without its first and last column.
pub fn inset(inner: Rect) -> Rect {
    Rect {
        x: inner.x + inner.width.min(1),
        width: inner.width.saturating_sub(2),
        ..inner
    }
}

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
    /// What a single glyph shows: the extreme that is farther from the mean, so that spikes and dips both stay.
    pub fn telling(&self) -> f64 {
        let extreme = if self.high - self.mean >= self.mean - self.low {
            self.high
        } else {
            self.low
        };
        f64::from(extreme)
    }
}

/// Draws columns of history, newest at the right: as high as the area, in the colours of heat, or all in one style.
///
/// A full column stops an eighth of a cell short, so that strips above each other stay apart.
pub fn strip(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Option<Extent>],
    style: Option<Style>,
    theme: &Theme,
) {
    let area = area.intersection(buf.area);
    let shown = columns.len().min(usize::from(area.width));
    let columns = &columns[columns.len() - shown..];
    let left = area.right().saturating_sub(shown as u16);
    for (x, extent) in (left..).zip(columns) {
        let Some(extent) = extent else { continue };
        let height = extent.telling().clamp(0.0, 1.0) * (f64::from(area.height) - 0.125);
        let style = style.unwrap_or_else(|| theme.heat(f64::from(extent.mean)));
        for row in 0..area.height {
            let part = height - f64::from(row);
            let y = area.bottom() - 1 - row;
            // An idle core shows as a line at the bottom, so that silence differs from no data.
            let glyph = if row == 0 {
                theme.glyphs.level(part.max(0.01))
            } else {
                theme.glyphs.level(part)
            };
            if part > 0.0 || row == 0 {
                buf[(x, y)].set_symbol(glyph).set_style(style);
            }
        }
    }
}

/// Marks a column of cells as where the cursor is: what stands there stays readable, an empty cell gets a line.
pub fn mark_column(buf: &mut Buffer, area: Rect, x: u16, theme: &Theme) {
    let area = area.intersection(buf.area);
    if x < area.left() || x >= area.right() {
        return;
    }
    for y in area.top()..area.bottom() {
        let cell = &mut buf[(x, y)];
        if cell.symbol() == " " {
            cell.set_symbol(theme.glyphs.cursor).set_style(theme.accent);
        } else if cell.modifier.contains(Modifier::REVERSED) {
            cell.modifier.remove(Modifier::REVERSED);
        } else {
            cell.modifier.insert(Modifier::REVERSED);
        }
    }
}

/// The neighbour of an element in a list, round the ends; the first where it is not in the list.
pub fn neighbour<T: Copy + PartialEq>(list: &[T], of: T, forward: bool) -> Option<T> {
    let Some(at) = list.iter().position(|item| *item == of) else {
        return list.first().copied();
    };
    let step = if forward { 1 } else { list.len() - 1 };
    list.get((at + step) % list.len()).copied()
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
    pub fn window(&mut self, len: usize, page: usize) -> std::ops::Range<usize> {
        (self.page, self.len) = (page, len);
        self.first = self.first.min(len.saturating_sub(page));
        self.first..(self.first + page).min(len)
    }

    /// Lines up or down.
    pub fn by(&mut self, lines: isize) {
        self.first = self.first.saturating_add_signed(lines);
    }

    /// Moves as an action asks for.
    pub fn act(&mut self, action: ViewAction) {
        match action {
            ViewAction::Up => self.by(-1),
            ViewAction::Down => self.by(1),
            ViewAction::PageUp => self.pages(-1),
            ViewAction::PageDown => self.pages(1),
            ViewAction::Home => self.first = 0,
            ViewAction::End => self.first = usize::MAX / 2,
            _ => {}
        }
    }

    /// Moves a selected line as an action asks for, and keeps it in sight; the first visible one where none is selected.
    pub fn select(&mut self, selected: Option<usize>, action: ViewAction) -> usize {
        let page = self.page.max(1);
        let last = self.len.saturating_sub(1);
        let at = match (selected, action) {
            (_, ViewAction::Home) => 0,
            (_, ViewAction::End) => last,
            (None, _) => self.first,
            (Some(at), ViewAction::Up) => at.saturating_sub(1),
            (Some(at), ViewAction::Down) => at.saturating_add(1),
            (Some(at), ViewAction::PageUp) => at.saturating_sub(page),
            (Some(at), ViewAction::PageDown) => at.saturating_add(page),
            (Some(at), _) => at,
        };
        let at = at.min(last);
        self.first = self.first.clamp((at + 1).saturating_sub(page), at);
        at
    }

    /// Pages up or down.
    pub fn pages(&mut self, pages: isize) {
        let page = isize::try_from(self.page.max(1)).unwrap_or(1);
        self.by(pages.saturating_mul(page));
    }
}

/// `12–20 of 64`, or nothing where everything is visible.
pub fn position(window: &std::ops::Range<usize>, len: usize) -> String {
    if window.len() >= len {
        String::new()
    } else {
        format!("{} to {} of {len}", window.start + 1, window.end)
    }
}
