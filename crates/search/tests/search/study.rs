//! The study: trials, records, and going on from them.

use workbench_search::{
    Asha, FullBudget, NextLeg, RandomSearch, Replay, Space, Study, StudyEvent, TrialState,
    TrialVerdict,
};

fn space() -> Space {
    Space::from_toml("lr = 'loguniform(1e-4, 1e-1)'\nwidth = 'integer(8, 64)'").unwrap()
}

fn study(seed: u64) -> Study {
    let searcher = RandomSearch::new(space(), seed);
    let scheduler = Asha::new(1, 27, 3, 40).unwrap();
    Study::new(space(), Box::new(searcher), Box::new(scheduler), seed)
}

fn loss(lr: f64, budget: u64) -> f64 {
    (lr.log10() + 2.0).powi(2) + 1.0 / budget as f64
}

/// Runs a study on so many slots, whose legs end in an order that `pick` chooses.
fn run(study: &mut Study, slots: usize, mut pick: impl FnMut(usize) -> usize) -> Vec<StudyEvent> {
    let mut legs = study.running();
    let mut events = study.take_events();
    loop {
        while legs.len() < slots {
            let NextLeg::Run(leg) = study.next_leg() else {
                break;
            };
            legs.push(leg);
        }
        if legs.is_empty() {
            events.extend(study.take_events());
            return events;
        }
        let leg = legs.remove(pick(legs.len()));
        let lr = leg.configuration.number("lr").unwrap();
        let from = leg.from.map_or(0, |from| from.budget);
        for budget in from + 1..=leg.to {
            study.report(leg.trial, budget, loss(lr, budget));
        }
        study.saved(leg.trial, leg.to);
        events.extend(study.take_events());
    }
}

#[test]
fn one_slot_repeats_a_search_bit_for_bit() {
    let once = run(&mut study(7), 1, |_| 0);
    assert_eq!(once, run(&mut study(7), 1, |_| 0));
    assert_ne!(once, run(&mut study(8), 1, |_| 0));
    let best = |events: &[StudyEvent]| serde_json::to_string(events).unwrap();
    let again: Vec<StudyEvent> = serde_json::from_str(&best(&once)).unwrap();
    assert_eq!(again, once, "the record can be written and read");
}

#[test]
fn a_record_of_several_slots_gives_the_same_decisions() {
    let mut turn = 0;
    let events = run(&mut study(3), 5, |count| {
        turn += 7;
        turn % count
    });
    let mut again = study(3);
    again.replay(&events, Replay::Everything).unwrap();
    assert!(again.running().is_empty());
    assert_eq!(again.trials().len(), 40);
    let mut other = study(4);
    let error = other.replay(&events, Replay::Everything).unwrap_err();
    assert_eq!(error.at, 0);
    let error = study(3).replay(&events[1..], Replay::Decisions);
    assert!(error.is_err());
}

#[test]
fn a_search_that_was_cut_anywhere_ends_as_the_unharmed_one() {
    let mut unharmed = study(5);
    let events = run(&mut unharmed, 1, |_| 0);
    for cut in (0..events.len()).step_by(3) {
        let mut again = study(5);
        again.replay(&events[..cut], Replay::Decisions).unwrap();
        run(&mut again, 1, |_| 0);
        for (again, unharmed) in again.trials().iter().zip(unharmed.trials()) {
            // A state that was not saved before the cut is not saved, and nothing else differs.
            let mut again = again.clone();
            again.saved = unharmed.saved;
            assert_eq!(&again, unharmed, "cut at {cut}");
        }
    }
}

#[test]
fn losses_that_are_not_finite_are_failures() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut study = study(1);
        let mut failed = 0;
        while let NextLeg::Run(leg) = study.next_leg() {
            assert_eq!(study.report(leg.trial, 1, bad), TrialVerdict::Stop);
            assert_eq!(study.report(leg.trial, 1, 0.5), TrialVerdict::Stop);
            failed += 1;
        }
        assert_eq!(failed, 40, "every trial was tried, none promoted");
        let states = study.trials().iter().map(|trial| trial.state);
        assert!(states.into_iter().all(|state| state == TrialState::Failed));
        assert!(study.best().is_none());
    }
}

#[test]
fn one_trial_is_a_search() {
    let searcher = RandomSearch::new(space(), 1);
    let scheduler = FullBudget::new(3, 1).unwrap();
    let mut study = Study::new(space(), Box::new(searcher), Box::new(scheduler), 1);
    let NextLeg::Run(leg) = study.next_leg() else {
        panic!("there is a trial");
    };
    assert_eq!(study.next_leg(), NextLeg::Wait);
    assert_eq!(study.report(leg.trial, 2, 0.5), TrialVerdict::Continue);
    assert_eq!(study.report(leg.trial, 3, 0.7), TrialVerdict::Finish);
    assert_eq!(study.next_leg(), NextLeg::Done);
    let best = study.best().unwrap();
    assert_eq!(best.best.unwrap().get().to_bits(), 0.5_f64.to_bits());
    assert_eq!(best.loss.unwrap().get().to_bits(), 0.7_f64.to_bits());
}

#[test]
fn a_closed_search_tries_nothing_new_and_a_stopped_trial_is_not_resumed() {
    let mut study = study(2);
    let mut paused = Vec::new();
    for _ in 0..6 {
        let NextLeg::Run(leg) = study.next_leg() else {
            panic!("there are more");
        };
        if study.report(leg.trial, leg.to, leg.trial.0 as f64) == TrialVerdict::Pause {
            paused.push(leg.trial);
        }
    }
    study.close();
    for trial in paused {
        study.stop(trial);
    }
    assert_eq!(study.next_leg(), NextLeg::Done);
    let events = study.take_events();
    let mut again = self::study(2);
    again.replay(&events, Replay::Everything).unwrap();
    assert_eq!(again.trials(), study.trials());
    assert_eq!(again.next_leg(), NextLeg::Done);
}
