//! The Run screen: a run as its events tell it so far.
//!
//! ```text
//! workbench  Thirty random forests   quick  20261121-101502-rf-3f9a        ▸ tasks on 2 workers, repeat 3 of 5
//! ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸────────────────────────   46 %  7 of 15 repeats   12.3 s so far, about 14 s left
//! ╭─ Arms: speed-up against sequential ───────────────────────────────────────────────────────────────────────────╮
//! │ one line per arm: repeats done, last wall time, speed-up with interval, bound                                  │
//! ├─ Cores ────────────────────────────────────┬─ GPUs ────────────────────────────────────────────────────────────┤
//! │ busy share now, and its history            │ busy, memory, power, temperature, clocks, throttle                │
//! ├─ Timeline ─────────────────────────────────┴───────────────────────────────────────────────────────────────────┤
//! │ one line per slot: what ran where                                                                              │
//! ├─ Log ──────────────────────────────────────────────────────────────────────────────────────────────────────────┤
//! ╰────────────────────────────────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! Belongs here: the screen's own small state and what each panel draws. Nothing is shown that is not in the events.

mod arms;
mod cores;
mod estimate;
mod gpus;
mod header;
mod history;
mod layout;
mod log;
mod look;
mod timeline;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_engine::record::Snapshot;
use workbench_engine::result::workers_of;

use super::keymap::{Keys, action_of, bindings_of, key};
use super::widgets::{Scroll, neighbour};
use super::{ViewAction, too_small};
use crate::eta::{Outlook, outlook};
use crate::tui::binding::Binding;
use crate::tui::theme::Theme;
use estimate::Estimate;
use history::History;
use layout::Contents;
use log::Log;
use look::{Look, Marks};
use timeline::Timeline;

pub use arms::{colour as arm_colour, gauge_cells};

/// Nanoseconds per column of history, from fine to coarse. The finest is the time between two samples.
const COLUMN_NS: [u64; 7] = [
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    20_000_000_000,
    60_000_000_000,
];

static KEYS: Keys<12> = [
    key(
        ViewAction::NextPanel,
        &["Tab"],
        "panel",
        "Go to the next panel",
    ),
    key(
        ViewAction::PrevPanel,
        &["BackTab"],
        "",
        "Go to the panel before",
    ),
    key(
        ViewAction::Zoom,
        &["z", "Enter"],
        "zoom",
        "Show the panel alone, and back",
    ),
    key(
        ViewAction::Freeze,
        &["f"],
        "freeze",
        "Hold the picture, and go on; the work goes on in either case",
    ),
    key(
        ViewAction::Left,
        &["Left", "h"],
        "longer",
        "Show a longer stretch of time (cores, GPUs, timeline)",
    ),
    key(
        ViewAction::Right,
        &["Right", "l"],
        "shorter",
        "Show a shorter stretch of time (cores, GPUs, timeline)",
    ),
    key(ViewAction::Up, &["Up", "k"], "", "One line up in the panel"),
    key(
        ViewAction::Down,
        &["Down", "j"],
        "",
        "One line down in the panel",
    ),
    key(
        ViewAction::PageUp,
        &["PageUp"],
        "",
        "One page up in the panel",
    ),
    key(
        ViewAction::PageDown,
        &["PageDown"],
        "",
        "One page down in the panel",
    ),
    key(
        ViewAction::Home,
        &["Home", "g"],
        "",
        "To the start of the panel",
    ),
    key(
        ViewAction::End,
        &["End", "G"],
        "",
        "To the end of the panel; the log follows again",
    ),
];
static BINDINGS: [Binding; 12] = bindings_of(&KEYS);

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
    /// What ran where.
    Timeline,
    /// Warnings, repeats and findings.
    Log,
}

/// The Run screen's own state: where the keys act, what is frozen, and what was worked out for earlier drawings.
#[derive(Debug, Default)]
pub struct RunView {
    focus: Panel,
    zoomed: bool,
    frozen: Option<Marks>,
    freeze_next: bool,
    column: usize,
    scroll: [Scroll; 4],
    timeline: Timeline,
    log: Log,
    history: History,
    estimate: Estimate,
    outlook: Option<Outlook>,
    shown: Vec<Panel>,
}

impl RunView {
    /// The keys that work here, for footer and help.
    pub fn bindings() -> &'static [Binding] {
        &BINDINGS
    }

    /// What a key asks for, by its name in [`Self::bindings`].
    pub fn action(key: &str) -> Option<ViewAction> {
        action_of(&KEYS, key)
    }

    /// A view that has drawn nothing yet, with the same panel in front.
    pub fn anew(&self) -> Self {
        Self {
            focus: self.focus,
            zoomed: self.zoomed,
            column: self.column,
            ..Self::default()
        }
    }

    /// The panel that keys act on.
    #[cfg(test)]
    pub fn focus(&self) -> Panel {
        self.focus
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

    /// Does what a key asks for.
    pub fn act(&mut self, action: ViewAction) {
        match action {
            ViewAction::NextPanel => self.step_focus(true),
            ViewAction::PrevPanel => self.step_focus(false),
            ViewAction::Zoom => self.zoomed = !self.zoomed,
            ViewAction::Freeze if self.is_frozen() => {
                self.frozen = None;
                self.freeze_next = false;
            }
            ViewAction::Freeze => self.freeze_next = true,
            ViewAction::Left => self.stretch(1),
            ViewAction::Right => self.stretch(-1),
            ViewAction::Sort | ViewAction::Reverse | ViewAction::NextArm | ViewAction::Toggle => {}
            ViewAction::Up
            | ViewAction::Down
            | ViewAction::PageUp
            | ViewAction::PageDown
            | ViewAction::Home
            | ViewAction::End => self.scroll(action),
        }
    }

    fn step_focus(&mut self, forward: bool) {
        self.focus = neighbour(&self.shown, self.focus, forward).unwrap_or(self.focus);
    }

    fn stretch(&mut self, by: isize) {
        if self.focus == Panel::Timeline {
            self.timeline.stretch(by);
        } else {
            let column = self.column.saturating_add_signed(by);
            self.column = column.min(COLUMN_NS.len() - 1);
        }
    }

    fn scroll(&mut self, action: ViewAction) {
        if self.focus == Panel::Log {
            self.log.scroll(action);
            return;
        }
        let action = match (self.focus, action) {
            // GPUs come in pages.
            (Panel::Gpus, ViewAction::Up) => ViewAction::PageUp,
            (Panel::Gpus, ViewAction::Down) => ViewAction::PageDown,
            _ => action,
        };
        scroll_by(&mut self.scroll[self.focus.index()], action);
    }
}

/// Moves a scroll position as an action asks for.
pub(super) fn scroll_by(scroll: &mut Scroll, action: ViewAction) {
    match action {
        ViewAction::Up => scroll.by(-1),
        ViewAction::Down => scroll.by(1),
        ViewAction::PageUp => scroll.pages(-1),
        ViewAction::PageDown => scroll.pages(1),
        ViewAction::Home => scroll.first = 0,
        ViewAction::End => scroll.first = usize::MAX / 2,
        _ => {}
    }
}

impl Panel {
    /// Its place in lists of scroll positions; the log keeps its own.
    fn index(self) -> usize {
        match self {
            Self::Arms | Self::Log => 0,
            Self::Cores => 1,
            Self::Gpus => 2,
            Self::Timeline => 3,
        }
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
        view.outlook = Some(outlook(snapshot));
    }
    let top = Rect { height: 2, ..area };
    let ahead = view.outlook.unwrap_or_else(|| outlook(snapshot));
    header::draw(buf, top, &look, ahead, view.is_frozen(), theme);
    let contents = contents(&look);
    view.shown = contents.panels();
    if !view.shown.contains(&view.focus) {
        view.focus = Panel::default();
    }
    let body = Rect {
        y: area.y + 2,
        height: area.height - 2,
        ..area
    };
    let places = if view.zoomed {
        vec![(view.focus, body)]
    } else {
        layout::arrange(body, contents, view.focus)
    };
    update_history(view, &look);
    for (panel, place) in places {
        draw_panel(buf, (panel, place), view, &look, theme);
    }
}

fn update_history(view: &mut RunView, look: &Look<'_>) {
    let facts = look.started().map(|s| &s.machine);
    let whole = history::Whole {
        cores: facts.map_or(1.0, |f| f.cores_usable),
        memory: facts.map_or(0, |f| f.memory_bytes),
    };
    view.history.update(
        look.samples(),
        COLUMN_NS[view.column.min(COLUMN_NS.len() - 1)],
        cores::count(look),
        whole,
    );
}

fn draw_panel(
    buf: &mut Buffer,
    (panel, place): (Panel, Rect),
    view: &mut RunView,
    look: &Look<'_>,
    theme: &Theme,
) {
    let focused = view.focus == panel;
    let column_ns = COLUMN_NS[view.column.min(COLUMN_NS.len() - 1)];
    let scroll = &mut view.scroll[panel.index()];
    match panel {
        Panel::Arms => {
            let result = view.estimate.result();
            arms::draw(buf, place, focused, scroll, look, result, theme);
        }
        Panel::Cores => {
            cores::draw(
                buf,
                place,
                focused,
                scroll,
                look,
                (&view.history, column_ns),
                theme,
            );
        }
        Panel::Gpus => {
            gpus::draw(
                buf,
                place,
                focused,
                scroll,
                look,
                (&view.history, column_ns),
                theme,
            );
        }
        Panel::Timeline => {
            timeline::draw(buf, place, focused, scroll, look, &mut view.timeline, theme);
        }
        Panel::Log => log::draw(buf, place, focused, &mut view.log, theme),
    }
}

/// What there is to show, for the layout.
fn contents(look: &Look<'_>) -> Contents {
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
    Contents {
        arms: small(arms.sum()),
        slots: u16::try_from(slots).unwrap_or(u16::MAX),
        cores: small(cores::count(look)),
        gpus: small(sampled.max(started.machine.gpus.len())),
    }
}
