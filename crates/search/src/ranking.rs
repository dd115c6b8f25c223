//! Who is among the best of a group that grows, without looking at all of it.

use std::collections::BTreeSet;

use crate::loss::FiniteLoss;
use crate::trial::TrialId;

/// How a trial did in a group: with a loss, or worse than all that have one. Equal losses are in
/// the order of the trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Placing {
    Loss(FiniteLoss, TrialId),
    Failed(TrialId),
}

impl Placing {
    pub(crate) const fn trial(self) -> TrialId {
        match self {
            Self::Loss(_, trial) | Self::Failed(trial) => trial,
        }
    }

    pub(crate) const fn trial_with_loss(self) -> Option<TrialId> {
        match self {
            Self::Loss(_, trial) => Some(trial),
            Self::Failed(_) => None,
        }
    }

    pub(crate) const fn loss(self) -> Option<f64> {
        match self {
            Self::Loss(loss, _) => Some(loss.get()),
            Self::Failed(_) => None,
        }
    }
}

/// The members of a group, the best `⌊n / share⌋` apart from the rest. Adding one costs a time
/// that grows with the logarithm of the group.
#[derive(Debug, Clone)]
pub(crate) struct Ranking {
    best: BTreeSet<Placing>,
    rest: BTreeSet<Placing>,
    share: u64,
}

/// Who came among the best when a member was added, and who left them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) came: Option<Placing>,
    pub(crate) left: Option<Placing>,
}

impl Ranking {
    pub(crate) const fn new(share: u64) -> Self {
        Self {
            best: BTreeSet::new(),
            rest: BTreeSet::new(),
            share,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        (self.best.len() + self.rest.len()) as u64
    }

    /// Adds a member.
    pub(crate) fn add(&mut self, member: Placing) -> Moved {
        let mut moved = Moved::default();
        if self.best.last().is_some_and(|worst| member < *worst) {
            self.best.insert(member);
            moved.came = Some(member);
            if self.best.len() as u64 > self.len() / self.share {
                moved.left = self.best.pop_last();
                self.rest.extend(moved.left);
            }
        } else {
            self.rest.insert(member);
            if (self.best.len() as u64) < self.len() / self.share {
                moved.came = self.rest.pop_first();
                self.best.extend(moved.came);
            }
        }
        moved
    }

    /// The worst of the best.
    pub(crate) fn edge(&self) -> Option<Placing> {
        self.best.last().copied()
    }

    /// The best of the rest.
    pub(crate) fn next(&self) -> Option<Placing> {
        self.rest.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_are_those_of_sorting(
            losses in proptest::collection::vec(0_i8..9, 0..60),
            share in 1_u64..5,
        ) {
            let mut ranking = Ranking::new(share);
            let mut all = Vec::new();
            let mut best = BTreeSet::new();
            for (at, loss) in losses.into_iter().enumerate() {
                let trial = TrialId(at as u64);
                let member = FiniteLoss::new(f64::from(loss)).filter(|_| loss < 8)
                    .map_or(Placing::Failed(trial), |loss| Placing::Loss(loss, trial));
                all.push(member);
                all.sort();
                let moved = ranking.add(member);
                best.extend(moved.came);
                if let Some(left) = moved.left {
                    prop_assert!(best.remove(&left));
                }
                let count = all.len() / share as usize;
                prop_assert!(best.iter().eq(&all[..count]));
                prop_assert!(ranking.best == best);
                prop_assert_eq!(ranking.edge(), all[..count].last().copied());
                prop_assert_eq!(ranking.next(), all.get(count).copied());
            }
        }
    }
}
