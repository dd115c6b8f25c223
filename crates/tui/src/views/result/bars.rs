//! One bar per arm, one below the other: what speed-ups and lost time share.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_result::ArmResult;

use crate::theme::Theme;
use crate::views::text::safe;
use crate::views::widgets::{Row, Scroll, inset, panel, position, width};

/// How the bars were laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The area inside the panel.
    pub inner: Rect,
    /// Lines per arm: 1, or 2, or 3 with one between them.
    pub high: u16,
    /// Cells for the name where an arm has one line.
    pub label: u16,
}

/// Draws the panel: its title, and every visible arm in its place. `foot` is the number of lines below the bars. Gives
/// nothing where there is no arm.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    (title, focused): (&str, bool),
    scroll: &mut Scroll,
    (arms, foot): (&[&ArmResult], u16),
    one: impl Fn(&mut Buffer, Rect, &ArmResult, &Layout),
    theme: &Theme,
) -> Option<Layout> {
    let room = area.height.saturating_sub(2 + foot);
    // Two lines per arm and one between them where there is room, one line per arm otherwise.
    let high = match room / u16::try_from(arms.len().max(1)).unwrap_or(u16::MAX) {
        0 | 1 => 1,
        2 => 2,
        _ => 3,
    };
    let window = scroll.window(arms.len(), usize::from((room / high).max(1)));
    let note = position(&window, arms.len());
    let inner = inset(panel(buf, area, (title, &note), focused, theme));
    let Some(label) = arms.iter().map(|arm| width(&short(arm))).max() else {
        Row::new(buf, inner, 0).text("no repeat of any arm has finished", theme.dim, theme);
        return None;
    };
    let layout = Layout {
        inner,
        high,
        label: label.min(24),
    };
    for (i, arm) in (0..).zip(&arms[window]) {
        let place = Rect {
            y: inner.y + i * high,
            height: high,
            ..inner
        };
        one(buf, place.intersection(inner), arm, &layout);
    }
    Some(layout)
}

/// An arm where there is one line for it: `tasks 2`.
pub fn short(arm: &ArmResult) -> String {
    format!("{} {}", safe(&arm.name), arm.workers)
}
