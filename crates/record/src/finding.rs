//! Findings: what a reader of a run has to know, as facts. Their text is made once, by whoever finds
//! them, and is only shown afterwards: no room reads it to learn what it says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; no number is in doubt.
    #[default]
    Note,
    /// A number may mislead whoever does not know this.
    Warning,
    /// Something failed, or a number must not be stated.
    Error,
}

/// What a finding is about. Empty where it is about the run as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Subject {
    /// The arm's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// The number of slots that the arm ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
    /// The repeat, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// The slot: a thread of the pool or a rank, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    /// The option or parameter, as it is typed: `--workers`, `fault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
}

/// One thing that a reader of a run has to know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What it is, in `snake_case`: `arm_failed`, `noisy`, `worker_lost`. Programs tell findings
    /// apart by this.
    pub kind: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    #[serde(default)]
    pub subject: Subject,
    /// Its numbers by name, each with its unit in the name: `waited_s`, `repeats`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, f64>,
    /// The finding as one or more full sentences, for people.
    pub text: String,
}
