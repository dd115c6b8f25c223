//! What the helper process says, one line of JSON each.

use serde::{Deserialize, Serialize};

use crate::facts::GpuFacts;
use crate::monitor::sample::GpuSample;

/// An answer of the helper. After `Driver` and its `Gpu`s it answers every line that it reads with
/// a `Look`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// There is no library, or it does not start. The helper ends.
    Absent,
    /// The library has started.
    Driver {
        /// The driver's version.
        version: Option<String>,
        /// How many GPUs follow.
        gpus: u32,
    },
    /// A GPU.
    Gpu(GpuFacts),
    /// One look at all GPUs.
    Look {
        /// One entry per GPU, in the driver's order.
        gpus: Vec<GpuSample>,
        /// CPU time that the helper has used so far, in nanoseconds.
        cpu_ns: u64,
    },
}
