//! Something that somebody should look at.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// What is wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A GPU does not answer any more.
    GpuLost,
    /// The GPUs' driver does not answer.
    GpuDriver,
    /// The driver has told an error of a GPU (Xid).
    GpuError,
    /// A GPU has found memory errors that it could not mend.
    GpuMemoryErrors,
    /// A GPU is hot.
    GpuTemperature,
    /// A GPU's clocks are held down by heat or by the power supply.
    GpuHeldDown,
    /// A core is hot.
    CoreTemperature,
    /// Little memory is left.
    Memory,
    /// Tasks stall for want of memory.
    MemoryStalls,
    /// A file system is nearly full.
    Disk,
    /// The quota of the control group keeps threads off the cores.
    Quota,
    /// The hypervisor gives the cores to others.
    Steal,
}

/// How long a figure that goes up and down has to be beyond its limit before it is told.
const LASTING: Duration = Duration::from_secs(5);

impl AlertKind {
    /// How long it has to last before it is told: one sample of what goes up and down says nothing,
    /// and what has happened is told at once.
    pub fn lasting(self) -> Duration {
        match self {
            Self::GpuLost
            | Self::GpuDriver
            | Self::GpuError
            | Self::GpuMemoryErrors
            | Self::Disk => Duration::ZERO,
            Self::GpuTemperature
            | Self::GpuHeldDown
            | Self::CoreTemperature
            | Self::Memory
            | Self::MemoryStalls
            | Self::Quota
            | Self::Steal => LASTING,
        }
    }
}

/// Of what.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertSubject {
    /// The machine.
    Machine,
    /// A core, by its number.
    Core(u32),
    /// A GPU, by its index.
    Gpu(u32),
    /// A file system, by its place.
    FileSystem(String),
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// What is wrong.
    pub kind: AlertKind,
    /// Of what.
    pub subject: AlertSubject,
    /// The figure; a share, degrees, cores or a number, as the kind says.
    #[serde(with = "Floats::<f64>")]
    pub value: f64,
    /// Its limit.
    #[serde(with = "Floats::<f64>")]
    pub limit: f64,
    /// Since when, in milliseconds since 1970 (UTC), as far as it was watched.
    pub since_unix_ms: u64,
    /// In words.
    pub text: String,
}
