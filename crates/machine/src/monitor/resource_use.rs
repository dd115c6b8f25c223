//! What the program used in a stretch of time: memory, page faults, context switches, and what the
//! processor counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// What the program, and the processes that it started and waited for, used in a stretch of time.
/// `None` where the machine does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResourceUse {
    /// The most resident memory, in bytes; 0 where it is not known.
    pub peak_memory_bytes: u64,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that needed one.
    pub major_faults: u64,
    /// Times that a thread gave its core away to wait for something.
    pub voluntary_switches: u64,
    /// Times that a thread was taken off its core.
    pub involuntary_switches: u64,
    /// Mean frequency of the cores while they worked, in MHz.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f64>>"
    )]
    pub mhz: Option<f64>,
    /// What the processor counted, outside the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<HardwareCounts>,
    /// Of processes that did the arm's work: what only they can say. The figures above are then
    /// theirs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<ProcessUse>,
}

/// What the processes of an arm used, all of them together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessUse {
    /// CPU time in their own code, in nanoseconds.
    pub user_ns: u64,
    /// CPU time in the kernel on their behalf, in nanoseconds.
    pub system_ns: u64,
    /// Bytes that they read by system calls, from files, pipes and the network; absent where the
    /// system does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Bytes that they wrote likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
    /// How many there were: the program and all that it and its children started. Threads are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<StartedProcesses>,
}

/// How many processes were started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartedProcesses {
    /// The number.
    pub count: u64,
    /// Whether there may have been more: only those are counted that were seen.
    #[serde(skip_serializing_if = "is_exact")]
    pub at_least: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_exact(at_least: &bool) -> bool {
    !at_least
}

impl ProcessUse {
    /// CPU time, in nanoseconds.
    pub fn cpu_ns(&self) -> u64 {
        self.user_ns.saturating_add(self.system_ns)
    }
}

/// What the processor counts of the program's own code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HardwareCounts {
    /// Instructions that were executed.
    pub instructions: u64,
    /// Cycles that they took.
    pub cycles: u64,
    /// Accesses that missed the last cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_misses: Option<u64>,
}
