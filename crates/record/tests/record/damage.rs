//! Damage in a log hides nothing but what is damaged.

use std::path::Path;

use crate::common::completed;
use proptest::prelude::*;
use workbench_record::{
    Event, Log, RecordError, RepeatId, RunStatus, Snapshot, Tail, UnreadableKind, parse_log,
};

fn parse(bytes: &[u8]) -> Result<Log, RecordError> {
    parse_log(bytes, Path::new("events.jsonl"))
}

/// The lines of a log, each with its line break.
fn lines() -> Vec<Vec<u8>> {
    let bytes = completed(3).bytes();
    bytes
        .split_inclusive(|b| *b == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn finished(snapshot: &Snapshot) -> Vec<&RepeatId> {
    let repeats = snapshot.repeats.iter().filter(|r| r.finished.is_some());
    repeats.map(|r| &r.id).collect()
}

#[test]
fn a_damaged_line_is_passed_over_and_told() {
    let whole = Snapshot::of(&parse(&lines().concat()).unwrap().records);
    let all = lines();
    for at in 0..all.len() - 1 {
        let mut damaged = all.clone();
        damaged[at][0] = b'#';
        let log = parse(&damaged.concat()).unwrap();
        // A gap stands for the line, and of the start one of two lines is enough.
        let unread = usize::from(at > 1);
        assert_eq!(log.records.len(), all.len() - unread, "line {}", at + 1);
        assert!(matches!(log.records[0].event, Event::RunStarted(_)));
        let [gap] = log
            .records
            .iter()
            .filter_map(|r| match r.event {
                Event::Unreadable(found) => Some(found),
                _ => None,
            })
            .collect::<Vec<_>>()[..]
        else {
            panic!("{:?}", log.records);
        };
        assert_eq!(
            (gap.kind, gap.line, gap.lines, gap.bytes),
            (
                UnreadableKind::Damaged,
                at as u64 + 1,
                1,
                all[at].len() as u64
            )
        );
        let snapshot = Snapshot::of(&log.records);
        assert_eq!(
            (snapshot.damage.lines, snapshot.status),
            (1, RunStatus::Completed)
        );
        // A repeat is whole and as it was, or it does not count and is named.
        let mut known = finished(&snapshot);
        known.extend(&snapshot.damage.repeats);
        known.sort();
        let mut expected = finished(&whole);
        expected.sort();
        assert_eq!(known, expected, "line {}", at + 1);
        for id in finished(&snapshot) {
            let of = |s: &Snapshot| s.repeats.iter().find(|r| r.id == *id).cloned();
            assert_eq!(of(&snapshot), of(&whole), "line {}", at + 1);
        }
        let result = workbench_result::compute(&snapshot).unwrap();
        let told: Vec<_> = result
            .warnings
            .iter()
            .filter(|f| f.kind == "log_damaged")
            .collect();
        assert_eq!(told.len(), 1);
        assert!(
            told[0].text.contains(&format!("line {}", at + 1)),
            "{}",
            told[0].text
        );
    }
}

#[test]
fn what_was_damaged_can_be_run_again() {
    let mut all = lines();
    let at = all
        .iter()
        .position(|l| l.starts_with(b"{\"t_ns\":0,\"event\":\"task\""))
        .unwrap();
    all[at][3] = 0;
    let mut records = parse(&all.concat()).unwrap().records;
    let snapshot = Snapshot::of(&records);
    let [id] = &snapshot.damage.repeats.iter().cloned().collect::<Vec<_>>()[..] else {
        panic!("{:?}", snapshot.damage);
    };
    let again: Vec<_> = completed(3)
        .records
        .into_iter()
        .skip_while(|r| r.event != Event::RepeatStarted(id.clone()))
        .take_while(|r| !matches!(&r.event, Event::RepeatStarted(other) if other != id))
        .collect();
    records.extend(again);
    let snapshot = Snapshot::of(&records);
    assert!(snapshot.damage.repeats.is_empty());
    assert_eq!(finished(&snapshot).len(), 6);
}

#[test]
fn damaged_lines_at_the_end_are_cut_off() {
    let all = lines();
    let whole = all.concat();
    let mut bytes = whole.clone();
    bytes.extend(b"\0\0\0\0\n{\"t_ns\":1,\"ev\nhalf");
    let log = parse(&bytes).unwrap();
    assert_eq!(log.records.len(), all.len() - 1);
    assert_eq!(log.whole_bytes, whole.len() as u64);
    assert_eq!(log.whole_bytes + log.cut_bytes, bytes.len() as u64);
    assert_eq!(log.damaged, 0);
}

#[test]
fn the_first_line_or_its_copy_has_to_be_whole() {
    let start = String::from_utf8(lines()[0].clone()).unwrap();
    let other = start.replace("\"run_id\"", "\"runid\"").into_bytes();
    let foreign = [b"#".as_slice(), &lines()[0][1..]].concat();
    for damaged in [other, foreign, b"\n".to_vec()] {
        let mut all = lines();
        all[0].clone_from(&damaged);
        let log = parse(&all.concat()).unwrap();
        assert_eq!(Snapshot::of(&log.records).status, RunStatus::Completed);
        all[1].clone_from(&damaged);
        parse(&all.concat()).unwrap_err();
        parse(&all[..1].concat()).unwrap_err();
    }
}

/// Logs of earlier versions have the start once.
#[test]
fn a_log_without_the_copy_is_read_and_its_damage_named() {
    let mut all = lines();
    all.remove(1);
    let log = parse(&all.concat()).unwrap();
    assert_eq!(log.records, completed(3).records);
    let lost = String::from_utf8(all[0].clone()).unwrap();
    all[0] = lost.replace("\"run_id\"", "\"runid\"").into_bytes();
    let error = parse(&all.concat()).unwrap_err();
    assert!(matches!(error, RecordError::Damaged { .. }));
    assert!(error.to_string().contains("configuration"), "{error}");
}

/// A reader that follows a log passes over damage as well, and does not take the line that another
/// process is writing for damaged.
#[test]
fn a_followed_log_goes_on_behind_damage() {
    let mut all = lines();
    all[4] = b"\0\0\0\n".to_vec();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    std::fs::write(&path, all[..5].concat()).unwrap();
    let mut tail = Tail::open(&path).unwrap();
    let mut seen = tail.read().unwrap();
    assert_eq!(seen.len(), 3, "what comes after it is not known yet");
    std::fs::write(&path, all[..6].concat()).unwrap();
    seen.extend(tail.read().unwrap());
    std::fs::write(&path, all.concat()).unwrap();
    seen.extend(tail.read().unwrap());
    assert_eq!(seen, parse(&all.concat()).unwrap().records);
}

proptest! {
    /// Any bytes overwritten anywhere, but not in both copies of the start: the rest is read.
    #[test]
    fn overwritten_bytes_hide_only_their_lines(
        at in 0_usize..4000,
        with in prop::collection::vec(any::<u8>(), 1..300),
    ) {
        let mut bytes = lines().concat();
        let first = lines()[0].len();
        let at = at % bytes.len();
        let end = bytes.len().min(at + with.len());
        prop_assume!(at >= first || end < first);
        let touched = bytes[at..end].split(|b| *b == b'\n').count();
        bytes[at..end].copy_from_slice(&with[..end - at]);
        let log = parse(&bytes).unwrap();
        let gaps = log.records.iter().filter(|r| matches!(r.event, Event::Unreadable(_)));
        let read = log.records.len() - gaps.count();
        prop_assert!(read + touched >= lines().len() - 1, "{} of {}", read, lines().len());
        let _ = workbench_result::compute(&Snapshot::of(&log.records));
    }
}
