//! Whether the times of a run can be those of one execution on one machine. What load, quotas,
//! stops and suspension do to a run must pass; what no machine does must not.

use std::collections::BTreeMap;

use workbench_experiment::sampling::{LONGEST_NS, SHORTEST_NS, interval_ns};
use workbench_pool::NEVER_RAN;
use workbench_record::{Finding, RepeatFinished, RepeatState};
use workbench_result::ArmResult;

use crate::messages::times as messages;
use crate::messages::times::Odd;
use crate::opened_run::OpenedRun;

/// As many findings of a kind are told.
const TOLD: usize = 3;
const MS: u64 = 1_000_000;

fn s(ns: u64) -> f64 {
    ns as f64 / 1e9
}

pub(super) fn find(run: &OpenedRun) -> Vec<Finding> {
    let mut found = Vec::new();
    for check in [tasks, cpu, sampled_cpu] {
        let of_repeats = run.snapshot.repeats.iter();
        let of_repeats = of_repeats.filter_map(|repeat| {
            let finished = repeat.finished.as_deref()?;
            check(run, repeat, finished)
        });
        found.extend(of_repeats.take(TOLD));
    }
    if run.clocks.backwards > 0 {
        found.push(messages::backwards(run.clocks.backwards));
    }
    found.extend(recorded(run));
    found.extend(cadence(run));
    found.extend(gap(run));
    found.extend(digits(run));
    let multiples = run.clocks.multiples().take(TOLD);
    found.extend(multiples.map(|(id, factor, tasks)| messages::multiples(id, factor, tasks)));
    found.extend(
        run.result
            .arms
            .iter()
            .filter_map(|arm| above_bound(run, arm)),
    );
    found
}

/// Whether programs of their own did the work, whose times are only what they tell.
fn is_opaque(finished: &RepeatFinished) -> bool {
    let usage = finished.usage.as_ref();
    usage.is_some_and(|usage| usage.processes.is_some())
}

/// Tasks lie within their repeat and on its slots.
fn tasks(run: &OpenedRun, repeat: &RepeatState, finished: &RepeatFinished) -> Option<Finding> {
    if is_opaque(finished) {
        return None;
    }
    let id = &repeat.id;
    let (from, to) = (
        finished.started_ns,
        finished.started_ns.saturating_add(finished.wall_ns),
    );
    // A task ends before the pool hands out its value; processes have clocks of their own.
    let slack = if run.snapshot.comparison.lockstep {
        50 * MS + finished.wall_ns / 100
    } else {
        2 * MS
    };
    let mut slots: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    for task in repeat.tasks.iter().filter(|task| task.slot != NEVER_RAN) {
        let before = from.saturating_sub(task.started_ns);
        let outside = before.max(task.finished_ns.saturating_sub(to));
        if outside > slack {
            return Some(messages::outside(id, s(outside)));
        }
        if task.slot >= id.workers {
            return Some(messages::slot(id, task.slot));
        }
        let span = (task.started_ns, task.finished_ns);
        slots.entry(task.slot).or_default().push(span);
    }
    // Tasks that wait for others can run those on the same slot, so spans may lie in spans.
    let busy: u64 = slots.into_values().map(union_ns).sum();
    let most = finished.wall_ns.saturating_mul(u64::from(id.workers));
    (busy > most.saturating_add(slack)).then(|| messages::too_much_task_time(id, s(busy), s(most)))
}

/// The time that spans cover together.
fn union_ns(mut spans: Vec<(u64, u64)>) -> u64 {
    spans.sort_unstable();
    let (mut sum, mut end) = (0_u64, 0);
    for (from, to) in spans {
        let from = from.max(end);
        sum = sum.saturating_add(to.saturating_sub(from));
        end = end.max(to);
    }
    sum
}

/// No more CPU time than the machine has, and no more in tasks than in their process.
fn cpu(run: &OpenedRun, repeat: &RepeatState, finished: &RepeatFinished) -> Option<Finding> {
    let start = run.snapshot.starts.get(repeat.start as usize)?;
    let processors = u64::from(start.machine.cores_logical);
    let most = finished.wall_ns.saturating_mul(processors);
    if processors > 0 && finished.cpu_ns > most + most / 20 + 50 * MS * processors {
        return Some(messages::too_much_cpu(
            &repeat.id,
            s(finished.cpu_ns),
            s(most),
        ));
    }
    let hardware = finished.usage.as_ref().and_then(|usage| usage.hardware);
    if let Some(counts) = hardware.filter(|_| finished.cpu_ns > 10 * MS) {
        let ghz = counts.cycles as f64 / finished.cpu_ns as f64;
        if ghz > 12.0 {
            return Some(messages::frequency(&repeat.id, ghz));
        }
    }
    if is_opaque(finished) || run.snapshot.comparison.lockstep {
        return None;
    }
    let tasks = repeat
        .tasks
        .iter()
        .fold(0_u64, |sum, task| sum.saturating_add(task.cpu_ns));
    (tasks > finished.cpu_ns + finished.cpu_ns / 20 + 20 * MS)
        .then(|| messages::task_cpu(&repeat.id, s(tasks), s(finished.cpu_ns)))
}

/// Samples in a repeat from which on they say something about it.
const LEAST_SAMPLES: usize = 10;

/// The samples show as much CPU time as the repeat says.
fn sampled_cpu(
    run: &OpenedRun,
    repeat: &RepeatState,
    finished: &RepeatFinished,
) -> Option<Finding> {
    let samples = run.snapshot.samples_of(repeat);
    if samples.len() < LEAST_SAMPLES || is_opaque(finished) || run.snapshot.comparison.lockstep {
        return None;
    }
    let (first, last) = (samples.first()?.0, samples.last()?.0);
    let sampled: f64 = samples
        .windows(2)
        .map(|pair| f64::from(pair[1].1.process_cores) * s(pair[1].0.saturating_sub(pair[0].0)))
        .sum();
    let covered = (last - first) as f64 / finished.wall_ns.max(1) as f64;
    let stated = s(finished.cpu_ns) * covered.min(1.0);
    let fits = sampled < stated * 1.5 + 0.5 && stated < sampled * 1.5 + 0.5;
    (!fits).then(|| messages::sampled_cpu(&repeat.id, sampled, stated))
}

/// Repeats lie where their start and end were recorded, one after the other.
fn recorded(run: &OpenedRun) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut before: Option<&RepeatFinished> = None;
    for (at, finished) in &run.clocks.finished {
        let id = &finished.id;
        let end = finished.started_ns.saturating_add(finished.wall_ns);
        let begun = run
            .clocks
            .begun
            .iter()
            .rfind(|(t_ns, begun)| begun == id && t_ns <= at);
        let early = begun.map_or(0, |(t_ns, _)| t_ns.saturating_sub(finished.started_ns));
        let outside = early.max(end.saturating_sub(*at));
        if outside > MS {
            found.push(messages::ends_late(id, s(outside)));
        } else if let Some(before) = before
            && before.started_ns.saturating_add(before.wall_ns) > finished.started_ns + MS
        {
            found.push(messages::overlap(id, &before.id));
        }
        before = Some(finished);
        let changed = run.clocks.last_change_ns.get(id).copied();
        // A repeat that ran again has changed later, which says nothing about this time.
        let changed = changed.filter(|changed| changed <= at).unwrap_or(0);
        let after = changed.saturating_sub(end);
        // The last look at a repeat comes after its end, on a machine under load somewhat later.
        if after > 1000 * MS + finished.wall_ns / 10 && !is_opaque(finished) {
            found.push(messages::went_on(id, s(after)));
        }
    }
    found.truncate(TOLD);
    found
}

/// Samples are as far apart as the program takes them.
fn cadence(run: &OpenedRun) -> Option<Finding> {
    let times: Vec<u64> = run.snapshot.samples.iter().map(|(t_ns, _)| *t_ns).collect();
    let mut gaps: Vec<u64> = times
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .collect();
    gaps.sort_unstable();
    let median = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    // Every part of the run ends with one more sample.
    let hasty = gaps
        .iter()
        .filter(|gap| **gap < SHORTEST_NS / 2 - 5 * MS)
        .count();
    let parts = run.snapshot.starts.len();
    if gaps.len() >= LEAST_SAMPLES && (hasty > 2 * parts || median < SHORTEST_NS * 3 / 4) {
        return Some(messages::cadence(s(median), s(SHORTEST_NS), times.len()));
    }
    run.snapshot.repeats.iter().find_map(|repeat| {
        let samples = run.snapshot.samples_of(repeat);
        let pairs = samples.windows(2);
        let least = pairs
            .map(|pair| pair[1].0.saturating_sub(pair[0].0))
            .min()?;
        let last = samples.last()?.0;
        let expected = interval_ns(last, Some(last.saturating_sub(repeat.started_ns)));
        (samples.len() > LEAST_SAMPLES && least > expected * 17 / 10)
            .then(|| messages::cadence_of(&repeat.id, s(least), s(expected)))
    })
}

/// A stretch without samples is worth a note: a repeat may have been there once, but a program that
/// was stopped leaves the same.
fn gap(run: &OpenedRun) -> Option<Finding> {
    let samples = run.snapshot.samples.windows(2);
    let gaps = samples.map(|pair| (pair[0].0, pair[1].0));
    let is_new_part = |(from, to): &(u64, u64)| {
        let mut resumed = run.clocks.resumed_ns.iter();
        resumed.any(|t_ns| from <= t_ns && t_ns <= to)
    };
    let longest = gaps.filter(|gap| !is_new_part(gap));
    let longest = longest.map(|(from, to)| to.saturating_sub(from)).max()?;
    (longest > LONGEST_NS * 13 / 10).then(|| messages::gap(s(longest)))
}

/// The last digits of times are as good as random.
fn digits(run: &OpenedRun) -> Option<Finding> {
    let resolution = run.clocks.resolution_ns();
    let of_repeats = run
        .clocks
        .finished
        .iter()
        .map(|(_, finished)| finished.wall_ns);
    let of_cpu = run
        .clocks
        .finished
        .iter()
        .map(|(_, finished)| finished.cpu_ns);
    let walls: Vec<u64> = of_repeats.chain(of_cpu).filter(|ns| *ns > 0).collect();
    // No supported clock counts in steps of 10 microseconds or more.
    if resolution >= 10_000 && walls.len() >= 2 {
        let zeros = resolution.ilog10();
        return Some(messages::digits(walls.len(), walls.len(), zeros));
    }
    (4..=9).find_map(|zeros| {
        let step = 10_u64.pow(zeros) * resolution;
        let round = walls.iter().filter(|ns| ns.is_multiple_of(step)).count();
        // The chance that so many of them are round, from above.
        let expected = walls.len() as f64 / 10_f64.powf(f64::from(zeros));
        let chance = expected.powf(round as f64);
        (round > 0 && chance < 1e-6).then(|| messages::digits(round, walls.len(), zeros))
    })
}

/// A speed-up above its bound, with what explains it.
fn above_bound(run: &OpenedRun, arm: &ArmResult) -> Option<Finding> {
    let (speedup, bound) = (arm.speedup?, arm.bound?);
    if speedup <= bound * 1.02 {
        return None;
    }
    let base = run
        .result
        .arms
        .iter()
        .find(|arm| arm.name == run.result.base)?;
    let sum = |times: &[f64]| times.iter().sum::<f64>() / times.len().max(1) as f64;
    let off_core_s = base.lost_s.waiting + base.lost_s.no_core;
    let odd = if off_core_s > base.wall_median_s / 20.0 {
        Odd::BaseWaited
    } else if sum(&arm.cpu_s) < 0.95 * sum(&base.cpu_s) {
        Odd::LessCpu
    } else {
        Odd::Nothing
    };
    let (arm, workers) = (&*arm.name, arm.workers);
    Some(messages::above_bound(
        (arm, workers),
        (speedup, bound),
        &odd,
    ))
}
