//! What disturbed a repeat from outside, by its cause.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// One cause that disturbed a repeat, with its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Disturbance {
    /// The machine was suspended: a closed laptop.
    Suspended {
        /// For how long.
        #[serde(with = "Floats::<f64>")]
        seconds: f64,
    },
    /// The program was stopped: SIGSTOP, a debugger, a frozen container.
    Stopped {
        /// For how long.
        #[serde(with = "Floats::<f64>")]
        seconds: f64,
    },
    /// The hypervisor paused the machine.
    Paused {
        /// For how long.
        #[serde(with = "Floats::<f64>")]
        seconds: f64,
    },
    /// The CPU quota of the control group kept the program off the cores more than the quota at
    /// the start of the run explains.
    Throttled {
        /// Periods in which the quota was used up.
        periods: u64,
        /// Core time that was lost, in seconds.
        #[serde(with = "Floats::<f64>")]
        core_s: f64,
    },
    /// The program could use another number of cores than at the start of the run, because the
    /// quota of its control group was changed.
    QuotaChanged {
        /// Usable cores at the start of the run.
        #[serde(with = "Floats::<f64>")]
        from: f64,
        /// Usable cores in this repeat.
        #[serde(with = "Floats::<f64>")]
        to: f64,
    },
    /// The program could use another number of cores than at the start of the run, because its
    /// affinity mask, or the set of processors, was changed.
    AffinityChanged {
        /// Usable cores at the start of the run.
        #[serde(with = "Floats::<f64>")]
        from: f64,
        /// Usable cores in this repeat.
        #[serde(with = "Floats::<f64>")]
        to: f64,
    },
    /// Another highest frequency was allowed than at the start of the run.
    FrequencyCapChanged {
        /// At the start of the run, in MHz, as a mean over the cores.
        from_mhz: u32,
        /// In this repeat.
        to_mhz: u32,
    },
    /// The hypervisor gave core time to other machines.
    Steal {
        /// Core time, in seconds.
        #[serde(with = "Floats::<f64>")]
        core_s: f64,
    },
    /// Threads stalled because memory was short.
    MemoryPressure {
        /// Time in which at least one thread of the machine did, in seconds.
        #[serde(with = "Floats::<f64>")]
        seconds: f64,
    },
}

impl Disturbance {
    /// The same cause in two repeats: times add up, and of two changes the larger one counts. Of
    /// two different causes this one.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Suspended { seconds: a }, Self::Suspended { seconds: b }) => {
                Self::Suspended { seconds: a + b }
            }
            (Self::Stopped { seconds: a }, Self::Stopped { seconds: b }) => {
                Self::Stopped { seconds: a + b }
            }
            (Self::Paused { seconds: a }, Self::Paused { seconds: b }) => {
                Self::Paused { seconds: a + b }
            }
            (Self::MemoryPressure { seconds: a }, Self::MemoryPressure { seconds: b }) => {
                Self::MemoryPressure { seconds: a + b }
            }
            (Self::Steal { core_s: a }, Self::Steal { core_s: b }) => Self::Steal { core_s: a + b },
            (
                Self::Throttled { periods, core_s },
                Self::Throttled {
                    periods: more,
                    core_s: more_s,
                },
            ) => Self::Throttled {
                periods: periods.saturating_add(*more),
                core_s: core_s + more_s,
            },
            _ if other.change() > self.change() => other.clone(),
            _ => self.clone(),
        }
    }

    /// How far something was changed.
    fn change(&self) -> f64 {
        match self {
            Self::QuotaChanged { from, to } | Self::AffinityChanged { from, to } => {
                (from - to).abs()
            }
            Self::FrequencyCapChanged { from_mhz, to_mhz } => f64::from(from_mhz.abs_diff(*to_mhz)),
            _ => 0.0,
        }
    }

    /// Whether the time of a repeat that was disturbed like this says nothing about its arm. Other
    /// disturbances affect arms alike or cannot be told from the arm's own doing.
    pub fn spoils(&self) -> bool {
        match self {
            Self::Suspended { .. }
            | Self::Stopped { .. }
            | Self::Paused { .. }
            | Self::Throttled { .. }
            | Self::QuotaChanged { .. }
            | Self::AffinityChanged { .. } => true,
            Self::FrequencyCapChanged { .. } | Self::Steal { .. } | Self::MemoryPressure { .. } => {
                false
            }
        }
    }
}
