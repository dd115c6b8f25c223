//! The order of runs, which does not depend on the clock.

use std::collections::BTreeSet;
use std::fs;

use crate::common::completed;
use workbench_record::{RunDir, RunOrder, RunStore};

const NOW: u64 = 1_795_000_000_000;

fn store() -> (tempfile::TempDir, RunStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    (dir, store)
}

fn begin(store: &RunStore, lab: &str, unix_ms: u64) -> RunDir {
    let run = store.create(lab, unix_ms).unwrap();
    fs::write(run.events(), completed(1).bytes()).unwrap();
    run
}

#[test]
fn the_latest_run_is_the_one_begun_last_whatever_the_clock_says() {
    let (_dir, store) = store();
    let mut begun = Vec::new();
    // In the same second, by labs of other names, and after the clock was set back by a year.
    for (lab, unix_ms) in [
        ("rf", NOW),
        ("rf", NOW),
        ("ddp", NOW + 1),
        ("zoo", NOW + 999),
        ("rf", NOW - 31_536_000_000),
        ("rf", 0),
        ("a-12345678", NOW - 1),
        ("rf", NOW),
    ] {
        begun.push(begin(&store, lab, unix_ms));
        assert_eq!(store.list().unwrap(), begun);
        assert_eq!(store.find("latest").unwrap(), *begun.last().unwrap());
    }
    assert!(begun[0].id().starts_with("2026"), "{}", begun[0].id());
    assert!(begun[0].id().ends_with("-rf-00001"), "{}", begun[0].id());
}

#[test]
fn runs_of_earlier_versions_come_first_in_the_order_of_their_time() {
    let (dir, store) = store();
    let new = begin(&store, "rf", 0);
    let old = [
        "20261120-235959-rf-ffff",
        "20261121-101502-ddp-1234",
        "20261121-101502-rf-3f9a",
        "copied-by-hand",
    ];
    for id in old {
        fs::create_dir(dir.path().join(id)).unwrap();
        fs::write(
            dir.path().join(id).join("events.jsonl"),
            completed(1).bytes(),
        )
        .unwrap();
    }
    let ids: Vec<String> = store.list().unwrap().iter().map(RunDir::id).collect();
    let expected: Vec<String> = old
        .iter()
        .map(|id| (*id).to_owned())
        .chain([new.id()])
        .collect();
    assert_eq!(ids, expected);
}

/// The numbers of runs that are gone are not given again, and those of copied runs are known.
#[test]
fn numbers_only_rise() {
    let (dir, store) = store();
    let first = begin(&store, "rf", NOW);
    let second = begin(&store, "rf", NOW);
    fs::remove_dir_all(second.path()).unwrap();
    let third = begin(&store, "rf", NOW);
    assert!(third.id().ends_with("-00003"));
    fs::create_dir(dir.path().join("20261121-101502-rf-123456")).unwrap();
    assert!(begin(&store, "rf", NOW).id().ends_with("-123457"));
    fs::remove_dir_all(dir.path().join(".numbers")).unwrap();
    let last = begin(&store, "rf", NOW);
    assert!(last.id().ends_with("-123458"));
    assert!(RunOrder::of(&first.id()) < RunOrder::of(&last.id()));
}

#[test]
fn runs_that_begin_at_once_get_different_numbers() {
    let (_dir, store) = store();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let begin_some = || {
            (0..25)
                .map(|_| store.create("rf", NOW).unwrap().id())
                .collect()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(begin_some)).collect();
        let each = threads.into_iter().map(|thread| thread.join().unwrap());
        each.flat_map(|ids: Vec<String>| ids).collect()
    });
    let places: BTreeSet<RunOrder> = ids.iter().map(|id| RunOrder::of(id)).collect();
    assert_eq!((ids.len(), places.len()), (200, 200));
    let numbers: BTreeSet<&str> = ids.iter().map(|id| &id[id.len() - 5..]).collect();
    assert_eq!(numbers.len(), 200);
}
