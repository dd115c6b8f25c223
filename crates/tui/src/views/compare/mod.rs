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

use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;

use super::panels::{Panels, Pointed};
use super::screen_layout::ScreenLayout;
use super::{SMALLEST, View, ViewAction};
use crate::event::SideBySide;
use crate::kit::Motion;
use crate::kit::{Pane, Scroll, below, too_small};
use crate::theme::Theme;

pub use panel::ComparePanel;

/// The Compare screen's own state.
#[derive(Debug)]
pub struct CompareView {
    panels: Panels<ComparePanel>,
    /// The time zone in which times are shown.
    pub zone: TimeZone,
    /// Bars show speed-ups.
    speedups: bool,
    /// How often the next arm was asked for.
    arm: usize,
    /// How often the next curve was asked for.
    curve: usize,
}

impl Default for CompareView {
    fn default() -> Self {
        Self {
            panels: Panels::default(),
            zone: TimeZone::UTC,
            speedups: false,
            arm: 0,
            curve: 0,
        }
    }
}

impl CompareView {
    /// Takes in where the last drawing put the panels.
    pub fn take(&mut self, drawn: Panels<ComparePanel>) {
        self.panels = drawn;
    }

    fn scroll(&mut self, panel: ComparePanel, motion: Motion) {
        self.panels.scroll(panel).act(motion);
    }
}

impl View for CompareView {
    fn act(&mut self, action: ViewAction) {
        if self.panels.act(action) {
            return;
        }
        match action {
            ViewAction::NextArm => self.arm = self.arm.wrapping_add(1),
            ViewAction::Right => self.curve = self.curve.wrapping_add(1),
            ViewAction::Left => self.curve = self.curve.wrapping_sub(1),
            ViewAction::Toggle => self.speedups = !self.speedups,
            ViewAction::Move(motion) => self.scroll(self.panels.focus, motion),
            _ => {}
        }
    }

    fn step_back(&mut self) -> bool {
        self.panels.step_back()
    }

    fn kept(&self) -> ScreenLayout {
        self.panels.kept()
    }

    fn lay_out(&mut self, kept: &ScreenLayout) {
        self.panels.lay_out(kept);
    }

    fn offers(&self, action: ViewAction) -> bool {
        use ComparePanel::{Arms, Curves, Scaling};
        match action {
            ViewAction::NextPanel | ViewAction::PrevPanel => self.panels.are_several(),
            ViewAction::NextArm => self.panels.shows(&[Scaling, Curves]),
            ViewAction::Left | ViewAction::Right => self.panels.shows(&[Curves]),
            ViewAction::Toggle => self.panels.shows(&[Arms]),
            _ => true,
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        if let Some((panel, Pointed::Move(motion))) = self.panels.mouse(event) {
            self.scroll(panel, motion);
        }
    }
}

/// Draws the Compare screen; tells where its panels are.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &CompareView,
    runs: &SideBySide,
    theme: &Theme,
) -> Panels<ComparePanel> {
    let mut panels = view.panels.clone();
    let mut pane = Pane::new(frame.buffer_mut(), area, theme);
    let area = pane.area;
    if !too_small(pane.buf, area, SMALLEST, theme) {
        let used = header::draw(&mut pane, &runs.comparison, &view.zone);
        let body = below(area, used);
        let arrange = |body| layout::arrange(body, runs, theme);
        panels.choose_from(arrange(body).panels());
        let open = panels.open(body, arrange);
        panels.draw_open(&mut pane, (body, open), |pane, panel, scroll| {
            draw_panel(pane, (panel, scroll), view, runs);
        });
    }
    panels
}

fn draw_panel(
    pane: Pane<'_>,
    (panel, scroll): (ComparePanel, &mut Scroll),
    view: &CompareView,
    runs: &SideBySide,
) {
    let comparison = &runs.comparison;
    match panel {
        ComparePanel::Notes => notes::draw(pane, scroll, comparison),
        ComparePanel::Settings => settings::draw(pane, scroll, comparison),
        ComparePanel::Arms => arms::draw(pane, (scroll, view.speedups), comparison),
        ComparePanel::Scaling => charts::scaling(pane, view.arm, comparison),
        ComparePanel::Curves => charts::curves(pane, (view.curve, view.arm), runs),
    }
}
