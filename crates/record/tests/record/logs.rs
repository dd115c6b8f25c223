//! The event log on the disk: written, cut off, damaged, foreign, locked, resumed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

use std::path::Path;

use crate::common::completed;
use proptest::prelude::*;
use workbench_clock::Clock;
use workbench_questions::{AnswerSheet, LockedPredictions, QuestionSet};
use workbench_record::{
    ArmComparison, ArmFailure, ArmFailureKind, Basis, ControllerPhase, ControllerState, Figure,
    Finding, Health, ItemEvent, ItemFailure, ItemPhase, ItemPlace, Part, Refused, RunFailure,
    SlotState,
};
use workbench_record::{
    Event, FigureGroup, Log, ParamValue, Record, RecordError, Recorder, RepeatId, RunResumed,
    RunStatus, RunStore, Snapshot, Tail, parse_log, read_log,
};

fn parse(bytes: &[u8]) -> Result<Log, RecordError> {
    parse_log(bytes, Path::new("events.jsonl"))
}

/// What a repeat of a search adds.
fn search(log: &mut crate::common::Log) {
    log.push(Event::RepeatContinued(RepeatId {
        arm: "tasks".to_owned(),
        workers: 2,
        repeat: 1,
    }));
    log.push(Event::Item(ItemEvent {
        item: "trial 3".to_owned(),
        phase: ItemPhase::Running,
        settings: [("lr".to_owned(), ParamValue::Float(16.0))].into(),
        from: Some(ItemPlace::default()),
        failure: Some(ItemFailure::NotFinite),
        ..ItemEvent::default()
    }));
}

#[test]
fn every_kind_of_event_survives_the_log() {
    let mut log = completed(2);
    log.push(Event::RunResumed(Box::new(RunResumed {
        unix_ms: 1,
        cut_bytes: 2,
        machine: None,
    })));
    log.push(Event::Progress { done: 1, total: 2 });
    log.push(Event::Finding(
        Finding::error("odd", "A line\nbreak and “quotes”")
            .arm_on("tasks", 2)
            .repeat(1)
            .slot(0)
            .option("--workers")
            .number("waited_s", 0.1 + 0.2),
    ));
    log.push(Event::Metric {
        name: "loss".to_owned(),
        item: Some("trial 3".to_owned()),
        step: 10,
        value: 0.1 + 0.2,
    });
    search(&mut log);
    log.push(Event::Output {
        source: "rank 1".to_owned(),
        text: "\u{1b}[31mred\t∑".to_owned(),
    });
    log.push(Event::Comparison(ArmComparison {
        note: Some("weak scaling".to_owned()),
        basis: Basis::NearOutputs {
            metric: "accuracy".to_owned(),
            tolerance: 0.02,
        },
        peers: None,
        lockstep: true,
    }));
    log.push(Event::Slot(SlotState {
        slot: 3,
        steps: 12,
        at_step: 11,
        doing: "forward".to_owned(),
        figures: vec![Figure {
            name: "loss".to_owned(),
            value: 0.1 + 0.2,
        }],
        parts: vec![Part::work("forward", 7), Part::wait("all-reduce wait", 8)],
        health: Health::Lost,
        slow_factor: Some(2.5),
        attempt: 1,
    }));
    log.push(Event::State(ControllerState {
        phase: ControllerPhase::Recovering,
        text: "restarting".to_owned(),
        attempt: 2,
        workers: Some(2),
    }));
    log.push(Event::RepeatsPlanned { repeats: 7 });
    let sheet = AnswerSheet::empty("rf", None);
    let locked = LockedPredictions::lock(QuestionSet::default(), &sheet, 0, 1);
    log.push(Event::PredictionsLocked(Box::new(locked)));
    log.push(Event::ArmStopped {
        arm: "tasks".to_owned(),
    });
    log.push(Event::RunFailed(RunFailure {
        cause: Refused::Storage,
        reason: "no space is left".to_owned(),
    }));
    log.push(Event::ArmFailed(ArmFailure {
        arm: "tasks".to_owned(),
        kind: ArmFailureKind::Run,
        reason: "rank 1 died".to_owned(),
    }));
    let read = parse(&log.bytes()).unwrap();
    assert_eq!(read.records, log.records);
    assert_eq!((read.cut_bytes, read.unknown), (0, 0));
    let kind = |record| serde_json::to_value(record).unwrap()["event"].clone();
    let kinds: Vec<serde_json::Value> = log.records.iter().map(kind).collect();
    let kinds: std::collections::BTreeSet<&str> =
        kinds.iter().map(|kind| kind.as_str().unwrap()).collect();
    // What earlier versions called a finding and a comparison.
    let known = Event::KINDS
        .iter()
        .filter(|kind| !["warning", "terms"].contains(*kind));
    let known: std::collections::BTreeSet<&str> = known.copied().collect();
    assert_eq!(kinds, known, "Event::KINDS names every kind");
}

#[test]
fn a_slot_is_known_as_it_stands_and_by_what_it_did_lately() {
    let mut log = completed(1);
    let second = 1_000_000_000;
    for at_s in 0..12 {
        let state = SlotState {
            slot: 1,
            steps: at_s * 10,
            parts: vec![Part::work("forward", at_s * at_s)],
            ..SlotState::default()
        };
        log.records.push(Record {
            t_ns: at_s * second,
            event: Event::Slot(state),
        });
    }
    let snapshot = Snapshot::of(&log.records);
    let track = &snapshot.repeats.last().unwrap().slots[&1];
    assert_eq!(track.now().unwrap().steps, 110);
    assert_eq!((track.heard_ns(), track.still_ns()), (11 * second, 0));
    // Compared with its state five seconds before the last sample.
    let lately = track.lately().unwrap();
    assert_eq!(lately.steps, 50);
    assert_eq!(lately.parts, [Part::work("forward", 121 - 36)]);
    // Its state comes again, with no further step.
    let again = Record {
        t_ns: 14 * second,
        event: Event::Slot(track.now().unwrap().clone()),
    };
    let mut snapshot = snapshot.clone();
    snapshot.apply(&again);
    let track = &snapshot.repeats.last().unwrap().slots[&1];
    assert_eq!(
        (track.heard_ns(), track.still_ns()),
        (14 * second, 3 * second)
    );
}

/// A slot's figures are those of the attempt under way, also where a log does not count attempts.
#[test]
fn a_slot_that_is_started_anew_begins_a_new_window() {
    let second = 1_000_000_000;
    let steps = |state: Option<SlotState>| state.unwrap().steps;
    for counted in [true, false] {
        let mut snapshot = Snapshot::of(&completed(1).records);
        let mut say = |at_s: u64, attempt: u32, steps: u64, at_step: u64| {
            let state = SlotState {
                steps,
                at_step,
                attempt: if counted { attempt } else { 0 },
                parts: vec![Part::work("forward", 10 * steps)],
                ..SlotState::default()
            };
            snapshot.apply(&Record {
                t_ns: at_s * second,
                event: Event::Slot(state),
            });
            snapshot.repeats.last().unwrap().slots[&0].clone()
        };
        say(1, 0, 50, 49);
        say(2, 0, 60, 59);
        let track = say(3, 1, 60, 0);
        assert_eq!(track.attempt().unwrap().steps, 0);
        assert_eq!(track.lately().unwrap().steps, 0);
        assert_eq!(track.now().unwrap().steps, 60, "all that was done");
        assert_eq!(track.still_ns(), 0);
        let track = say(4, 1, 64, 44);
        assert_eq!(track.attempt().unwrap().steps, 4);
        let all = [Part::work("forward", 40)];
        assert_eq!(
            (
                track.lately().unwrap().parts,
                steps(track.lately()) < steps(track.attempt())
            ),
            (all.into(), false)
        );
        // From then on without the first steps.
        let track = say(5, 1, 67, 47);
        assert_eq!(track.attempt().unwrap().steps, 7);
        let later = [Part::work("forward", 30)];
        assert_eq!(
            (
                track.lately().unwrap().parts,
                steps(track.lately()) < steps(track.attempt())
            ),
            (later.into(), true)
        );
    }
}

/// What a kill at any moment leaves: every prefix that holds the first line is readable, and holds
/// every whole line.
#[test]
fn a_log_cut_off_anywhere_is_readable() {
    let bytes = completed(1).bytes();
    let first_line = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    for end in first_line..=bytes.len() {
        let log = parse(&bytes[..end]).unwrap_or_else(|error| panic!("cut at {end}: {error}"));
        let lines = bytes[..end].split(|b| *b == b'\n').count() - 1;
        // The start has two lines.
        assert_eq!(log.records.len(), (lines - 1).max(1));
        assert_eq!(log.whole_bytes + log.cut_bytes, end as u64);
        Snapshot::of(&log.records);
    }
    for end in 0..first_line - 1 {
        assert!(matches!(
            parse(&bytes[..end]),
            Err(RecordError::Foreign { .. })
        ));
    }
}

#[test]
fn foreign_files_are_refused() {
    for foreign in [
        &b""[..],
        b"\n",
        b"hello\n",
        b"{}\n",
        b"[1,2]\n",
        b"{\"t_ns\":0,\"event\":\"warning\",\"text\":\"x\"}\n",
        b"\xff\xfe\x00\x01\n",
        b"a,b,c\n1,2,3\n",
    ] {
        assert!(
            matches!(parse(foreign), Err(RecordError::Foreign { .. })),
            "{foreign:?}"
        );
    }
}

#[test]
fn a_newer_format_is_named_and_new_kinds_are_passed_over() {
    let newer = b"{\"t_ns\":0,\"event\":\"run_started\",\"format\":99,\"all\":\"different\"}\n";
    assert!(matches!(
        parse(newer),
        Err(RecordError::Newer { found: 99, .. })
    ));
    let mut bytes = completed(1).bytes();
    bytes.extend(b"{\"t_ns\":1,\"event\":\"invented_later\",\"x\":[1]}\n");
    bytes.extend(b"{\"t_ns\":2,\"event\":\"warning\",\"text\":\"still read\"}\n");
    let log = parse(&bytes).unwrap();
    assert_eq!(log.unknown, 1);
    assert!(
        matches!(&log.records.last().unwrap().event, Event::Finding(found) if found.text == "still read")
    );
}

/// The seeds of the fuzz target, each with what it has to come to.
#[test]
fn the_fuzzers_seeds_come_to_what_their_names_say() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/event_log");
    let mut seen = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        seen += 1;
        let name = path.file_stem().unwrap().to_str().unwrap();
        let log = read_log(&path);
        let status = log.as_ref().map(|log| Snapshot::of(&log.records).status);
        let expected = match name {
            "whole" | "resumed" => matches!(status, Ok(RunStatus::Completed)),
            "one_repeat" | "start_only" => matches!(status, Ok(RunStatus::Unfinished)),
            "killed" => log.is_ok_and(|log| log.cut_bytes > 0),
            "unknown_kind" => log.is_ok_and(|log| log.unknown == 1),
            "newer" => matches!(log, Err(RecordError::Newer { .. })),
            "foreign" | "empty" => matches!(log, Err(RecordError::Foreign { .. })),
            other => panic!("say what {other} has to come to"),
        };
        assert!(expected, "{name}");
    }
    assert_eq!(seen, 9);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    /// One byte changed anywhere: an error or a log, and whatever is read can be folded.
    #[test]
    fn a_flipped_byte_never_panics(at in 0_usize..4000, to in any::<u8>()) {
        let mut bytes = completed(1).bytes();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(log) = parse(&bytes) {
            let snapshot = Snapshot::of(&log.records);
            let _ = workbench_result::compute(&snapshot);
        }
    }
}

#[test]
fn the_recorder_writes_what_it_is_given_and_keeps_others_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let expected = completed(2);
    let (seen, heard) = std::sync::mpsc::channel::<Record>();
    let recorder = Recorder::create(
        &path,
        Clock::start(),
        Box::new(move |record| seen.send(record.clone()).unwrap()),
    )
    .unwrap();
    for record in &expected.records {
        recorder.emit_at(record.t_ns, record.event.clone());
    }
    recorder.sync().unwrap();
    assert_eq!(read_log(&path).unwrap().records, expected.records);
    assert!(matches!(
        Recorder::append(&path, 0, Clock::start(), Box::new(|_| {})),
        Err(RecordError::InUse { .. })
    ));
    recorder.finish().unwrap();
    assert_eq!(heard.iter().collect::<Vec<_>>(), expected.records);
    // Locked by nobody now: it can be gone on with, and an unfinished line is cut off.
    let whole = std::fs::metadata(&path).unwrap().len();
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    let again = Recorder::append(&path, whole, Clock::start(), Box::new(|_| {})).unwrap();
    again.emit_at(7, Event::Finding(Finding::note("more", "More.")));
    again.finish().unwrap();
    assert_eq!(
        read_log(&path).unwrap().records.len(),
        expected.records.len() + 1
    );
}

#[test]
fn runs_are_found_by_id_beginning_latest_and_path() {
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let make = |unix_ms| {
        let run = store.create("rf", unix_ms).unwrap();
        std::fs::write(run.events(), completed(1).bytes()).unwrap();
        run
    };
    let (old, new) = (make(1_795_000_000_000), make(1_795_000_100_000));
    assert_eq!(store.list().unwrap(), [old.clone(), new.clone()]);
    assert_eq!(store.find(&old.id()).unwrap(), old);
    assert_eq!(store.find(&new.id()[..15]).unwrap(), new);
    assert_eq!(store.find("latest").unwrap(), new);
    assert_eq!(store.find(old.path().to_str().unwrap()).unwrap(), old);
    assert!(matches!(
        store.find("20"),
        Err(RecordError::Ambiguous { .. })
    ));
    assert!(matches!(
        store.find("nothing"),
        Err(RecordError::Unknown { .. })
    ));
    assert!(matches!(store.find(""), Err(RecordError::Ambiguous { .. })));
    assert!(matches!(
        store.find("/tmp"),
        Err(RecordError::Foreign { .. })
    ));
    assert_eq!(old.snapshot().unwrap().status, RunStatus::Completed);
}

proptest! {
    /// However a writer's bytes arrive, a reader that follows the log gets every record once, in
    /// order.
    #[test]
    fn a_followed_log_gives_every_record_once(cuts in prop::collection::vec(0..4000_usize, 0..12)) {
        let bytes = completed(1).bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        std::fs::write(&path, "").unwrap();
        let mut tail = Tail::open(&path).unwrap();
        let mut seen = Vec::new();
        for cut in cuts {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            seen.extend(tail.read().unwrap());
        }
        prop_assert_eq!(seen, completed(1).records);
    }
}

#[test]
fn a_followed_log_may_be_cut_off_and_go_on() {
    let bytes = completed(1).bytes();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    // A kill left half a line; a resumption cuts it off and writes another.
    std::fs::write(&path, &bytes[..bytes.len() - 10]).unwrap();
    let mut tail = Tail::open(&path).unwrap();
    let mut seen = tail.read().unwrap();
    let whole = bytes[..bytes.len() - 1]
        .iter()
        .rposition(|b| *b == b'\n')
        .unwrap()
        + 1;
    let mut resumed = bytes[..whole].to_vec();
    resumed.extend_from_slice(br#"{"t_ns":99,"event":"run_resumed","unix_ms":1,"cut_bytes":5}"#);
    resumed.push(b'\n');
    std::fs::write(&path, resumed).unwrap();
    seen.extend(tail.read().unwrap());
    assert!(matches!(seen.last().unwrap().event, Event::RunResumed(_)));
    assert_eq!(seen.len(), completed(1).records.len());
}

#[test]
fn following_something_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    std::fs::write(&path, "hello\n").unwrap();
    let error = Tail::open(&path).unwrap().read().unwrap_err();
    assert!(matches!(error, RecordError::Foreign { .. }), "{error}");
}

/// However often a long repeat tells how far it is, its first and latest point stay and the rest is
/// thinned evenly.
#[test]
fn the_points_of_progress_are_bounded() {
    use workbench_record::{PROGRESS_POINTS, RepeatId};
    let mut snapshot = Snapshot::default();
    let id = RepeatId {
        arm: "a".to_owned(),
        workers: 1,
        repeat: 0,
    };
    let mut tell = |t_ns, event| snapshot.apply(&Record { t_ns, event });
    tell(0, Event::RepeatStarted(id));
    let last = 10 * PROGRESS_POINTS as u64;
    for done in 1..=last {
        tell(done * 10, Event::Progress { done, total: last });
    }
    let points = &snapshot.repeats[0].progress_points;
    assert!(points.len() < PROGRESS_POINTS && points.len() * 3 > PROGRESS_POINTS);
    assert_eq!(points.first(), Some(&(10, 1)));
    assert_eq!(points.last(), Some(&(last * 10, last)));
    assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn older_logs_are_completed_with_what_their_lab_declares_now() {
    let mut log = crate::common::Log::start(&[2], 1);
    let facts = |log: &crate::common::Log| Snapshot::of(&log.records).started.unwrap().lab_facts;
    assert_eq!(facts(&log).slot_word(), "slot");
    let Event::RunStarted(started) = &mut log.records[0].event else {
        panic!("a log begins with its start");
    };
    let fault = ParamValue::Text("kill:rank=1,step=4".to_owned());
    started.config.params.insert("fault".to_owned(), fault);
    let params = started.config.params.clone();
    let known = facts(&log);
    assert_eq!(known.slot_word(), "rank");
    assert_eq!(known.asked_faults(&params), Some("kill:rank=1,step=4"));
    assert_eq!(known.group("failure_to_next_step_s"), FigureGroup::Failure);
}
