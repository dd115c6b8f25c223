//! The record of a search.

use serde::{Deserialize, Serialize};

use crate::loss::FiniteLoss;
use crate::scheduler::TrialVerdict;
use crate::trial::{Checkpoint, TrialId};
use crate::value::Configuration;

/// What happened in a search. The list of all of them is its record: what they do not say follows
/// from space, settings and seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StudyEvent {
    /// A trial was started.
    Started {
        /// Its number.
        trial: TrialId,
        /// What it is run with.
        configuration: Configuration,
        /// Up to which budget.
        to: u64,
        /// Whose state it takes over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Checkpoint>,
    },
    /// A paused trial was resumed.
    Resumed {
        /// Its number.
        trial: TrialId,
        /// Up to which budget.
        to: u64,
    },
    /// A trial reported, and that was decided.
    Reported {
        /// Its number.
        trial: TrialId,
        /// After how much budget.
        budget: u64,
        /// Its loss then.
        loss: FiniteLoss,
        /// What became of it.
        verdict: TrialVerdict,
    },
    /// The state of a trial was saved.
    Saved {
        /// Its number.
        trial: TrialId,
        /// After how much budget.
        budget: u64,
    },
    /// A trial failed for good.
    Failed {
        /// Its number.
        trial: TrialId,
    },
    /// A person stopped a trial.
    Stopped {
        /// Its number.
        trial: TrialId,
    },
    /// From here on no new configuration was tried.
    Closed,
}
