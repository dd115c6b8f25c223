//! Whatever a log says, no sentence and no table shows a number that is none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

use crate::common::Log;
use proptest::prelude::*;
use workbench_machine::monitor::{HardwareCounts, ResourceUse, Sample};
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{
    Analysis, ArmComparison, Basis, BestItem, Direction, Disturbance, Event, Importance, Item,
    NextBest, Quantity, RepeatFinished, RepeatId, RunStatus, Snapshot,
};
use workbench_result::{RunResult, compute};

/// Numbers that logs hold and that sums and quotients trip over.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -2.0_f64..8.0,
        1 => prop::sample::select(vec![
            0.0, -0.0, 1e-12, -1e-12, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY,
        ]),
    ]
}

fn ns() -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => Just(0),
        1 => Just(1),
        3 => 1_000_u64..5_000_000_000,
    ]
}

fn usage() -> impl Strategy<Value = Option<ResourceUse>> {
    let usage = (prop::option::of(number()), 0_u64..3, ns(), ns()).prop_map(
        |(mhz, instructions, cycles, faults)| ResourceUse {
            peak_memory_bytes: faults,
            minor_faults: faults,
            involuntary_switches: faults / 1000,
            mhz,
            hardware: (instructions < 2).then_some(HardwareCounts {
                instructions,
                cycles,
                cache_misses: Some(cycles / 2),
            }),
            ..ResourceUse::default()
        },
    );
    prop::option::of(usage)
}

fn disturbance() -> impl Strategy<Value = Vec<Disturbance>> {
    let one = (0_usize..6, number(), number()).prop_map(|(kind, a, b)| match kind {
        0 => Disturbance::Steal { core_s: a },
        1 => Disturbance::MemoryPressure { seconds: a },
        2 => Disturbance::QuotaChanged { from: a, to: b },
        3 => Disturbance::Throttled {
            periods: 3,
            core_s: a,
        },
        4 => Disturbance::Paused { seconds: a },
        _ => Disturbance::Stopped { seconds: a },
    });
    prop::collection::vec(one, 0..2)
}

#[derive(Debug)]
struct Made {
    arm: usize,
    wall_ns: u64,
    cpu_ns: Vec<u64>,
    metric: f64,
    sample: [f64; 3],
    usage: Option<ResourceUse>,
    disturbances: Vec<Disturbance>,
}

fn made() -> impl Strategy<Value = Made> {
    (
        0_usize..4,
        ns(),
        prop::collection::vec(ns(), 0..4),
        number(),
        [number(), number(), number()],
        usage(),
        disturbance(),
    )
        .prop_map(
            |(arm, wall_ns, cpu_ns, metric, sample, usage, disturbances)| Made {
                arm,
                wall_ns,
                cpu_ns,
                metric,
                sample,
                usage,
                disturbances,
            },
        )
}

/// Target and tolerance come from the configuration, which takes finite ones alone.
fn basis() -> impl Strategy<Value = Basis> {
    let metric = || "r2".to_owned();
    prop_oneof![
        Just(Basis::EqualOutputs),
        (0.0_f64..2.0).prop_map(move |tolerance| Basis::NearOutputs {
            metric: metric(),
            tolerance
        }),
        (-2.0_f64..2.0).prop_map(move |target| Basis::TimeToTarget {
            metric: metric(),
            target,
            direction: Direction::AtLeast,
        }),
    ]
}

const ARMS: [(&str, u32); 4] = [("sequential", 1), ("tasks", 1), ("tasks", 2), ("tasks", 5)];

fn log(all: &[Made], (basis, lockstep): (Basis, bool), cores: f64) -> Log {
    let mut log = Log::start(&[1, 2, 5], 3);
    if let Event::RunStarted(started) = &mut log.records[0].event {
        started.machine.cores_usable = cores;
    }
    log.push(Event::Comparison(ArmComparison {
        lockstep,
        basis,
        ..ArmComparison::default()
    }));
    let mut repeats = [0_u32; ARMS.len()];
    for one in all {
        let (arm, workers) = ARMS[one.arm];
        let id = RepeatId {
            arm: arm.to_owned(),
            workers,
            repeat: repeats[one.arm],
        };
        repeats[one.arm] += 1;
        add(&mut log, one, id);
    }
    log.finish(RunStatus::Completed);
    log
}

fn add(log: &mut Log, one: &Made, id: RepeatId) {
    let started_ns = log.now_ns;
    log.push(Event::RepeatStarted(id.clone()));
    for (task, cpu_ns) in (0..).zip(&one.cpu_ns) {
        log.push(Event::Task(TaskSpan {
            task,
            name: "task".into(),
            group: 0,
            part: 0,
            slot: 0,
            attempt: 0,
            queued_ns: started_ns,
            ready_ns: started_ns,
            started_ns,
            finished_ns: started_ns + one.wall_ns,
            cpu_ns: *cpu_ns,
            core_wait_ns: 0,
            outcome: Outcome::Done,
        }));
    }
    log.now_ns += one.wall_ns / 2;
    log.push(Event::Sample(Sample {
        cores: vec![one.sample[0] as f32],
        process_cores: one.sample[1] as f32,
        steal: vec![one.sample[2] as f32],
        ..Sample::default()
    }));
    log.now_ns += one.wall_ns / 2;
    log.push(Event::RepeatFinished(Box::new(RepeatFinished {
        id,
        started_ns,
        wall_ns: one.wall_ns,
        cpu_ns: one.cpu_ns.iter().sum(),
        items: vec![Item {
            name: "item".to_owned(),
            sha256: "aa".to_owned(),
            metrics: [("r2".to_owned(), one.metric)].into(),
        }],
        quality: [("r2".to_owned(), Quantity::Number(one.metric))].into(),
        analysis: Some(Analysis {
            best: Some(BestItem {
                item: "item".to_owned(),
                metric: "r2".to_owned(),
                value: one.metric,
                next: Some(NextBest {
                    item: "other".to_owned(),
                    difference: one.sample[0],
                    low: one.sample[1],
                    high: one.sample[2],
                }),
            }),
            importances: vec![Importance {
                input: "x1".to_owned(),
                share: one.sample[0],
                range: None,
            }],
            ..Analysis::default()
        }),
        usage: one.usage.clone(),
        disturbances: one.disturbances.clone(),
        ..RepeatFinished::default()
    })));
}

/// The words of a text that are no number, or a zero with a sign.
fn meaningless(text: &str) -> Vec<&str> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || "-−.%×".contains(c)));
    parts
        .filter(|part| {
            let bare = part.trim_end_matches(['.', '%', '×']);
            let zero = bare.strip_prefix(['-', '−']).is_some_and(|digits| {
                digits.starts_with('0') && digits.chars().all(|c| matches!(c, '0' | '.'))
            });
            let word = bare.trim_start_matches(['-', '−']).to_lowercase();
            zero || matches!(word.as_str(), "nan" | "inf" | "infinity")
        })
        .collect()
}

/// Every sentence and every table that is made of a result.
fn texts(result: &RunResult) -> Vec<String> {
    let refused = result
        .scaling
        .iter()
        .flat_map(|curve| [curve.amdahl.refused(), curve.usl.refused()]);
    let found = result.warnings.iter().chain(&result.diagnoses);
    let found = found.chain(&result.check.differences);
    let found = found.chain(refused.flatten()).map(|f| f.text.clone());
    found.chain(workbench_report::headline(result)).collect()
}

#[test]
fn what_is_meaningless_is_found() {
    assert_eq!(
        meaningless("took -inf % more, NaN×, -0 %, −0.00 s."),
        ["-inf", "NaN×", "-0", "−0.00"]
    );
    assert!(meaningless("inflation of -0.5 s on 2026-10-01, x-0y, information").is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn no_text_has_a_number_that_is_none(
        all in prop::collection::vec(made(), 0..14),
        compared in (basis(), any::<bool>()),
        cores in number(),
    ) {
        let log = log(&all, compared, cores);
        let snapshot = Snapshot::of(&log.records);
        let result = compute(&snapshot).unwrap();
        for text in texts(&result) {
            prop_assert!(meaningless(&text).is_empty(), "{:?} in {text}", meaningless(&text));
        }
        let format = workbench_report::Format::Markdown;
        let report = workbench_report::render(format, &result, &snapshot, None);
        let report = String::from_utf8(report.unwrap()).unwrap();
        for line in report.lines() {
            prop_assert!(meaningless(line).is_empty(), "{:?} in {line}", meaningless(line));
        }
        // What is lost is finite, whatever the log says.
        for arm in &result.arms {
            prop_assert!(arm.lost_s.total().is_finite() && arm.useful_s.is_sign_positive());
        }
    }
}
