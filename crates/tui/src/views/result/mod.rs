//! The Result screen: what a run found, why, and what a reader must know before believing it.
//!
//! ```text
//! Thirty random forests   full  20261121-101502-rf-3f9a  21 November 2026, 10:15 UTC  ✓ completed
//! trees on 2 workers is 1.97× faster than sequential (95 % interval 1.95 to 1.98, 5 repeats)
//! ╭─ Speed-up against sequential ───────╮╭─ Lost time ────────────────────────────╮
//! │ a bar per arm, interval, bound      ││ a bar per arm, cause by cause          │
//! ├─ What if, scaling ──────────────────┤├─ Curves ───────────────────────────────┤
//! │ speed-up over workers, cursor p     ││ one metric, all arms over one another  │
//! ├─ Findings ─────────────┬─ Items ────┴┴──────────┬─ Machine ────────────────────┤
//! ╰────────────────────────┴────────────────────────┴──────────────────────────────╯
//! ```
//!
//! On small screens the panels are tabs. Belongs here: drawing a result and the snapshot it came
//! from. Does not belong here: computing numbers.

mod bars;
mod charts;
mod findings;
mod header;
mod inputs;
mod layout;
mod lost;
mod machine;
mod natural;
mod panel;
mod parts;
mod present;
mod programs;
mod rows;
mod scaling;
mod speedup;
mod table;
mod timelines;
mod view;
mod what_if;
mod work;

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::RunResult;

use super::curve_grid;
use super::curves::CurveChart;
use super::panels::Pointed;
use super::screen_layout::ScreenLayout;
use super::{SMALLEST, View, ViewAction};
use crate::field::FilterField;
use crate::kit::{Pane, Scroll, below, too_small};
use crate::theme::Theme;
use charts::nth_from_last;

pub use panel::ResultPanel;
pub use view::{ResultDrawn, ResultView};

impl View for ResultView {
    fn act(&mut self, action: ViewAction) {
        if self.panels.act(action) {
            return;
        }
        match action {
            ViewAction::Left => self.move_cursor(-1),
            ViewAction::Right => self.move_cursor(1),
            ViewAction::FarLeft => self.move_cursor(-10),
            ViewAction::FarRight => self.move_cursor(10),
            ViewAction::Cursor if self.chart.cursor.is_some() => self.chart.cursor = None,
            ViewAction::Cursor => self.chart.step_cursor(0),
            ViewAction::NextArm => {
                self.arm = self.arm.wrapping_add(1);
                self.panels.scroll(ResultPanel::Table).first = 0;
                self.table.deselect();
            }
            ViewAction::Sort => self.table.next_column(),
            ViewAction::Reverse => self.table.reverse(),
            ViewAction::Toggle => self.table.toggle(),
            ViewAction::Filter => {
                self.panels.focus = ResultPanel::Table;
                self.table.filter.begin();
            }
            ViewAction::Present => self.presenting = !self.presenting,
            ViewAction::Metric => self.chart.next_metric(),
            ViewAction::Smooth => self.chart.smoothing = self.chart.smoothing.next(),
            // So many charts need room.
            ViewAction::Grid => {
                self.panels.zoomed = self.chart.turn_grid();
                self.panels.focus = ResultPanel::Curves;
            }
            ViewAction::XAxis => self.chart.turn_axis(),
            ViewAction::Log => {
                self.charts.log = !self.charts.log;
                self.chart.log = !self.chart.log;
            }
            ViewAction::Move(motion) => self.scroll(self.panels.focus, motion),
            _ => {}
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        match self.panels.mouse(event) {
            Some((panel, Pointed::Move(motion))) => self.panels.scroll(panel).act(motion),
            Some((panel, Pointed::Click)) => self.click(panel, event.column, event.row),
            None => {}
        }
    }

    fn step_back(&mut self) -> bool {
        if std::mem::take(&mut self.presenting) {
            return true;
        }
        let in_table = self.panels.focus == ResultPanel::Table;
        in_table && self.table.filter.step_back() || self.panels.step_back()
    }

    fn kept(&self) -> ScreenLayout {
        self.panels.kept()
    }

    fn lay_out(&mut self, kept: &ScreenLayout) {
        self.panels.lay_out(kept);
    }

    fn offers(&self, action: ViewAction) -> bool {
        use ResultPanel::{Curves, Scaling, Table, WhatIf};
        let shows = |panels: &[ResultPanel]| self.panels.shows(panels);
        if self.presenting {
            return action == ViewAction::Present;
        }
        match action {
            ViewAction::NextPanel | ViewAction::PrevPanel => self.panels.are_several(),
            ViewAction::Left | ViewAction::Right | ViewAction::FarLeft | ViewAction::FarRight => {
                shows(&[WhatIf, Scaling]) || self.panels.focus == Curves
            }
            ViewAction::NextArm => self.arms > 1 && shows(&[WhatIf, Table]),
            ViewAction::Sort | ViewAction::Reverse | ViewAction::Toggle => shows(&[Table]),
            ViewAction::Log => shows(&[WhatIf, Scaling, Curves]),
            ViewAction::Metric | ViewAction::Grid => {
                self.chart.curves.metrics() > 1 && shows(&[Curves])
            }
            ViewAction::XAxis | ViewAction::Cursor | ViewAction::Smooth => shows(&[Curves]),
            _ => true,
        }
    }

    fn chart(&self) -> Option<&CurveChart> {
        Some(&self.chart)
    }

    fn chart_mut(&mut self) -> Option<&mut CurveChart> {
        Some(&mut self.chart)
    }

    fn filter(&self) -> Option<&FilterField> {
        Some(&self.table.filter)
    }

    fn filter_mut(&mut self) -> Option<&mut FilterField> {
        Some(&mut self.table.filter)
    }
}

/// Draws the Result screen from what the last [`ResultView::update`] with this result worked out;
/// tells where things are.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &ResultView,
    (result, snapshot): (&RunResult, &Snapshot),
    theme: &Theme,
) -> ResultDrawn {
    let mut drawn = ResultDrawn::default();
    let mut panels = view.panels.clone();
    let mut pane = Pane::new(frame.buffer_mut(), area, theme);
    let area = pane.area;
    if !too_small(pane.buf, area, SMALLEST, theme) && view.presenting {
        present::draw(&mut pane, result);
    } else if !too_small(pane.buf, area, SMALLEST, theme) {
        let used = header::draw(&mut pane, (result, view));
        let body = below(area, used);
        let has = (view.chart.curves.metrics() > 0, view.timelines.any());
        let arrange = |body| layout::arrange(body, (result, has), theme);
        panels.choose_from(arrange(body).panels());
        let open = panels.open(body, arrange);
        if let Some(tabs) = open.tabs.as_ref().filter(|_| !panels.zoomed) {
            layout::first_warning(&mut pane, (body, tabs.bar), result);
        }
        panels.draw_open(&mut pane, (body, open), |pane, panel, scroll| {
            let shown = (view, result, snapshot);
            draw_panel(pane, (panel, scroll), shown, &mut drawn);
        });
    }
    drawn.panels = panels;
    drawn
}

fn draw_panel(
    pane: Pane<'_>,
    (panel, scroll): (ResultPanel, &mut Scroll),
    (view, result, snapshot): (&ResultView, &RunResult, &Snapshot),
    drawn: &mut ResultDrawn,
) {
    let (charts, arm) = (view.charts, view.arm);
    match panel {
        ResultPanel::Speedup => speedup::draw(pane, (scroll, charts.cursor), result),
        ResultPanel::Lost => lost::draw(pane, scroll, result),
        ResultPanel::Timelines => view.timelines.draw(pane, scroll, snapshot),
        ResultPanel::Steps => parts::steps(pane, scroll, result),
        ResultPanel::StartUp => parts::start_up(pane, scroll, result),
        ResultPanel::Work => work::draw(pane, (scroll, arm), result),
        ResultPanel::Programs => programs::draw(pane, (scroll, arm), result),
        ResultPanel::Inputs => inputs::draw(pane, scroll, result),
        ResultPanel::Findings => findings::draw(pane, scroll, result),
        ResultPanel::WhatIf => drawn
            .fields
            .extend(what_if::draw(pane, (charts, arm), result)),
        ResultPanel::Scaling => drawn.fields.extend(scaling::draw(pane, charts, result)),
        ResultPanel::Curves => drawn.curves = curve_grid::draw(&view.chart, pane),
        ResultPanel::Table => {
            let arm = nth_from_last(&result.arms, arm);
            drawn.table = view.table.draw(pane, scroll, arm, snapshot);
        }
        ResultPanel::Machine => machine::draw(pane, scroll, result),
    }
}
