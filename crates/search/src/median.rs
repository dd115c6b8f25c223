//! The median stopping rule.

use std::collections::BTreeMap;

use crate::loss::FiniteLoss;
use crate::ranking::{Placing, Ranking};
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::setting::SettingError;
use crate::trial::TrialId;

/// The median stopping rule (Golovin et al. 2017, section 3.2.2): a trial stops at a budget where
/// its least loss so far is strictly worse than the median of the running means of the losses that
/// earlier trials had reported up to that budget. Earlier trials are those that have ended, stopped
/// ones too; failed ones do not count.
#[derive(Debug, Clone)]
pub struct MedianRule {
    budget: u64,
    grace: u64,
    trials: u64,
    least: u64,
    started: u64,
    running: BTreeMap<TrialId, Course>,
    /// For each budget the running means of all ended trials that came so far.
    means: BTreeMap<u64, Ranking>,
}

/// What a running trial has reported.
#[derive(Debug, Clone, Default)]
struct Course {
    least: Option<FiniteLoss>,
    sum: f64,
    means: Vec<(u64, FiniteLoss)>,
}

impl Course {
    fn add(&mut self, budget: u64, loss: FiniteLoss) -> FiniteLoss {
        let least = self.least.map_or(loss, |least| least.min(loss));
        self.least = Some(least);
        // A sum beyond the largest float stays there, and cannot become NaN.
        self.sum = (self.sum + loss.get()).clamp(f64::MIN, f64::MAX);
        let mean = self.sum / (self.means.len() + 1) as f64;
        self.means.push((budget, FiniteLoss::clamped(mean)));
        least
    }
}

impl MedianRule {
    /// So many trials with this budget each; none is stopped before `grace`, nor before 3 trials
    /// have ended that came as far.
    ///
    /// # Errors
    ///
    /// No budget, a grace above it, or no trials.
    pub const fn new(budget: u64, grace: u64, trials: u64) -> Result<Self, SettingError> {
        if budget == 0 || grace > budget {
            return Err(SettingError::Budget {
                min: grace,
                max: budget,
            });
        }
        if trials == 0 {
            return Err(SettingError::NoTrials);
        }
        Ok(Self {
            budget,
            grace,
            trials,
            least: 3,
            started: 0,
            running: BTreeMap::new(),
            means: BTreeMap::new(),
        })
    }

    /// Stops none before so many trials have ended that came as far. The rule as published: 1.
    #[must_use]
    pub const fn least(mut self, trials: u64) -> Self {
        self.least = trials;
        self
    }

    /// The median of the running means at a budget, where there are enough.
    fn median(&self, budget: u64) -> Option<f64> {
        let means = self.means.get(&budget)?;
        let upper = means.next()?.loss()?;
        if means.len() < self.least {
            None
        } else if means.len() % 2 == 1 {
            Some(upper)
        } else {
            let lower = means.edge()?.loss()?;
            Some(lower / 2.0 + upper / 2.0)
        }
    }

    fn end(&mut self, trial: TrialId) {
        let Some(course) = self.running.remove(&trial) else {
            return;
        };
        for (budget, mean) in course.means {
            let at = self.means.entry(budget);
            at.or_insert(Ranking::new(2))
                .add(Placing::Loss(mean, trial));
        }
    }
}

impl TrialScheduler for MedianRule {
    fn next(&mut self, more: bool) -> NextStep {
        if more && self.started < self.trials {
            let trial = TrialId(self.started);
            self.started += 1;
            self.running.insert(trial, Course::default());
            return NextStep::Start {
                trial,
                to: self.budget,
                from: None,
            };
        }
        if self.running.is_empty() {
            NextStep::Done
        } else {
            NextStep::Wait
        }
    }

    fn report(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) -> TrialVerdict {
        let Some(course) = self.running.get_mut(&trial) else {
            return TrialVerdict::Stop;
        };
        let least = course.add(budget, loss);
        let verdict = if budget >= self.budget {
            TrialVerdict::Finish
        } else if budget >= self.grace
            && self
                .median(budget)
                .is_some_and(|median| least.get() > median)
        {
            TrialVerdict::Stop
        } else {
            return TrialVerdict::Continue;
        };
        self.end(trial);
        verdict
    }

    fn failed(&mut self, trial: TrialId) {
        self.running.remove(&trial);
    }

    fn stopped(&mut self, trial: TrialId) {
        self.running.remove(&trial);
    }

    fn rungs(&self) -> Vec<u64> {
        vec![self.budget]
    }
}
