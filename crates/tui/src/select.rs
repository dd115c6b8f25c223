//! Moving in a list by keys, wheel and clicks: the same in every list.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use crate::kit::ListState;
use crate::kit::Motion;

impl ListState {
    /// Moves the selection in a list of so many rows.
    pub fn go(&mut self, motion: Motion, len: usize) {
        let to = motion.from(self.selected, self.page().unsigned_abs());
        self.selected = to.min(len.saturating_sub(1));
    }

    /// The wheel moves, a click selects. Whether it was a click on what is selected, which chooses
    /// it.
    pub fn mouse(&mut self, event: MouseEvent, len: usize) -> bool {
        match event.kind {
            MouseEventKind::ScrollDown => self.go(Motion::Down, len),
            MouseEventKind::ScrollUp => self.go(Motion::Up, len),
            MouseEventKind::Down(MouseButton::Left) => {
                let row = self.row_at(event.column, event.row, len);
                if row == Some(self.selected) {
                    return true;
                }
                self.selected = row.unwrap_or(self.selected);
            }
            _ => {}
        }
        false
    }
}
