//! What the threads of a pool and its users share: the scheduler, the timeline, the rayon threads.
//!
//! Belongs here: changing the scheduler and waking the threads that have to know. Does not belong
//! here: what becomes of a task that ends (`lifecycle`), and what a pool thread does (`worker`).

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex, RwLock};

use workbench_clock::Clock;

use super::queue::ReadyQueue;
use super::quiet::drop_quietly;
use super::resources::Capacity;
use super::sched::{Scheduler, Wake};
use super::spans::Spans;
use super::task::AnyTask;
use super::threads::Threads;
use super::timer::Timer;

/// Stack of a relay thread, which runs nothing but a wait.
const RELAY_STACK: usize = 256 << 10;

/// Keeps what many threads write apart from what they only read.
#[derive(Default)]
#[repr(align(128))]
pub struct Padded<T>(T);

impl<T> Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

pub struct PoolState {
    pub clock: Clock,
    pub workers: usize,
    pub capacity: Capacity,
    pub spans: Spans,
    pub name: String,
    /// Tasks with a smaller number are cancelled.
    pub cancelled_below: AtomicU64,
    /// Tasks that wait for something other than a slot. They are in nobody's queue, so cancelling
    /// all has to find them here.
    pub parked: Mutex<HashMap<u64, Arc<dyn AnyTask>>>,
    pub timer: Arc<Timer>,
    pub threads: RwLock<Option<Threads>>,
    pub relay: Mutex<Option<Arc<Threads>>>,
    /// What a pump does; it lies above this module.
    pump: fn(&Arc<PoolState>),
    idle: Condvar,
    sched: Padded<Mutex<Scheduler>>,
    /// Changes when a pump that watches should look at the queue.
    version: Padded<AtomicU64>,
    next_id: Padded<AtomicU64>,
}

/// What a pump got out of a look at the queue.
pub enum NextTask {
    /// Run this.
    Task(Arc<dyn AnyTask>),
    /// Nothing may start. Look again when [`PoolState::version`] is no longer this.
    Nothing(u64),
    /// Nothing may start, and another pump is watching already: the pump has ended.
    AnotherWatches,
}

impl PoolState {
    pub fn new(
        clock: Clock,
        workers: usize,
        capacity: Capacity,
        name: String,
        pump: fn(&Arc<Self>),
    ) -> Self {
        let queue = ReadyQueue::new(capacity.total.clone());
        Self {
            clock,
            workers,
            capacity,
            spans: Spans::new(workers, "task".into()),
            name,
            cancelled_below: AtomicU64::new(0),
            parked: Mutex::default(),
            timer: Arc::default(),
            threads: RwLock::new(None),
            relay: Mutex::new(None),
            pump,
            idle: Condvar::new(),
            sched: Padded(Mutex::new(Scheduler::new(queue, workers))),
            version: Padded::default(),
            next_id: Padded::default(),
        }
    }

    /// A number for a task or an object.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub fn is_cancelled(&self, task: u64) -> bool {
        task < self.cancelled_below.load(Ordering::SeqCst)
    }

    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Changes the scheduler, then wakes the threads that the change concerns.
    fn change<R>(self: &Arc<Self>, change: impl FnOnce(&mut Scheduler) -> R) -> R {
        let mut sched = self.sched.lock();
        let result = change(&mut sched);
        let wake = sched.wake();
        let released = sched.queue.take_released();
        drop(sched);
        if wake != Wake::default() {
            self.act_on(wake);
        }
        if !released.is_empty() {
            drop_quietly(released);
        }
        result
    }

    fn act_on(self: &Arc<Self>, wake: Wake) {
        if wake.watchers {
            self.version.fetch_add(1, Ordering::Release);
        }
        if wake.idle {
            self.idle.notify_all();
        }
        if wake.pump {
            let shared = Arc::clone(self);
            let threads = self.threads.read();
            if let Some(threads) = threads.as_ref() {
                threads.pool().spawn(move || (shared.pump)(&shared));
            } else {
                // Only after the pool was dropped by one of its own tasks; what is queued
                // is being cancelled.
                let mut sched = self.sched.lock();
                sched.pump_begins();
                sched.pump_ends();
            }
        }
    }

    /// Puts ready tasks into the queue. Returns those that were not taken because
    /// they are cancelled.
    pub fn enqueue(
        self: &Arc<Self>,
        tasks: impl IntoIterator<Item = Arc<dyn AnyTask>>,
    ) -> Vec<Arc<dyn AnyTask>> {
        self.change(|sched| {
            let mut refused = Vec::new();
            for task in tasks {
                if self.is_cancelled(task.header().id) {
                    refused.push(task);
                } else {
                    sched.queue.push(task);
                }
            }
            refused
        })
    }

    /// Marks all tasks submitted so far as cancelled and takes those that are ready out of the
    /// queue. With `closing`, all that are submitted later as well.
    pub fn cancel_queued(self: &Arc<Self>, closing: bool) -> Vec<Arc<dyn AnyTask>> {
        self.change(|sched| {
            sched.closing |= closing;
            let below = if sched.closing {
                u64::MAX
            } else {
                self.next_id.load(Ordering::SeqCst)
            };
            self.cancelled_below.store(below, Ordering::SeqCst);
            sched.queue.drain()
        })
    }

    /// Blocks until nothing runs any more. To be called when closing.
    pub fn wait_until_idle(&self) {
        let mut sched = self.sched.lock();
        while !sched.is_idle() {
            self.idle.wait(&mut sched);
        }
    }

    /// A pump begins.
    pub fn pump_begins(self: &Arc<Self>) -> NextTask {
        self.change(|sched| {
            sched.pump_begins();
            self.look(sched)
        })
    }

    /// A pump's task has ended; it takes the next.
    pub fn next_after(self: &Arc<Self>, ended: &dyn AnyTask) -> NextTask {
        self.change(|sched| {
            sched.release(ended);
            self.look(sched)
        })
    }

    /// A pump that watches looks again. `None` ends it, which with `last` happens when
    /// there is nothing.
    pub fn next_after_watching(self: &Arc<Self>, last: bool) -> Option<NextTask> {
        self.change(|sched| {
            sched.watch_ends();
            if !last {
                return Some(self.look(sched));
            }
            let task = sched.pick(true).map(NextTask::Task);
            if task.is_none() {
                sched.pump_ends();
            }
            task
        })
    }

    fn look(&self, sched: &mut Scheduler) -> NextTask {
        if let Some(task) = sched.pick(true) {
            return NextTask::Task(task);
        }
        // One that watches is enough: with more, they would keep those that submit tasks
        // off their cores.
        if sched.is_watched() {
            sched.pump_ends();
            return NextTask::AnotherWatches;
        }
        sched.watch_begins();
        NextTask::Nothing(self.version())
    }

    /// A pump begins on a thread that is in the middle of a task. `blocked`: that task waits in
    /// `get`, so the thread does not count as a pump. With `deep`, only a task that nobody else
    /// will get to is taken.
    pub fn nested_pump_begins(
        self: &Arc<Self>,
        blocked: bool,
        deep: bool,
    ) -> Option<Arc<dyn AnyTask>> {
        self.change(|sched| {
            sched.pump_begins();
            if !blocked {
                sched.pump_ends();
            }
            let decline = deep && sched.others_busy(true);
            let task = if decline { None } else { sched.pick(true) };
            if task.is_none() && blocked {
                sched.pump_ends();
            }
            task
        })
    }

    /// A task that ran in the middle of another has ended.
    pub fn nested_ended(self: &Arc<Self>, ended: &dyn AnyTask, blocked: bool) {
        self.change(|sched| {
            sched.release(ended);
            if blocked {
                sched.pump_ends();
            }
        });
    }

    /// A thread's task begins to wait: it gives its cpus back.
    pub fn block(self: &Arc<Self>, cpus: i64) {
        self.change(|sched| {
            sched.queue.free().cpus += cpus;
            sched.pump_ends();
        });
    }

    /// A thread's task goes on: it takes its cpus back, even if they are not free.
    pub fn unblock(self: &Arc<Self>, cpus: i64) {
        self.change(|sched| {
            sched.queue.free().cpus -= cpus;
            sched.pump_resumes();
        });
    }

    /// Something to do for a thread whose task is blocked: what it waits for, if that is ready, or
    /// the next in the queue.
    pub fn pick_blocked(
        self: &Arc<Self>,
        awaited: Option<&Arc<dyn AnyTask>>,
        deep: bool,
    ) -> Option<Arc<dyn AnyTask>> {
        self.change(|sched| {
            let awaited = awaited.filter(|task| sched.pick_this(task)).cloned();
            let decline = deep && sched.others_busy(false);
            let task = awaited.or_else(|| if decline { None } else { sched.pick(false) });
            if task.is_some() {
                sched.pump_resumes();
            }
            task
        })
    }

    /// The threads on which blocked tasks' waits sleep, started when the first one needs them.
    pub fn relay(&self) -> Option<Arc<Threads>> {
        let mut relay = self.relay.lock();
        if relay.is_none() {
            let name = format!("{}-wait", self.name);
            *relay = Threads::start(self.workers, &name, RELAY_STACK, |_| {})
                .ok()
                .map(Arc::new);
        }
        relay.clone()
    }
}
