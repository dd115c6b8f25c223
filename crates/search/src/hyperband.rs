//! Synchronous successive halving in brackets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::loss::FiniteLoss;
use crate::ranking::Placing;
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::setting::{self, SettingError};
use crate::trial::TrialId;

/// HyperBand (Li et al. 2018): successive halving in brackets, from many trials with little budget
/// each to few with all of it. Rungs are synchronous: the best 1/η of a rung go on once all of the
/// rung have ended, and slots wait for the slowest. Brackets come one after another, and from the
/// first again while there are trials.
#[derive(Debug, Clone)]
pub struct Hyperband {
    brackets: Vec<Bracket>,
    min: u64,
    max: u64,
    reduction: u64,
    trials: u64,
    started: u64,
    overlapping: bool,
    /// How many brackets were begun.
    begun: usize,
    open: BTreeMap<usize, OpenBracket>,
    /// The bracket of each trial.
    of: Vec<usize>,
}

/// A bracket of HyperBand: how many trials are at each rung, and with which budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bracket {
    /// Trials and budget of each rung.
    pub rungs: Vec<(u64, u64)>,
}

/// How many trials a bracket starts. The publication has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BracketSizes {
    /// `⌊(s_max + 1) / (s + 1)⌋ · η^s`, table 1: 81, 27, 9, 6, 5 for R = 81 and η = 3.
    #[default]
    Table,
    /// `⌈(s_max + 1) · η^s / (s + 1)⌉`, algorithm 1: 81, 34, 15, 8, 5 for R = 81 and η = 3.
    Algorithm,
}

#[derive(Debug, Clone)]
struct OpenBracket {
    plan: Bracket,
    rung: usize,
    /// New trials that the first rung still needs.
    fresh: u64,
    /// Trials that wait to go on, the best first.
    promoted: VecDeque<TrialId>,
    running: BTreeSet<TrialId>,
    finished: Vec<Placing>,
}

impl Hyperband {
    /// So many trials with budgets from about `min` to `max`, the best 1/`reduction` of each rung
    /// going on.
    ///
    /// # Errors
    ///
    /// Budgets of 0 or in the wrong order, a reduction below 2, or no trials.
    pub fn new(min: u64, max: u64, reduction: u64, trials: u64) -> Result<Self, SettingError> {
        if trials == 0 {
            return Err(SettingError::NoTrials);
        }
        setting::rungs(min, max, reduction)?;
        Ok(Self {
            brackets: brackets(min, max, reduction, BracketSizes::Table),
            min,
            max,
            reduction,
            trials,
            started: 0,
            overlapping: false,
            begun: 0,
            open: BTreeMap::new(),
            of: Vec::new(),
        })
    }

    /// Lets slots that would wait for the end of a rung begin with the next bracket.
    #[must_use]
    pub const fn overlapping(mut self) -> Self {
        self.overlapping = true;
        self
    }

    /// Sizes the brackets otherwise.
    #[must_use]
    pub fn sizes(mut self, sizes: BracketSizes) -> Self {
        self.brackets = brackets(self.min, self.max, self.reduction, sizes);
        self
    }

    /// The brackets as they are planned, the one with the most trials first.
    pub fn brackets(&self) -> &[Bracket] {
        &self.brackets
    }

    /// Begins the next bracket, as long as there are trials.
    fn begin(&mut self) -> Option<usize> {
        // Brackets that are open have taken their trials from those that are left.
        let taken: u64 = self.open.values().map(|bracket| bracket.fresh).sum();
        let left = self.trials - self.started - taken;
        if left == 0 {
            return None;
        }
        let plan = self.brackets[self.begun % self.brackets.len()].clone();
        let fresh = plan.rungs[0].0.min(left);
        let id = self.begun;
        self.begun += 1;
        let bracket = OpenBracket {
            plan,
            rung: 0,
            fresh,
            promoted: VecDeque::new(),
            running: BTreeSet::new(),
            finished: Vec::new(),
        };
        self.open.insert(id, bracket);
        Some(id)
    }

    /// What a bracket has to do now.
    fn step(&mut self, id: usize, more: bool) -> Option<NextStep> {
        let bracket = self.open.get_mut(&id)?;
        if !more {
            bracket.fresh = 0;
        }
        bracket.promote(self.reduction);
        let to = bracket.plan.rungs[bracket.rung].1;
        if bracket.fresh > 0 {
            bracket.fresh -= 1;
            let trial = TrialId(self.started);
            self.started += 1;
            self.of.push(id);
            bracket.running.insert(trial);
            let from = None;
            return Some(NextStep::Start { trial, to, from });
        }
        let trial = bracket.promoted.pop_front()?;
        bracket.running.insert(trial);
        Some(NextStep::Resume { trial, to })
    }

    fn bracket(&mut self, trial: TrialId) -> Option<&mut OpenBracket> {
        let id = self.of.get(trial.0 as usize)?;
        self.open.get_mut(id)
    }
}

impl OpenBracket {
    fn is_resting(&self) -> bool {
        self.fresh == 0 && self.promoted.is_empty() && self.running.is_empty()
    }

    /// Whether nothing is left to do.
    fn is_over(&self) -> bool {
        self.is_resting() && (self.finished.is_empty() || self.rung + 1 == self.plan.rungs.len())
    }

    /// Goes on to the next rung with the best of this one, once all have ended.
    fn promote(&mut self, reduction: u64) {
        if !self.is_resting() || self.is_over() {
            return;
        }
        let mut finished = std::mem::take(&mut self.finished);
        // A bracket that was cut short still brings its best to the end.
        let count = (finished.len() as u64 / reduction).max(1);
        finished.sort_unstable();
        self.rung += 1;
        let best = finished.into_iter().take(count as usize);
        self.promoted = best.filter_map(Placing::trial_with_loss).collect();
    }
}

/// The brackets from the one with the most halvings to the one with none.
fn brackets(min: u64, max: u64, reduction: u64, sizes: BracketSizes) -> Vec<Bracket> {
    let powers: Vec<u64> = std::iter::successors(Some(1_u64), |power| power.checked_mul(reduction))
        .take_while(|power| *power <= max / min)
        .collect();
    let most = powers.len() as u64;
    let bracket = |halvings: usize| {
        let power = powers[halvings];
        let parts = halvings as u64 + 1;
        let trials = match sizes {
            BracketSizes::Table => (most / parts).saturating_mul(power),
            BracketSizes::Algorithm => most.saturating_mul(power).div_ceil(parts),
        };
        let rung = |at: usize| (trials / powers[at], max / powers[halvings - at]);
        Bracket {
            rungs: (0..=halvings).map(rung).collect(),
        }
    };
    (0..powers.len()).rev().map(bracket).collect()
}

impl TrialScheduler for Hyperband {
    fn next(&mut self, more: bool) -> NextStep {
        let open: Vec<usize> = self.open.keys().copied().collect();
        for id in open {
            if let Some(step) = self.step(id, more) {
                return step;
            }
        }
        self.open.retain(|_, bracket| !bracket.is_over());
        if more
            && (self.open.is_empty() || self.overlapping)
            && let Some(id) = self.begin()
            && let Some(step) = self.step(id, more)
        {
            return step;
        }
        if self.open.is_empty() {
            NextStep::Done
        } else {
            NextStep::Wait
        }
    }

    fn report(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) -> TrialVerdict {
        let Some(bracket) = self.bracket(trial) else {
            return TrialVerdict::Stop;
        };
        if budget < bracket.plan.rungs[bracket.rung].1 {
            return TrialVerdict::Continue;
        }
        if !bracket.running.remove(&trial) {
            return TrialVerdict::Stop;
        }
        bracket.finished.push(Placing::Loss(loss, trial));
        if bracket.rung + 1 == bracket.plan.rungs.len() {
            TrialVerdict::Finish
        } else {
            TrialVerdict::Pause
        }
    }

    fn failed(&mut self, trial: TrialId) {
        if let Some(bracket) = self.bracket(trial)
            && bracket.running.remove(&trial)
        {
            bracket.finished.push(Placing::Failed(trial));
        }
    }

    fn stopped(&mut self, trial: TrialId) {
        if let Some(bracket) = self.bracket(trial) {
            bracket.running.remove(&trial);
            bracket.promoted.retain(|promoted| *promoted != trial);
            bracket.finished.retain(|placing| placing.trial() != trial);
        }
    }

    fn rungs(&self) -> Vec<u64> {
        let first = self.brackets.first();
        let rungs = first.map(|bracket| bracket.rungs.iter().map(|(_, budget)| *budget));
        rungs.into_iter().flatten().collect()
    }
}
