//! What a running task can ask about itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Handed to a task that takes it: its number, its attempt, and whether it should stop.
///
/// A reference to it may be shared with the threads of a nested `par_iter` or `join`.
#[derive(Debug)]
pub struct TaskContext<'a> {
    task: u64,
    attempt: u32,
    cancelled: &'a AtomicBool,
    cancelled_below: &'a AtomicU64,
    seen: AtomicBool,
}

impl<'a> TaskContext<'a> {
    pub(super) fn new(
        task: u64,
        attempt: u32,
        cancelled: &'a AtomicBool,
        cancelled_below: &'a AtomicU64,
    ) -> Self {
        Self {
            task,
            attempt,
            cancelled,
            cancelled_below,
            seen: AtomicBool::new(false),
        }
    }

    /// Whether somebody wants this task to stop. A task that has been told so ends as cancelled,
    /// whatever it returns; one that never asks runs to its end and keeps its value.
    pub fn is_cancelled(&self) -> bool {
        let cancelled = self.cancelled.load(Ordering::Relaxed)
            || self.task < self.cancelled_below.load(Ordering::Relaxed);
        if cancelled {
            self.seen.store(true, Ordering::Relaxed);
        }
        cancelled
    }

    /// 0 at the first attempt, 1 at the first retry.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The task's number, unique in its pool.
    pub fn id(&self) -> u64 {
        self.task
    }

    /// Whether the task was told that it is cancelled.
    pub(super) fn saw_cancellation(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }
}
