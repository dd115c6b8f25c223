//! Which repeats there are, in which order, and whether two are the same one.

use std::collections::{BTreeMap, BTreeSet};

use workbench_experiment::plan;
use workbench_pool::TaskSpan;
use workbench_record::{Finding, RepeatId, RunStatus};

use crate::messages::repeats as messages;
use crate::opened_run::OpenedRun;

/// As many findings of a kind are told.
const TOLD: usize = 3;

pub(super) fn find(run: &OpenedRun) -> Vec<Finding> {
    let mut found = copied(run);
    let Some(started) = run.snapshot.started.as_deref() else {
        return found;
    };
    let is_damaged = run.snapshot.damage.lines > 0;
    let follows = u64::from(started.config.repeats)
        * started
            .arms
            .iter()
            .map(|arm| arm.workers_of(&started.config.workers).len() as u64)
            .sum::<u64>();
    if u64::from(started.planned_repeats) != follows {
        found.push(messages::plan(started.planned_repeats, follows));
        return found;
    }
    let repeats = run.snapshot.tally.repeats.min(20_000);
    let planned = plan(&started.config, &started.arms, repeats);
    if !is_damaged {
        found.extend(incomplete(run, &planned));
        found.extend(twice(run));
        found.extend(order(run, &planned));
    }
    found
}

fn incomplete(run: &OpenedRun, planned: &[RepeatId]) -> Vec<Finding> {
    let known: BTreeSet<&RepeatId> = planned.iter().collect();
    let finished: BTreeSet<&RepeatId> = run.clocks.finished.iter().map(|(_, f)| &f.id).collect();
    let begun = run.clocks.begun.iter().map(|(_, id)| id);
    let unplanned = begun.filter(|id| !known.contains(id)).take(TOLD);
    let mut found: Vec<Finding> = unplanned.map(messages::unplanned).collect();
    if run.snapshot.status == RunStatus::Completed {
        let missing = planned.iter();
        let missing = missing.filter(|id| !finished.contains(id));
        let missing = missing.filter(|id| !run.snapshot.has_ended(&id.arm));
        found.extend(missing.take(TOLD).map(messages::missing));
    }
    found
}

fn twice(run: &OpenedRun) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let counted = run.clocks.finished.iter().filter(|(_, f)| f.counts());
    let again = counted.filter(|(_, f)| !seen.insert(&f.id));
    again
        .take(TOLD)
        .map(|(_, f)| messages::twice(&f.id))
        .collect()
}

/// In a run that nothing interrupted or spoiled, repeats run as planned.
fn order(run: &OpenedRun, planned: &[RepeatId]) -> Option<Finding> {
    let snapshot = &run.snapshot;
    if snapshot.resumed > 0 || !snapshot.left_out.repeats().is_empty() {
        return None;
    }
    let begun: BTreeSet<&RepeatId> = run.clocks.begun.iter().map(|(_, id)| id).collect();
    let planned = planned.iter().filter(|id| begun.contains(id));
    let mut pairs = run.clocks.begun.iter().map(|(_, id)| id).zip(planned);
    pairs
        .find(|(found, planned)| found != planned)
        .map(|(found, planned)| messages::order(found, planned))
}

/// Shorter repeats may last equally long by chance.
const LEAST_NS: u64 = 100_000;
/// Coarser clocks give equal times often.
const COARSE_NS: u64 = 1000;
/// As many tasks never last equally long in two repeats.
const LEAST_TASKS: usize = 4;

fn copied(run: &OpenedRun) -> Vec<Finding> {
    if run.clocks.resolution_ns() >= COARSE_NS {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut by_times: BTreeMap<(u64, u64), &RepeatId> = BTreeMap::new();
    for (_, repeat) in &run.clocks.finished {
        if repeat.wall_ns < LEAST_NS {
            continue;
        }
        let other = by_times.insert((repeat.wall_ns, repeat.cpu_ns), &repeat.id);
        if let Some(other) = other {
            found.push(messages::copied(&repeat.id, other));
        }
    }
    let mut by_tasks: BTreeMap<Vec<u64>, &RepeatId> = BTreeMap::new();
    for repeat in &run.snapshot.repeats {
        let tasks: Vec<u64> = repeat.tasks.iter().map(TaskSpan::wall_ns).collect();
        let says_something = tasks.iter().filter(|ns| **ns >= COARSE_NS).count() >= LEAST_TASKS;
        if says_something
            && let Some(other) = by_tasks.insert(tasks, &repeat.id)
            && *other != repeat.id
        {
            found.push(messages::copied(&repeat.id, other));
        }
    }
    found.truncate(TOLD);
    found
}
