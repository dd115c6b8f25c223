//! The median stopping rule: Golovin et al. 2017, section 3.2.2.

use proptest::prelude::*;
use workbench_search::{MedianRule, NextStep, SettingError, TrialId, TrialScheduler, TrialVerdict};

use crate::schedulers::drive::loss;

fn start(rule: &mut MedianRule) -> TrialId {
    match rule.next(true) {
        NextStep::Start { trial, .. } => trial,
        step => panic!("{step:?}"),
    }
}

/// Reports a curve, and gives the budget at which the trial ended.
fn run(rule: &mut MedianRule, curve: &[f64]) -> (u64, TrialVerdict) {
    let trial = start(rule);
    for (at, number) in curve.iter().enumerate() {
        let verdict = rule.report(trial, at as u64 + 1, loss(*number));
        if verdict != TrialVerdict::Continue {
            return (at as u64 + 1, verdict);
        }
    }
    panic!("the curve has an end");
}

#[test]
fn a_trial_stops_where_its_best_is_worse_than_the_median_of_the_means() {
    let mut rule = MedianRule::new(4, 2, 9).unwrap();
    let finished = (4, TrialVerdict::Finish);
    assert_eq!(run(&mut rule, &[8.0, 6.0, 4.0, 2.0]), finished); // means 8 7 6 5
    assert_eq!(run(&mut rule, &[4.0, 4.0, 4.0, 4.0]), finished); // means 4 4 4 4
    assert_eq!(
        run(&mut rule, &[9.0, 9.0, 9.0, 9.0]),
        finished,
        "two ended trials are too few"
    );
    // Medians of the means are 8, 7, 6 and 5.
    assert_eq!(
        run(&mut rule, &[8.5, 7.5, 1.0, 1.0]),
        (2, TrialVerdict::Stop)
    );
    // The best so far counts, not the last; and as good as the median is good enough.
    assert_eq!(run(&mut rule, &[7.0, 99.0, 6.0, 99.0]), finished);
    // The stopped trial counts at 2 units: means 7, 4, 9, 8 and 53, so their median is 8.
    assert_eq!(run(&mut rule, &[9.0, 8.0, 5.0, 5.0]), finished);
}

#[test]
fn trials_that_run_or_failed_do_not_count() {
    let mut rule = MedianRule::new(2, 1, 9).unwrap().least(1);
    let (running, failed) = (start(&mut rule), start(&mut rule));
    assert_eq!(rule.report(running, 1, loss(0.0)), TrialVerdict::Continue);
    assert_eq!(rule.report(failed, 1, loss(0.0)), TrialVerdict::Continue);
    rule.failed(failed);
    assert_eq!(run(&mut rule, &[5.0, 5.0]), (2, TrialVerdict::Finish));
    assert_eq!(run(&mut rule, &[5.1, 5.0]), (1, TrialVerdict::Stop));
    rule.stopped(running);
    assert_eq!(run(&mut rule, &[4.9, 4.0]), (2, TrialVerdict::Finish));
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let budget = SettingError::Budget { min: 5, max: 4 };
    assert_eq!(MedianRule::new(4, 5, 1).unwrap_err(), budget);
    assert!(MedianRule::new(0, 0, 1).is_err());
    assert_eq!(
        MedianRule::new(4, 1, 0).unwrap_err(),
        SettingError::NoTrials
    );
}

proptest! {
    #[test]
    fn the_rule_is_that_of_its_words(
        curves in proptest::collection::vec(proptest::collection::vec(-9.0..9.0, 5), 1..25),
        grace in 0_u64..5,
        least in 1_u64..4,
    ) {
        let mut rule = MedianRule::new(5, grace, 25).unwrap().least(least);
        let mut ended: Vec<Vec<f64>> = Vec::new();
        for curve in curves {
            let stops = (1..5).find(|budget| {
                let enough = *budget as u64 >= grace;
                enough && median_of_means(&ended, *budget, least).is_some_and(|median| {
                    curve[..*budget].iter().copied().fold(f64::INFINITY, f64::min) > median
                })
            });
            let (ends, verdict) = match stops {
                Some(budget) => (budget, TrialVerdict::Stop),
                None => (5, TrialVerdict::Finish),
            };
            prop_assert_eq!(run(&mut rule, &curve), (ends as u64, verdict));
            ended.push(curve[..ends].to_vec());
        }
    }
}

fn median_of_means(ended: &[Vec<f64>], budget: usize, least: u64) -> Option<f64> {
    let reached = ended.iter().filter(|curve| curve.len() >= budget);
    let mean = |curve: &Vec<f64>| curve[..budget].iter().sum::<f64>() / budget as f64;
    let mut means: Vec<f64> = reached.map(mean).collect();
    means.sort_by(f64::total_cmp);
    let count = means.len();
    let enough = count as u64 >= least;
    enough.then(|| f64::midpoint(means[count / 2], means[(count - 1) / 2]))
}
