//! The state of the scheduler, kept under one lock: the queue, and how many threads look after it.
//!
//! A *pump* is a job on the rayon pool that takes tasks from the queue until nothing may start. The
//! scheduler counts the pumps, so that there are never more than workers, and never too few while
//! something may start.

use std::sync::Arc;

use super::queue::ReadyQueue;
use super::task::AnyTask;

pub struct Scheduler {
    pub queue: ReadyQueue,
    /// Cancel everything that comes.
    pub closing: bool,
    workers: usize,
    /// Threads that will look at the queue again without being told, and pumps on their way. A
    /// thread whose task is blocked does not count.
    pumps: usize,
    /// Of these, pumps that were submitted to rayon and have not started.
    submitted_pumps: usize,
    /// Of these, pumps that have found nothing and watch for a change for a little while.
    watching_pumps: usize,
    /// Tasks that have started and not ended.
    started: usize,
}

/// What has to happen after the scheduler was changed, once the lock is released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wake {
    /// Tell the pumps that watch.
    pub watchers: bool,
    /// Submit one more pump.
    pub pump: bool,
    /// Nothing runs and nothing was submitted: the thread that closes the pool may go on.
    pub idle: bool,
}

impl Scheduler {
    pub fn new(queue: ReadyQueue, workers: usize) -> Self {
        Self {
            queue,
            closing: false,
            workers,
            pumps: 0,
            submitted_pumps: 0,
            watching_pumps: 0,
            started: 0,
        }
    }

    /// Pumps that run a task right now.
    fn busy(&self) -> usize {
        self.pumps - self.submitted_pumps - self.watching_pumps
    }

    /// Starts the next task. `counted`: the caller is among the pumps, but not busy.
    ///
    /// A task that was overtaken too often bars the others only while some thread is busy: when all
    /// are blocked, waiting for it would be waiting forever.
    pub fn pick(&mut self, counted: bool) -> Option<Arc<dyn AnyTask>> {
        let bar = self.busy() > usize::from(counted);
        let task = self.queue.pick(bar)?;
        self.started += 1;
        Some(task)
    }

    /// Whether threads other than the caller's are busy.
    pub fn others_busy(&self, counted: bool) -> bool {
        self.busy() > usize::from(counted)
    }

    /// Starts this task out of order, if it is ready and fits.
    pub fn pick_this(&mut self, task: &Arc<dyn AnyTask>) -> bool {
        let picked = self.queue.pick_this(task);
        self.started += usize::from(picked);
        picked
    }

    /// A started task no longer runs: its resources are free.
    pub fn release(&mut self, task: &dyn AnyTask) {
        self.started -= 1;
        self.queue.free().give(task.header().demand());
    }

    /// A pump that was on its way has begun.
    pub fn pump_begins(&mut self) {
        self.submitted_pumps -= 1;
    }

    /// A pump, or a thread that was one, no longer looks at the queue.
    pub fn pump_ends(&mut self) {
        self.pumps -= 1;
    }

    /// A thread that was blocked runs again.
    pub fn pump_resumes(&mut self) {
        self.pumps += 1;
    }

    /// Whether a pump watches.
    pub fn is_watched(&self) -> bool {
        self.watching_pumps > 0
    }

    pub fn watch_begins(&mut self) {
        self.watching_pumps += 1;
    }

    pub fn watch_ends(&mut self) {
        self.watching_pumps -= 1;
    }

    /// Who has to be woken so that everything that may start gets started.
    pub fn wake(&mut self) -> Wake {
        let idle = self.closing && self.is_idle();
        if self.queue.len() == 0 || (self.watching_pumps == 0 && self.pumps >= self.workers) {
            return Wake {
                idle,
                ..Wake::default()
            };
        }
        let bar = self.busy() > 0;
        if !self.queue.admits(bar) {
            return Wake {
                idle,
                ..Wake::default()
            };
        }
        let pump = self.pumps < self.workers
            && self.queue.len() > self.watching_pumps + self.submitted_pumps;
        if pump {
            self.pumps += 1;
            self.submitted_pumps += 1;
        }
        Wake {
            watchers: self.watching_pumps > 0,
            pump,
            idle,
        }
    }

    /// Nothing runs and no pump is under way.
    pub fn is_idle(&self) -> bool {
        self.started == 0 && self.pumps == 0
    }
}
