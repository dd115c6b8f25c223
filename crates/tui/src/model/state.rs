//! What whoever controls the repeat under way is doing, for how long, and in which attempt.

use workbench_clock::seconds;
use workbench_record::{ControllerPhase, ControllerState};
use workbench_report::format;

use crate::kit::safe;
use workbench_record::RepeatState;

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
    /// The weight of a controller's state.
    pub fn of(state: &ControllerState) -> Self {
        match state.phase {
            ControllerPhase::Recovering
            | ControllerPhase::Degraded
            | ControllerPhase::Cancelled => Self::Notable,
            ControllerPhase::Failed => Self::Bad,
            ControllerPhase::Starting
            | ControllerPhase::Running
            | ControllerPhase::Stopping
            | ControllerPhase::Ended => Self::Plain,
        }
    }
}

/// The latest state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    name: String,
    phase: ControllerPhase,
    /// Which attempt it is part of, from 1.
    attempt: u32,
    weight: Weight,
    /// For how long it has lasted, in nanoseconds.
    for_ns: u64,
}

impl State {
    /// The state of a repeat at a time; `None` where nobody says.
    pub fn of(current: &RepeatState, now_ns: u64) -> Option<Self> {
        let (since_ns, state) = current.states.last()?;
        Some(Self {
            name: safe(&state.text),
            phase: state.phase,
            attempt: state.attempt,
            weight: Weight::of(state),
            for_ns: now_ns.saturating_sub(*since_ns),
        })
    }

    /// How much it asks for a look.
    pub fn weight(&self) -> Weight {
        // Starting again is part of the recovery.
        match self.phase {
            ControllerPhase::Starting if self.attempt > 1 => Weight::Notable,
            _ => self.weight,
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
