//! Why a run ended before its plan was done, where no arm is to blame.

use serde::{Deserialize, Serialize};

use crate::{Finding, Severity};

/// What the machine refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Threads: a limit, or no memory for them.
    Threads,
    /// Space on the disk, or within a quota or a limit on the sizes of files.
    Storage,
    /// The record could not be written for another reason.
    Record,
    /// Anything else.
    Other,
}

/// A run that could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailure {
    /// What the machine refused.
    pub cause: Refused,
    /// What was said about it, as a sentence without its full stop.
    pub reason: String,
}

impl RunFailure {
    /// The kind of the finding that says so.
    pub const FINDING: &'static str = "run_failed";

    /// What a reader has to know of it.
    pub fn finding(&self) -> Finding {
        let text = format!("The run could not go on: {}.", self.reason);
        Finding::new(Self::FINDING, Severity::Error, text)
    }
}
