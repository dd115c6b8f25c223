//! What decides how long trials run.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::loss::FiniteLoss;
use crate::trial::{Checkpoint, TrialId};

/// Decides which trial a free slot runs, for how long, and whether a trial goes on.
///
/// The decisions depend on the order of the calls alone: no clock, no number of slots, no
/// randomness beyond a seed. The same calls give the same decisions, so a record of them is all
/// that a search needs to go on, and any scheduler can be tried on recorded trials
/// ([`simulate`](crate::simulate)).
///
/// The budget of a trial is counted in units (epochs, trees, steps) from 1, over all its parts. A
/// running trial keeps its slot until its verdict, failure or stop.
pub trait TrialScheduler: Debug + Send {
    /// What a free slot is to do. `more` says whether there is a configuration for a new trial.
    /// [`NextStep::Wait`] and [`NextStep::Done`] change nothing.
    fn next(&mut self, more: bool) -> NextStep;

    /// A running trial reports its loss after so much budget, in rising order. Every trial has to
    /// report at the `to` of its step, and may before.
    fn report(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) -> TrialVerdict;

    /// The state of a trial after so much budget was saved. Schedulers that copy trials copy only
    /// what was.
    fn saved(&mut self, trial: TrialId, budget: u64) {
        let _ = (trial, budget);
    }

    /// Whether a trial that is not started yet may take over this state.
    fn may_copy(&self, state: Checkpoint) -> bool {
        let _ = state;
        false
    }

    /// A running trial failed for good. It counts as worse than any loss.
    fn failed(&mut self, trial: TrialId);

    /// A running or paused trial was stopped from outside. It does not count.
    fn stopped(&mut self, trial: TrialId);

    /// The budgets at which it decides, in rising order; the last is the whole budget of a trial.
    fn rungs(&self) -> Vec<u64>;
}

/// What a free slot is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Start a new trial and run it up to a budget.
    Start {
        /// Its number: the next that was not used.
        trial: TrialId,
        /// Up to which budget.
        to: u64,
        /// Whose state and configuration it takes over and changes. Its budget counts on from
        /// there.
        from: Option<Checkpoint>,
    },
    /// Run a paused trial up to a budget.
    Resume {
        /// Which.
        trial: TrialId,
        /// Up to which budget.
        to: u64,
    },
    /// Nothing now: what is to be done depends on trials that are running.
    Wait,
    /// Nothing is running and nothing is left to do.
    Done,
}

/// What becomes of a trial that has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialVerdict {
    /// It goes on.
    Continue,
    /// It leaves its slot and may be resumed; its state should be saved.
    Pause,
    /// It has had its chance and is not resumed.
    Stop,
    /// It has had its whole budget.
    Finish,
}
