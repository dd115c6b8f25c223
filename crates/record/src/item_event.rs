//! What becomes of an item (a trial, a model) while its arm runs, for labs whose items have a life
//! of their own: they wait, run, are stopped early, fail and run again.

use serde::{Deserialize, Serialize};

use crate::Params;

/// The state of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemPhase {
    /// It is to run, and has not begun.
    #[default]
    Pending,
    /// A slot works on it.
    Running,
    /// It may go on later, from what was kept of it.
    Paused,
    /// It was ended early, because others are better.
    Stopped,
    /// It came to its end.
    Done,
    /// It has no outcome.
    Failed,
}

impl ItemPhase {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Paused,
        Self::Stopped,
        Self::Done,
        Self::Failed,
    ];

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more becomes of it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Done | Self::Failed)
    }
}

/// Why an attempt at an item failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemFailure {
    /// Its code panicked.
    Panicked,
    /// Its figure is no finite number.
    NotFinite,
    /// It reported an error.
    Error,
    /// Its program ended before its work was done, or was ended by somebody else.
    Died,
    /// Its program used more memory than it may.
    OutOfMemory,
    /// Its program took longer than it may.
    TimeLimit,
}

/// A place in an item's work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPlace {
    /// The item.
    pub item: String,
    /// The step, in the lab's own counting.
    pub step: u64,
}

/// An item of the current repeat has another state from now on. The order in the log is the order
/// in which the arm decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemEvent {
    /// The item, named as in the arm's output.
    pub item: String,
    /// Its state.
    pub phase: ItemPhase,
    /// Steps of its work that are done and kept, in the lab's own counting.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub step: u64,
    /// While it runs: up to which step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The level that it has reached, such as a rung of successive halving, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
    /// What it is made with, where that is new or has changed.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub settings: Params,
    /// Its work up to this step was kept: it goes on from there after an interruption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<u64>,
    /// A person asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// From whose work it goes on, where that is not its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ItemPlace>,
    /// The GPUs that compute for it from now on, by number or name. Such an event says no more than
    /// that, and the state is the one that it has anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<String>,
    /// Attempts that have failed so far.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub failures: u32,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ItemFailure>,
    /// What it said when it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl ItemEvent {
    /// Whether the item has another state from now on, or goes on: events that only say what was
    /// kept of it, or where it computes, change nothing.
    pub fn is_change(&self) -> bool {
        self.kept.is_none() && self.gpus.is_empty()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none_yet(number: &u32) -> bool {
    *number == 0
}
