//! Drawing of the screens that show a run: pure functions of the run's record and of small states of their own.
//!
//! ```text
//!  Run screen                                  Result screen
//!  ┌ lab, run, phase ─────────── status ┐      ┌ lab, run ─────────────────── status ┐
//!  │ ━━━━━━━━━━━ progress, elapsed, left │      │ what was found, in sentences        │
//!  ├ Arms: repeats, wall, speed-up ──────┤      ├ Speed-up ──────┬ Lost time ─────────┤
//!  ├ Cores ──────────────┬ GPUs ─────────┤      ├ What if ───────┼ Scaling, curves ───┤
//!  ├ Timeline of slots ──┴───────────────┤      ├ Findings ──┬ Tasks / items ┬ Machine ┤
//!  └ Curves ─────────────┬ Log ──────────┘      └────────────┴───────────────┴─────────┘
//! ```
//!
//! Belongs here: where things are drawn and how. Does not belong here: folding events, reading keys, computing numbers.

pub mod compare;
pub mod curves;
pub mod filter;
mod keymap;
mod plot;
pub mod result;
pub mod run;
mod scale;
mod stack;
mod text;
mod widgets;

#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::Theme;

pub use keymap::ViewAction;

/// The smallest size that a view is drawn at: the smallest window, less its last line.
pub const SMALLEST: (u16, u16) = (60, 15);

/// Where in a panel a click was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Click {
    /// On its upper border.
    Title,
    /// Below it.
    Inside,
}

/// The panel at a place of the screen.
fn click<P: Copy>(places: &[(P, Rect)], x: u16, y: u16) -> Option<(P, Click)> {
    let (panel, area) = places
        .iter()
        .find(|(_, area)| area.contains((x, y).into()))?;
    let part = if y == area.y {
        Click::Title
    } else {
        Click::Inside
    };
    Some((*panel, part))
}

/// Says which size is needed where the area is smaller than [`SMALLEST`]; whether it did.
fn too_small(buf: &mut Buffer, area: Rect, theme: &Theme) -> bool {
    let (width, height) = SMALLEST;
    if area.width >= width && area.height >= height {
        return false;
    }
    let lines = [
        format!("workbench needs {width}×{height} cells"),
        format!("this window has {}×{}", area.width, area.height),
    ];
    let top = area.height.saturating_sub(2) / 2;
    for (line, text) in (top..).zip(&lines) {
        let text = if theme.glyphs.ascii {
            text.replace('×', "x")
        } else {
            text.clone()
        };
        let left = area.width.saturating_sub(widgets::width(&text)) / 2;
        widgets::Row::new(buf, area, line)
            .skip(left)
            .text(&text, theme.warn, theme);
    }
    true
}
