//! What the mouse does on the Result screen.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::panel::Panel;
use super::view::ResultView;
use super::what_if;
use crate::kit::list::Motion;
use crate::views::{Click, click};

/// A click goes to a panel or a tab, on the title of the chosen panel it zooms, in the table it
/// selects or sorts, on a chart it puts the cursor there; the wheel scrolls the panel under it.
pub fn act(view: &mut ResultView, event: MouseEvent) {
    let (x, y) = (event.column, event.row);
    let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
    if let Some((panel, _)) = click(&view.tabs, x, y).filter(|_| pressed) {
        view.focus.panel = panel;
        return;
    }
    let Some((panel, place)) = click(&view.places, x, y) else {
        return;
    };
    match event.kind {
        MouseEventKind::ScrollDown => view.scroll[panel as usize].act(Motion::Down),
        MouseEventKind::ScrollUp => view.scroll[panel as usize].act(Motion::Up),
        _ if !pressed => {}
        _ => {
            if place == Click::Title && panel == view.focus.panel {
                view.focus.zoomed = !view.focus.zoomed;
            }
            view.focus.panel = panel;
            view.click_inside(panel, x, y);
        }
    }
}

impl ResultView {
    fn click_inside(&mut self, panel: Panel, x: u16, y: u16) {
        match panel {
            Panel::Table => self.table.click(x, y),
            Panel::Curves => {
                if let Some(at) = self.chart.field.and_then(|field| field.x_at(x, y)) {
                    self.chart.cursor = Some(at);
                }
            }
            Panel::WhatIf | Panel::Scaling => {
                let workers = self.fields.iter().find_map(|field| field.x_at(x, y));
                if let Some(workers) = workers {
                    let most = f64::from(what_if::MOST);
                    self.charts.cursor = workers.round().clamp(1.0, most) as u32;
                }
            }
            _ => {}
        }
    }
}
