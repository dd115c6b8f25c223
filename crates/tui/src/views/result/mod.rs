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
mod findings;
mod header;
mod layout;
mod lost;
mod machine;
mod mouse;
mod parts;
mod programs;
mod scaling;
mod speedup;
mod table;
mod what_if;
mod work;

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::RunResult;

use super::curves::Chart;
use super::filter::Filter;
use super::keys::{KeyTable, RESULT};
use super::{Focus, Keyed, SMALLEST, View, ViewAction};
use crate::kit::plot::Field;
use crate::kit::scale::Scale;
use crate::kit::{Pane, Scroll, below, too_small};
use crate::model::curves;
use crate::theme::Theme;
use table::Table;

/// A panel of the Result screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Panel {
    /// A bar per arm.
    #[default]
    Speedup,
    /// Where the time went.
    Lost,
    /// What a step of each rank consisted of.
    Steps,
    /// What starting up took.
    StartUp,
    /// Warnings and diagnoses.
    Findings,
    /// Speed-ups on other numbers of workers.
    WhatIf,
    /// Measured speed-ups over the number of workers.
    Scaling,
    /// Metrics over steps or time.
    Curves,
    /// Counters of work and other figures, side by side.
    Work,
    /// The programs that the arms run.
    Programs,
    /// Items or tasks.
    Table,
    /// The machine, and what measuring cost.
    Machine,
}

impl Panel {
    /// Its name on a tab.
    fn name(self) -> &'static str {
        match self {
            Self::Speedup => "Speed-up",
            Self::Lost => "Lost time",
            Self::Steps => "Steps",
            Self::StartUp => "Start-up",
            Self::Findings => "Findings",
            Self::WhatIf => "What if",
            Self::Scaling => "Scaling",
            Self::Curves => "Curves",
            Self::Work => "Work",
            Self::Programs => "Programs",
            Self::Table => "Table",
            Self::Machine => "Machine",
        }
    }
}

/// What the charts over workers share.
#[derive(Debug, Clone, Copy)]
struct Charts {
    /// The number of workers that is read out.
    cursor: u32,
    /// Both axes are logarithmic: the ideal stays a straight line.
    log: bool,
}

impl Charts {
    /// The axes from the origin to their ends, or from 1 worker and the lowest value where
    /// they are logarithmic.
    fn axes(self, x_end: f64, y_end: f64, values: impl Iterator<Item = f64>) -> (Scale, Scale) {
        if !self.log || x_end <= 1.0 {
            return (Scale::linear(0.0, x_end), Scale::linear(0.0, y_end));
        }
        let lowest = values
            .filter(|v| v.is_finite() && *v > 0.0)
            .fold(1.0, f64::min);
        (Scale::log(1.0, x_end), Scale::log(lowest * 0.9, y_end))
    }
}

/// The Result screen's own state.
#[derive(Debug)]
pub struct ResultView {
    focus: Focus<Panel>,
    charts: Charts,
    /// How often the next arm was asked for.
    arm: usize,
    scroll: [Scroll; 12],
    table: Table,
    chart: Chart,
    /// The tab that was open last.
    open: Option<Panel>,
    /// Where the panels were drawn, and where their tabs.
    places: Vec<(Panel, Rect)>,
    tabs: Vec<(Panel, Rect)>,
    /// Where the charts over workers were drawn.
    fields: Vec<Field>,
}

impl Default for ResultView {
    fn default() -> Self {
        Self {
            focus: Focus::default(),
            charts: Charts {
                cursor: 8,
                log: false,
            },
            arm: 0,
            scroll: [Scroll::default(); 12],
            table: Table::default(),
            chart: Chart::default(),
            open: None,
            places: Vec::new(),
            tabs: Vec::new(),
            fields: Vec::new(),
        }
    }
}

impl ResultView {
    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> Panel {
        self.focus.panel
    }

    /// How often the table was put into order.
    #[cfg(test)]
    pub fn times_sorted(&self) -> u32 {
        self.table.sorted
    }

    /// Puts the table into order and takes in curves. To be called before drawing.
    pub fn update(&mut self, result: &RunResult, snapshot: &Snapshot) {
        if let Some(started) = &snapshot.started {
            let repeats = &snapshot.repeats;
            self.chart.curves.update(started, repeats, None);
        }
        self.table
            .update(nth_from_last(&result.arms, self.arm), snapshot);
    }

    fn move_cursor(&mut self, by: i32) {
        if self.focus.panel == Panel::Curves {
            self.chart.step_cursor(by);
        } else {
            let cursor = self.charts.cursor.saturating_add_signed(by);
            self.charts.cursor = cursor.clamp(1, what_if::MOST);
        }
    }
}

impl Keyed for ResultView {
    const KEYS: KeyTable = RESULT;
}

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

    fn filter(&self) -> &Filter {
        &self.table.filter
    }

    fn filter_mut(&mut self) -> &mut Filter {
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

/// The one that is shown after the next was asked for `n` times. The last is what people come for,
/// so it is the first to be shown.
fn nth_from_last<T>(all: &[T], n: usize) -> Option<&T> {
    let last = all.len().checked_sub(1)?;
    all.get(last - n % all.len())
}

/// The place of an arm among the arms of the lab: 0 for the base.
fn arm_index(result: &RunResult, name: &str) -> usize {
    let mut names: Vec<&str> = Vec::new();
    for arm in &result.arms {
        if !names.contains(&arm.name.as_str()) {
            names.push(&arm.name);
        }
    }
    if !names.contains(&result.base.as_str()) {
        names.insert(0, &result.base);
    }
    names.iter().position(|n| *n == name).unwrap_or(1)
}
