//! Made-up runs: what they hold, that a log of theirs is read back as it was, and that numbers made
//! from them add up.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use workbench_experiment::lab::Quantity;
use workbench_pool::{NEVER_RAN, Outcome};
use workbench_record::{
    ControllerState, Event, Record, RunStatus, Snapshot, fold_log, parse_log, read_log,
};
use workbench_result::{RunResult, compute};
use workbench_simulate::{Scenario, events};

const ID: &str = "20261121-101502-simulated-3f9a";
const UNIX_MS: u64 = 1_795_256_102_000;

fn made(scenario: Scenario) -> Vec<Record> {
    events(scenario, 7, ID, UNIX_MS)
}

fn bytes(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        serde_json::to_writer(&mut out, record).unwrap();
        out.push(b'\n');
    }
    out
}

#[test]
fn every_log_is_read_back_as_it_was() {
    for scenario in Scenario::ALL {
        let records = made(scenario);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let file = std::fs::File::create(&path);
        file.unwrap().write_all(&bytes(&records)).unwrap();
        let log = read_log(&path).unwrap();
        assert_eq!((log.cut_bytes, log.unknown), (0, 0), "{}", scenario.name());
        assert!(log.records == records, "{}", scenario.name());
        assert!(fold_log(&path).unwrap() == Snapshot::of(&records));
    }
}

/// 100,000 tasks of 1,000 items have 1,000 names between them, also when they are read back.
#[test]
fn names_are_shared_when_a_log_is_read() {
    let records = made(Scenario::Tasks);
    let log = parse_log(&bytes(&records)[..], Path::new("tasks")).unwrap();
    let name = |record: &Record| match &record.event {
        Event::Task(span) => Some(Arc::as_ptr(&span.name).cast::<u8>() as usize),
        _ => None,
    };
    let places: BTreeSet<usize> = log.records.iter().filter_map(name).collect();
    assert_eq!(places.len(), 1000);
}

#[test]
fn the_seed_decides_everything() {
    let first = made(Scenario::Training);
    assert!(first == made(Scenario::Training));
    assert!(first != events(Scenario::Training, 8, ID, UNIX_MS));
}

#[test]
fn records_come_in_an_order_that_a_run_can_have() {
    for scenario in Scenario::ALL {
        let records = made(scenario);
        assert!(matches!(records[0].event, Event::RunStarted(_)));
        assert!(matches!(
            records.last().unwrap().event,
            Event::RunFinished { .. }
        ));
        let (mut sampled, mut started, mut latest) = (0, None, 0);
        for record in &records {
            match &record.event {
                Event::Sample(_) => {
                    assert!(record.t_ns >= sampled + 30_000 || sampled == 0);
                    sampled = record.t_ns;
                }
                Event::RepeatStarted(_) => started = Some(record.t_ns),
                Event::Task(span) => {
                    assert!(span.queued_ns <= span.ready_ns && span.ready_ns <= span.started_ns);
                    assert!(span.started_ns <= span.finished_ns && span.finished_ns <= record.t_ns);
                    assert!(span.cpu_ns <= span.wall_ns(), "{span:?}");
                    assert!(started.is_some_and(|started| started <= span.queued_ns));
                    // Spans are collected five times a second.
                    assert!(record.t_ns + 250_000_000 > latest, "{span:?}");
                }
                _ => {}
            }
            latest = latest.max(record.t_ns);
        }
        assert_eq!(latest, records.last().unwrap().t_ns, "{}", scenario.name());
    }
}

/// No slot does two things at once, and there are no more slots than workers.
#[test]
fn slots_run_one_task_at_a_time() {
    for scenario in Scenario::ALL {
        for repeat in Snapshot::of(&made(scenario)).repeats {
            let mut spans: Vec<(u32, u64, u64)> = repeat
                .tasks
                .iter()
                .filter(|span| span.slot != NEVER_RAN)
                .map(|span| (span.slot, span.started_ns, span.finished_ns))
                .collect();
            spans.sort_unstable();
            assert!(spans.iter().all(|span| span.0 < repeat.id.workers));
            for pair in spans.windows(2) {
                assert!(
                    pair[0].0 < pair[1].0 || pair[0].2 <= pair[1].1,
                    "{} {pair:?}",
                    scenario.name()
                );
            }
        }
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

/// The mean of the middle one or two, which is what the split of lost time is made from.
fn middle(walls: &[f64]) -> f64 {
    let mut sorted = walls.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}

#[test]
fn every_scenario_has_a_result_whose_lost_time_adds_up() {
    for scenario in Scenario::ALL {
        let result = compute(&Snapshot::of(&made(scenario))).unwrap();
        assert!(result.check.passed(), "{}", scenario.name());
        assert!(!result.arms.is_empty());
        for arm in &result.arms {
            let lost = &arm.lost_s;
            let parts = [lost.overhead, lost.imbalance, lost.waiting, lost.inflation];
            assert!(parts.iter().all(|part| *part >= 0.0), "{parts:?}");
            let slot_time = f64::from(arm.workers) * middle(&arm.wall_s);
            let sum = arm.useful_s + parts.iter().sum::<f64>();
            assert!(
                close(sum, slot_time),
                "{}, {}: {sum} of {slot_time}",
                scenario.name(),
                arm.name
            );
            if arm.workers > 1 {
                let speedup = arm.speedup.unwrap();
                assert!(
                    speedup > 1.0 && speedup <= arm.bound.unwrap() * 1.05,
                    "{arm:?}"
                );
            }
        }
    }
}

fn kinds(records: &[Record]) -> BTreeSet<&'static str> {
    let kind = |record: &Record| {
        let text = serde_json::to_string(record).unwrap();
        *Event::KINDS
            .iter()
            .find(|kind| text.contains(&format!("\"event\":\"{kind}\"")))
            .unwrap()
    };
    records.iter().map(kind).collect()
}

#[test]
fn each_scenario_shows_what_it_is_for() {
    let tasks = made(Scenario::Tasks);
    let spans = |records: &[Record]| {
        let is_task = |record: &&Record| matches!(record.event, Event::Task(_));
        records.iter().filter(is_task).count()
    };
    assert_eq!(spans(&tasks), 100_000);

    let training = made(Scenario::Training);
    assert!(
        kinds(&training).is_superset(&["metric", "output", "arm_stopped", "slot", "state"].into())
    );
    let snapshot = Snapshot::of(&training);
    assert_eq!(snapshot.status, RunStatus::Completed);
    assert!(snapshot.stopped_arms.contains_key("ddp"));
    assert_eq!(snapshot.finished("ddp", 2).len(), 1);
    let curves: Vec<&String> = snapshot.repeats[0].curves.keys().collect();
    assert_eq!(curves, ["accuracy", "images/s", "loss"]);

    let snapshot = Snapshot::of(&made(Scenario::Dying));
    assert_eq!(snapshot.status, RunStatus::Failed);
    assert!(
        snapshot
            .findings
            .iter()
            .any(|(_, found)| found.kind == "worker_died" && found.text.contains("rank 1 died"))
    );
    let outcomes = |wanted| {
        let all = snapshot.repeats.iter().flat_map(|repeat| &repeat.tasks);
        all.filter(|span| span.outcome == wanted).count()
    };
    assert_eq!(outcomes(Outcome::Failed), 2);
    let retried = snapshot.repeats.iter().flat_map(|repeat| &repeat.tasks);
    assert!(
        retried
            .into_iter()
            .any(|span| span.attempt == 1 && span.outcome == Outcome::Done)
    );

    let snapshot = Snapshot::of(&made(Scenario::Gpus));
    let gpus = || snapshot.samples.iter().flat_map(|(_, sample)| &sample.gpus);
    assert!(
        snapshot
            .samples
            .iter()
            .all(|(_, sample)| sample.gpus.len() == 8)
    );
    assert!(gpus().any(|gpu| gpu.throttle.iter().any(|why| why.contains("too hot"))));
    assert!(gpus().any(|gpu| gpu.busy.is_none()) && gpus().any(|gpu| gpu.power_w.is_none()));

    let cores = Snapshot::of(&made(Scenario::Cores));
    assert!(
        cores
            .samples
            .iter()
            .all(|(_, sample)| sample.cores.len() == 256)
    );
}

/// What screens and reports of a training need: ranks that stand somewhere, states, a start-up
/// and a program.
#[test]
fn trainings_tell_where_their_ranks_stand() {
    for scenario in [Scenario::Gpus, Scenario::Training, Scenario::Dying] {
        let snapshot = Snapshot::of(&made(scenario));
        let result = compute(&snapshot).unwrap();
        assert_eq!(result.sources.len(), 2);
        for repeat in &snapshot.repeats {
            assert_eq!(repeat.slots.len(), repeat.id.workers as usize);
            let steps: BTreeSet<u64> = repeat
                .slots
                .values()
                .map(|track| track.now().unwrap().steps)
                .collect();
            assert_eq!(steps.len(), 1, "ranks work in lockstep");
            assert_eq!(repeat.states.is_empty(), repeat.id.workers == 1);
            assert!(repeat.states.is_sorted_by_key(|(at, _)| *at));
        }
        for arm in &result.arms {
            let stages: u64 = arm.breakdown.start_up.iter().map(|part| part.ns).sum();
            let Some(Quantity::Number(first_s)) = arm.quality.get("time_to_first_step_s") else {
                panic!("{} has no first step", arm.name);
            };
            assert!(close(stages as f64 / 1e9, *first_s));
            assert_eq!(arm.breakdown.slots.len(), arm.workers as usize);
        }
    }
    let dying = Snapshot::of(&made(Scenario::Dying));
    let restarted = |state: &(u64, ControllerState)| state.1.text == "restarting";
    assert!(
        dying
            .repeats
            .iter()
            .any(|repeat| repeat.states.iter().any(restarted))
    );
}

/// Twelve hours at full size: samples get rarer, and nothing else does.
#[test]
fn a_long_run_has_few_samples_and_all_of_its_curves() {
    let records = made(Scenario::Long);
    let snapshot = Snapshot::of(&records);
    let hours = snapshot.now_ns as f64 / 3.6e12;
    assert!((11.5..12.5).contains(&hours), "{hours}");
    let n = snapshot.samples.len();
    assert!((12_000..20_000).contains(&n), "{n}");
    let points: usize = snapshot
        .repeats
        .iter()
        .map(|repeat| repeat.curves["loss"].len())
        .sum();
    assert_eq!(points, 4 * 90 * 16);
    let log = parse_log(&bytes(&records)[..], Path::new("long")).unwrap();
    assert_eq!(log.records.len(), records.len());
}

/// The same log, with or without somebody watching in the run's own process.
#[test]
fn watching_does_not_change_a_result() {
    for scenario in Scenario::ALL {
        let mut records = made(scenario);
        let plain = compute(&Snapshot::of(&records)).unwrap();
        for record in &mut records {
            match &mut record.event {
                Event::RepeatFinished(finished) => finished.screen_cpu_ns = 3_000_000,
                Event::RunFinished { screen_cpu_ns, .. } => *screen_cpu_ns = 40_000_000,
                _ => {}
            }
        }
        let watched = compute(&Snapshot::of(&records)).unwrap();
        assert!(watched.instrument.screen_cpu_s > 0.0);
        assert!(watched.instrument.screen_share_of_one_core > 0.0);
        let mut unwatched = RunResult { ..watched };
        unwatched.instrument.screen_cpu_s = plain.instrument.screen_cpu_s;
        unwatched.instrument.screen_share_of_one_core = plain.instrument.screen_share_of_one_core;
        assert_eq!(unwatched, plain, "{}", scenario.name());
    }
}
