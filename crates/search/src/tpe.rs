//! Search with tree-structured Parzen estimators.

mod axis;
mod estimator;
mod line;
mod normal;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use axis::{ParzenAxis, Spot};
use estimator::Estimator;

use crate::loss::FiniteLoss;
use crate::random::RandomSearch;
use crate::searcher::Searcher;
use crate::seed::{Drawn, Draws};
use crate::space::{Condition, Space};
use crate::trial::TrialId;
use crate::value::Configuration;

/// Of the trials that are not among the best, at most so many of the latest shape the estimate.
/// Older ones have little weight, and this keeps the cost of a suggestion constant.
const MOST_ABOVE: usize = 1000;

/// At most so many trials are the best.
const MOST_BELOW: usize = 25;

/// Tree-structured Parzen estimators (Bergstra et al. 2011). The tenth of the trials with the least
/// losses, at most 25, and all others are each described by a density; of candidates that are drawn
/// from the first, the one where it is largest relative to the second is tried next.
///
/// The choices are those that Optuna documents (Akiba et al. 2019; Watanabe 2023): 10 random trials
/// first, 24 candidates, a prior with the weight of one trial, bandwidths by the distance of
/// neighbours with a lower bound, weights that fall with age beyond 25 trials. Parameters with the
/// same condition are estimated together (multivariate), so that what goes well together is seen;
/// each group from the trials in which it was active.
///
/// Trials are ranked by budget first, those with more before those with less, and by loss among
/// equals. Trials that are running or failed count as not good, so that several slots do not all
/// try the same.
#[derive(Debug, Clone)]
pub struct Tpe {
    space: Space,
    random: RandomSearch,
    seed: u64,
    axes: Vec<ParzenAxis>,
    groups: Vec<Group>,
    startup: usize,
    candidates: usize,
    trials: Vec<Option<Observed>>,
    ranked: BTreeSet<Merit>,
}

type Merit = (Reverse<u64>, FiniteLoss, TrialId);

/// Parameters that are active together.
#[derive(Debug, Clone)]
struct Group {
    condition: Option<Condition>,
    members: Vec<usize>,
}

/// What is known of a trial: where it is on each axis, and its merit once it has been told.
#[derive(Debug, Clone)]
struct Observed {
    /// Not a number where the parameter is not active.
    places: Vec<f64>,
    merit: Option<Merit>,
}

impl Tpe {
    /// A search of a space.
    pub fn new(space: Space, seed: u64) -> Self {
        let dimensions = space.dimensions();
        let axes: Vec<ParzenAxis> = dimensions
            .iter()
            .map(|dimension| ParzenAxis::new(&dimension.domain))
            .collect();
        let mut groups: Vec<Group> = Vec::new();
        for (index, dimension) in dimensions.iter().enumerate() {
            let same = |group: &&mut Group| group.condition == dimension.condition;
            match groups.iter_mut().find(same) {
                Some(group) => group.members.push(index),
                None => groups.push(Group {
                    condition: dimension.condition.clone(),
                    members: vec![index],
                }),
            }
        }
        Self {
            random: RandomSearch::new(space.clone(), seed),
            space,
            seed,
            axes,
            groups,
            startup: 10,
            candidates: 24,
            trials: Vec::new(),
            ranked: BTreeSet::new(),
        }
    }

    /// Estimates every parameter by itself, as Bergstra et al. did.
    #[must_use]
    pub fn independent(mut self) -> Self {
        let groups = std::mem::take(&mut self.groups);
        for group in groups {
            self.groups.extend(group.members.iter().map(|index| Group {
                condition: group.condition.clone(),
                members: vec![*index],
            }));
        }
        self.groups.sort_by_key(|group| group.members[0]);
        self
    }

    /// Draws at random until so many trials have been told; 10 at first, and at least 1.
    #[must_use]
    pub fn startup(mut self, trials: usize) -> Self {
        self.startup = trials.max(1);
        self
    }

    /// Draws so many candidates for each suggestion; 24 at first, and at least 1.
    #[must_use]
    pub fn candidates(mut self, candidates: usize) -> Self {
        self.candidates = candidates.max(1);
        self
    }

    /// The trials that are the best, and the latest of the others; both in their order.
    fn split(&self) -> (Vec<&Observed>, Vec<&Observed>) {
        let good = self.ranked.len().div_ceil(10).min(MOST_BELOW);
        let edge = self.ranked.iter().nth(good);
        let is_good = |trial: &Observed| match (trial.merit, edge) {
            (Some(merit), Some(edge)) => merit < *edge,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let best = self.ranked.iter().take(good);
        let mut numbers: Vec<u64> = best.map(|(_, _, trial)| trial.0).collect();
        numbers.sort_unstable();
        let known = |number: &u64| self.trials.get(*number as usize)?.as_ref();
        let below = numbers.iter().filter_map(known).collect();
        let latest = self.trials.iter().rev().flatten();
        let others = latest.filter(|trial| !is_good(trial)).take(MOST_ABOVE);
        let mut above: Vec<&Observed> = others.collect();
        above.reverse();
        (below, above)
    }

    /// The candidate of a group with the best ratio, one spot for each member.
    fn choose(&self, members: &[usize], split: &Split<'_>, draws: &mut Draws) -> Vec<Spot> {
        let axes: Vec<&ParzenAxis> = members.iter().map(|index| &self.axes[*index]).collect();
        let below = Estimator::new(&axes, observations(members, &split.0));
        let above = Estimator::new(&axes, observations(members, &split.1));
        let mut terms = Vec::new();
        let mut best: Option<(f64, Vec<Spot>)> = None;
        for _ in 0..self.candidates {
            let candidate = below.draw(draws);
            let ratio = below.log_density(&candidate, &mut terms)
                - above.log_density(&candidate, &mut terms);
            if best.as_ref().is_none_or(|(known, _)| ratio > *known) {
                best = Some((ratio, candidate));
            }
        }
        best.map(|(_, candidate)| candidate).unwrap_or_default()
    }
}

type Split<'a> = (Vec<&'a Observed>, Vec<&'a Observed>);

/// For each axis where the trials are on it, of those in which all were active.
fn observations(members: &[usize], trials: &[&Observed]) -> Vec<Vec<f64>> {
    // Members are active together.
    let first = members.first();
    let is_active = |trial: &&&Observed| first.is_some_and(|first| !trial.places[*first].is_nan());
    let active: Vec<&&Observed> = trials.iter().filter(is_active).collect();
    let on = |index: &usize| active.iter().map(|trial| trial.places[*index]).collect();
    members.iter().map(on).collect()
}

impl Searcher for Tpe {
    fn ask(&self, trial: TrialId) -> Option<Configuration> {
        if self.ranked.len() < self.startup {
            return self.random.ask(trial);
        }
        let mut draws = Draws::new(self.seed, trial, Drawn::Configuration);
        let split = self.split();
        let mut chosen: Vec<Option<Spot>> = vec![None; self.axes.len()];
        // A group is chosen when its first parameter turns out to be active. Those that it depends
        // on come before it.
        Some(self.space.fill(|index, dimension| {
            if chosen[index].is_none() {
                let with = |group: &&Group| group.members.contains(&index);
                let members = self.groups.iter().find(with).map(|group| &*group.members);
                let members = members.unwrap_or_default();
                let spots = self.choose(members, &split, &mut draws);
                for (member, spot) in members.iter().zip(spots) {
                    chosen[*member] = Some(spot);
                }
            }
            match chosen[index] {
                Some(spot) => self.axes[index].value(&dimension.domain, spot),
                None => dimension.domain.nth(0),
            }
        }))
    }

    fn started(&mut self, trial: TrialId, configuration: &Configuration) {
        let axes = self.space.dimensions().iter().zip(&self.axes);
        let place = |(dimension, axis): (&crate::space::Dimension, &ParzenAxis)| {
            let value = configuration.get(&dimension.name);
            value.map_or(f64::NAN, |value| axis.place(&dimension.domain, value))
        };
        let observed = Observed {
            places: axes.map(place).collect(),
            merit: None,
        };
        let index = trial.0 as usize;
        if self.trials.len() <= index {
            self.trials.resize(index + 1, None);
        }
        self.trials[index] = Some(observed);
    }

    fn told(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) {
        let Some(Some(known)) = self.trials.get_mut(trial.0 as usize) else {
            return;
        };
        let merit = (Reverse(budget), loss, trial);
        if let Some(before) = known.merit.replace(merit) {
            self.ranked.remove(&before);
        }
        self.ranked.insert(merit);
    }

    fn failed(&mut self, trial: TrialId) {
        if let Some(Some(known)) = self.trials.get_mut(trial.0 as usize)
            && let Some(before) = known.merit.take()
        {
            self.ranked.remove(&before);
        }
    }
}
