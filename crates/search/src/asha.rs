//! Asynchronous successive halving.

use std::collections::BTreeSet;

use crate::loss::FiniteLoss;
use crate::ranking::{Moved, Placing, Ranking};
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::setting::{self, SettingError};
use crate::trial::TrialId;

/// Asynchronous successive halving (Li et al. 2020, algorithm 2). Trials pause at rungs, budgets
/// that grow by a factor η. A free slot resumes a paused trial that is among the best 1/η of its
/// rung, from the highest rung down, and starts a new trial where there is none: it waits only when
/// all trials are started and nothing can be promoted.
///
/// Early in a search a trial can be promoted that later ones push out of the best 1/η, so in the
/// end somewhat more than 1/η of a rung may have been promoted; Li et al. expect about the square
/// root of the rung's size. [`Asha::strict`] rules that out.
#[derive(Debug, Clone)]
pub struct Asha {
    rungs: Vec<AshaRung>,
    /// For each trial the rung that it runs to or waits at; none once it is over.
    at: Vec<Option<usize>>,
    running: BTreeSet<TrialId>,
    reduction: u64,
    trials: u64,
    strict: bool,
}

#[derive(Debug, Clone)]
struct AshaRung {
    budget: u64,
    finished: Ranking,
    /// Among the best, and neither promoted nor stopped.
    ready: BTreeSet<Placing>,
    /// Was promoted or may not be.
    barred: BTreeSet<TrialId>,
    promoted: u64,
}

impl Asha {
    /// So many trials with budgets from `min` to `max`. Of each rung the best 1/`reduction` go on;
    /// the next rung's budget is `reduction` times as large, and the last rung's is `max`.
    ///
    /// # Errors
    ///
    /// Budgets of 0 or in the wrong order, a reduction below 2, or no trials.
    pub fn new(min: u64, max: u64, reduction: u64, trials: u64) -> Result<Self, SettingError> {
        if trials == 0 {
            return Err(SettingError::NoTrials);
        }
        let rung = |budget| AshaRung {
            budget,
            finished: Ranking::new(reduction),
            ready: BTreeSet::new(),
            barred: BTreeSet::new(),
            promoted: 0,
        };
        let rungs = setting::rungs(min, max, reduction)?;
        Ok(Self {
            rungs: rungs.into_iter().map(rung).collect(),
            at: Vec::new(),
            running: BTreeSet::new(),
            reduction,
            trials,
            strict: false,
        })
    }

    /// Never promotes more than 1/η of those that finished a rung, also where some were promoted
    /// early that would not be now.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Finished and promoted trials of each rung.
    pub fn occupancy(&self) -> Vec<(u64, u64)> {
        let rungs = self.rungs.iter();
        rungs
            .map(|rung| (rung.finished.len(), rung.promoted))
            .collect()
    }

    /// The rung that a running trial runs to, which it leaves.
    fn end(&mut self, trial: TrialId) -> Option<usize> {
        if self.running.remove(&trial) {
            self.at.get(trial.0 as usize).copied().flatten()
        } else {
            None
        }
    }

    fn promotion(&mut self) -> Option<NextStep> {
        let last = self.rungs.len() - 1;
        for below in (0..last).rev() {
            let rung = &mut self.rungs[below];
            if self.strict && rung.promoted >= rung.finished.len() / self.reduction {
                continue;
            }
            let Some(Placing::Loss(_, trial)) = rung.ready.pop_first() else {
                continue;
            };
            rung.promoted += 1;
            rung.barred.insert(trial);
            self.at[trial.0 as usize] = Some(below + 1);
            self.running.insert(trial);
            let to = self.rungs[below + 1].budget;
            return Some(NextStep::Resume { trial, to });
        }
        None
    }
}

impl AshaRung {
    fn add(&mut self, member: Placing) {
        let Moved { came, left } = self.finished.add(member);
        if let Some(left) = left {
            self.ready.remove(&left);
        }
        if let Some(came @ Placing::Loss(_, trial)) = came
            && !self.barred.contains(&trial)
        {
            self.ready.insert(came);
        }
    }
}

impl TrialScheduler for Asha {
    fn next(&mut self, more: bool) -> NextStep {
        if let Some(step) = self.promotion() {
            return step;
        }
        let started = self.at.len() as u64;
        if more && started < self.trials {
            let trial = TrialId(started);
            self.at.push(Some(0));
            self.running.insert(trial);
            let to = self.rungs[0].budget;
            return NextStep::Start {
                trial,
                to,
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
        let target = self.at.get(trial.0 as usize).copied().flatten();
        let Some(rung) = target.filter(|_| self.running.contains(&trial)) else {
            return TrialVerdict::Stop;
        };
        if budget < self.rungs[rung].budget {
            return TrialVerdict::Continue;
        }
        self.running.remove(&trial);
        self.rungs[rung].add(Placing::Loss(loss, trial));
        if rung + 1 < self.rungs.len() {
            return TrialVerdict::Pause;
        }
        self.at[trial.0 as usize] = None;
        TrialVerdict::Finish
    }

    fn failed(&mut self, trial: TrialId) {
        if let Some(rung) = self.end(trial) {
            self.rungs[rung].add(Placing::Failed(trial));
            self.at[trial.0 as usize] = None;
        }
    }

    fn stopped(&mut self, trial: TrialId) {
        self.running.remove(&trial);
        let Some(at) = self.at.get_mut(trial.0 as usize) else {
            return;
        };
        if let Some(rung) = at.take() {
            let rung = &mut self.rungs[rung];
            rung.barred.insert(trial);
            let stays = |ready: &Placing| !matches!(ready, Placing::Loss(_, one) if *one == trial);
            rung.ready.retain(stays);
        }
    }

    fn rungs(&self) -> Vec<u64> {
        self.rungs.iter().map(|rung| rung.budget).collect()
    }
}
