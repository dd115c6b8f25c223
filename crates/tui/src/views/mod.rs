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

pub mod arm_slots;
pub mod compare;
pub mod curve_grid;
pub mod curves;
pub mod filter;
pub mod gantt;
pub mod hidden;
pub mod keys;
pub mod monitor;
mod panel_heights;
pub mod panels;
pub mod result;
pub mod run;
mod screen_layout;

#[cfg(test)]
pub(super) mod tests;

use ratatui::crossterm::event::MouseEvent;
use ratatui::style::Style;
use workbench_report::intervals::axis_end;
use workbench_result::{ArmResult, ScalingPoint};

use super::kit::gauge::Gauge;
use super::theme::Theme;
use crate::field::FilterField;
use curves::CurveChart;
use workbench_history::Standing;

pub use keys::ViewAction;
pub use screen_layout::ScreenLayout;

/// The smallest size that a view is drawn at: the smallest window, less its last line.
pub const SMALLEST: (u16, u16) = (60, 15);

/// A view of one run or of several: what keys and mouse do to it.
pub trait View {
    /// Does what a key asks for.
    fn act(&mut self, action: ViewAction);

    /// Does what the mouse asks for.
    fn mouse(&mut self, event: MouseEvent);

    /// Takes back what was opened last within it: a filter, a panel that has the whole screen.
    /// Whether there was anything, so that the screen stays.
    fn step_back(&mut self) -> bool;

    /// Whether what a key asks for would change what there is to see.
    fn offers(&self, action: ViewAction) -> bool;

    /// What a person has changed about its panels.
    fn kept(&self) -> ScreenLayout;

    /// Lays its panels out as they were kept.
    fn lay_out(&mut self, kept: &ScreenLayout);

    /// Its chart of curves, where it has one.
    fn chart(&self) -> Option<&CurveChart> {
        None
    }

    /// The same, to be changed.
    fn chart_mut(&mut self) -> Option<&mut CurveChart> {
        None
    }

    /// Its filter, where it has one.
    fn filter(&self) -> Option<&FilterField> {
        None
    }

    /// The same, to be typed into.
    fn filter_mut(&mut self) -> Option<&mut FilterField> {
        None
    }
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
        ideal: Some(arm.ideal.unwrap_or(f64::from(arm.workers))),
        fill,
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
