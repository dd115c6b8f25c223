//! What arms are compared by: a target that all have to reach, whatever work they do on the way.

use crate::common::{Log, PARALLEL, Repeat, SERIAL};
use workbench_record::{
    ArmComparison, Basis, Direction, Event, NearPeers, PeerFacts, Snapshot, TASK_OVERHEAD,
};
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
    let words = result.comparison.words(&result.lab_facts).unwrap();
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

/// A base and an arm of another engine, whose items differ in their hashes and by `difference` in
/// the figure `mse`.
fn with_peer(tolerance: f64, difference: f64) -> RunResult {
    let mut log = Log::start(&[2], 2);
    log.push(Event::Comparison(ArmComparison {
        peers: Some(NearPeers {
            metric: "mse".to_owned(),
            tolerance,
        }),
        ..ArmComparison::default()
    }));
    for repeat in 0..2 {
        for (arm, workers, tasks) in [("sequential", 1, SERIAL), ("tasks", 2, PARALLEL)] {
            let repeat = Repeat {
                arm,
                workers,
                repeat,
                wall_s: 4.0,
                tasks,
            };
            let hash = if arm == "tasks" { "xx" } else { "aa" };
            log.repeat(&repeat, 10, [hash, "bb"]);
        }
    }
    for record in &mut log.records {
        match &mut record.event {
            Event::RunStarted(started) => {
                let arm = started.arms.iter_mut().find(|arm| arm.name == "tasks");
                let serial = Some("sequential".to_owned());
                arm.unwrap().peer = Some(PeerFacts { serial });
            }
            Event::RepeatFinished(finished) if finished.id.arm == "tasks" => {
                for item in &mut finished.items {
                    *item.metrics.get_mut("mse").unwrap() += difference;
                }
                let facts = &mut finished.breakdown.facts;
                facts.insert(TASK_OVERHEAD.to_owned(), 1_000_000);
            }
            _ => {}
        }
    }
    compute(&Snapshot::of(&log.records)).unwrap()
}

#[test]
fn another_engine_has_to_come_near_and_the_slots_do_not_bound_it() {
    let result = with_peer(0.02, 0.01);
    assert!(result.check.passed(), "{:?}", result.check);
    let tasks = &result.arms[1];
    assert!(tasks.peer && tasks.speedup.is_some());
    assert_eq!((tasks.bound, tasks.efficiency), (None, None));
    assert!(tasks.lost_s.inflation.abs() < 1e-9);
    // A task costs 1 ms; on two cores tasks pay from 2 ms on.
    let tool = &result.tools[0];
    assert_eq!(
        (tool.arm.as_str(), tool.serial.as_str()),
        ("tasks", "sequential")
    );
    assert!((tool.task_overhead_s.unwrap() - 1e-3).abs() < 1e-12);
    assert!((tool.pays_from_task_s.unwrap() - 2e-3).abs() < 1e-12);
    assert_eq!(tool.speedup, Some(1.0));
}

#[test]
fn another_engine_that_is_not_near_allows_no_speed_up() {
    let result = with_peer(0.02, 0.03);
    assert!(!result.check.equal_outputs && result.check.equal_work);
    assert_eq!(
        (result.arms[1].speedup, result.tools[0].speedup),
        (None, None)
    );
}

/// A race in which each arm named comes, in both repeats, to the values given.
fn raced(target: Option<f64>, arms: &[(&str, [f64; 2])]) -> RunResult {
    let mut log = Log::start(&[2], 2);
    log.push(Event::Comparison(ArmComparison {
        basis: Basis::TimeOnCurve {
            metric: "best_mse".to_owned(),
            target,
            direction: Direction::AtMost,
        },
        ..ArmComparison::default()
    }));
    for repeat in 0..2 {
        for (arm, ends) in arms {
            let is_base = *arm == "sequential";
            let repeat = Repeat {
                arm,
                workers: if is_base { 1 } else { 2 },
                repeat,
                wall_s: 4.0,
                tasks: if is_base { SERIAL } else { PARALLEL },
            };
            log.repeat(&repeat, if is_base { 10 } else { 7 }, ["aa", "bb"]);
            let finished = log.records.pop().unwrap();
            log.records.push(workbench_record::Record {
                t_ns: finished.t_ns - crate::common::SECOND,
                event: Event::Metric {
                    name: "best_mse".to_owned(),
                    item: None,
                    step: 8,
                    value: ends[repeat.repeat as usize],
                },
            });
            log.records.push(finished);
        }
    }
    compute(&Snapshot::of(&log.records)).unwrap()
}

#[test]
fn a_race_without_its_base_says_nothing_of_reaching_a_target() {
    for target in [None, Some(0.3), Some(0.1)] {
        let result = raced(target, &[("tasks", [0.2, 0.25])]);
        let race = result.race.as_ref().unwrap();
        assert_eq!((race.target, race.arms.len()), (target, 1));
        assert_eq!(result.check.target_reached, None, "{target:?}");
        assert!(result.check.passed() && result.check.differences.is_empty());
        assert_eq!(result.arms[0].speedup, None);
        let warned = serde_json::to_string(&result.warnings).unwrap();
        let is_missed = target == Some(0.1);
        assert_eq!(warned.contains("Target not reached"), is_missed, "{warned}");
        // Only the base is what a target is judged by.
        assert!(!warned.contains("set a target that it reaches"), "{warned}");
    }
}

#[test]
fn in_a_race_the_base_is_the_first_arm_of_the_run() {
    let result = raced(None, &[("sequential", [0.25, 0.2]), ("tasks", [0.3, 0.2])]);
    assert_eq!(result.race.as_ref().unwrap().target, Some(0.25));
    assert_eq!(result.check.target_reached, Some(true));
    let warned = serde_json::to_string(&result.warnings).unwrap();
    assert!(
        warned.contains("in 1 of 2 repeats tasks on 2 workers"),
        "{warned}"
    );
}

#[test]
fn some_outputs_are_equal_and_others_near() {
    let check = |tolerances: &[(&str, f64)], hashes: [&str; 2], apart: f64| {
        let mut log = Log::start(&[2], 1);
        let named = |(metric, most): &(&str, f64)| ((*metric).to_owned(), *most);
        log.push(Event::Comparison(ArmComparison {
            basis: Basis::EqualOrNear {
                tolerances: tolerances.iter().map(named).collect(),
            },
            ..ArmComparison::default()
        }));
        let arms = [
            ("sequential", 1, 4.0, SERIAL, ["aa", "bb"], 0.8),
            ("tasks", 2, 3.0, PARALLEL, hashes, 0.8 + apart),
        ];
        for (arm, workers, wall_s, tasks, hashes, value) in arms {
            let repeat = Repeat {
                arm,
                workers,
                repeat: 0,
                wall_s,
                tasks,
            };
            log.repeat(&repeat, 10, hashes);
            let last = log.records.last_mut().map(|record| &mut record.event);
            let Some(Event::RepeatFinished(finished)) = last else {
                panic!("a repeat ends with its end");
            };
            finished.items[0].metrics.clear();
            finished.items[1].metrics = [("r2".to_owned(), value)].into();
        }
        let result = compute(&Snapshot::of(&log.records)).unwrap();
        result.check.equal_outputs
    };
    let near = [("r2", 0.02)];
    assert!(check(&near, ["aa", "yy"], 0.01));
    assert!(!check(&near, ["aa", "yy"], 0.03), "too far");
    assert!(
        !check(&near, ["xx", "bb"], 0.0),
        "the other output is another one"
    );
    let more = [("mse", 1.0), ("r2", 0.02)];
    assert!(check(&more, ["aa", "yy"], 0.01), "no item has an mse");
}
