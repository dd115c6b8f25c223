//! The Result screen: what a run found, why, and what a reader must know before believing it.
//!
//! ```text
//! Thirty random forests   full  20261121-101502-rf-3f9a  21 November 2026, 10:15 UTC        ✓ completed
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
mod layout;
mod lost;
mod machine;
mod mouse;
mod natural;
mod panel;
mod parts;
mod programs;
mod scaling;
mod speedup;
mod table;
mod view;
mod what_if;
mod work;

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::RunResult;

use super::{SMALLEST, View, ViewAction};
use crate::field::FilterField;
use crate::kit::{Pane, below, too_small};
use crate::model::curves;
use crate::theme::Theme;
use charts::nth_from_last;

pub use panel::Panel;
pub use view::ResultView;

impl View for ResultView {
    fn act(&mut self, action: ViewAction) {
        if self.focus.act(action) {
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
                self.scroll[Panel::Table as usize].first = 0;
                self.table.deselect();
            }
            ViewAction::Sort => self.table.next_column(),
            ViewAction::Reverse => self.table.reverse(),
            ViewAction::Toggle => self.table.toggle(),
            ViewAction::Filter => {
                self.focus.panel = Panel::Table;
                self.table.filter.begin();
            }
            ViewAction::Metric => self.chart.next_metric(),
            ViewAction::XAxis => self.chart.turn_axis(),
            ViewAction::Log => {
                self.charts.log = !self.charts.log;
                self.chart.log = !self.chart.log;
            }
            ViewAction::Move(motion) => {
                let scroll = &mut self.scroll[self.focus.panel as usize];
                if self.focus.panel == Panel::Table {
                    self.table.select(scroll, motion);
                } else {
                    scroll.act(motion);
                }
            }
            _ => {}
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        mouse::act(self, event);
    }

    fn filter(&self) -> &FilterField {
        &self.table.filter
    }

    fn filter_mut(&mut self) -> &mut FilterField {
        &mut self.table.filter
    }
}

/// Draws the Result screen from what the last [`ResultView::update`] with this result worked out.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &mut ResultView,
    result: &RunResult,
    snapshot: &Snapshot,
    theme: &Theme,
) {
    let mut pane = Pane::new(frame.buffer_mut(), area, theme);
    let area = pane.area;
    if too_small(pane.buf, area, SMALLEST, theme) {
        return;
    }
    let used = header::draw(&mut pane, result);
    let body = below(area, used);
    let (mut places, tabs) = layout::arrange(body, result, curves::any(&snapshot.repeats));
    let placed = places.iter().map(|(panel, _)| panel);
    let shown = placed.chain(tabs.iter().flat_map(|tabs| &tabs.panels));
    view.focus.choose_from(shown.copied().collect());
    let focus = view.focus.panel;
    view.tabs.clear();
    view.fields.clear();
    if view.focus.zoomed {
        places = vec![(focus, body)];
    } else if let Some(tabs) = tabs {
        let open = tabs.open([Some(focus), view.open]);
        view.open = open;
        view.tabs = layout::draw_tabs(&mut pane, &tabs, (open, open == Some(focus)), result);
        places.extend(open.map(|open| (open, tabs.body)));
    }
    for (panel, place) in &places {
        let mut place = pane.part(*place);
        place.focused = focus == *panel;
        draw_panel(place, *panel, view, (result, snapshot));
    }
    view.places = places;
}

fn draw_panel(
    pane: Pane<'_>,
    panel: Panel,
    view: &mut ResultView,
    (result, snapshot): (&RunResult, &Snapshot),
) {
    let scroll = &mut view.scroll[panel as usize];
    let (charts, arm) = (view.charts, view.arm);
    match panel {
        Panel::Speedup => speedup::draw(pane, (scroll, charts.cursor), result),
        Panel::Lost => lost::draw(pane, scroll, result),
        Panel::Steps => parts::steps(pane, scroll, result),
        Panel::StartUp => parts::start_up(pane, scroll, result),
        Panel::Work => work::draw(pane, (scroll, arm), result),
        Panel::Programs => programs::draw(pane, (scroll, arm), result),
        Panel::Findings => findings::draw(pane, scroll, result),
        Panel::WhatIf => view
            .fields
            .extend(what_if::draw(pane, (charts, arm), result)),
        Panel::Scaling => view.fields.extend(scaling::draw(pane, charts, result)),
        Panel::Curves => view.chart.draw(pane),
        Panel::Table => {
            let arm = nth_from_last(&result.arms, arm);
            view.table.draw(pane, scroll, arm, snapshot);
        }
        Panel::Machine => machine::draw(pane, scroll, result),
    }
}
