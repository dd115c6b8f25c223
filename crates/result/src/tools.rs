//! What handing work to an arm's workers costs, and from which size of task on it pays. Computed
//! for runs that have arms of other engines: they ask which way to run in parallel is the right
//! one.

use workbench_clock::seconds;
use workbench_record::{ArmFacts, RepeatState, RunStarted, Snapshot, TASK_OVERHEAD};
use workbench_stats::descriptive::{self, median};
use workbench_stats::interval;

use crate::document::ArmResult;
use crate::tool_cost::ToolCost;

/// The costs of all parallel arms; none in a run without arms of other engines.
pub(crate) fn tools(
    arms: &[ArmResult],
    (snapshot, started): (&Snapshot, &RunStarted),
    comparable: bool,
) -> Vec<ToolCost> {
    let serial = |facts: &ArmFacts| facts.peer.as_ref()?.serial.clone();
    if !started.arms.iter().any(|facts| serial(facts).is_some()) {
        return Vec::new();
    }
    let base = started.arms.first().map(|base| base.name.as_str());
    let tool = |arm: &ArmResult| {
        let facts = started.arms.iter().find(|facts| facts.name == arm.name)?;
        let of_base = base.filter(|_| facts.peer.is_none()).map(str::to_owned);
        let serial = serial(facts).or(of_base)?;
        let is_tool = facts.parallel && !facts.control;
        is_tool.then(|| cost(arm, serial, arms, snapshot, comparable))
    };
    arms.iter().filter_map(tool).collect()
}

fn cost(
    arm: &ArmResult,
    serial: String,
    arms: &[ArmResult],
    snapshot: &Snapshot,
    comparable: bool,
) -> ToolCost {
    let repeats = snapshot.finished(&arm.name, arm.workers);
    let of_serial = snapshot.finished(&serial, 1);
    let pairs = of_serial.iter().filter_map(|one| {
        let other = repeats
            .iter()
            .find(|other| other.id.repeat == one.id.repeat)?;
        Some((seconds(one.wall_ns()), seconds(other.wall_ns())))
    });
    let (ones, others): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let speedup = interval::speedup(&ones, &others)
        .ok()
        .filter(|_| comparable);
    let peak = |arm: &ArmResult| arm.usage.as_ref().map_or(0, |used| used.peak_memory_bytes);
    let serial_peak = arms
        .iter()
        .find(|other| other.name == serial)
        .map_or(0, peak);
    let task_overhead_s = median_of(&repeats, |repeat| {
        let facts = &repeat.finished.as_ref()?.breakdown.facts;
        Some(seconds(*facts.get(TASK_OVERHEAD)?))
    });
    let start_up_s = median_of(&repeats, |repeat| {
        let parts = &repeat.finished.as_ref()?.breakdown.start_up;
        let all = descriptive::total(parts.iter().map(|part| seconds(part.ns)));
        Some(all).filter(|all| *all > 0.0)
    });
    // What is cut into p parts has to save more than it costs: t − t/p > cost.
    let cores = arm.ideal.unwrap_or(1.0);
    let pays = |cost: f64| (cores > 1.0).then(|| cost * cores / (cores - 1.0));
    ToolCost {
        arm: arm.name.clone(),
        workers: arm.workers,
        serial,
        task_overhead_s,
        start_up_s,
        peak_memory_bytes: peak(arm),
        memory_factor: (serial_peak > 0).then(|| peak(arm) as f64 / serial_peak as f64),
        speedup: speedup.map(|speedup| speedup.ratio),
        speedup_interval: speedup.and_then(|speedup| speedup.interval),
        task_s: task_s(&repeats),
        pays_from_task_s: task_overhead_s.and_then(pays),
        pays_from_work_s: start_up_s.and_then(pays),
    }
}

fn median_of(
    repeats: &[&RepeatState],
    figure: impl Fn(&RepeatState) -> Option<f64>,
) -> Option<f64> {
    let found: Vec<f64> = repeats.iter().filter_map(|repeat| figure(repeat)).collect();
    median(&found)
}

fn task_s(repeats: &[&RepeatState]) -> Option<f64> {
    let tasks = repeats.iter().flat_map(|repeat| &repeat.tasks);
    let walls = tasks.map(|task| seconds(task.finished_ns.saturating_sub(task.started_ns)));
    median(&walls.collect::<Vec<f64>>())
}

/// What may be said of an arm. Another engine may do the work in less or more time on one core, so
/// nothing follows for it from the number of slots.
pub(crate) fn judged(result: ArmResult) -> ArmResult {
    if !result.peer {
        return result;
    }
    ArmResult {
        efficiency: None,
        bound: None,
        predicted: None,
        karp_flatt: None,
        ..result
    }
}
