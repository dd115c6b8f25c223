//! What became of the items of each arm, for labs whose items have a life of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::arms::one_each;
use super::format;
use super::tables::{ReportTable, name};
use workbench_record::{ItemPhase, RepeatState, Snapshot};
use workbench_result::RunResult;

/// States at the end, failed attempts, and how many items came how far.
pub(super) fn table(result: &RunResult, snapshot: &Snapshot) -> ReportTable {
    let arms: Vec<(&str, u32, &RepeatState)> = one_each(result)
        .into_iter()
        .filter_map(|arm| {
            let repeat = snapshot.median_repeat(&arm.name, arm.workers)?;
            (!repeat.items.is_empty()).then_some((arm.name.as_str(), arm.workers, repeat))
        })
        .collect();
    let mut table = ReportTable::new(&[("arm", false), ("workers", true), ("begun", true)]);
    for phase in ENDS {
        table.column(phase.name(), true);
    }
    table.column("failed attempts", true);
    let levels: BTreeSet<u32> = arms
        .iter()
        .flat_map(|(.., repeat)| reached(repeat))
        .collect();
    let levels: Vec<u32> = levels.into_iter().take(16).collect();
    for level in &levels {
        table.column(format!("rung {level} or higher"), true);
    }
    for (arm, workers, repeat) in arms {
        let ends = super::chart::ends(repeat);
        let of = |phase| ends.values().filter(|end| **end == phase).count() as u64;
        let mut row = vec![name(arm), format::count(u64::from(workers))];
        row.push(format::count(ends.len() as u64));
        row.extend(ENDS.map(|phase| format::count(of(phase))));
        let attempts = repeat
            .items
            .iter()
            .filter(|(_, event)| event.failure.is_some());
        row.push(format::count(attempts.count() as u64));
        let highest = reached(repeat);
        for level in &levels {
            let higher = highest.iter().filter(|reached| *reached >= level);
            row.push(format::count(higher.count() as u64));
        }
        table.rows.push(row);
    }
    table
}

const ENDS: [ItemPhase; 4] = [
    ItemPhase::Done,
    ItemPhase::Stopped,
    ItemPhase::Paused,
    ItemPhase::Failed,
];

/// The highest level of every item that has one.
fn reached(repeat: &RepeatState) -> Vec<u32> {
    let mut highest: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, event) in &repeat.items {
        if let Some(level) = event.level {
            let known = highest.entry(&event.item).or_default();
            *known = level.max(*known);
        }
    }
    highest.into_values().collect()
}
