//! The documented schema is the program's, and recordings of any kind are read or refused.

use std::io::Cursor;

use proptest::prelude::*;
use workbench_machine::MachineFacts;
use workbench_machine::state::MachineState;
use workbench_monitor::{
    MonitorDocument, NoRecording, RecordingFlaw, StateLog, StateRecorder, schema,
};

#[test]
fn the_schema_in_docs_is_the_programs() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/monitor.schema.json"
    );
    let schema = schema();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("WORKBENCH_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        text,
        "WORKBENCH_BLESS=1 cargo test -p workbench-monitor --test monitor writes it anew"
    );
    let validator = jsonschema::validator_for(&schema).unwrap();
    let facts = MachineFacts::default();
    let document = MonitorDocument::new(facts, MachineState::default(), Vec::new());
    let document = serde_json::to_value(document).unwrap();
    assert!(validator.is_valid(&document), "{document}");
    assert!(!validator.is_valid(&serde_json::json!({ "format": 1 })));
}

fn recorded(states: &[MachineState]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("looks.jsonl");
    let mut recorder = StateRecorder::create(&path, &MachineFacts::default()).unwrap();
    for state in states {
        recorder.add(state).unwrap();
    }
    std::fs::read_to_string(&path).unwrap()
}

fn at(unix_ms: u64) -> MachineState {
    MachineState {
        unix_ms,
        ..MachineState::default()
    }
}

#[test]
fn looks_come_back_in_any_order_and_damage_hides_only_itself() {
    let states = [at(5), at(7), at(6)];
    let text = recorded(&states);
    let mut log = StateLog::read(Cursor::new(text.clone())).unwrap();
    for number in [2, 0, 1] {
        assert_eq!(log.state(number).unwrap(), states[number]);
    }
    assert_eq!(
        log.times,
        [5, 7, 7],
        "a clock that was set back does not stop a replay"
    );
    assert!(log.state(3).is_err());
    let mut lines: Vec<&str> = text.lines().collect();
    lines[2] = "{\"unix_ms\": damaged";
    let mut log = StateLog::read(Cursor::new(lines.join("\n"))).unwrap();
    assert_eq!((log.times.len(), log.unreadable), (2, 1));
    assert_eq!(log.state(1).unwrap(), states[2]);
}

#[test]
fn what_is_odd_about_a_recording_is_said() {
    const DAY_MS: u64 = 86_400_000;
    let log = |text: &str| StateLog::read(Cursor::new(text.to_owned())).unwrap();
    let whole = recorded(&[at(DAY_MS), at(DAY_MS + 5)]);
    assert_eq!(log(&whole).flaws(DAY_MS), []);
    assert_eq!(
        log(&whole).flaws(DAY_MS - 1000),
        [],
        "clocks differ a little"
    );
    assert_eq!(log(&whole).flaws(0), [RecordingFlaw::Ahead(DAY_MS)]);
    assert_eq!(
        log(whole.trim_end()).flaws(DAY_MS),
        [],
        "the last look is whole"
    );
    // Wherever its last line is cut, the looks before it are there.
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    for end in last + 1..whole.len() - 1 {
        let mut log = log(&whole[..end]);
        assert_eq!(log.flaws(DAY_MS), [RecordingFlaw::Cut]);
        assert_eq!((log.times.len(), log.unreadable), (1, 0));
        assert_eq!(log.state(0).unwrap(), at(DAY_MS));
    }
    let damaged = format!("{whole}?\n\n{{\"unix_ms\":");
    assert_eq!(
        log(&damaged).flaws(DAY_MS),
        [RecordingFlaw::Cut, RecordingFlaw::Damaged(2)]
    );
    let ahead = RecordingFlaw::Ahead(3 * 60_000).to_string();
    assert!(ahead.contains("dated 3 min after now"), "{ahead}");
}

#[test]
fn a_clock_that_is_set_moves_no_look() {
    let running = |unix_ms, uptime_s| MachineState {
        uptime_s: Some(uptime_s),
        ..at(unix_ms)
    };
    // Set ahead by a day, and back to where it was.
    let states = [
        running(10_000, 1.0),
        running(86_410_500, 1.5),
        running(86_411_000, 2.0),
        running(11_500, 2.5),
    ];
    let log = StateLog::read(Cursor::new(recorded(&states))).unwrap();
    assert_eq!(log.times, [10_000, 10_500, 11_000, 11_500]);
    assert_eq!(log.flaws(u64::MAX), [RecordingFlaw::ClockSetBack(1)]);
}

#[test]
fn what_is_no_recording_is_refused() {
    let read = |text: &str| StateLog::read(Cursor::new(text.to_owned())).unwrap_err();
    assert!(matches!(read(""), NoRecording::Foreign));
    assert!(matches!(read("{\"unix_ms\": 1}\n"), NoRecording::Foreign));
    let newer = recorded(&[]).replace("\"workbench_monitor\":1", "\"workbench_monitor\":2");
    assert!(matches!(read(&newer), NoRecording::Newer));
    assert!(matches!(read(&recorded(&[])), NoRecording::Empty));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cut in 0_usize..2000,
    ) {
        let _ = StateLog::read(Cursor::new(bytes.clone()));
        let mut text = recorded(&[at(1), at(2)]).into_bytes();
        text.truncate(cut);
        text.extend(bytes);
        if let Ok(mut log) = StateLog::read(Cursor::new(text)) {
            for number in 0..log.times.len() {
                let _ = log.state(number);
            }
        }
    }
}
