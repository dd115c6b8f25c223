//! Whether what the processor counts can be read, as a fact about a machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the processor's counters can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CounterAccess {
    /// Nobody tried.
    #[default]
    Unknown,
    /// They can be read.
    Available,
    /// The system refuses them: `kernel.perf_event_paranoid`, or a container's seccomp profile.
    NotAllowed,
    /// The processor has none, as many virtual machines.
    NotSupported,
    /// They are read on Linux only.
    OtherSystem,
}

impl CounterAccess {
    /// Whether nobody tried.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}
