//! Drawing of the screens that show a run: pure functions of the run's record and of small states
//! of their own.
//!
//! ```text
//!  Run screen                                  Result screen
//!  ┌ lab, run, phase ─────────── status ┐      ┌ lab, run ─────────────────── status ┐
//!  │ ━━━━━━━━━━━ progress, elapsed, left │      │ what was found, in sentences        │
//!  ├ Arms: repeats, wall, speed-up ──────┤      ├ Speed-up ──────┬ Lost time ─────────┤
//!  ├ Cores ──────────────┬ GPUs ─────────┤      ├ What if ───────┼ Scaling, curves ───┤
//!  ├ Timeline of slots ──┴───────────────┤      ├ Findings ──┬ Tasks / items ┬ Machine ┤
//!  └ Curves ─────────────┬ Log ──────────┘      └────────────┴───────────────┴─────────┘
//! ```
//!
//! Labs whose slots tell how they stand have a panel of ranks between arms and cores, and
//! in the result panels of what steps and start-ups consisted of, of what was equal, and of
//! the arms' programs.
//!
//! Belongs here: where things are drawn and how. Does not belong here: folding events, reading
//! keys, computing numbers.

pub mod compare;
pub mod curves;
pub mod filter;
pub mod keys;
pub mod result;
pub mod run;

#[cfg(test)]
pub(super) mod tests;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_report::intervals::axis_end;
use workbench_result::{ArmResult, ScalingPoint};

use super::keys::{Binding, find};
use super::kit::gauge::Gauge;
use super::theme::Theme;
use filter::Filter;
use workbench_history::Standing;

use keys::KeyTable;
pub use keys::ViewAction;

/// The smallest size that a view is drawn at: the smallest window, less its last line.
pub const SMALLEST: (u16, u16) = (60, 15);

/// The keys of a view.
pub trait Keyed {
    /// What each key asks for, and how it is told.
    const KEYS: KeyTable;

    /// The keys that work in it, for footer and help.
    fn bindings() -> Vec<Binding> {
        Self::KEYS.iter().map(|bound| bound.binding).collect()
    }

    /// What a key asks for, by its name.
    fn action(key: &str) -> Option<ViewAction> {
        find(Self::KEYS.iter(), key)
    }
}

/// A view of one run, whichever it is: what keys, mouse and pasted text do to it.
pub trait View {
    /// Does what a key asks for.
    fn act(&mut self, action: ViewAction);

    /// Does what the mouse asks for.
    fn mouse(&mut self, event: MouseEvent);

    /// Its filter.
    fn filter(&self) -> &Filter;

    /// Its filter, to be typed into.
    fn filter_mut(&mut self) -> &mut Filter;

    /// Whether keys go into the filter.
    fn is_typing(&self) -> bool {
        self.filter().is_typing()
    }

    /// Takes a key into the filter; `name` is the key's name.
    fn type_key(&mut self, key: KeyEvent, name: &str) {
        self.filter_mut().type_key(key, name);
    }

    /// Takes pasted text into the filter.
    fn paste(&mut self, text: &str) {
        self.filter_mut().paste(text);
    }
}

/// Which panel keys act on, among those that are shown.
#[derive(Debug, Clone, Default)]
struct Focus<P> {
    panel: P,
    /// The panel has the whole screen.
    zoomed: bool,
    shown: Vec<P>,
}

impl<P: Copy + PartialEq + Default> Focus<P> {
    /// Does what an action asks for, where it concerns the choice of a panel; whether it did.
    fn act(&mut self, action: ViewAction) -> bool {
        match action {
            ViewAction::NextPanel => self.step(true),
            ViewAction::PrevPanel => self.step(false),
            ViewAction::Zoom => self.zoomed = !self.zoomed,
            _ => return false,
        }
        true
    }

    fn step(&mut self, forward: bool) {
        self.panel = neighbour(&self.shown, self.panel, forward).unwrap_or(self.panel);
    }

    /// Says which panels there are to choose from.
    fn choose_from(&mut self, shown: Vec<P>) {
        self.shown = shown;
        if !self.shown.contains(&self.panel) {
            self.panel = P::default();
        }
    }
}

/// The neighbour of an element in a list, round the ends; the first where it is not in the list.
fn neighbour<T: Copy + PartialEq>(list: &[T], of: T, forward: bool) -> Option<T> {
    let Some(at) = list.iter().position(|item| *item == of) else {
        return list.first().copied();
    };
    let step = if forward { 1 } else { list.len() - 1 };
    list.get((at + step) % list.len()).copied()
}

/// Where the axes of a chart of measured speed-ups end: in workers, and as a speed-up.
fn ends_of<'a>(points: impl Iterator<Item = &'a ScalingPoint> + Clone) -> (f64, f64) {
    let workers = points.clone().map(|p| f64::from(p.workers));
    let x_end = workers.fold(1.0, f64::max);
    let speedups = points.clone().map(|p| p.speedup);
    let highest = speedups.filter(|v| v.is_finite()).fold(1.0, f64::max);
    let highest = axis_end(highest, points.filter_map(|p| p.interval));
    (x_end, highest.max(x_end.min(highest * 1.3)))
}

/// An arm's speed-up with its interval, its bound and its ideal.
fn speedup_gauge(arm: &ArmResult, fill: (&'static str, Style)) -> Gauge {
    Gauge {
        value: arm.speedup,
        interval: arm.speedup_interval.map(|i| i.ends()),
        bound: arm.bound,
        ideal: Some(f64::from(arm.workers)),
        fill,
        marked: false,
    }
}

/// The mark before the name of a standing, and the style of both.
fn standing_mark(standing: Standing, theme: &Theme) -> (&'static str, Style) {
    match standing {
        Standing::Running => (theme.glyphs.running, theme.accent),
        Standing::Completed => (theme.glyphs.ok, theme.good),
        Standing::CheckFailed | Standing::Failed => (theme.glyphs.failed, theme.bad),
        Standing::Interrupted | Standing::Killed | Standing::Unfinished => {
            (theme.glyphs.warning, theme.warn)
        }
    }
}

/// Where in a panel a click was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Click {
    /// On its upper border.
    Title,
    /// Below it.
    Inside,
}

/// The panel at a place of the screen.
fn click<P: Copy>(places: &[(P, Rect)], x: u16, y: u16) -> Option<(P, Click)> {
    let (panel, area) = places
        .iter()
        .find(|(_, area)| area.contains((x, y).into()))?;
    let part = if y == area.y {
        Click::Title
    } else {
        Click::Inside
    };
    Some((*panel, part))
}
