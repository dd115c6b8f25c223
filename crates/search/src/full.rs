//! No early stopping.

use crate::loss::FiniteLoss;
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::setting::SettingError;
use crate::trial::TrialId;

/// Gives every trial its whole budget: no early stopping, the base of all that do.
#[derive(Debug, Clone)]
pub struct FullBudget {
    budget: u64,
    trials: u64,
    started: u64,
    running: u64,
}

impl FullBudget {
    /// So many trials, each with the same budget.
    ///
    /// # Errors
    ///
    /// No budget or no trials.
    pub const fn new(budget: u64, trials: u64) -> Result<Self, SettingError> {
        if budget == 0 {
            return Err(SettingError::Budget { min: 0, max: 0 });
        }
        if trials == 0 {
            return Err(SettingError::NoTrials);
        }
        Ok(Self {
            budget,
            trials,
            started: 0,
            running: 0,
        })
    }
}

impl TrialScheduler for FullBudget {
    fn next(&mut self, more: bool) -> NextStep {
        if more && self.started < self.trials {
            let trial = TrialId(self.started);
            self.started += 1;
            self.running += 1;
            return NextStep::Start {
                trial,
                to: self.budget,
                from: None,
            };
        }
        if self.running > 0 {
            NextStep::Wait
        } else {
            NextStep::Done
        }
    }

    fn report(&mut self, _: TrialId, budget: u64, _: FiniteLoss) -> TrialVerdict {
        if budget < self.budget {
            return TrialVerdict::Continue;
        }
        self.running = self.running.saturating_sub(1);
        TrialVerdict::Finish
    }

    fn failed(&mut self, _: TrialId) {
        self.running = self.running.saturating_sub(1);
    }

    fn stopped(&mut self, trial: TrialId) {
        self.failed(trial);
    }

    fn rungs(&self) -> Vec<u64> {
        vec![self.budget]
    }
}
