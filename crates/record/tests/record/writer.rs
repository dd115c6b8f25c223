//! Whatever is written can be read back: any events in any order, with any numbers and texts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Log, completed};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use workbench_clock::Clock;
use workbench_machine::MachineFacts;
use workbench_machine::monitor::{Conditions, GpuSample, ResourceUse, Sample};
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{
    Analysis, ArmComparison, ArmFailure, ArmFailureKind, Basis, BestItem, Breakdown,
    ControllerPhase, ControllerState, Dependent, Direction, Disturbance, Event, Figure, Finding,
    Health, Importance, Item, NearPeers, NextBest, ParamValue, Part, QUEUE, Quantity, Record,
    Recorder, RepeatFinished, RepeatId, RunResumed, RunStarted, RunStatus, Severity, SlotState,
    Snapshot, Subject, fold_log, read_log,
};

/// Any text: also control characters, NUL, line separators, words that stand for numbers, and
/// something long.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => any::<String>(),
        4 => "[\\x00-\\x1f\u{7f}-\u{9f}\u{2028}\u{2029}\u{feff}\u{ffff}\"\\\\]{0,12}",
        1 => "NaN|Infinity|-Infinity|null|true|1e5|\\{\"text\":1\\}",
        1 => (1_usize..200_000).prop_map(|length| "å\n\"".repeat(length)),
    ]
}

/// Any number: also NaN, infinities, subnormal ones, the greatest and the least.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<f64>(),
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN,
            f64::MIN_POSITIVE, 5e-324, 1e155 * 1e155, 0.1 + 0.2, 3.0, 1e20,
        ]),
    ]
}

fn figures() -> impl Strategy<Value = BTreeMap<String, f64>> {
    btree_map(text(), number(), 0..3)
}

fn repeat_id() -> impl Strategy<Value = RepeatId> {
    let arm = prop_oneof![Just("tasks".to_owned()), text()];
    (arm, any::<u32>(), any::<u32>()).prop_map(|(arm, workers, repeat)| RepeatId {
        arm,
        workers,
        repeat,
    })
}

fn span() -> impl Strategy<Value = TaskSpan> {
    let outcome = prop::sample::select(vec![Outcome::Done, Outcome::Cancelled]);
    (text(), any::<[u64; 7]>(), any::<[u32; 4]>(), outcome).prop_map(|(name, ns, of, outcome)| {
        TaskSpan {
            task: ns[0],
            name: name.into(),
            group: of[0],
            part: of[1],
            slot: of[2],
            attempt: of[3],
            queued_ns: ns[1],
            ready_ns: ns[2],
            started_ns: ns[3],
            finished_ns: ns[4],
            cpu_ns: ns[5],
            core_wait_ns: ns[6],
            outcome,
        }
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let gpu = (option::of(any::<f32>()), option::of(any::<f32>()), text());
    let gpu = gpu.prop_map(|(busy, power_w, reason)| GpuSample {
        busy,
        power_w,
        throttle: vec![reason],
        ..GpuSample::default()
    });
    (vec(any::<f32>(), 0..4), any::<f32>(), vec(gpu, 0..2)).prop_map(|(cores, used, gpus)| Sample {
        steal: cores.clone(),
        cores,
        process_cores: used,
        gpus,
        ..Sample::default()
    })
}

fn slot() -> impl Strategy<Value = SlotState> {
    let figure = (text(), number()).prop_map(|(name, value)| Figure { name, value });
    let part = (text(), any::<u64>()).prop_map(|(name, ns)| Part::wait(&name, ns));
    let words = (text(), option::of(number()));
    (any::<[u64; 2]>(), words, vec(figure, 0..3), vec(part, 0..3)).prop_map(
        |(steps, (doing, slow_factor), figures, parts)| SlotState {
            slot: steps[0] as u32,
            steps: steps[0],
            at_step: steps[1],
            doing,
            health: Health::Slow,
            slow_factor,
            attempt: 1,
            figures,
            parts,
        },
    )
}

fn finding() -> impl Strategy<Value = Finding> {
    let subject = (option::of(text()), option::of(any::<u32>()));
    (text(), subject, figures(), text()).prop_map(|(kind, (arm, repeat), numbers, text)| Finding {
        kind,
        severity: Severity::Warning,
        subject: Subject {
            option: arm.clone(),
            arm,
            repeat,
            ..Subject::default()
        },
        numbers,
        text,
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        number().prop_map(Quantity::Number),
        text().prop_map(Quantity::Text)
    ]
}

fn analysis() -> impl Strategy<Value = Analysis> {
    let next = ((text(), number()), (number(), number()));
    let next = next.prop_map(|((item, difference), (low, high))| NextBest {
        item,
        difference,
        low,
        high,
    });
    let best = (text(), text(), number(), option::of(next));
    let best = best.prop_map(|(item, metric, value, next)| BestItem {
        item,
        metric,
        value,
        next,
    });
    let range = option::of([number(), number()]);
    let importance = (text(), number(), range);
    let importance = importance.prop_map(|(input, share, range)| Importance {
        input,
        share,
        range,
    });
    let dependent = any::<bool>().prop_map(|items| {
        if items {
            Dependent::Items
        } else {
            Dependent::BestItem
        }
    });
    let parts = (option::of(best), vec(importance, 0..3), dependent);
    parts.prop_map(|(best, importances, dependent)| Analysis {
        best,
        importances,
        dependent,
    })
}

fn finished() -> impl Strategy<Value = RepeatFinished> {
    let item = (text(), text(), figures()).prop_map(|(name, sha256, metrics)| Item {
        name,
        sha256,
        metrics,
    });
    let breakdown = vec(slot(), 0..2).prop_map(|slots| Breakdown {
        slots,
        ..Breakdown::default()
    });
    let outcome = (vec(item, 0..3), btree_map(text(), quantity(), 0..3));
    let disturbance =
        (number(), number()).prop_map(|(from, to)| Disturbance::QuotaChanged { from, to });
    let disturbances = vec(disturbance, 0..2);
    let conditions = option::of(any::<[u64; 2]>().prop_map(|ns| Conditions {
        suspended_ns: ns[0],
        stopped_ns: ns[1],
        ..Conditions::default()
    }));
    let usage = option::of(
        (any::<u64>(), number()).prop_map(|(minor_faults, mhz)| ResourceUse {
            minor_faults,
            mhz: Some(mhz),
            ..ResourceUse::default()
        }),
    );
    let surroundings = (conditions, disturbances, usage, option::of(analysis()));
    (
        repeat_id(),
        any::<[u64; 5]>(),
        outcome,
        breakdown,
        surroundings,
    )
        .prop_map(
            |(id, ns, (items, quality), breakdown, surroundings)| RepeatFinished {
                start: id.repeat % 3,
                id,
                started_ns: ns[0],
                wall_ns: ns[1],
                cpu_ns: ns[2],
                instrument_cpu_ns: ns[3],
                screen_cpu_ns: ns[4],
                work: [("trees".to_owned(), ns[0])].into(),
                items,
                quality,
                breakdown,
                conditions: surroundings.0,
                disturbances: surroundings.1,
                usage: surroundings.2,
                analysis: surroundings.3,
            },
        )
}

fn comparison() -> impl Strategy<Value = ArmComparison> {
    let basis = (text(), number(), any::<bool>()).prop_map(|(metric, value, near)| {
        if near {
            let tolerance = value;
            Basis::NearOutputs { metric, tolerance }
        } else {
            Basis::TimeToTarget {
                metric,
                target: value,
                direction: Direction::AtMost,
            }
        }
    });
    let near = (text(), number()).prop_map(|(metric, tolerance)| NearPeers { metric, tolerance });
    (basis, option::of(text()), option::of(near), any::<bool>()).prop_map(
        |(basis, note, peers, lockstep)| ArmComparison {
            basis,
            note,
            peers,
            lockstep,
        },
    )
}

fn started() -> impl Strategy<Value = RunStarted> {
    let value = prop_oneof![
        any::<bool>().prop_map(ParamValue::Boolean),
        any::<i64>().prop_map(ParamValue::Integer),
        number().prop_map(ParamValue::Float),
        text().prop_map(ParamValue::Text),
    ];
    (btree_map(text(), value, 0..4), number(), text(), text()).prop_map(
        |(params, cores, cpu, command)| {
            let Event::RunStarted(started) = Log::start(&[2], 3).records.remove(0).event else {
                unreachable!("a log starts with its start");
            };
            let mut started = *started;
            started.config.params = params;
            started.config.command = command;
            started.machine.cores_usable = cores;
            started.data_sha256 = Some(cpu.clone());
            started.machine.cpu_model = cpu;
            started
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        started().prop_map(|started| Event::RunStarted(Box::new(started))),
        comparison().prop_map(Event::Comparison),
        (any::<[u64; 2]>(), option::of(text())).prop_map(|(numbers, cpu_model)| {
            Event::RunResumed(Box::new(RunResumed {
                unix_ms: numbers[0],
                cut_bytes: numbers[1],
                machine: cpu_model.map(|cpu_model| MachineFacts {
                    cpu_model,
                    ..MachineFacts::default()
                }),
            }))
        }),
        repeat_id().prop_map(Event::RepeatStarted),
        span().prop_map(Event::Task),
        any::<(u64, u64)>().prop_map(|(done, total)| Event::Progress { done, total }),
        sample().prop_map(Event::Sample),
        (text(), option::of(text()), any::<u64>(), number()).prop_map(
            |(name, item, step, value)| Event::Metric {
                name,
                item,
                step,
                value
            }
        ),
        slot().prop_map(Event::Slot),
        (text(), any::<u32>()).prop_map(|(text, attempt)| Event::State(ControllerState {
            phase: ControllerPhase::Recovering,
            text,
            attempt,
            workers: None,
        })),
        (text(), text()).prop_map(|(source, text)| Event::Output { source, text }),
        text().prop_map(|arm| Event::ArmStopped { arm }),
        (text(), text()).prop_map(|(arm, reason)| Event::ArmFailed(ArmFailure {
            arm,
            kind: ArmFailureKind::Run,
            reason,
        })),
        finished().prop_map(|finished| Event::RepeatFinished(Box::new(finished))),
        finding().prop_map(Event::Finding),
        any::<(u64, u64)>().prop_map(|(instrument_cpu_ns, screen_cpu_ns)| Event::RunFinished {
            status: RunStatus::Failed,
            instrument_cpu_ns,
            screen_cpu_ns,
        }),
    ]
}

fn write(records: &[Record]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let recorder = Recorder::create(&path, Clock::start(), Box::new(|_| {})).unwrap();
    for record in records {
        recorder.emit_at(record.t_ns, record.event.clone());
    }
    recorder.finish().unwrap();
    (dir, path)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Compared as text, because NaN is not equal to itself.
    #[test]
    fn whatever_is_written_can_be_read_back(
        first in started(),
        rest in vec((any::<u64>(), event()), 0..12),
    ) {
        let first = (7, Event::RunStarted(Box::new(first)));
        let records: Vec<Record> = std::iter::once(first)
            .chain(rest)
            .map(|(t_ns, event)| Record { t_ns, event })
            .collect();
        let (_dir, path) = write(&records);
        let log = read_log(&path).unwrap();
        prop_assert_eq!(format!("{:?}", log.records), format!("{records:?}"));
        prop_assert_eq!((log.cut_bytes, log.unknown, log.damaged), (0, 0, 0));
        let snapshot = fold_log(&path).unwrap();
        prop_assert_eq!(format!("{snapshot:?}"), format!("{:?}", Snapshot::of(&records)));
        // What is computed from it can be read back too.
        if let Some(result) = workbench_result::compute(&snapshot) {
            let text = serde_json::to_string(&result).unwrap();
            let back: workbench_result::RunResult = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{result:?}"));
        }
    }
}

/// The figures of a target that is too large or too small to be squared.
#[test]
fn a_run_whose_errors_overflow_is_read_like_any_other() {
    let mut log = completed(2);
    for record in &mut log.records {
        if let Event::RepeatFinished(finished) = &mut record.event {
            finished.items[0]
                .metrics
                .insert("mse".to_owned(), f64::INFINITY);
            finished.items[0].metrics.insert("r2".to_owned(), f64::NAN);
            let r2 = Quantity::Number(f64::NEG_INFINITY);
            finished.quality.insert("r2".to_owned(), r2);
        }
    }
    let (_dir, path) = write(&log.records);
    let snapshot = fold_log(&path).unwrap();
    assert_eq!(snapshot.status, RunStatus::Completed);
    let result = workbench_result::compute(&snapshot).unwrap();
    assert!(result.arms.iter().all(|arm| arm.wall_s.len() == 2));
    assert!(result.arms[0].items[0].item.metrics["mse"].is_infinite());
    // Logs of the version that wrote `null` for such a number are read too.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"NaN\"", "null")).unwrap();
    assert_eq!(fold_log(&path).unwrap().damage.lines, 0);
}

#[test]
fn who_records_faster_than_is_written_is_slowed_down_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let emitted = Arc::new(AtomicUsize::new(0));
    let so_far = Arc::clone(&emitted);
    let (over, seen) = std::sync::mpsc::channel();
    let mut count = 0;
    let subscriber = Box::new(move |record: &Record| {
        // A slow disk: the first one waits until the queue is full.
        while count == 0 && so_far.load(Ordering::SeqCst) < QUEUE {
            std::thread::yield_now();
        }
        assert_eq!(record.t_ns, count as u64, "in order");
        count += 1;
        let ahead = so_far.load(Ordering::SeqCst).saturating_sub(count);
        over.send(ahead > 2 * QUEUE + 2).unwrap();
    });
    let recorder = Recorder::create(&path, Clock::start(), subscriber).unwrap();
    let event = Event::Finding(Finding::note("more", "More."));
    for t_ns in 0..10 * QUEUE as u64 {
        recorder.emit_at(t_ns, event.clone());
        emitted.fetch_add(1, Ordering::SeqCst);
    }
    recorder.finish().unwrap();
    let seen: Vec<bool> = seen.iter().collect();
    assert_eq!(seen.len(), 10 * QUEUE);
    assert!(!seen.contains(&true), "the queue grew");
}

#[test]
fn a_mark_holds_once_what_is_before_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let (hold, held) = std::sync::mpsc::channel::<()>();
    // The writer counts a record when everybody has seen it.
    let subscriber = Box::new(move |_: &Record| held.recv().unwrap());
    let recorder = Recorder::create(&path, Clock::start(), subscriber).unwrap();
    let before = recorder.mark();
    assert!(recorder.is_written(before), "nothing is before it");
    let event = Event::Finding(Finding::note("more", "More."));
    recorder.emit(event.clone());
    let first = recorder.mark();
    recorder.emit(event);
    let second = recorder.mark();
    assert!(!recorder.is_written(first) && before < first && first < second);
    hold.send(()).unwrap();
    hold.send(()).unwrap();
    recorder.sync().unwrap();
    assert!(recorder.is_written(first) && recorder.is_written(second));
    recorder.finish().unwrap();
}
