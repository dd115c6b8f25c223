//! What the helper process is asked and says, one line of JSON each.

use serde::{Deserialize, Serialize};

use super::state::GpuState;
use crate::facts::GpuFacts;
use crate::monitor::sample::GpuSample;

/// A question to the helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// A look at all GPUs, as runs record it.
    Look,
    /// Everything that the GPUs say.
    Details,
}

/// An answer of the helper: `Driver` and its `Gpu`s without being asked, then one for every
/// question.
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
    /// Everything that the GPUs say.
    Details {
        /// The GPUs in the driver's order, each followed by its MIG devices.
        gpus: Vec<GpuState>,
        /// How long ago they were asked, in nanoseconds: not at every question, where that is dear.
        age_ns: u64,
        /// CPU time that the helper has used so far, in nanoseconds.
        cpu_ns: u64,
    },
}
