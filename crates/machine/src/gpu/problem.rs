//! What can be wrong with the GPUs' driver.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why the NVIDIA driver's library cannot be asked, although it may be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DriverProblem {
    /// It did not answer.
    Silent {
        /// How long it was waited for, in seconds.
        seconds: u64,
    },
    /// It ended the process that had loaded it.
    Crashed {
        /// The signal that did so, where it was one.
        signal: Option<i32>,
    },
    /// The process that asks it could not be started.
    NotAsked {
        /// The operating system's message.
        reason: String,
    },
}

impl DriverProblem {
    /// What to do about it, as a sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Silent { .. } => {
                "See whether nvidia-smi answers; a driver that does not often needs a restart of the machine."
            }
            Self::Crashed { .. } => {
                "See whether nvidia-smi works, and install the driver again if it does not."
            }
            Self::NotAsked { .. } => "Close other programs, or raise the limits of this account.",
        }
    }
}

/// What happened, as a sentence.
impl fmt::Display for DriverProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { seconds } => {
                write!(
                    out,
                    "The NVIDIA driver does not answer (waited {seconds} s)."
                )
            }
            Self::Crashed {
                signal: Some(signal),
            } => write!(
                out,
                "The NVIDIA driver's library crashed (signal {signal})."
            ),
            Self::Crashed { signal: None } => {
                write!(
                    out,
                    "The NVIDIA driver's library ended the process that asked it."
                )
            }
            Self::NotAsked { reason } => {
                write!(out, "The NVIDIA driver cannot be asked: {reason}.")
            }
        }
    }
}
