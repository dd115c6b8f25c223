//! Which tasks a drawing looks at, and how times and names read.

use std::collections::BTreeMap;

use std::sync::Arc;

use workbench_pool::Outcome;
use workbench_record::RepeatId;

use workbench_pool::TaskSpan;

use super::*;

use crate::model::timeline::{PER_CELL, STEPS, step_ns};
use workbench_record::{RepeatState, Snapshot};

fn task(i: u64) -> TaskSpan {
    TaskSpan {
        task: i,
        name: Arc::from("t"),
        group: i as u32 % 30,
        part: 0,
        slot: i as u32 % 64,
        attempt: 0,
        queued_ns: 0,
        ready_ns: 0,
        started_ns: i / 64 * 1_000_000,
        finished_ns: (i / 64 + 1) * 1_000_000,
        cpu_ns: 1,
        core_wait_ns: 0,
        outcome: Outcome::Done,
    }
}

#[test]
fn steps_rise_and_read_well() {
    assert!((1..STEPS).all(|i| step_ns(i) > step_ns(i - 1)));
    let shown = [0, 9, 24, 29, 40].map(|i| stretch_of(step_ns(i)));
    assert_eq!(shown, ["0.1 ms", "1.5 ms", "100 ms", "500 ms", "10 s"]);
}

/// Work for a frame depends on what is visible, not on how many tasks there are: every task is put
/// into its list once.
#[test]
fn a_task_is_indexed_once() {
    let snapshot = Snapshot {
        repeats: vec![RepeatState {
            start: 0,
            slots: BTreeMap::new(),
            states: Vec::new(),
            id: RepeatId {
                arm: "a".to_owned(),
                workers: 64,
                repeat: 0,
            },
            started_ns: 0,
            progress: (0, 0),
            progress_points: Vec::new(),
            tasks: (0..100_000).map(task).collect(),
            curves: BTreeMap::new(),
            item_curves: BTreeMap::new(),
            items: Vec::new(),
            finished: None,
        }],
        now_ns: 1_600_000_000,
        ..Snapshot::default()
    };
    let mut timeline = SlotTimeline::default();
    let run = SnapshotView::new(&snapshot);
    let repeat = run.repeat().unwrap();
    timeline.update(repeat);
    assert_eq!(timeline.indexed, 100_000);
    timeline.update(repeat);
    assert_eq!(timeline.indexed, 100_000);
}

/// A cell looks at a few tasks, however many it holds.
#[test]
fn a_cell_looks_at_a_few_tasks() {
    let tasks: Vec<TaskSpan> = (0..100)
        .map(|i| TaskSpan {
            started_ns: i * 10,
            finished_ns: i * 10 + if i as usize == PER_CELL { 10 } else { 5 },
            ..task(i)
        })
        .collect();
    let list: Vec<usize> = (0..100).collect();
    // The longest comes after those that are looked at.
    assert_eq!(
        cell_of(&list, &tasks, (0, 1000), false).task(&tasks),
        Some(&tasks[0])
    );
}
