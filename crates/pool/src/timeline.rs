//! What a task leaves behind: one [`TaskSpan`] per attempt, collected without locks
//! shared between workers.

use std::sync::Arc;

/// The [`TaskSpan::slot`] of a task that ended without ever having run: cancelled while it waited,
/// or given up because a dependency failed or its actor was dead. Such a span has
/// [`Outcome::Cancelled`] and no duration.
pub const NEVER_RAN: u32 = u32::MAX;

/// How an attempt at a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// The task returned its value.
    Done,
    /// The task returned an error.
    Failed,
    /// The task panicked.
    Panicked,
    /// The task was cancelled, before it started or at its own request while it ran.
    Cancelled,
}

impl Outcome {
    /// The word for it: `done`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One attempt at a task. Times are nanoseconds on the pool's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TaskSpan {
    /// The task's number, unique in its pool.
    pub task: u64,
    /// What a person calls the task, for example `n_estimators=340`. Tasks that belong together
    /// share one name.
    pub name: Arc<str>,
    /// The number of the group of tasks that it belongs to, as given by
    /// [`TaskBuilder::group`](crate::TaskBuilder::group); 0 if not given.
    pub group: u32,
    /// Its number within the group, as given by [`TaskBuilder::part`](crate::TaskBuilder::part); 0
    /// if not given.
    pub part: u32,
    /// The slot (pool thread) that ran it, or [`NEVER_RAN`].
    pub slot: u32,
    /// 0 for the first attempt, 1 for the first retry.
    pub attempt: u32,
    /// When the task was submitted.
    pub queued_ns: u64,
    /// When its last dependency was met, so that only a free slot was missing.
    pub ready_ns: u64,
    /// When it started to run.
    pub started_ns: u64,
    /// When it stopped running.
    pub finished_ns: u64,
    /// CPU time of the attempt itself, without tasks that ran nested inside it.
    pub cpu_ns: u64,
    /// For how long the attempt could have run and waited for a core, as far as the system counts
    /// it ([`CoreWait`](workbench_clock::CoreWait)); without tasks that ran nested inside it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub core_wait_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
}

#[cfg(feature = "serde")]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(ns: &u64) -> bool {
    *ns == 0
}

impl TaskSpan {
    /// Wall time from start to finish, in nanoseconds.
    pub fn wall_ns(&self) -> u64 {
        self.finished_ns.saturating_sub(self.started_ns)
    }
}
