//! What the mouse does on the Run screen.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::panel::Panel;
use super::request::CursorRequest;
use super::view::RunView;
use crate::kit::list::Motion;
use crate::views::{Click, click};

/// A click goes to a panel, on the title of the chosen panel it zooms, on a chart it puts the
/// cursor there; the wheel scrolls the panel under it.
pub fn act(view: &mut RunView, event: MouseEvent) {
    let (x, y) = (event.column, event.row);
    let Some((panel, place)) = click(&view.drawn.panels, x, y) else {
        return;
    };
    match event.kind {
        MouseEventKind::ScrollDown => view.scroll(panel, Motion::Down),
        MouseEventKind::ScrollUp => view.scroll(panel, Motion::Up),
        MouseEventKind::Down(MouseButton::Left) => {
            if place == Click::Title && panel == view.focus.panel {
                view.focus.zoomed = !view.focus.zoomed;
            }
            view.focus.panel = panel;
            if let Some(request) = view.request_at(panel, x, y) {
                view.request(request);
            }
        }
        _ => {}
    }
}

impl RunView {
    /// What a click on a chart asks of the cursor.
    fn request_at(&self, panel: Panel, x: u16, y: u16) -> Option<CursorRequest> {
        match panel {
            Panel::Cores | Panel::Gpus => self.drawn.strips.time_at(x, y).map(CursorRequest::Time),
            Panel::Timeline => self.drawn.timeline?.time_at(x, y).map(CursorRequest::Time),
            Panel::Curves => self.chart.field?.x_at(x, y).map(CursorRequest::Curve),
            Panel::Arms | Panel::Ranks | Panel::Log => None,
        }
    }
}
