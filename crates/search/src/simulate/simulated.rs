//! What a simulation gives.

use crate::loss::FiniteLoss;
use crate::scheduler::TrialVerdict;
use crate::trial::TrialId;

/// A simulated search.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedSearch {
    /// On how many slots.
    pub slots: usize,
    /// When the last leg ended, in seconds.
    pub makespan_s: f64,
    /// The time of all slots until then in which they ran nothing, in seconds.
    pub idle_s: f64,
    /// All legs in the order in which they ended.
    pub legs: Vec<SimulatedLeg>,
    /// What became of each trial that was started.
    pub trials: Vec<SimulatedTrial>,
    /// The least loss that was seen so far, each time that it fell: seconds and loss.
    pub anytime: Vec<(f64, FiniteLoss)>,
    /// The trial with the least loss that was seen.
    pub found: Option<(TrialId, FiniteLoss)>,
    /// The trial with the least loss on any of the whole curves.
    pub oracle: Option<(TrialId, FiniteLoss)>,
}

/// A leg of a trial on a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedLeg {
    /// Which slot, from 0.
    pub slot: usize,
    /// Which trial.
    pub trial: TrialId,
    /// When it began, in seconds.
    pub start_s: f64,
    /// When it ended, in seconds.
    pub end_s: f64,
    /// The trial's budget when it began.
    pub from: u64,
    /// The trial's budget when it ended.
    pub to: u64,
    /// What was decided at its end; none where the trial failed.
    pub verdict: Option<TrialVerdict>,
}

/// What became of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulatedTrial {
    /// How much budget it had.
    pub budget: u64,
    /// The last decision: [`TrialVerdict::Pause`] where it was never resumed. None where it failed.
    pub verdict: Option<TrialVerdict>,
    /// The least loss that it reported.
    pub least: Option<FiniteLoss>,
}

impl SimulatedSearch {
    /// How much worse the best that was found is than the best that there was. 0 where it was
    /// found; none where every trial failed.
    pub fn regret(&self) -> Option<f64> {
        let (found, oracle) = (self.found?.1, self.oracle?.1);
        Some(found.get() - oracle.get())
    }

    /// At which budget the trial that would have been the best was stopped, or paused for good.
    /// None where it had its whole budget, failed or was never started.
    pub fn best_stopped_at(&self) -> Option<u64> {
        let (best, _) = self.oracle?;
        let trial = self.trials.get(best.0 as usize)?;
        match trial.verdict? {
            TrialVerdict::Stop | TrialVerdict::Pause => Some(trial.budget),
            TrialVerdict::Continue | TrialVerdict::Finish => None,
        }
    }

    /// The share of the slots' time in which they ran nothing, from 0 to 1.
    pub fn idle_share(&self) -> f64 {
        let all = self.slots as f64 * self.makespan_s;
        if all > 0.0 { self.idle_s / all } else { 0.0 }
    }
}
