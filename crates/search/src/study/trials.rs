//! The trials of a search, and the parts in which they are run.

use serde::{Deserialize, Serialize};

use crate::loss::FiniteLoss;
use crate::trial::{Checkpoint, TrialId};
use crate::value::Configuration;

/// A trial: one configuration, and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Its number.
    pub id: TrialId,
    /// What it is run with.
    pub configuration: Configuration,
    /// Where it is.
    pub state: TrialState,
    /// The largest budget that it reported, 0 before its first report.
    pub budget: u64,
    /// The loss at that budget.
    pub loss: Option<FiniteLoss>,
    /// Its least loss.
    pub best: Option<FiniteLoss>,
    /// Whose state it took over.
    pub parent: Option<Checkpoint>,
    /// The last budget after which its state was saved.
    pub saved: Option<u64>,
}

/// Where a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialState {
    /// Runs up to a budget.
    Running {
        /// Which.
        to: u64,
    },
    /// Waits at a rung and may be resumed.
    Paused,
    /// Ended before its whole budget, by the scheduler or a person.
    Stopped,
    /// Has had its whole budget.
    Done,
    /// Failed for good: an error, or a loss that is not finite.
    Failed,
}

impl TrialState {
    /// Whether the trial never runs again.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Done | Self::Failed)
    }
}

/// What a free slot is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum NextLeg {
    /// Run this.
    Run(Leg),
    /// Nothing until a trial that is running reports or ends.
    Wait,
    /// The search is over.
    Done,
}

/// A part of a trial that is run in one go.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Which trial.
    pub trial: TrialId,
    /// What it is run with.
    pub configuration: Configuration,
    /// From which state; without one from the beginning, budget 0. Units that were reported before
    /// may be reported again and are passed over.
    pub from: Option<Checkpoint>,
    /// Up to and with which unit of budget.
    pub to: u64,
}
