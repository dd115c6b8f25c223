//! What whoever controls the repeat under way is doing, for how long, and in which attempt.

use workbench_clock::seconds;
use workbench_report::format;

use super::snapshot_view::RepeatView;
use crate::kit::safe;

/// The state in which an attempt begins.
const ATTEMPT: &str = "scheduling";

/// How much a state asks for a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// All goes as planned.
    Plain,
    /// Something was lost and is being mended.
    Notable,
    /// Nothing can be mended.
    Bad,
}

impl Weight {
    /// The weight of a state by its name.
    pub fn of(state: &str) -> Self {
        match state {
            "restarting" | "resizing" | "aborted" => Self::Notable,
            "errored" => Self::Bad,
            // Not on all of them.
            _ if state.starts_with("running on ") => Self::Notable,
            _ => Self::Plain,
        }
    }
}

/// The latest state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Which attempt it is part of, from 1.
    pub attempt: usize,
    /// For how long it has lasted, in nanoseconds.
    pub for_ns: u64,
}

impl State {
    /// The state of a repeat at a time; `None` where nobody says.
    pub fn of(current: &RepeatView<'_>, now_ns: u64) -> Option<Self> {
        let (since_ns, name) = current.states.last()?;
        let attempts = current.states.iter().filter(|(_, s)| s == ATTEMPT).count();
        Some(Self {
            name: safe(name),
            attempt: attempts.max(1),
            for_ns: now_ns.saturating_sub(*since_ns),
        })
    }

    /// How much it asks for a look.
    pub fn weight(&self) -> Weight {
        match Weight::of(&self.name) {
            // Beginning again is part of mending.
            Weight::Plain if self.attempt > 1 && self.name == ATTEMPT => Weight::Notable,
            weight => weight,
        }
    }

    /// `restarting, attempt 2, for 1.2 s`, and shorter.
    pub fn texts(&self) -> [String; 2] {
        let attempt = match self.attempt {
            1 => String::new(),
            n => format!(", attempt {n}"),
        };
        let lasts = match seconds(self.for_ns) {
            s if s < 9.95 => format!("{s:.1} s"),
            s if s < 99.5 => format!("{s:.0} s"),
            s => format::seconds(s),
        };
        [
            format!("{}{attempt}, for {lasts}", self.name),
            format!("{}, {lasts}", self.name),
        ]
    }
}
