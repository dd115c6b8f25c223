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
//! On small screens the panels are tabs. Belongs here: drawing a result and the snapshot it came from. Does not belong
//! here: computing numbers.

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
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::RunResult;

use super::curves::{self, Curves};
use super::filter::Filter;
use super::keymap::{COMMON, Keys, bindings_of, key, with_common};
use super::plot::Field;
use super::scale::Scale;
use super::widgets::Scroll;
use super::{Focus, Keyed, View, ViewAction, too_small};
use crate::binding::Binding;
use crate::theme::Theme;
use table::Table;

/// The keys of this view alone.
const OWN_KEYS: Keys<13> = [
    key(
        ViewAction::Left,
        &["Left", "h"],
        "fewer workers",
        "Move the cursor of the charts over workers to fewer workers; in the curves, theirs to the left",
    ),
    key(
        ViewAction::Right,
        &["Right", "l"],
        "more workers",
        "Move the cursor of the charts over workers to more workers; in the curves, theirs to the right",
    ),
    key(
        ViewAction::FarLeft,
        &["H"],
        "",
        "Move the cursor ten to the left",
    ),
    key(
        ViewAction::FarRight,
        &["L"],
        "",
        "Move the cursor ten to the right",
    ),
    key(
        ViewAction::NextArm,
        &["a"],
        "arm",
        "Show the next arm in the what-if chart and in the table, and where not all arms fit beside one another",
    ),
    key(
        ViewAction::Sort,
        &["s"],
        "sort",
        "Sort the table by the next column",
    ),
    key(
        ViewAction::Reverse,
        &["S"],
        "",
        "Turn the order of the table around",
    ),
    key(
        ViewAction::Toggle,
        &["t"],
        "tasks",
        "Show tasks instead of items in the table, and back",
    ),
    key(
        ViewAction::Filter,
        &["/"],
        "filter",
        "Show only the rows of the table that have all the words typed",
    ),
    key(
        ViewAction::Metric,
        &["m"],
        "",
        "Show the next metric in the curves",
    ),
    key(
        ViewAction::XAxis,
        &["x"],
        "",
        "Draw the curves over time instead of steps, and back",
    ),
    key(
        ViewAction::Log,
        &["y"],
        "",
        "Draw the charts on logarithmic axes (both where x is workers), and back; bars stay as they are, for they begin at 0",
    ),
    key(
        ViewAction::Cursor,
        &["v"],
        "",
        "Put a cursor into the curves, and take it away",
    ),
];
static KEYS: Keys<{ 13 + COMMON }> = with_common(&OWN_KEYS);
static BINDINGS: [Binding; 13 + COMMON] = bindings_of(&KEYS);

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
    /// The axes from the origin to their ends, or from 1 worker and the lowest value where they are logarithmic.
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
    curves: Curves,
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
            curves: Curves::default(),
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

    fn move_cursor(&mut self, by: i32) {
        if self.focus.panel == Panel::Curves {
            self.curves.step_cursor(by);
        } else {
            let cursor = self.charts.cursor.saturating_add_signed(by);
            self.charts.cursor = cursor.clamp(1, what_if::MOST);
        }
    }
}

impl Keyed for ResultView {
    const KEYS: &'static [(ViewAction, Binding)] = &KEYS;
    const BINDINGS: &'static [Binding] = &BINDINGS;
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
            ViewAction::Cursor if self.curves.cursor.is_some() => self.curves.cursor = None,
            ViewAction::Cursor => self.curves.step_cursor(0),
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
            ViewAction::Metric => self.curves.next_metric(),
            ViewAction::XAxis => self.curves.turn_axis(),
            ViewAction::Log => {
                self.charts.log = !self.charts.log;
                self.curves.turn_log();
            }
            ViewAction::Freeze | ViewAction::Longer | ViewAction::Shorter | ViewAction::Output => {}
            _ => {
                let scroll = &mut self.scroll[self.focus.panel as usize];
                if self.focus.panel == Panel::Table {
                    self.table.select(scroll, action);
                } else {
                    scroll.act(action);
                }
            }
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

/// Draws the Result screen.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &mut ResultView,
    result: &RunResult,
    snapshot: &Snapshot,
    theme: &Theme,
) {
    let buf = frame.buffer_mut();
    let area = area.intersection(buf.area);
    if too_small(buf, area, theme) {
        return;
    }
    let used = header::draw(buf, area, result, theme);
    let body = Rect {
        y: area.y + used,
        height: area.height - used,
        ..area
    };
    if let Some(started) = &snapshot.started {
        view.curves.update(started, &snapshot.repeats, None);
    }
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
        let chosen = open.filter(|open| *open == focus);
        view.tabs = layout::draw_tabs(buf, &tabs, (open, chosen), result, theme);
        places.extend(open.map(|open| (open, tabs.body)));
    }
    view.places = places;
    for place in view.places.clone() {
        draw_panel(buf, place, view, result, snapshot, theme);
    }
}

fn draw_panel(
    buf: &mut Buffer,
    (panel, place): (Panel, Rect),
    view: &mut ResultView,
    result: &RunResult,
    snapshot: &Snapshot,
    theme: &Theme,
) {
    let focused = view.focus.panel == panel;
    let scroll = &mut view.scroll[panel as usize];
    let charts = view.charts;
    match panel {
        Panel::Speedup => {
            let shared = (scroll, charts.cursor);
            speedup::draw(buf, place, focused, shared, result, theme);
        }
        Panel::Lost => lost::draw(buf, place, focused, scroll, result, theme),
        Panel::Steps => parts::steps(buf, place, focused, scroll, result, theme),
        Panel::StartUp => parts::start_up(buf, place, focused, scroll, result, theme),
        Panel::Work => {
            let shared = (scroll, view.arm);
            work::draw(buf, place, focused, shared, result, theme);
        }
        Panel::Programs => {
            let shared = (scroll, view.arm);
            programs::draw(buf, place, focused, shared, result, theme);
        }
        Panel::Findings => findings::draw(buf, place, focused, scroll, result, theme),
        Panel::WhatIf => {
            let shared = (charts, view.arm);
            let field = what_if::draw(buf, place, focused, shared, result, theme);
            view.fields.extend(field);
        }
        Panel::Scaling => {
            let field = scaling::draw(buf, place, focused, charts, result, theme);
            view.fields.extend(field);
        }
        Panel::Curves => view.curves.draw(buf, place, focused, theme),
        Panel::Table => {
            view.table.draw(
                buf,
                place,
                focused,
                (scroll, view.arm),
                (result, snapshot),
                theme,
            );
        }
        Panel::Machine => machine::draw(buf, place, focused, scroll, result, theme),
    }
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
