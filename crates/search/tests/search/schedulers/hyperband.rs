//! HyperBand: Li et al. 2018, table 1, and its rungs.

use proptest::prelude::*;
use workbench_search::{BracketSizes, Hyperband, SettingError, TrialId, TrialVerdict};

use crate::schedulers::drive::{Call, drive, ended};

fn plan(hyperband: &Hyperband) -> Vec<Vec<(u64, u64)>> {
    let brackets = hyperband.brackets().iter();
    brackets.map(|bracket| bracket.rungs.clone()).collect()
}

#[test]
fn the_brackets_for_81_and_3_are_those_of_table_1() {
    let hyperband = Hyperband::new(1, 81, 3, 128).unwrap();
    let table = vec![
        vec![(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        vec![(27, 3), (9, 9), (3, 27), (1, 81)],
        vec![(9, 9), (3, 27), (1, 81)],
        vec![(6, 27), (2, 81)],
        vec![(5, 81)],
    ];
    assert_eq!(plan(&hyperband), table);
}

#[test]
fn the_formula_of_algorithm_1_starts_more() {
    let hyperband = Hyperband::new(1, 81, 3, 143).unwrap();
    let starts: Vec<(u64, u64)> = plan(&hyperband.sizes(BracketSizes::Algorithm))
        .iter()
        .map(|bracket| bracket[0])
        .collect();
    assert_eq!(starts, [(81, 1), (34, 3), (15, 9), (8, 27), (5, 81)]);
}

#[test]
fn a_whole_round_runs_the_table() {
    for slots in [1, 4, 100] {
        let mut hyperband = Hyperband::new(1, 81, 3, 128).unwrap();
        let calls = drive(
            &mut hyperband,
            slots,
            |_| 0,
            |trial, to| Some(trial.0 as f64 - to as f64),
        );
        let counts: Vec<(u64, usize)> = ended(&calls).into_iter().collect();
        let table = [(1, 81), (3, 54), (9, 27), (27, 15), (81, 10)];
        assert_eq!(counts, table, "{slots} slots");
    }
}

#[test]
fn only_the_overlapping_one_begins_a_bracket_while_a_rung_waits() {
    let waits = |calls: &[Call]| {
        let waits = calls.iter().filter(|call| matches!(call, Call::Wait(_)));
        waits.count()
    };
    let run = |mut hyperband: Hyperband| {
        drive(
            &mut hyperband,
            4,
            |count| count - 1,
            |trial, to| Some(((trial.0 * 37) % 101) as f64 / to as f64),
        )
    };
    let strict = run(Hyperband::new(1, 27, 3, 80).unwrap());
    let overlapping = run(Hyperband::new(1, 27, 3, 80).unwrap().overlapping());
    assert!(waits(&overlapping) < waits(&strict) / 2);
}

#[test]
fn a_cut_bracket_brings_its_best_to_the_end() {
    for trials in 1..10 {
        let mut hyperband = Hyperband::new(1, 81, 3, trials).unwrap();
        let calls = drive(&mut hyperband, 2, |_| 0, |trial, _| Some(-(trial.0 as f64)));
        let best = Call::Ended(
            TrialId(trials - 1),
            81,
            Some(1.0 - trials as f64),
            Some(TrialVerdict::Finish),
        );
        assert!(calls.contains(&best), "{calls:?}");
    }
}

#[test]
fn settings_that_cannot_be_are_refused() {
    assert_eq!(
        Hyperband::new(0, 9, 3, 1).unwrap_err(),
        SettingError::Budget { min: 0, max: 9 }
    );
    assert_eq!(
        Hyperband::new(1, 9, 1, 1).unwrap_err(),
        SettingError::Reduction(1)
    );
    assert_eq!(
        Hyperband::new(1, 9, 2, 0).unwrap_err(),
        SettingError::NoTrials
    );
    assert!(Hyperband::new(1, u64::MAX, 2, 1).is_ok());
}

proptest! {
    #[test]
    fn a_rung_ends_before_its_best_go_on(
        min in 1_u64..5,
        times in 1_u64..40,
        reduction in 2_u64..5,
        trials in 1_u64..60,
        slots in 1_usize..9,
        overlapping: bool,
        seed: u64,
        failing in 0_u64..4,
    ) {
        let mut hyperband = Hyperband::new(min, min * times, reduction, trials).unwrap();
        if overlapping {
            hyperband = hyperband.overlapping();
        }
        let mut state = seed;
        let mut random = move |count: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % count
        };
        let of = |trial: TrialId, to: u64| {
            let number = (trial.0 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            (number % 4 >= failing).then(|| number as f64 + 1.0 / to as f64)
        };
        let calls = drive(&mut hyperband, slots, &mut random, of);
        let started = calls.iter().filter(|call| matches!(call, Call::Start(..))).count();
        prop_assert_eq!(started as u64, trials);
        for (at, call) in calls.iter().enumerate() {
            let Call::Resume(trial, to) = call else {
                continue;
            };
            let paused = calls[..at].iter().rev().find_map(|call| match call {
                Call::Ended(one, rung, Some(_), _) if one == trial => Some(*rung),
                _ => None,
            });
            prop_assert!(paused.unwrap() < *to, "a promoted trial had paused below");
            if !overlapping {
                prop_assert_eq!(running_below(&calls[..at], *to), 0, "its rung has ended");
            }
        }
        let failed = |call: &&Call| matches!(call, Call::Ended(_, _, None, _));
        let finished = |call: &&Call| {
            matches!(call, Call::Ended(_, _, _, Some(TrialVerdict::Finish)))
        };
        if failing == 0 {
            prop_assert_eq!(calls.iter().filter(failed).count(), 0);
            prop_assert!(calls.iter().filter(finished).count() > 0);
        }
    }
}

/// How many trials are running to a budget below this one.
fn running_below(calls: &[Call], budget: u64) -> usize {
    let mut running = std::collections::BTreeMap::new();
    for call in calls {
        match call {
            Call::Start(trial, to) | Call::Resume(trial, to) => {
                running.insert(*trial, *to);
            }
            Call::Ended(trial, ..) => {
                running.remove(trial);
            }
            Call::Wait(_) | Call::Done => {}
        }
    }
    running.values().filter(|to| **to < budget).count()
}
