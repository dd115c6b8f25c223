//! What whoever controls the repeat under way is doing, for how long, and in which attempt.

use workbench_clock::seconds;
use workbench_record::{ControllerPhase, ControllerState, RepeatState, Severity};
use workbench_report::format;

use crate::kit::safe;

/// How severe a controller's state is: whether something was lost and is being mended, or nothing
/// can be mended.
pub fn severity(state: &ControllerState) -> Severity {
    match state.phase {
        ControllerPhase::Recovering | ControllerPhase::Degraded | ControllerPhase::Cancelled => {
            Severity::Warning
        }
        ControllerPhase::Failed => Severity::Error,
        ControllerPhase::Starting
        | ControllerPhase::Running
        | ControllerPhase::Stopping
        | ControllerPhase::Ended => Severity::Note,
    }
}

/// The latest state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateShown {
    /// Its name.
    name: String,
    phase: ControllerPhase,
    /// Which attempt it is part of, from 1.
    attempt: u32,
    severity: Severity,
    /// For how long it has lasted, in nanoseconds.
    for_ns: u64,
}

impl StateShown {
    /// The state of a repeat at a time; `None` where nobody says.
    pub fn of(current: &RepeatState, now_ns: u64) -> Option<Self> {
        let (since_ns, state) = current.states.last()?;
        Some(Self {
            name: safe(&state.text),
            phase: state.phase,
            attempt: state.attempt,
            severity: severity(state),
            for_ns: now_ns.saturating_sub(*since_ns),
        })
    }

    /// How severe it is.
    pub fn severity(&self) -> Severity {
        // Starting again is part of the recovery.
        match self.phase {
            ControllerPhase::Starting if self.attempt > 1 => Severity::Warning,
            _ => self.severity,
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
