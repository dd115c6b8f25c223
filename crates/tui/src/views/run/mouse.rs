//! What the mouse does on the Run screen.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::cursor::Ask;
use super::{Panel, RunView};
use crate::views::{Click, ViewAction, click};

/// A click goes to a panel, on the title of the chosen panel it zooms, on a chart it puts the cursor there; the
/// wheel scrolls the panel under it.
pub fn act(view: &mut RunView, event: MouseEvent) {
    let (x, y) = (event.column, event.row);
    let Some((panel, place)) = click(&view.places, x, y) else {
        return;
    };
    match event.kind {
        MouseEventKind::ScrollDown => view.scroll(panel, ViewAction::Down),
        MouseEventKind::ScrollUp => view.scroll(panel, ViewAction::Up),
        MouseEventKind::Down(MouseButton::Left) => {
            if place == Click::Title && panel == view.focus.panel {
                view.focus.zoomed = !view.focus.zoomed;
            }
            view.focus.panel = panel;
            if let Some(ask) = view.ask_at(panel, x, y) {
                view.ask(ask);
            }
        }
        _ => {}
    }
}

impl RunView {
    /// What a click on a chart asks of the cursor.
    fn ask_at(&self, panel: Panel, x: u16, y: u16) -> Option<Ask> {
        match panel {
            Panel::Cores | Panel::Gpus => self.strips.time_at(x, y).map(Ask::Time),
            Panel::Timeline => self.timeline.time_at(x, y).map(Ask::Time),
            Panel::Curves => self.curves.field()?.x_at(x, y).map(Ask::Curve),
            Panel::Arms | Panel::Ranks | Panel::Log => None,
        }
    }
}
