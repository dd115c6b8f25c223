//! The end of tasks: their dependents and waiting threads are told, failures are passed on to
//! dependents, attempts are repeated, everything is cancelled when the pool closes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::error::TaskError;
use super::quiet::drop_quietly;
use super::shared::PoolState;
use super::task::{AnyTask, Header, TaskState, Watcher};
use super::timer::Fire;

/// Tasks that ended and were not announced, and tasks that this made ready. Long chains are worked
/// off here and not by recursion, which would need a stack as deep as the chain.
#[derive(Default)]
struct Ripple {
    ended: Vec<Arc<dyn AnyTask>>,
    ready: Vec<Arc<dyn AnyTask>>,
}

impl PoolState {
    /// A new task whose dependencies are not all met is kept where `cancel_all` finds it.
    pub fn park(&self, task: &Arc<dyn AnyTask>) {
        self.parked
            .lock()
            .insert(task.header().id, Arc::clone(task));
    }

    fn unpark(&self, header: &Header) {
        let parked = self.parked.lock().remove(&header.id);
        drop(parked);
    }

    /// Puts a ready task into the queue, or ends it when it is cancelled.
    pub fn submit(self: &Arc<Self>, task: Arc<dyn AnyTask>) {
        for refused in self.enqueue([task]) {
            self.end_cancelled(&refused);
        }
    }

    /// One of the dependencies of the task has its value.
    pub fn meet_dependency(self: &Arc<Self>, task: &Arc<dyn AnyTask>) {
        if task.header().met(self.clock) {
            self.unpark(task.header());
            self.submit(Arc::clone(task));
        }
    }

    /// Ends a task that does not run, unless it has started meanwhile.
    pub fn end_without_running(self: &Arc<Self>, task: &Arc<dyn AnyTask>, error: TaskError) {
        if self.settle_unrun(task, error) {
            self.announce(task);
        }
    }

    fn end_cancelled(self: &Arc<Self>, task: &Arc<dyn AnyTask>) {
        self.end_without_running(task, self.cancelled(task.header()));
    }

    /// The error of a cancelled task.
    pub fn cancelled(&self, header: &Header) -> TaskError {
        TaskError::Cancelled {
            task: header.id,
            name: self.spans.name_of(header),
        }
    }

    fn settle_unrun(&self, task: &Arc<dyn AnyTask>, error: TaskError) -> bool {
        let header = task.header();
        if !header.claim() {
            return false;
        }
        self.unpark(header);
        self.settle_claimed(task, error);
        true
    }

    fn settle_claimed(&self, task: &Arc<dyn AnyTask>, error: TaskError) {
        self.spans.never_ran(task.header(), self.clock.now_ns());
        task.settle(Some(error));
    }

    /// Cancels one task. False when it has already ended.
    pub fn cancel(self: &Arc<Self>, task: &Arc<dyn AnyTask>) -> bool {
        if !task.header().request_cancel() {
            return false;
        }
        self.end_cancelled(task);
        true
    }

    /// Cancels everything submitted so far, and with `closing` everything that will be.
    pub fn cancel_all(self: &Arc<Self>, closing: bool) {
        let queued = self.cancel_queued(closing);
        // Those that wait first: when they are still there once what they wait for has ended, they
        // count as given up because of that and not as cancelled.
        let parked: Vec<_> = self.parked.lock().values().cloned().collect();
        for task in parked.iter().chain(&queued) {
            if self.is_cancelled(task.header().id) {
                self.end_cancelled(task);
            }
        }
        drop_quietly((parked, queued));
    }

    /// Tells everybody that the task, whose value or error is stored, has ended, and everything
    /// that follows from it.
    pub fn announce(self: &Arc<Self>, task: &Arc<dyn AnyTask>) {
        let mut ripple = Ripple::default();
        self.announce_one(&**task, &mut ripple);
        loop {
            if !ripple.ready.is_empty() {
                for refused in self.enqueue(ripple.ready.drain(..)) {
                    let error = self.cancelled(refused.header());
                    if self.settle_unrun(&refused, error) {
                        ripple.ended.push(refused);
                    }
                }
            }
            match ripple.ended.pop() {
                Some(next) => self.announce_one(&*next, &mut ripple),
                None => return,
            }
        }
    }

    fn announce_one(self: &Arc<Self>, task: &dyn AnyTask, ripple: &mut Ripple) {
        for watcher in task.header().end() {
            match watcher {
                Watcher::Thread(waiter) => waiter.notify(),
                Watcher::Task(dependent) => self.tell_dependent(task, dependent, ripple),
            }
        }
        let followers = task.followers();
        if let Some(next) = followers.ready {
            self.unpark(next.header());
            ripple.ready.push(next);
        }
        for (next, error) in followers.failed {
            self.unpark(next.header());
            self.settle_claimed(&next, error);
            ripple.ended.push(next);
        }
    }

    fn tell_dependent(&self, task: &dyn AnyTask, dependent: Arc<dyn AnyTask>, ripple: &mut Ripple) {
        let header = dependent.header();
        match task.error() {
            None => {
                if header.met(self.clock) {
                    self.unpark(header);
                    ripple.ready.push(dependent);
                }
            }
            Some(error) => {
                let error = error.for_dependent(header.id, self.spans.name_of(header));
                if self.settle_unrun(&dependent, error) {
                    ripple.ended.push(dependent);
                }
            }
        }
    }

    /// The task failed and is tried again after a delay.
    pub fn back_off(self: &Arc<Self>, task: &Arc<dyn AnyTask>, delay: Duration) {
        let header = task.header();
        if !delay.is_zero() {
            self.park(task);
        }
        header.start_back_off(self.clock.now_ns());
        // A cancellation that came while the task was running could not end it; end it here.
        let cancelled = header.cancel_flag().load(Ordering::SeqCst) || self.is_cancelled(header.id);
        if cancelled {
            self.unpark(header);
            self.end_cancelled(task);
        } else if delay.is_zero() {
            self.retry(Arc::clone(task));
        } else {
            let name = format!("{}-timer", self.name);
            let fire = || -> Fire {
                let shared = Arc::clone(self);
                Arc::new(move |task| shared.retry(task))
            };
            self.timer
                .schedule(Instant::now() + delay, Arc::clone(task), &name, fire);
        }
    }

    fn retry(self: &Arc<Self>, task: Arc<dyn AnyTask>) {
        if task
            .header()
            .make_ready(TaskState::BackingOff, self.clock.now_ns())
        {
            self.unpark(task.header());
            self.submit(task);
        }
    }

    /// Cancels everything, waits for what runs, ends the threads. From within one of the pool's own
    /// tasks (`inside`) nothing is waited for.
    pub fn shut_down(self: &Arc<Self>, inside: bool) {
        self.cancel_all(true);
        if !inside {
            self.wait_until_idle();
        }
        self.timer.stop(!inside);
        let threads = self.threads.write().take();
        if let Some(threads) = threads {
            threads.stop(!inside);
        }
        if inside {
            // Tasks that are still running may sleep there; it ends with the last reference
            // to the pool.
            return;
        }
        let relay = self.relay.lock().take();
        if let Some(relay) = relay.and_then(Arc::into_inner) {
            relay.stop(true);
        }
    }
}
