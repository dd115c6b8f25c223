//! Schedulers on recorded curves: whole searches that can be worked out by hand, and properties.

use proptest::prelude::*;
use workbench_search::{
    Asha, FiniteLoss, FullBudget, Hyperband, LearningCurve, LegCosts, LossPoint, MedianRule, Pbt,
    SimulatedSearch, SimulationError, TrialId, TrialScheduler, TrialVerdict, simulate,
    simulate_paced,
};

/// A curve of so many units of a second, falling to a loss; as good early as late.
fn curve(units: u64, least: f64) -> LearningCurve {
    let point = |budget: u64| LossPoint {
        budget,
        loss: FiniteLoss::new(least + 1.0 - budget as f64 / units as f64),
        seconds: 1.0,
    };
    LearningCurve {
        points: (1..=units).map(point).collect(),
    }
}

fn run(
    curves: &[LearningCurve],
    mut scheduler: impl TrialScheduler,
    slots: usize,
) -> SimulatedSearch {
    simulate(curves, &mut scheduler, slots, LegCosts::default()).unwrap()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn the_whole_budget_on_some_slots() {
    let curves: Vec<_> = (0..5).map(|trial| curve(10, f64::from(trial))).collect();
    for (slots, makespan, idle) in [
        (1, 50.0, 0.0),
        (2, 30.0, 10.0),
        (5, 10.0, 0.0),
        (64, 10.0, 590.0),
    ] {
        let search = run(&curves, FullBudget::new(10, 5).unwrap(), slots);
        assert!(
            near(search.makespan_s, makespan),
            "{slots}: {}",
            search.makespan_s
        );
        assert!(near(search.idle_s, idle), "{slots}: {}", search.idle_s);
        assert!(near(search.idle_share(), idle / (slots as f64 * makespan)));
        assert_eq!(search.legs.len(), 5);
        assert_eq!(
            search.found,
            Some((TrialId(0), FiniteLoss::new(0.0).unwrap()))
        );
        assert_eq!(search.regret(), Some(0.0));
        assert_eq!(search.best_stopped_at(), None);
    }
}

#[test]
fn asha_stops_early_and_waits_for_nothing() {
    let curves: Vec<_> = (0..9).map(|trial| curve(9, f64::from(trial))).collect();
    let search = run(&curves, Asha::new(1, 9, 3, 9).unwrap(), 1);
    // 9 trials of 1 unit, 3 go on by 2, 1 goes on by 6.
    assert!(near(search.makespan_s, 9.0 + 3.0 * 2.0 + 6.0));
    assert!(near(search.idle_s, 0.0));
    assert_eq!(search.regret(), Some(0.0));
    let left: Vec<u64> = search.trials.iter().map(|trial| trial.budget).collect();
    assert_eq!(left, [9, 3, 3, 1, 1, 1, 1, 1, 1]);
    assert_eq!(search.trials[1].verdict, Some(TrialVerdict::Pause));
    let idle = |search: SimulatedSearch| search.idle_share();
    let curves: Vec<_> = (0..200)
        .map(|trial| curve(27, f64::from(trial * 7 % 100)))
        .collect();
    let asynchronous = idle(run(&curves, Asha::new(1, 27, 3, 200).unwrap(), 4));
    let synchronous = idle(run(&curves, Hyperband::new(1, 27, 3, 200).unwrap(), 4));
    assert!(
        asynchronous < synchronous / 4.0,
        "{asynchronous} {synchronous}"
    );
}

#[test]
fn what_stopping_the_best_costs() {
    // The last trial is bad at first and the best in the end.
    let mut curves: Vec<_> = (0..8).map(|trial| curve(9, f64::from(trial))).collect();
    let late = |budget: u64| LossPoint {
        budget,
        loss: FiniteLoss::new(if budget < 9 { 50.0 } else { -2.0 }),
        seconds: 1.0,
    };
    curves.push(LearningCurve {
        points: (1..=9).map(late).collect(),
    });
    let search = run(&curves, Asha::new(1, 9, 3, 9).unwrap(), 2);
    assert_eq!(search.oracle.unwrap().0, TrialId(8));
    assert_eq!(search.best_stopped_at(), Some(1));
    assert_eq!(search.regret(), Some(2.0));
    let search = run(&curves, MedianRule::new(9, 3, 9).unwrap(), 1);
    assert_eq!(search.best_stopped_at(), Some(3));
    let verdict = search.trials[8].verdict;
    assert_eq!(verdict, Some(TrialVerdict::Stop));
}

#[test]
fn failures_take_their_time_and_end_a_trial() {
    let mut broken = curve(9, -5.0);
    broken.points[4].loss = None;
    broken.points.truncate(5);
    let curves = [broken, curve(9, 1.0)];
    let search = run(&curves, FullBudget::new(9, 2).unwrap(), 1);
    assert!(near(search.makespan_s, 14.0));
    assert_eq!(
        (search.trials[0].verdict, search.trials[0].budget),
        (None, 4)
    );
    assert_eq!(
        search.best_stopped_at(),
        None,
        "it failed, and nobody stopped it"
    );
    let all: Vec<LearningCurve> = vec![
        LearningCurve {
            points: vec![LossPoint {
                budget: 1,
                loss: None,
                seconds: 2.0,
            }],
        };
        3
    ];
    let search = run(&all, Asha::new(1, 9, 3, 3).unwrap(), 2);
    assert!(near(search.makespan_s, 4.0));
    assert_eq!(
        (search.found, search.oracle, search.regret()),
        (None, None, None)
    );
}

#[test]
fn legs_cost_their_starts_and_resumptions() {
    let costs = LegCosts {
        start_s: 10.0,
        resume_s: 3.0,
        save_s: 0.5,
    };
    let curves: Vec<_> = (0..3).map(|trial| curve(3, f64::from(trial))).collect();
    let mut asha = Asha::new(1, 3, 3, 3).unwrap();
    let search = simulate(&curves, &mut asha, 1, costs).unwrap();
    // Three starts and saved rungs; the first trial, no longer warm, is loaded again.
    assert!(near(
        search.makespan_s,
        3.0 * (10.0 + 1.0 + 0.5) + 3.0 + 2.0
    ));
    let mut asha = Asha::new(1, 3, 3, 3).unwrap();
    let best_last: Vec<_> = (0..3)
        .rev()
        .map(|trial| curve(3, f64::from(trial)))
        .collect();
    let search = simulate(&best_last, &mut asha, 1, costs).unwrap();
    assert!(
        near(search.makespan_s, 3.0 * (10.0 + 1.0 + 0.5) + 2.0),
        "still in its slot"
    );
}

#[test]
fn slots_that_slow_each_other_down_are_faster_alone() {
    let curves: Vec<_> = (0..3).map(|trial| curve(10, f64::from(trial))).collect();
    let paced = |pace: &dyn Fn(usize) -> f64| {
        let mut scheduler = FullBudget::new(10, 3).unwrap();
        simulate_paced(&curves, &mut scheduler, 2, (LegCosts::default(), pace)).unwrap()
    };
    // Two at once for 10 s each, then the third alone at twice the pace.
    let search = paced(&|busy| if busy == 1 { 0.5 } else { 1.0 });
    assert!(near(search.makespan_s, 15.0), "{}", search.makespan_s);
    let last = search.legs.last().unwrap();
    assert!(near(last.start_s, 10.0) && near(last.end_s, 15.0));
    assert!(near(search.idle_s, 5.0));
    assert!(near(paced(&|_| 1.0).makespan_s, 20.0));
    // Which decisions are made does not depend on the pace where all slots have the same.
    let order = |search: &SimulatedSearch| -> Vec<TrialId> {
        search.legs.iter().map(|leg| leg.trial).collect()
    };
    assert_eq!(order(&search), order(&paced(&|_| 1.0)));
}

#[test]
fn curves_that_cannot_be_used_are_refused() {
    let asha = || Asha::new(1, 9, 3, 9).unwrap();
    let refused = |curves: &[LearningCurve], slots| {
        simulate(curves, &mut asha(), slots, LegCosts::default()).unwrap_err()
    };
    assert_eq!(refused(&[], 1), SimulationError::NoCurves);
    assert_eq!(refused(&[curve(9, 1.0)], 0), SimulationError::NoSlots);
    let mut disordered = curve(9, 1.0);
    disordered.points.swap(0, 1);
    assert_eq!(
        refused(&[disordered], 1),
        SimulationError::Disordered(TrialId(0))
    );
    let mut timeless = curve(9, 1.0);
    timeless.points[3].seconds = f64::NAN;
    assert_eq!(
        refused(&[timeless], 1),
        SimulationError::Disordered(TrialId(0))
    );
    let short: Vec<_> = (0..3).map(|trial| curve(2, f64::from(trial))).collect();
    let lacks = SimulationError::NoPoint {
        trial: TrialId(0),
        budget: 3,
    };
    assert_eq!(refused(&short, 1), lacks);
    let mut pbt = Pbt::new(2, 1, 9, 1).unwrap();
    let curves: Vec<_> = (0..9).map(|trial| curve(9, f64::from(trial))).collect();
    let error = simulate(&curves, &mut pbt, 1, LegCosts::default()).unwrap_err();
    assert_eq!(error, SimulationError::Copies);
}

proptest! {
    #[test]
    fn time_adds_up_on_any_number_of_slots(
        least in proptest::collection::vec(0_u8..50, 1..40),
        slots in 1_usize..65,
        kind in 0..4,
        seconds in 0.1_f64..3.0,
    ) {
        let curves: Vec<LearningCurve> = least.iter().map(|least| {
            let mut curve = curve(27, f64::from(*least));
            for (at, point) in curve.points.iter_mut().enumerate() {
                point.seconds = seconds * f64::from(1 + (u32::from(*least) + at as u32) % 3);
            }
            curve
        }).collect();
        let trials = curves.len() as u64;
        let mut scheduler: Box<dyn TrialScheduler> = match kind {
            0 => Box::new(FullBudget::new(27, trials).unwrap()),
            1 => Box::new(MedianRule::new(27, 3, trials).unwrap()),
            2 => Box::new(Asha::new(1, 27, 3, trials).unwrap()),
            _ => Box::new(Hyperband::new(1, 27, 3, trials).unwrap()),
        };
        let search = simulate(&curves, &mut *scheduler, slots, LegCosts::default()).unwrap();
        prop_assert_eq!(search.trials.len() as u64, trials);
        let busy: f64 = search.legs.iter().map(|leg| leg.end_s - leg.start_s).sum();
        let all = slots as f64 * search.makespan_s;
        prop_assert!((busy + search.idle_s - all).abs() < 1e-6 * all);
        // What ran is what the curves say, and no slot does two things at once.
        let run: f64 = search.trials.iter().zip(&curves).map(|(trial, curve)| {
            let points = curve.points.iter().filter(|point| point.budget <= trial.budget);
            points.map(|point| point.seconds).sum::<f64>()
        }).sum();
        prop_assert!((busy - run).abs() < 1e-6 * run);
        for slot in 0..slots {
            let mut legs: Vec<_> = search.legs.iter().filter(|leg| leg.slot == slot).collect();
            legs.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
            prop_assert!(legs.windows(2).all(|pair| pair[0].end_s <= pair[1].start_s + 1e-9));
        }
        prop_assert!(search.regret().unwrap() >= 0.0);
        prop_assert!(search.anytime.is_sorted_by(|a, b| a.0 <= b.0 && a.1 > b.1));
        if kind == 0 {
            prop_assert_eq!(search.regret(), Some(0.0));
        }
    }
}
