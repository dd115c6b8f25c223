//! Bounds and ideals on machines with few cores, and with cores of different speed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

use crate::common::{Log, Repeat};
use workbench_machine::{CoreSpeeds, GpuFacts, MachineFacts, SpeedSource};
use workbench_record::{ArmComparison, Event, RunStatus, Snapshot};
use workbench_result::{RunResult, compute};

/// Four performance and four efficiency cores, as an M1 has them.
fn apple() -> MachineFacts {
    let speeds = CoreSpeeds::new(SpeedSource::Measured, [(4, 1.0), (4, 0.45)]);
    MachineFacts {
        core_speeds: speeds,
        ..cores(8.0)
    }
}

fn cores(usable: f64) -> MachineFacts {
    MachineFacts {
        cpu_model: "Test CPU".to_owned(),
        cores_logical: 8,
        cores_usable: usable,
        build_profile: "release".to_owned(),
        ..MachineFacts::default()
    }
}

/// The log of a run on a machine, as it begins.
fn begun_on(machine: MachineFacts, workers: &[u32], repeats: u32) -> Log {
    let mut log = Log::start(workers, repeats);
    if let Event::RunStarted(started) = &mut log.records[0].event {
        started.machine = machine;
    }
    log
}

/// 16 tasks of a second, on `workers` of which those beyond the fourth are slow.
fn run(machine: MachineFacts, workers: &[u32], wall_s: f64) -> RunResult {
    let mut log = begun_on(machine, workers, 5);
    let serial: Vec<_> = (0..16).map(|i| (0, 1.0, 0, f64::from(i))).collect();
    for repeat in 0..5 {
        let mut one = |arm, workers, wall_s, tasks: &[(u32, f64, u32, f64)]| {
            let repeat = Repeat {
                arm,
                workers,
                repeat,
                wall_s,
                tasks,
            };
            log.repeat(&repeat, 10, ["aa", "bb"]);
        };
        one("sequential", 1, 16.0, &serial);
        for &workers in workers {
            let slow = |slot| if slot < 4 { 1.0 } else { 1.0 / 0.45 };
            let tasks: Vec<_> = (0..16)
                .map(|i| (0, slow(i % workers), i % workers, 0.0))
                .collect();
            one("tasks", workers, wall_s, &tasks);
        }
    }
    log.finish(RunStatus::Completed);
    compute(&Snapshot::of(&log.records)).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn slow_cores_count_as_much_as_they_do() {
    let result = run(apple(), &[2, 4, 6, 8, 64], 16.0 / 5.0);
    let expected = [2.0, 4.0, 4.9, 5.8, 5.8];
    for (arm, expected) in result.arms[1..].iter().zip(expected) {
        assert!(close(arm.ideal.unwrap(), expected), "{arm:?}");
        assert!(close(arm.bound.unwrap(), expected), "{arm:?}");
        let predicted = arm.predicted.unwrap();
        assert!(predicted.fifo <= expected + 1e-9 && predicted.fifo >= 0.7 * expected);
    }
    let line = result.ideal_line(64);
    assert_eq!(line.len(), 10);
    assert!(close(line[8].1, 5.8) && close(line[9].1, 5.8) && close(line[9].0, 64.0));
}

#[test]
fn equal_cores_are_bounded_as_before() {
    for (usable, expected) in [
        (1.0, [1.0; 4]),
        (2.5, [2.0, 2.5, 2.5, 2.5]),
        (8.0, [2.0, 4.0, 8.0, 8.0]),
    ] {
        let result = run(cores(usable), &[2, 4, 8, 64], 16.0 / 5.0);
        for (arm, expected) in result.arms[1..].iter().zip(expected) {
            assert_eq!(arm.ideal, Some(expected));
        }
    }
    // Longer tasks on slow cores say nothing of equal cores: the bound is that of the tasks.
    let bound = run(cores(64.0), &[8], 16.0 / 5.0).arms[1].bound.unwrap();
    assert!(bound < 16.0);
}

#[test]
fn a_speed_up_above_what_the_cores_can_do_is_no_headline() {
    let result = run(apple(), &[8], 16.0 / 7.0);
    assert!(result.arms[1].is_above_bound());
    assert!(!run(cores(8.0), &[8], 16.0 / 7.0).arms[1].is_above_bound());
    let said = workbench_report::headline(&result).join(" ");
    assert!(said.contains("bound of 5.80×"), "{said}");
}

/// What is found of an arm whose tasks were off their cores for half of their time, and could have
/// run for so many per cent of that.
fn off_cores(usable: f64, could_run_percent: u64) -> (RunResult, Vec<(String, String)>) {
    let mut log = begun_on(cores(usable), &[4], 1);
    let serial: Vec<_> = (0..4).map(|i| (0, 1.0, 0, f64::from(i))).collect();
    let parallel: Vec<_> = (0..4).map(|slot| (0, 2.0, slot, 0.0)).collect();
    for (arm, workers, wall_s, tasks) in [
        ("sequential", 1, 4.0, &serial),
        ("tasks", 4, 2.0, &parallel),
    ] {
        let before = log.records.len();
        let repeat = Repeat {
            arm,
            workers,
            wall_s,
            tasks,
            repeat: 0,
        };
        log.repeat(&repeat, 10, ["aa", "bb"]);
        for record in log.records[before..].iter_mut().filter(|_| workers > 1) {
            if let Event::Task(span) = &mut record.event {
                span.cpu_ns /= 2;
                span.core_wait_ns = span.cpu_ns / 100 * could_run_percent;
            }
        }
    }
    log.finish(RunStatus::Completed);
    let result = compute(&Snapshot::of(&log.records)).unwrap();
    let found = result.diagnoses.iter();
    let found = found.map(|found| (found.kind.clone(), found.text.clone()));
    let found = found.collect();
    (result, found)
}

#[test]
fn tasks_without_a_core_are_not_said_to_wait() {
    let kinds = |found: &[(String, String)]| {
        let kinds = found.iter().map(|(kind, _)| kind.clone());
        kinds
            .filter(|kind| kind == "waiting" || kind == "no_core")
            .collect::<Vec<_>>()
    };
    let (result, found) = off_cores(4.0, 100);
    let lost = result.arms[1].lost_s;
    assert!(close(lost.no_core, 4.0) && close(lost.waiting, 0.0));
    assert!(close(lost.total(), 4.0));
    assert_eq!(kinds(&found), ["no_core"]);
    let (_, text) = found.iter().find(|(kind, _)| kind == "no_core").unwrap();
    assert_eq!(
        text,
        "With tasks on 4 workers, tasks could have run and had no core for 50 % of the slot time \
         (4.00 s): other threads had the cores, of this program or of others; nothing recorded \
         says which."
    );
    let (result, found) = off_cores(4.0, 50);
    let lost = result.arms[1].lost_s;
    assert!(close(lost.no_core, 2.0) && close(lost.waiting, 2.0));
    assert_eq!(kinds(&found), ["waiting", "no_core"]);
    // Where nobody counts it, it is part of waiting.
    let (result, found) = off_cores(4.0, 0);
    assert!(close(result.arms[1].lost_s.no_core, 0.0));
    assert_eq!(kinds(&found), ["waiting"]);
    let (_, found) = off_cores(2.0, 100);
    let (_, text) = found.iter().find(|(kind, _)| kind == "no_core").unwrap();
    assert!(text.ends_with(": more slots than usable cores share those cores."));
}

#[test]
fn reports_show_the_speeds_beside_the_ideal() {
    let result = run(apple(), &[2, 8], 16.0 / 5.0);
    let told = workbench_report::ideal::explained(&result);
    assert!(
        told.contains("4 at 1.00, 4 at 0.45, measured; together 5.80"),
        "{told}"
    );
    assert_eq!(workbench_report::ideal::name(&result, 8), "ideal");
    assert_eq!(workbench_report::ideal::name(&result, 9), "ideal, 8 cores");
    let machine = &run(cores(2.0), &[8], 8.0);
    assert_eq!(workbench_report::ideal::name(machine, 8), "ideal, 2 cores");
    assert_eq!(workbench_report::ideal::core_speeds(&machine.machine), None);
    let text = serde_json::to_string(&result).unwrap();
    let read: RunResult = serde_json::from_str(&text).unwrap();
    assert_eq!(read.machine.core_speeds, result.machine.core_speeds);
}

#[test]
fn work_on_gpus_is_not_bounded_by_cores() {
    let mut result = run(apple(), &[8], 16.0 / 5.0);
    result.machine.gpus = vec![GpuFacts::default()];
    result.comparison = ArmComparison {
        peers: None,
        lockstep: true,
        ..ArmComparison::default()
    };
    assert!(close(result.ideal(8), 8.0));
    assert_eq!(result.usable_cores(), None);
    assert_eq!(workbench_report::ideal::name(&result, 8), "ideal");
}

#[test]
fn laws_are_fitted_to_workers_with_a_core_each() {
    let fits = |machine, workers: &[u32]| {
        let result = run(machine, workers, 16.0 / 2.0);
        let curve = &result.scaling[0];
        let refused = |fit: Option<&workbench_record::Finding>| fit.map(|f| f.text.clone());
        (
            refused(curve.amdahl.refused()),
            refused(curve.usl.refused()),
        )
    };
    assert_eq!(fits(cores(8.0), &[1, 2, 4, 8]), (None, None));
    let (amdahl, usl) = fits(cores(2.0), &[1, 2, 4, 64]);
    for refused in [amdahl.unwrap(), usl.unwrap()] {
        assert!(refused.contains("there are 2 (1, 2)"), "{refused}");
        assert!(refused.ends_with("do not count (4, 64)."), "{refused}");
    }
    // Efficiency cores are no serial part.
    assert!(fits(apple(), &[1, 2, 6, 8]).0.is_some());
}
