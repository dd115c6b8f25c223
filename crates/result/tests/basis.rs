//! What arms are compared by: a target that all have to reach, whatever work they do on the way.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

#[path = "../../record/tests/common/mod.rs"]
mod common;

use common::{Log, PARALLEL, Repeat, SERIAL};
use workbench_record::{ArmComparison, Basis, Direction, Event, Snapshot};
use workbench_result::{Fit, RunResult, compute};

/// Two arms that do different work and come to a `best_mse` of 0.25.
fn search(target: f64) -> RunResult {
    let mut log = Log::start(&[1, 2], 2);
    log.push(Event::Comparison(ArmComparison {
        basis: Basis::TimeToTarget {
            metric: "best_mse".to_owned(),
            target,
            direction: Direction::AtMost,
        },
        ..ArmComparison::default()
    }));
    for repeat in 0..2 {
        let arms = [
            ("sequential", 1, 4.0, SERIAL),
            ("tasks", 1, 5.0, SERIAL),
            ("tasks", 2, 3.0, PARALLEL),
        ];
        for (arm, workers, wall_s, tasks) in arms {
            let trees = if arm == "tasks" { 7 } else { 10 };
            let hash = if arm == "tasks" { "xx" } else { "aa" };
            let repeat = Repeat {
                arm,
                workers,
                repeat,
                wall_s,
                tasks,
            };
            log.repeat(&repeat, trees, [hash, "bb"]);
        }
    }
    compute(&Snapshot::of(&log.records)).unwrap()
}

#[test]
fn arms_that_reach_the_target_are_compared_whatever_they_did() {
    let result = search(0.25);
    assert_eq!(result.check.target_reached, Some(true));
    assert!(result.check.passed() && result.check.differences.is_empty());
    assert!(!result.check.equal_work && !result.check.equal_outputs);
    let tasks = &result.arms[2];
    assert!((tasks.speedup.unwrap() - 4.0 / 3.0).abs() < 1e-9);
    // The tasks of one arm say nothing of the work of another.
    assert_eq!((tasks.bound, tasks.karp_flatt), (None, None));
    assert!(tasks.predicted.is_none() && result.what_if.is_empty());
    assert!(tasks.lost_s.inflation.abs() < 1e-9 && (tasks.useful_s - 4.0).abs() < 1e-9);
    assert!(matches!(result.scaling[0].amdahl, Fit::Refused(_)));
    let words = result.comparison.words().unwrap();
    assert_eq!(words, "time to reach a best mse of at most 0.25");
}

#[test]
fn without_the_target_there_is_no_speed_up() {
    let result = search(0.2);
    assert_eq!(result.check.target_reached, Some(false));
    assert!(!result.check.passed());
    assert!(result.arms[1].speedup.is_none());
    let told = serde_json::to_string(&result.check.differences).unwrap();
    assert!(told.contains("came to a best mse of 0.25"), "{told}");
    assert!(told.contains("at most 0.2"), "{told}");
    let warned = serde_json::to_string(&result.warnings).unwrap();
    assert!(
        warned.contains("Not every arm reached the target"),
        "{warned}"
    );
}
