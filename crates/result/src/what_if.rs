//! What other numbers of slots would give, from recorded durations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_clock::seconds;
use workbench_json::Floats;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{ArmFacts, RepeatState, RunStarted, Snapshot};
use workbench_stats::schedule;

/// The largest number of slots of a what-if curve.
pub const WHAT_IF_WORKERS: u32 = 64;

/// Speed-ups that recorded durations would give on other numbers of slots, without overhead or
/// inflation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIf {
    /// The arm whose recorded tasks are scheduled.
    pub arm: String,
    /// Number of tasks.
    pub tasks: u64,
    /// The most that any number of slots can give: total work over the longest task.
    #[serde(with = "Floats::<f64>")]
    pub limit: f64,
    /// One entry per number of slots.
    pub points: Vec<WhatIfPoint>,
}

/// One number of slots of a what-if curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfPoint {
    /// Number of slots.
    pub workers: u32,
    /// Speed-up in submission order.
    #[serde(with = "Floats::<f64>")]
    pub fifo: f64,
    /// Speed-up with the longest task first.
    #[serde(with = "Floats::<f64>")]
    pub longest_first: f64,
}

/// CPU seconds of the tasks that ran to their end, in submission order.
pub(super) fn durations(repeat: &RepeatState) -> Vec<f64> {
    let mut tasks: Vec<&TaskSpan> = repeat
        .tasks
        .iter()
        .filter(|t| t.outcome == Outcome::Done)
        .collect();
    tasks.sort_by_key(|t| t.task);
    tasks.iter().map(|t| seconds(t.cpu_ns)).collect()
}

/// A curve for every parallel arm, where its tasks could be scheduled otherwise.
pub(super) fn what_if(snapshot: &Snapshot, started: &RunStarted) -> Vec<WhatIf> {
    let comparison = &snapshot.comparison;
    if comparison.lockstep || !comparison.basis.needs_equal_work() {
        return Vec::new();
    }
    let curve = |arm: &ArmFacts| {
        let workers = *arm.workers_of(&started.config.workers).last()?;
        let durations = durations(snapshot.median_repeat(&arm.name, workers)?);
        let points = schedule::what_if(&durations, 1..=WHAT_IF_WORKERS)
            .into_iter()
            .map(|point| WhatIfPoint {
                workers: point.workers,
                fifo: point.fifo,
                longest_first: point.longest_first,
            })
            .collect();
        Some(WhatIf {
            arm: arm.name.clone(),
            tasks: durations.len() as u64,
            limit: schedule::limit(&durations)?,
            points,
        })
    };
    started
        .arms
        .iter()
        .filter(|arm| arm.parallel)
        .filter_map(curve)
        .collect()
}
