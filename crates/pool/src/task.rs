//! A task as the pool sees it, whatever the type of its value: a header with a state machine, and
//! what can be done to it.
//!
//! Belongs here: the states of a task and who is told when it ends. Does not belong here:
//! queues, threads, values.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;

use workbench_clock::Clock;

use super::context::TaskContext;
use super::error::TaskError;
use super::resources::{Amounts, ONE_CPU};
use super::retry::Retry;
use super::waiter::Waiter;

/// The state of a task. It leaves the first three by compare-and-swap, so that starting and
/// cancelling it exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TaskState {
    /// Waits for a dependency or for its turn in an actor's mailbox.
    Waiting,
    /// In the queue.
    Ready,
    /// Waits for the delay before a retry.
    BackingOff,
    /// A thread runs it.
    Running,
    /// Will end without running; only whoever claimed it touches it.
    Claimed,
    /// Has a value or an error.
    Ended,
}

/// What a submission says about a task.
#[derive(Debug, Default)]
pub struct Spec {
    pub name: Option<Arc<str>>,
    pub group: u32,
    pub part: u32,
    pub priority: i32,
    /// `None` is one cpu, without an allocation.
    pub demand: Option<Box<Amounts>>,
    pub retry: Option<Box<Retry>>,
}

/// Everything about a task that does not depend on the type of its value.
pub struct Header {
    pub id: u64,
    pub spec: Spec,
    queued_ns: AtomicU64,
    ready_ns: AtomicU64,
    attempt: AtomicU32,
    /// Dependencies not yet met, plus one while they are being registered.
    pending: AtomicU32,
    state: AtomicU8,
    cancelled: AtomicBool,
    watchers: Mutex<Vec<Watcher>>,
}

/// Who is told that a task ended.
pub enum Watcher {
    /// A task that needs its value.
    Task(Arc<dyn AnyTask>),
    /// A blocked thread.
    Thread(Arc<Waiter>),
}

/// How one attempt ended.
#[derive(Debug)]
pub enum Attempt {
    /// The value is stored.
    Done,
    /// The closure returned this error.
    Failed(String),
    /// The closure panicked with this message.
    Panicked(String),
    /// The closure saw that it was cancelled.
    Cancelled,
}

/// What the end of a task sets off besides its dependents: an actor's next messages.
#[derive(Default)]
pub struct Followers {
    /// Already marked as ready; goes into the queue.
    pub ready: Option<Arc<dyn AnyTask>>,
    /// Already claimed; end with the error.
    pub failed: Vec<(Arc<dyn AnyTask>, TaskError)>,
}

/// A task of any type.
pub trait AnyTask: Send + Sync {
    /// The part that does not depend on the type.
    fn header(&self) -> &Header;
    /// Runs the closure once, catching its panic, and stores the value if there is one.
    fn attempt(&self, context: &TaskContext<'_>) -> Attempt;
    /// Stores the error of a task that has no value, and drops the closure. Comes before the end
    /// is made known.
    fn settle(&self, error: Option<TaskError>);
    /// The stored error.
    fn error(&self) -> Option<&TaskError>;
    /// What the end of this task sets free besides its dependents. Called once, after the end
    /// was made known.
    fn followers(&self) -> Followers;
}

impl Header {
    /// A task that is submitted now and waits until [`met`](Self::met) was called `pending` times;
    /// with 0 it is ready.
    pub fn new(id: u64, spec: Spec, now_ns: u64, pending: u32) -> Self {
        let state = if pending == 0 {
            TaskState::Ready
        } else {
            TaskState::Waiting
        };
        Self {
            id,
            spec,
            queued_ns: AtomicU64::new(now_ns),
            ready_ns: AtomicU64::new(now_ns),
            attempt: AtomicU32::new(0),
            pending: AtomicU32::new(pending),
            state: AtomicU8::new(state as u8),
            cancelled: AtomicBool::new(false),
            watchers: Mutex::new(Vec::new()),
        }
    }

    /// What the task asks for.
    pub fn demand(&self) -> &Amounts {
        self.spec.demand.as_deref().unwrap_or(&ONE_CPU)
    }

    pub fn is(&self, state: TaskState) -> bool {
        self.state.load(Ordering::Acquire) == state as u8
    }

    /// Changes the state, unless another thread has changed it first.
    pub fn transition(&self, from: TaskState, to: TaskState) -> bool {
        self.state
            .compare_exchange(from as u8, to as u8, Ordering::SeqCst, Ordering::Acquire)
            .is_ok()
    }

    /// Reserves a task that is not running for the caller, who then ends it.
    pub fn claim(&self) -> bool {
        // Ready is tried again at the end, for a task that became ready meanwhile.
        [
            TaskState::Ready,
            TaskState::Waiting,
            TaskState::BackingOff,
            TaskState::Ready,
        ]
        .into_iter()
        .any(|state| self.transition(state, TaskState::Claimed))
    }

    /// Asks the task to stop. False when it has already ended.
    pub fn request_cancel(&self) -> bool {
        self.cancelled.store(true, Ordering::SeqCst);
        !self.is(TaskState::Ended)
    }

    pub fn cancel_flag(&self) -> &AtomicBool {
        &self.cancelled
    }

    /// Counts one dependency as met. True when it was the last one and the task is now ready.
    pub fn met(&self, clock: Clock) -> bool {
        // The clock is read after the count: the thread that meets the last dependency may have
        // been held up since its own ended, and others have met theirs at later times.
        self.pending.fetch_sub(1, Ordering::AcqRel) == 1
            && self.make_ready(TaskState::Waiting, clock.now_ns())
    }

    /// Marks as ready; false when another thread has changed the state first.
    pub fn make_ready(&self, from: TaskState, now_ns: u64) -> bool {
        // Before the state changes: from then on a thread may start the task and read the time.
        let before = self.ready_ns.swap(now_ns, Ordering::AcqRel);
        let moved = self.transition(from, TaskState::Ready);
        if !moved {
            self.ready_ns.store(before, Ordering::Release);
        }
        moved
    }

    /// From running to waiting for the delay before the next attempt.
    pub fn start_back_off(&self, now_ns: u64) {
        self.attempt.fetch_add(1, Ordering::AcqRel);
        self.queued_ns.store(now_ns, Ordering::Release);
        self.ready_ns.store(now_ns, Ordering::Release);
        self.state
            .store(TaskState::BackingOff as u8, Ordering::SeqCst);
    }

    pub fn attempt(&self) -> u32 {
        self.attempt.load(Ordering::Acquire)
    }

    pub fn queued_ns(&self) -> u64 {
        self.queued_ns.load(Ordering::Acquire)
    }

    pub fn ready_ns(&self) -> u64 {
        self.ready_ns.load(Ordering::Acquire)
    }

    /// Makes the end known and hands over whoever has to be told.
    pub fn end(&self) -> Vec<Watcher> {
        self.state.store(TaskState::Ended as u8, Ordering::SeqCst);
        std::mem::take(&mut *self.watchers.lock())
    }

    pub fn has_ended(&self) -> bool {
        self.is(TaskState::Ended)
    }

    /// Registers somebody to be told. False when the task has already ended and nobody
    /// will be told.
    pub fn watch(&self, watcher: Watcher) -> bool {
        let mut watchers = self.watchers.lock();
        if self.has_ended() {
            return false;
        }
        watchers.push(watcher);
        true
    }

    /// Takes a blocked thread off the list.
    pub fn unwatch(&self, waiter: &Arc<Waiter>) {
        self.watchers.lock().retain(
            |watcher| !matches!(watcher, Watcher::Thread(known) if Arc::ptr_eq(known, waiter)),
        );
    }
}
