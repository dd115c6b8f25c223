//! The forests against scikit-learn's on the same split, and the arms against each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use workbench_clock::Clock;
use workbench_experiment::lab::{
    After, ArmContext, ArmOutput, Lab, LabError, PreparedLab, Progress,
};
use workbench_experiment::{Request, resolve};
use workbench_lab_rf::RandomForests;
use workbench_machine::usable_cores;
use workbench_pool::Pool;

fn prepare(set: &[String]) -> Box<dyn PreparedLab> {
    let lab = RandomForests::new().unwrap();
    let request = Request {
        set: set.to_vec(),
        ..Request::default()
    };
    let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    lab.prepare(&config).unwrap()
}

fn run(
    lab: &dyn PreparedLab,
    arm: &str,
    workers: usize,
    progress: &Progress,
) -> Result<ArmOutput, LabError> {
    let clock = Clock::start();
    let pool = (workers > 0).then(|| {
        Pool::builder()
            .workers(workers)
            .clock(clock)
            .build()
            .unwrap()
    });
    lab.run_arm(
        arm,
        &ArmContext {
            pool: pool.as_ref(),
            workers: workers.max(1) as u32,
            repeat: 0,
            scratch: Path::new(""),
            clock,
            progress,
            record: &(),
            before: None,
            spans: &|_| {},
            after: &After::default(),
        },
    )
}

fn settings(pairs: &[(&str, i64)]) -> Vec<String> {
    pairs
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

/// scikit-learn 1.9.1 on the same rows; `make_sklearn_reference.py` made the file.
#[test]
fn forests_are_as_good_as_scikit_learns() {
    let reference: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/sklearn_reference.json")).unwrap();
    // 50 and 340 trees, as the first and the last model of the full lab.
    let lab = prepare(&settings(&[
        ("models", 2),
        ("n_estimators_first", 50),
        ("n_estimators_step", 290),
    ]));
    let progress = Progress::default();
    let output = run(lab.as_ref(), "trees", 2, &progress).unwrap();
    assert_eq!(progress.done(), 390);
    for (item, n_estimators) in output.items.iter().zip([50, 340]) {
        let theirs = reference["forests"]
            .as_array()
            .unwrap()
            .iter()
            .find(|forest| forest["n_estimators"] == n_estimators)
            .unwrap();
        for (metric, tolerance) in [("r2", 0.01), ("mse", 0.0135)] {
            let (ours, theirs) = (item.metrics[metric], theirs[metric].as_f64().unwrap());
            assert!(
                (ours - theirs).abs() < tolerance,
                "{metric}: {ours} against {theirs}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever the parameters, the arms, their order and the number of workers: the same bits.
    #[test]
    fn arms_agree_to_the_last_bit(
        models in 1_i64..5,
        first in 1_i64..6,
        step in 0_i64..4,
        max_depth in 1_i64..12,
        min_samples_split in 2_i64..20,
        min_samples_leaf in 1_i64..6,
        workers in 1_usize..5,
    ) {
        let mut set = settings(&[
            ("models", models),
            ("n_estimators_first", first),
            ("n_estimators_step", step),
            ("max_depth", max_depth),
            ("min_samples_split", min_samples_split),
            ("min_samples_leaf", min_samples_leaf),
            ("rows", 500),
        ]);
        let fifo = prepare(&set);
        set.push("order=longest-first".to_owned());
        let longest_first = prepare(&set);
        let quiet = Progress::default();
        let expected = run(fifo.as_ref(), "sequential", 0, &quiet).unwrap();
        let trees: i64 = (0..models).map(|m| first + m * step).sum();
        prop_assert_eq!(expected.work["trees"].cast_signed(), trees);
        for lab in [&fifo, &longest_first] {
            for arm in ["tasks", "trees"] {
                let done = run(lab.as_ref(), arm, workers, &quiet).unwrap();
                prop_assert_eq!(&done, &expected, "{}", arm);
            }
        }
    }
}

#[test]
fn a_request_to_stop_is_obeyed_by_every_arm() {
    let lab = prepare(&settings(&[("rows", 500)]));
    let stop = Progress::new(Arc::new(AtomicBool::new(true)), u64::MAX);
    for (arm, workers) in [("sequential", 0), ("tasks", 2), ("trees", 2)] {
        assert!(
            matches!(
                run(lab.as_ref(), arm, workers, &stop),
                Err(LabError::Cancelled)
            ),
            "{arm}"
        );
    }
    assert_eq!(stop.done(), 0);
}

#[test]
fn parallel_arms_need_a_pool_and_unknown_arms_are_refused() {
    let lab = prepare(&settings(&[("rows", 500)]));
    for arm in ["tasks", "trees", "ray"] {
        let result = run(lab.as_ref(), arm, 0, &Progress::default());
        assert!(matches!(result, Err(LabError::Config(_))), "{arm}");
    }
}

#[test]
fn every_preset_of_the_lab_can_be_prepared() {
    let lab = RandomForests::new().unwrap();
    for preset in lab.definition().presets.keys() {
        let request = Request {
            preset: Some(preset.clone()),
            ..Request::default()
        };
        let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
        assert!(lab.prepare(&config).unwrap().total_progress("trees") > 0);
    }
    assert!(lab.handout().starts_with("# "));
}
