//! ASHA: Li et al. 2020, algorithm 2, as properties.

use std::collections::BTreeMap;

use proptest::prelude::*;
use workbench_search::{Asha, NextStep, SettingError, TrialId, TrialScheduler, TrialVerdict};

use crate::schedulers::drive::{Call, drive, loss};

#[test]
fn the_worked_example_of_the_algorithm() {
    // Bottom rung of 1 unit, reduction 3: nothing is promoted before three trials have ended.
    let mut asha = Asha::new(1, 9, 3, 9).unwrap();
    let start = |trial| NextStep::Start {
        trial: TrialId(trial),
        to: 1,
        from: None,
    };
    for (trial, number) in [(0, 0.5), (1, 0.3), (2, 0.4)] {
        assert_eq!(asha.next(true), start(trial));
        let verdict = asha.report(TrialId(trial), 1, loss(number));
        assert_eq!(verdict, TrialVerdict::Pause);
    }
    let resume = |trial, to| NextStep::Resume {
        trial: TrialId(trial),
        to,
    };
    assert_eq!(asha.next(true), resume(1, 3), "the best third of three");
    assert_eq!(
        asha.next(true),
        start(3),
        "one of three is already promoted"
    );
    assert_eq!(asha.report(TrialId(3), 1, loss(0.1)), TrialVerdict::Pause);
    // Four have ended, so the best third is one trial, now another one.
    assert_eq!(asha.next(true), resume(3, 3));
    assert_eq!(asha.next(true), start(4));
    assert_eq!(asha.occupancy(), [(4, 2), (0, 0), (0, 0)]);
    for (trial, number) in [(1, 0.2), (3, 0.1)] {
        assert_eq!(
            asha.report(TrialId(trial), 2, loss(9.0)),
            TrialVerdict::Continue
        );
        assert_eq!(
            asha.report(TrialId(trial), 3, loss(number)),
            TrialVerdict::Pause
        );
    }
    assert_eq!(asha.report(TrialId(4), 1, loss(0.05)), TrialVerdict::Pause);
    assert_eq!(
        asha.next(true),
        resume(4, 3),
        "two of the five were promoted, and it is better"
    );
    assert_eq!(asha.report(TrialId(4), 3, loss(0.3)), TrialVerdict::Pause);
    assert_eq!(
        asha.next(true),
        resume(3, 9),
        "the highest rung comes first"
    );
    assert_eq!(asha.report(TrialId(3), 9, loss(0.0)), TrialVerdict::Finish);
}

#[test]
fn the_rungs_end_at_the_largest_budget() {
    let rungs = |min, max, reduction| Asha::new(min, max, reduction, 1).unwrap().rungs();
    assert_eq!(rungs(1, 81, 3), [1, 3, 9, 27, 81]);
    assert_eq!(rungs(10, 100, 2), [10, 20, 40, 80, 100]);
    assert_eq!(rungs(5, 5, 2), [5]);
    assert_eq!(rungs(1, u64::MAX, 1 << 40).len(), 3);
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let refused = |min, max, reduction, trials| Asha::new(min, max, reduction, trials).unwrap_err();
    assert_eq!(refused(0, 9, 3, 1), SettingError::Budget { min: 0, max: 9 });
    assert_eq!(
        refused(10, 9, 3, 1),
        SettingError::Budget { min: 10, max: 9 }
    );
    assert_eq!(refused(1, 9, 0, 1), SettingError::Reduction(0));
    assert_eq!(refused(1, 9, 2, 0), SettingError::NoTrials);
}

/// What finished a rung so far, and what was promoted from it.
#[derive(Default)]
struct Seen {
    finished: Vec<(f64, TrialId)>,
    promoted: Vec<TrialId>,
}

impl Seen {
    /// The best `⌊n / reduction⌋` that ended with a loss.
    fn best(&self, reduction: u64) -> Vec<TrialId> {
        let mut sorted = self.finished.clone();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let best = sorted.iter().take(sorted.len() / reduction as usize);
        let best = best.filter(|(number, _)| number.is_finite());
        best.map(|(_, trial)| *trial).collect()
    }

    fn can_promote(&self, reduction: u64, strict: bool) -> bool {
        let quota = self.finished.len() as u64 / reduction;
        let open = !strict || (self.promoted.len() as u64) < quota;
        open && self
            .best(reduction)
            .iter()
            .any(|trial| !self.promoted.contains(trial))
    }
}

#[derive(Debug, Clone)]
struct Case {
    rungs: Vec<u64>,
    reduction: u64,
    trials: u64,
    strict: bool,
}

/// Every promotion is one that the algorithm allows, and nothing waits that need not.
fn judge(case: &Case, calls: &[Call]) {
    let mut seen: BTreeMap<u64, Seen> = BTreeMap::new();
    let below = |to: u64| {
        let at = case.rungs.iter().position(|rung| *rung == to).unwrap();
        case.rungs[at - 1]
    };
    let top = *case.rungs.last().unwrap();
    let mut started = 0;
    for call in calls {
        let promotable: Vec<u64> = seen
            .iter()
            .filter(|(rung, seen)| **rung < top && seen.can_promote(case.reduction, case.strict))
            .map(|(rung, _)| *rung)
            .collect();
        match call {
            Call::Start(trial, to) => {
                assert_eq!((trial.0, *to), (started, case.rungs[0]));
                started += 1;
                assert!(promotable.is_empty(), "started while one could be promoted");
            }
            Call::Resume(trial, to) => {
                let rung = below(*to);
                assert_eq!(
                    promotable.last(),
                    Some(&rung),
                    "the highest rung comes first"
                );
                let from = seen.get_mut(&rung).unwrap();
                assert!(from.best(case.reduction).contains(trial));
                assert!(!from.promoted.contains(trial), "promoted twice");
                from.promoted.push(*trial);
                if case.strict {
                    let quota = from.finished.len() as u64 / case.reduction;
                    assert!(from.promoted.len() as u64 <= quota);
                }
            }
            Call::Ended(trial, to, number, _) => {
                let finished = (number.unwrap_or(f64::INFINITY), *trial);
                seen.entry(*to).or_default().finished.push(finished);
            }
            Call::Wait(_) | Call::Done => {
                assert!(promotable.is_empty(), "idle while one could be promoted");
                assert_eq!(started, case.trials, "idle while one could be started");
            }
        }
    }
    for (rung, seen) in &seen {
        // Those that are still among the best in the end are at most 1/η of the rung; the others
        // were promoted before better ones came.
        let best = seen.best(case.reduction);
        let (right, early): (Vec<TrialId>, Vec<TrialId>) =
            seen.promoted.iter().partition(|trial| best.contains(trial));
        assert!(right.len() <= seen.finished.len() / case.reduction as usize);
        assert!(
            early.is_empty() || !case.strict || right.len() + early.len() <= best.len(),
            "{rung}"
        );
    }
}

proptest! {
    #[test]
    fn promotions_are_those_of_the_algorithm(
        min in 1_u64..4,
        times in 1_u64..30,
        reduction in 2_u64..5,
        trials in 1_u64..50,
        slots in 1_usize..9,
        strict: bool,
        failing in 0_u64..5,
        seed: u64,
    ) {
        let mut asha = Asha::new(min, min * times, reduction, trials).unwrap();
        if strict {
            asha = asha.strict();
        }
        let case = Case { rungs: asha.rungs(), reduction, trials, strict };
        let mut state = seed;
        let random = |count: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % count
        };
        // Losses that cross: the order at one budget says little about that at another.
        let of = |trial: TrialId, to: u64| {
            let number = (trial.0 ^ seed ^ (to << 20)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            (number % 5 >= failing).then_some((number % 50) as f64)
        };
        let calls = drive(&mut asha, slots, random, of);
        judge(&case, &calls);
    }

    /// Where the order of trials is the same at every budget and the best come first, nothing is
    /// promoted early.
    #[test]
    fn with_the_best_first_no_more_than_its_share_of_a_rung_is_promoted(
        reduction in 2_u64..5,
        trials in 1_u64..80,
        slots in 1_usize..9,
    ) {
        let mut asha = Asha::new(1, 27, reduction, trials).unwrap();
        drive(&mut asha, slots, |_| 0, |trial, _| Some(trial.0 as f64));
        for (finished, promoted) in asha.occupancy() {
            prop_assert!(promoted <= finished / reduction);
        }
    }
}
