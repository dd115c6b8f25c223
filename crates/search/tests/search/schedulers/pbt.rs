//! Population based training: Jaderberg et al. 2017, exploit and explore.

use std::collections::BTreeSet;

use proptest::prelude::*;
use workbench_search::{
    Checkpoint, Configuration, NextLeg, NextStep, Pbt, Perturb, RandomSearch, SettingError, Space,
    Study, TrialId, TrialScheduler, TrialState, TrialVerdict,
};

use crate::schedulers::drive::loss;

/// Starts all members and reports their first losses, saved or not.
fn first_round(pbt: &mut Pbt, losses: &[f64], saved: bool) -> Vec<TrialVerdict> {
    let mut verdicts = Vec::new();
    for (at, number) in losses.iter().enumerate() {
        let trial = TrialId(at as u64);
        let from = None;
        assert_eq!(pbt.next(true), NextStep::Start { trial, to: 2, from });
        let verdict = pbt.report(trial, 2, loss(*number));
        if saved && verdict == TrialVerdict::Pause {
            pbt.saved(trial, 2);
        }
        verdicts.push(verdict);
    }
    verdicts
}

#[test]
fn the_worst_take_over_a_saved_state_of_the_best() {
    let mut pbt = Pbt::new(4, 2, 6, 1).unwrap().share(0.25).unwrap();
    let verdicts = first_round(&mut pbt, &[0.1, 0.5, 0.4, 0.9], true);
    let (pause, stop) = (TrialVerdict::Pause, TrialVerdict::Stop);
    assert_eq!(verdicts, [pause, pause, pause, stop]);
    let best = Checkpoint {
        trial: TrialId(0),
        budget: 2,
    };
    // All are at 2 units: members in their order, copies as new trials.
    let resume = |trial| NextStep::Resume {
        trial: TrialId(trial),
        to: 4,
    };
    let copy = |trial| NextStep::Start {
        trial: TrialId(trial),
        to: 4,
        from: Some(best),
    };
    let steps: Vec<NextStep> = (0..4).map(|_| pbt.next(false)).collect();
    assert_eq!(steps, [resume(0), resume(1), resume(2), copy(4)]);
    assert_eq!(pbt.next(true), NextStep::Wait);
    // The copy counts with its parent's loss, so trial 1 is the worst now.
    assert_eq!(pbt.report(TrialId(1), 4, loss(0.5)), stop);
    assert_eq!(
        pbt.next(true),
        copy(5),
        "from the last state that was saved"
    );
    // A copy is not replaced by another one of the same state, or that would have no end.
    assert_eq!(pbt.report(TrialId(5), 4, loss(0.9)), pause);
}

#[test]
fn nothing_is_copied_that_was_not_saved() {
    let mut pbt = Pbt::new(4, 2, 6, 1).unwrap().share(0.25).unwrap();
    let verdicts = first_round(&mut pbt, &[0.1, 0.5, 0.4, 0.9], false);
    assert_eq!(verdicts, [TrialVerdict::Pause; 4]);
}

#[test]
fn a_member_that_fails_is_replaced_and_given_up_in_the_end() {
    let mut pbt = Pbt::new(2, 1, 4, 1).unwrap();
    let mut failures = 0;
    loop {
        match pbt.next(true) {
            NextStep::Start { trial, .. } | NextStep::Resume { trial, .. } => pbt.failed(trial),
            NextStep::Wait => panic!("nothing is running"),
            NextStep::Done => break,
        }
        failures += 1;
    }
    assert_eq!(failures, 6);
}

#[test]
fn a_search_of_which_every_trial_fails_later_ends() {
    let mut pbt = Pbt::new(3, 1, 9, 1).unwrap();
    let mut started = 0;
    loop {
        match pbt.next(true) {
            NextStep::Start { trial, to, .. } => {
                assert_eq!(pbt.report(trial, to, loss(1.0)), TrialVerdict::Pause);
                started += 1;
            }
            NextStep::Resume { trial, .. } => pbt.failed(trial),
            NextStep::Wait => panic!("nothing is running"),
            NextStep::Done => break,
        }
    }
    assert_eq!(started, 9);
}

#[test]
fn exploring_changes_by_factors_or_draws_anew() {
    let space = Space::from_toml(
        "a = 'uniform(0, 100)'\nn = 'integer(0, 1000)'\ng = 'grid(1, 2, 4, 8)'\nc = ['x', 'y']\n\
         f = 3\nl = 'loginteger(1, 9)'\nm = 'uniform(0, 1) if c = x'",
    )
    .unwrap();
    let parent: Configuration = serde_json::from_str(
        r#"{"a": 10.0, "n": 100, "g": 2, "c": "x", "f": 3, "l": 1, "m": 0.9}"#,
    )
    .unwrap();
    let never = Perturb {
        resample: 0.0,
        ..Perturb::default()
    };
    let mut seen = [(); 4].map(|()| BTreeSet::new());
    for trial in 0..100 {
        let near = never.configuration(&space, &parent, 5, TrialId(trial));
        space.check(&near).unwrap();
        assert_eq!((near.text("c"), near.integer("f")), (Some("x"), Some(3)));
        for (seen, name) in seen.iter_mut().zip(["a", "n", "g", "l"]) {
            seen.insert(near.get(name).unwrap().to_string());
        }
        assert!(near.number("m").unwrap() <= 1.0);
    }
    let seen = seen.map(|seen| seen.into_iter().collect::<Vec<_>>().join(" "));
    assert_eq!(seen, ["12.0 8.0", "120 80", "1 4", "1 2"]);

    let fixed = Perturb {
        fixed: vec!["a".to_owned(), "c".to_owned()],
        ..Perturb::default()
    };
    for trial in 0..100 {
        let near = fixed.configuration(&space, &parent, 5, TrialId(trial));
        assert_eq!((near.text("c"), near.number("a")), (Some("x"), Some(10.0)));
    }

    let mixed = Perturb::default();
    let trials = 4000;
    let drawn = (0..trials)
        .map(|trial| mixed.configuration(&space, &parent, 5, TrialId(trial)))
        .filter(|near| {
            let near = near.number("a").unwrap();
            (near - 8.0).abs() > 1e-9 && (near - 12.0).abs() > 1e-9
        })
        .count();
    // A quarter, within four standard deviations.
    let share = drawn as f64 / trials as f64;
    assert!(
        (share - 0.25).abs() < 4.0 * (0.25 * 0.75 / trials as f64).sqrt(),
        "{share}"
    );
}

#[test]
fn the_lineage_is_in_the_trials() {
    let space = Space::from_toml("lr = 'loguniform(1e-4, 1)'").unwrap();
    let searcher = RandomSearch::new(space.clone(), 3);
    let scheduler = Pbt::new(8, 5, 50, 3).unwrap();
    let mut study = Study::new(space, Box::new(searcher), Box::new(scheduler), 3);
    let mut states = std::collections::BTreeMap::new();
    while let NextLeg::Run(leg) = study.next_leg() {
        let lr = leg.configuration.number("lr").unwrap();
        let (mut at, mut value) = (0, 1.0);
        if let Some(from) = leg.from {
            (at, value) = (from.budget, states[&(from.trial, from.budget)]);
        }
        for budget in at + 1..=leg.to {
            // What is best changes on the way: fast at first, slow later.
            let rate: f64 = if budget < 25 { 0.3 } else { 0.02 };
            value *= 0.9_f64.powf(1.0 / (1.0 + (lr / rate).ln().powi(2)));
            study.report(leg.trial, budget, value);
        }
        states.insert((leg.trial, leg.to), value);
        study.saved(leg.trial, leg.to);
    }
    let copies = study.trials().iter().filter(|trial| trial.parent.is_some());
    assert!(copies.count() >= 8);
    for trial in study.trials() {
        let Some(parent) = trial.parent else { continue };
        assert!(parent.trial < trial.id);
        assert!(trial.budget > parent.budget || trial.state == TrialState::Stopped);
        assert!(states.contains_key(&(parent.trial, parent.budget)));
    }
    let done = |trial: &&workbench_search::Trial| trial.state == TrialState::Done;
    assert_eq!(study.trials().iter().filter(done).count(), 8);
}

#[test]
fn settings_that_cannot_be_are_refused() {
    assert_eq!(
        Pbt::new(1, 1, 1, 0).unwrap_err(),
        SettingError::Population(1)
    );
    assert!(Pbt::new(2, 0, 1, 0).is_err());
    assert!(Pbt::new(2, 2, 1, 0).is_err());
    for share in [0.0, -1.0, 0.6, f64::NAN] {
        assert!(Pbt::new(2, 1, 1, 0).unwrap().share(share).is_err());
    }
}

proptest! {
    #[test]
    fn only_what_was_saved_is_copied_and_every_member_ends(
        population in 2_u64..12,
        interval in 1_u64..4,
        rounds in 1_u64..6,
        slots in 1_usize..6,
        failing in 0_u64..3,
        seed: u64,
    ) {
        let mut pbt = Pbt::new(population, interval, interval * rounds, seed).unwrap();
        let mut saved = BTreeSet::new();
        let mut running = Vec::new();
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        };
        let mut finished = 0;
        loop {
            match pbt.next(true) {
                NextStep::Start { trial, to, from } if running.len() < slots => {
                    if let Some(from) = from {
                        prop_assert!(saved.contains(&(from.trial, from.budget)));
                        prop_assert!(from.trial != trial && from.budget < to);
                    }
                    running.push((trial, to));
                    if running.len() < slots { continue; }
                }
                NextStep::Resume { trial, to } => {
                    running.push((trial, to));
                    if running.len() < slots { continue; }
                }
                NextStep::Start { .. } => unreachable!("asked only where a slot is free"),
                NextStep::Wait => {}
                NextStep::Done => break,
            }
            let (trial, to) = running.remove(random() as usize % running.len());
            if random() % 9 < failing {
                pbt.failed(trial);
                continue;
            }
            match pbt.report(trial, to, loss((random() % 100) as f64)) {
                TrialVerdict::Pause if random() % 4 > 0 => {
                    pbt.saved(trial, to);
                    saved.insert((trial, to));
                }
                TrialVerdict::Finish => finished += 1,
                _ => {}
            }
        }
        prop_assert!(finished <= population);
        prop_assert!(failing > 0 || finished == population);
    }
}
