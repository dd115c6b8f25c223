//! The Compare screen: runs side by side, each with a letter, a mark and a colour of its own.
//!
//! ```text
//! A ● 20261121-101502-rf-3f9a  rf quick          B ○ 20261120-093000-rf-0b1c  rf quick
//! ╭─ What they say ─────────────────────╮╭─ Set differently ─────────────────────────╮
//! │ B's trees is 1.12× as fast as A's … ││             A           B                 │
//! ├─ Arms ──────────────────────────────┴┴───────────────────────────────────────────┤
//! │ trees on 2 workers                                                               │
//! │ A ● ██████████├┤  1.12 s (1.10 to 1.14)   ██████████├┤  1.93× (1.90 to 1.95)     │
//! ├─ Scaling ───────────────────────────┬┬─ Curves: test R² ─────────────────────────┤
//! ╰─────────────────────────────────────╯╰───────────────────────────────────────────╯
//! ```
//!
//! On small screens the panels are tabs. Belongs here: drawing a comparison. Does not belong here:
//! finding facts and wording sentences, which is [`workbench_history::comparison`]'s.

mod arms;
mod charts;
mod header;
mod layout;
mod notes;
mod panel;
mod run_mark;
mod settings;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Focus, SMALLEST, ViewAction};
use crate::kit::{Pane, Scroll, below, too_small};
use crate::theme::Theme;
use panel::{Facts, Panel};

/// The Compare screen's own state.
#[derive(Debug, Default)]
pub struct CompareView {
    focus: Focus<Panel>,
    /// Bars show speed-ups.
    speedups: bool,
    /// How often the next arm was asked for.
    arm: usize,
    /// How often the next curve was asked for.
    curve: usize,
    scroll: [Scroll; 5],
}

impl CompareView {
    /// Does what a key asks for.
    pub fn act(&mut self, action: ViewAction) {
        if self.focus.act(action) {
            return;
        }
        match action {
            ViewAction::NextArm => self.arm = self.arm.wrapping_add(1),
            ViewAction::Right => self.curve = self.curve.wrapping_add(1),
            ViewAction::Left => self.curve = self.curve.wrapping_sub(1),
            ViewAction::Toggle => self.speedups = !self.speedups,
            ViewAction::Move(motion) => self.scroll[self.focus.panel as usize].act(motion),
            _ => {}
        }
    }
}

/// Draws the Compare screen.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &mut CompareView,
    facts: Facts<'_>,
    theme: &Theme,
) {
    let mut pane = Pane::new(frame.buffer_mut(), area, theme);
    let area = pane.area;
    if too_small(pane.buf, area, SMALLEST, theme) {
        return;
    }
    let used = header::draw(&mut pane, facts.0);
    let body = below(area, used);
    let (mut places, tabs) = layout::arrange(body, facts, theme);
    let shown = match &tabs {
        Some(tabs) => tabs.panels.clone(),
        None => places.iter().map(|(panel, _)| *panel).collect(),
    };
    view.focus.choose_from(shown);
    let focus = view.focus.panel;
    if view.focus.zoomed {
        places = vec![(focus, body)];
    } else if let Some(tabs) = tabs {
        layout::draw_tabs(&mut pane.part(body), &tabs.panels, focus, facts.0);
        places = vec![(focus, tabs.body)];
    }
    for (panel, place) in places {
        let mut place = pane.part(place);
        place.focused = focus == panel;
        draw_panel(place, panel, view, facts);
    }
}

fn draw_panel(pane: Pane<'_>, panel: Panel, view: &mut CompareView, facts: Facts<'_>) {
    let scroll = &mut view.scroll[panel as usize];
    match panel {
        Panel::Notes => notes::draw(pane, scroll, facts.0),
        Panel::Settings => settings::draw(pane, scroll, facts.0),
        Panel::Arms => arms::draw(pane, (scroll, view.speedups), facts.0),
        Panel::Scaling => charts::scaling(pane, view.arm, facts.0),
        Panel::Curves => charts::curves(pane, (view.curve, view.arm), facts),
    }
}
