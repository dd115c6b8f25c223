//! What handing work to an arm's workers costs, as the result document has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;
use workbench_stats::interval::Interval;

/// The costs of one way to run tasks in parallel, as medians over the repeats.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCost {
    /// The arm.
    pub arm: String,
    /// Its number of slots.
    pub workers: u32,
    /// The arm that does the same work with the same engine on one core.
    pub serial: String,
    /// What a task costs that does nothing, in seconds: the wall time of many, divided by their
    /// number.
    #[serde(with = "Floats::<Option<f64>>")]
    pub task_overhead_s: Option<f64>,
    /// The start-up, in seconds, which is in no wall time; null where there is none.
    #[serde(with = "Floats::<Option<f64>>")]
    pub start_up_s: Option<f64>,
    /// Peak of memory, in bytes; what processes share counts for each of them.
    pub peak_memory_bytes: u64,
    /// The same as a multiple of that of `serial`.
    #[serde(with = "Floats::<Option<f64>>")]
    pub memory_factor: Option<f64>,
    /// Speed-up over `serial`.
    #[serde(with = "Floats::<Option<f64>>")]
    pub speedup: Option<f64>,
    /// Its interval.
    pub speedup_interval: Option<Interval>,
    /// Median duration of the tasks of this run, in seconds.
    #[serde(with = "Floats::<Option<f64>>")]
    pub task_s: Option<f64>,
    /// Tasks that are longer than this get done sooner than on one core, in seconds.
    #[serde(with = "Floats::<Option<f64>>")]
    pub pays_from_task_s: Option<f64>,
    /// Work that takes longer than this on one core, in seconds, makes up for the start-up.
    #[serde(with = "Floats::<Option<f64>>")]
    pub pays_from_work_s: Option<f64>,
}
