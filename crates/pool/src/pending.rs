//! What a thread waits for: some of a list of tasks.

use std::sync::Arc;
use std::time::Instant;

use super::task::{AnyTask, Watcher};
use super::waiter::Waiter;

/// A wait for `needed` of `tasks`. Registers with them only when the thread really has to sleep.
pub struct Pending<'a> {
    tasks: &'a [&'a dyn AnyTask],
    needed: usize,
    deadline: Option<Instant>,
    waiter: Option<Arc<Waiter>>,
}

impl<'a> Pending<'a> {
    pub fn new(tasks: &'a [&'a dyn AnyTask], needed: usize, deadline: Option<Instant>) -> Self {
        Self {
            tasks,
            needed: needed.min(tasks.len()),
            deadline,
            waiter: None,
        }
    }

    /// Whether the wait is over: enough tasks have ended, or the deadline has passed.
    pub fn is_over(&self) -> bool {
        self.is_met() || self.deadline.is_some_and(|at| Instant::now() >= at)
    }

    fn is_met(&self) -> bool {
        if let Some(waiter) = &self.waiter {
            return waiter.is_done();
        }
        let ended = self.tasks.iter().filter(|task| task.header().has_ended());
        ended.take(self.needed).count() == self.needed
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What the tasks notify.
    pub fn waiter(&mut self) -> Arc<Waiter> {
        if let Some(waiter) = &self.waiter {
            return Arc::clone(waiter);
        }
        let waiter = Arc::new(Waiter::new(self.needed));
        for task in self.tasks {
            if waiter.is_done() {
                break;
            }
            if !task.header().watch(Watcher::Thread(Arc::clone(&waiter))) {
                waiter.notify();
            }
        }
        self.waiter = Some(Arc::clone(&waiter));
        waiter
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        // With a single task the notification has removed the registration, unless the
        // deadline came first.
        if let Some(waiter) = &self.waiter
            && (self.tasks.len() > 1 || !waiter.is_done())
        {
            for task in self.tasks {
                task.header().unwatch(waiter);
            }
        }
    }
}
