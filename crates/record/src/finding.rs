//! Findings: what a reader of a run has to know, as facts. The code that finds one makes its text
//! once. The text is only shown; no code parses it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

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

impl Severity {
    /// The word for it, as it stands before a finding.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The kind of a finding on an arm that went on after a failure: its wall time contains the
/// recovery.
pub const RECOVERED: &str = "recovered";

/// The kind of the finding that the slots of an arm shared cores, with each other or with other
/// programs: they waited for a core while they could have run.
pub const SHARED_CORES: &str = "shared_cores";

/// What a finding is about. Empty where it is about the run as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Subject {
    /// The arm's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// The arm that it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
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
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        with = "Floats::<BTreeMap<String, f64>>"
    )]
    pub numbers: BTreeMap<String, f64>,
    /// The finding as one or more full sentences, for people.
    pub text: String,
}

impl Finding {
    /// A finding about the run as a whole, without numbers.
    pub fn new(kind: &str, severity: Severity, text: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            severity,
            text: text.into(),
            ..Self::default()
        }
    }

    /// Something worth knowing that puts no number in doubt.
    pub fn note(kind: &str, text: impl Into<String>) -> Self {
        Self::new(kind, Severity::Note, text)
    }

    /// Something without which a number may mislead.
    pub fn warning(kind: &str, text: impl Into<String>) -> Self {
        Self::new(kind, Severity::Warning, text)
    }

    /// Something that failed.
    pub fn error(kind: &str, text: impl Into<String>) -> Self {
        Self::new(kind, Severity::Error, text)
    }

    /// The same, about an arm.
    #[must_use]
    pub fn arm(mut self, name: &str) -> Self {
        self.subject.arm = Some(name.to_owned());
        self
    }

    /// The same, about an arm at a number of slots.
    #[must_use]
    pub fn arm_on(mut self, name: &str, workers: u32) -> Self {
        self.subject.workers = Some(workers);
        self.arm(name)
    }

    /// The same, compared with another arm.
    #[must_use]
    pub fn against(mut self, name: &str) -> Self {
        self.subject.against = Some(name.to_owned());
        self
    }

    /// The same, about a repeat, from 0.
    #[must_use]
    pub fn repeat(mut self, repeat: u32) -> Self {
        self.subject.repeat = Some(repeat);
        self
    }

    /// The same, about a slot, from 0.
    #[must_use]
    pub fn slot(mut self, slot: u32) -> Self {
        self.subject.slot = Some(slot);
        self
    }

    /// The same, about an option or parameter as it is typed.
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.subject.option = Some(option.to_owned());
        self
    }

    /// The same with a number, named with its unit: `waited_s`. One that is not finite is left out:
    /// it says nothing, and it is not equal to itself.
    #[must_use]
    pub fn number(mut self, name: &str, value: f64) -> Self {
        if value.is_finite() {
            self.numbers.insert(name.to_owned(), value);
        }
        self
    }
}
