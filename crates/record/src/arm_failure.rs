//! Why an arm failed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Finding, Severity};

/// What kind of failure ended an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArmFailureKind {
    /// The arm failed while it ran.
    #[default]
    Run,
    /// The data cannot be used.
    Data,
    /// The configuration does not fit the lab or its data.
    Configuration,
    /// The machine lacks something.
    Environment,
    /// Something is missing that `workbench setup` brings.
    SetUp,
}

/// An arm that failed: what it has left undone is not tried again in this part of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmFailure {
    /// The arm's name.
    pub arm: String,
    /// What kind of failure.
    #[serde(default)]
    pub kind: ArmFailureKind,
    /// Why, as a sentence without its full stop.
    pub reason: String,
}

impl ArmFailure {
    /// The kind of the finding that says so.
    pub const FINDING: &'static str = "arm_failed";

    /// What a reader has to know of it.
    pub fn finding(&self) -> Finding {
        let text = format!("{} failed: {}.", self.arm, self.reason);
        Finding::new(Self::FINDING, Severity::Error, text).arm(&self.arm)
    }
}
