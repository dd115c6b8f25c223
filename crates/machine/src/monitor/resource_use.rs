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
