//! The Run screen: a run as its events tell it so far.
//!
//! ```text
//! workbench  Thirty random forests   quick  20261121-101502-rf-3f9a        ▸ tasks on 2 workers, repeat 3 of 5
//! ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸────────────────────────   46 %  7 of 15 repeats   12.3 s so far, about 14 s left
//! ╭─ Arms: speed-up against sequential ───────────────────────────────────────────────────────────────────────────╮
//! │ one line per arm: repeats done, last wall time, speed-up with interval, bound                                  │
//! ├─ Cores ────────────────────────────────────┬─ GPUs ────────────────────────────────────────────────────────────┤
//! │ busy share now, and its history            │ busy, memory, power, temperature, clocks, throttle                │
//! ├─ Ranks, for labs that tell ────────────────┴───────────────────────────────────────────────────────────────────┤
//! │ one line per rank: step, what it does, what its steps consist of                                               │
//! ├─ Timeline ─────────────────────────────────────────────────────────────────────────────────────────────────────┤
//! │ one line per slot: what ran where                                                                              │
//! ├─ Curves ───────────────────────────────────┬─ Log ─────────────────────────────────────────────────────────────┤
//! │ one metric, all arms over one another      │ repeats, warnings, findings, printed lines                        │
//! ╰────────────────────────────────────────────┴───────────────────────────────────────────────────────────────────╯
//! ```
//!
//! Cores, GPUs, timeline and curves share one cursor of time: where it is, they show what was then.
//!
//! Belongs here: the screen's own small state and what each panel draws. Nothing is shown that is not in the events.

mod arms;
mod cores;
mod cursor;
mod estimate;
mod gpus;
mod header;
mod history;
mod layout;
mod log;
mod look;
mod mouse;
mod past;
mod ranks;
mod state;
mod timeline;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::{Finding, RepeatState, Snapshot};
use workbench_result::workers_of;

use super::curves::{self, Curves};
use super::filter::Filter;
use super::keymap::{COMMON, Keys, bindings_of, key, with_common};
use super::widgets::Scroll;
use super::{Focus, Keyed, View, ViewAction, too_small};
use crate::binding::Binding;
use crate::theme::Theme;
use cursor::{Ask, Cursor};
use estimate::Estimate;
use history::History;
use layout::Contents;
use log::Log;
use look::{Look, Marks};
use past::{Past, Strips};
use ranks::Ranks;
use timeline::Timeline;
use workbench_history::outlook::Ahead;

pub use arms::{colour as arm_colour, gauge_cells};

/// Nanoseconds per column of history, from fine to coarse. The finest is the time between two samples early in a run.
const COLUMN_NS: [u64; 7] = [
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    20_000_000_000,
    60_000_000_000,
];

/// The keys of this view alone.
const OWN_KEYS: Keys<13> = [
    key(
        ViewAction::Cursor,
        &["v"],
        "cursor",
        "Put a cursor of time into cores, GPUs, timeline and curves, which then show what was at that time; and take it away",
    ),
    key(
        ViewAction::Left,
        &["Left", "h"],
        "",
        "Move the cursor to an earlier time, by a cell of the panel",
    ),
    key(
        ViewAction::Right,
        &["Right", "l"],
        "",
        "Move the cursor to a later time, by a cell of the panel",
    ),
    key(
        ViewAction::FarLeft,
        &["H"],
        "",
        "Move the cursor ten cells to the left",
    ),
    key(
        ViewAction::FarRight,
        &["L"],
        "",
        "Move the cursor ten cells to the right",
    ),
    key(
        ViewAction::Longer,
        &["-"],
        "longer",
        "Show a longer stretch of time (cores and GPUs, or the timeline)",
    ),
    key(
        ViewAction::Shorter,
        &["+", "="],
        "shorter",
        "Show a shorter stretch of time (cores and GPUs, or the timeline)",
    ),
    key(
        ViewAction::Metric,
        &["m"],
        "metric",
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
        "Draw the curves on a logarithmic axis, and back",
    ),
    key(
        ViewAction::Filter,
        &["/"],
        "filter",
        "Show only the entries of the log that have all the words typed",
    ),
    key(
        ViewAction::Output,
        &["o"],
        "",
        "Show only printed lines in the log, and everything again",
    ),
    key(
        ViewAction::Freeze,
        &["f"],
        "freeze",
        "Hold the picture, and go on; the work goes on in either case",
    ),
];
static KEYS: Keys<{ 13 + COMMON }> = with_common(&OWN_KEYS);
static BINDINGS: [Binding; 13 + COMMON] = bindings_of(&KEYS);

/// Lines below which every one counts.
const TIGHT: u16 = 28;

/// A panel of the Run screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Panel {
    /// One line per arm.
    #[default]
    Arms,
    /// Cores, and what the process uses.
    Cores,
    /// GPUs.
    Gpus,
    /// One line per rank.
    Ranks,
    /// What ran where.
    Timeline,
    /// Metrics over steps or time.
    Curves,
    /// Warnings, repeats, findings and what was printed.
    Log,
}

/// The Run screen's own state: where the keys act, what is frozen, and what was worked out for earlier drawings.
#[derive(Debug, Default)]
pub struct RunView {
    focus: Focus<Panel>,
    frozen: Option<Marks>,
    freeze_next: bool,
    column: usize,
    cursor: Option<Cursor>,
    /// What was asked of the cursor since the last drawing, which knows the run.
    asks: Vec<Ask>,
    scroll: [Scroll; 7],
    /// How the ranks stood at the last drawing that was not held.
    ranks: Ranks,
    timeline: Timeline,
    curves: Curves,
    log: Log,
    history: History,
    estimate: Estimate,
    ahead: Ahead,
    /// Where the panels were drawn.
    places: Vec<(Panel, Rect)>,
    /// Where strips of the past were drawn.
    strips: Strips,
}

impl RunView {
    /// A view that has drawn nothing yet, with the same panel in front.
    pub fn anew(&self) -> Self {
        Self {
            focus: self.focus.clone(),
            column: self.column,
            ..Self::default()
        }
    }

    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> Panel {
        self.focus.panel
    }

    /// Whether the picture is held.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some() || self.freeze_next
    }

    /// How often the running result was computed.
    #[cfg(test)]
    pub fn times_computed(&self) -> u32 {
        self.estimate.computed
    }

    fn stretch(&mut self, by: isize) {
        if self.focus.panel == Panel::Timeline {
            self.timeline.stretch(by);
        } else {
            let column = self.column.saturating_add_signed(by);
            self.column = column.min(COLUMN_NS.len() - 1);
        }
    }

    fn scroll(&mut self, panel: Panel, action: ViewAction) {
        if panel == Panel::Log {
            self.log.scroll(action);
            return;
        }
        let action = match (panel, action) {
            // GPUs come in pages.
            (Panel::Gpus, ViewAction::Up) => ViewAction::PageUp,
            (Panel::Gpus, ViewAction::Down) => ViewAction::PageDown,
            _ => action,
        };
        self.scroll[panel as usize].act(action);
    }

    fn column_ns(&self) -> u64 {
        COLUMN_NS[self.column.min(COLUMN_NS.len() - 1)]
    }
}

impl Keyed for RunView {
    const KEYS: &'static [(ViewAction, Binding)] = &KEYS;
    const BINDINGS: &'static [Binding] = &BINDINGS;
}

impl View for RunView {
    fn act(&mut self, action: ViewAction) {
        if self.focus.act(action) {
            return;
        }
        match action {
            ViewAction::Freeze if self.is_frozen() => {
                self.frozen = None;
                self.freeze_next = false;
            }
            ViewAction::Freeze => self.freeze_next = true,
            ViewAction::Longer => self.stretch(1),
            ViewAction::Shorter => self.stretch(-1),
            ViewAction::Cursor => self.ask(Ask::Turn),
            ViewAction::Left => self.ask(Ask::Move(-1)),
            ViewAction::Right => self.ask(Ask::Move(1)),
            ViewAction::FarLeft => self.ask(Ask::Move(-10)),
            ViewAction::FarRight => self.ask(Ask::Move(10)),
            ViewAction::Metric => self.curves.next_metric(),
            ViewAction::XAxis => self.curves.turn_axis(),
            ViewAction::Log => self.curves.turn_log(),
            ViewAction::Output => self.log.turn_output(),
            ViewAction::Filter => {
                self.focus.panel = Panel::Log;
                self.log.filter.begin();
            }
            _ => self.scroll(self.focus.panel, action),
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        mouse::act(self, event);
    }

    fn filter(&self) -> &Filter {
        &self.log.filter
    }

    fn filter_mut(&mut self) -> &mut Filter {
        &mut self.log.filter
    }
}

/// Draws the Run screen.
pub fn draw(frame: &mut Frame, area: Rect, view: &mut RunView, snapshot: &Snapshot, theme: &Theme) {
    let buf = frame.buffer_mut();
    let area = area.intersection(buf.area);
    if too_small(buf, area, theme) {
        return;
    }
    if std::mem::take(&mut view.freeze_next) {
        view.frozen = Some(Marks::of(snapshot));
    }
    let look = Look::new(snapshot, view.frozen);
    if view.frozen.is_none() {
        let new = view.estimate.refresh(snapshot);
        let result = view.estimate.result();
        view.log.update(&look, result.filter(|_| new));
        if new && view.estimate.is_light() {
            view.log
                .diagnosis(&Finding::note("left_out", estimate::LEFT_OUT), &look);
        }
    }
    if view.frozen.is_none() || view.ahead.is_new() {
        view.ahead.look(snapshot);
    }
    if let Some(started) = look.started() {
        let until = look.held_until();
        view.curves.update(started, look.repeats(), until);
    }
    let top = Rect { height: 2, ..area };
    let result = view.estimate.result();
    let equal = result.is_none_or(|result| result.check.passed());
    let frozen = view.is_frozen();
    let ahead = view.ahead.outlook();
    header::draw(buf, top, &look, ahead, (frozen, equal), theme);
    view.answer(&look);
    let contents = contents(&look, area.height);
    view.focus.choose_from(contents.panels());
    let body = Rect {
        y: area.y + 2,
        height: area.height - 2,
        ..area
    };
    view.places = if view.focus.zoomed {
        vec![(view.focus.panel, body)]
    } else {
        layout::arrange(body, contents, view.focus.panel)
    };
    update_history(view, &look);
    view.place_cursor_in_curves(&look);
    let look = look.at(view.cursor.map(|cursor| cursor.at_ns));
    if view.frozen.is_none() {
        view.ranks.update(&look);
    }
    view.strips = Strips::default();
    // What is not drawn cannot be clicked.
    view.timeline.drawn = None;
    for (panel, place) in view.places.clone() {
        draw_panel(buf, (panel, place), view, &look, theme);
    }
}

fn update_history(view: &mut RunView, look: &Look<'_>) {
    let facts = look.started().map(|s| &s.machine);
    let whole = history::Whole {
        cores: facts.map_or(1.0, |f| f.cores_usable),
        memory: facts.map_or(0, |f| f.memory_bytes),
    };
    let column_ns = view.column_ns();
    view.history
        .update(look.samples(), column_ns, cores::count(look), whole);
}

fn draw_panel(
    buf: &mut Buffer,
    (panel, place): (Panel, Rect),
    view: &mut RunView,
    look: &Look<'_>,
    theme: &Theme,
) {
    let focused = view.focus.panel == panel;
    let mut past = Past::new(&view.history, view.column_ns(), look.cursor());
    let scroll = &mut view.scroll[panel as usize];
    match panel {
        Panel::Arms => {
            let result = view.estimate.result();
            let ahead = view.ahead.outlook();
            arms::draw(buf, place, focused, scroll, look, (result, ahead), theme);
        }
        Panel::Cores => cores::draw(buf, place, focused, scroll, look, &mut past, theme),
        Panel::Gpus => gpus::draw(buf, place, focused, scroll, look, &mut past, theme),
        Panel::Ranks => ranks::draw(buf, place, focused, scroll, &view.ranks, theme),
        Panel::Timeline => {
            timeline::draw(buf, place, focused, scroll, look, &mut view.timeline, theme);
        }
        Panel::Curves => view.curves.draw(buf, place, focused, theme),
        Panel::Log => log::draw(buf, place, focused, &mut view.log, theme),
    }
    let strips = past.into_strips();
    view.strips.extend(strips);
}

/// What there is to show, for the layout.
fn contents(look: &Look<'_>, height: u16) -> Contents {
    let Some(started) = look.started() else {
        return Contents::default();
    };
    let small = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let arms = started
        .arms
        .iter()
        .map(|arm| workers_of(arm, &started.config.workers).len());
    // The tallest repeat of the plan, so that the panels keep their places from repeat to repeat.
    let slots = started.config.workers.iter().copied().max().unwrap_or(1);
    let sampled = look.sample().map_or(0, |s| s.gpus.len());
    let slots = u16::try_from(slots).unwrap_or(u16::MAX);
    let told = |repeat: &RepeatState| !repeat.slots.is_empty() || !repeat.states.is_empty();
    let ranked = look.repeats().iter().any(told);
    // Where lines are few, none is kept for repeats with more ranks.
    let now = look.current().map(|current| current.state.id.workers);
    let ranks = match now {
        Some(workers) if height < TIGHT => u16::try_from(workers).unwrap_or(slots),
        _ => slots,
    };
    Contents {
        arms: small(arms.sum()),
        slots,
        ranks: if ranked { ranks.max(1) } else { 0 },
        cores: small(cores::count(look)),
        gpus: small(sampled.max(started.machine.gpus.len())),
        curves: curves::any(look.repeats()),
    }
}
