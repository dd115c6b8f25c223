//! What a pool thread does: take tasks from the queue, run them, write their spans, and make itself
//! useful while the task that it runs is blocked.
//!
//! A thread whose task waits in `get` runs what the task waits for, then other ready tasks, then
//! other threads' rayon work, and at last sleeps *inside rayon*, so that new work of either kind
//! wakes it. Rayon offers no way to sleep until something of our own happens, other than to wait
//! for a job on another rayon pool; so the wait itself is such a job, on a second set of threads
//! (the relay) that do nothing else. There are as many of those as workers; a thread that has
//! gone to sleep a second time, in a task nested in the first wait, makes the relay give the
//! first wait up.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use workbench_clock::{CoreWait, thread_cpu_ns};

use super::context::TaskContext;
use super::error::TaskError;
use super::pending::Pending;
use super::quiet::drop_quietly;
use super::shared::{NextTask, PoolState};
use super::spans::AttemptTimes;
use super::task::{AnyTask, Attempt};
use super::timeline::Outcome;
use super::waiter::Waiter;

/// How long a pump watches for new work before it ends, in nanoseconds. Waking a sleeping thread
/// costs about as much.
const WATCH_NS: u64 = 30_000;

/// For this long it spins without yielding its core to other threads.
const HOT_NS: u64 = 1_000;

/// The clock of CPU time costs a system call. Over stretches shorter than this the thread counts as
/// running all the time, so that CPU times are exact to this many nanoseconds.
const CPU_SLACK_NS: u64 = 20_000;

/// After a task that was off its core for at least so long, the thread reads its wait for cores.
/// That costs another system call, so it is not done for all tasks.
const OFF_CORE_NS: u64 = 50_000;

/// With more tasks than this nested on its stack, a blocked thread runs only the task that it waits
/// for, and tasks that no other thread is free to run. Bounds the stack when unrelated tasks keep
/// nesting in each other.
const MAX_NESTED: usize = 64;

thread_local! {
    static WORKER: OnceCell<PoolThread> = const { OnceCell::new() };
}

/// One thread of a pool.
pub struct PoolThread {
    shared: Arc<PoolState>,
    slot: usize,
    /// The tasks on this thread's stack, the running one last.
    frames: RefCell<Vec<Frame>>,
    /// Waits on this thread's stack.
    waits: Cell<usize>,
    /// CPU time to leave out of the running task's: what ran nested in it, and what it was blocked.
    nested_cpu_ns: Cell<u64>,
    /// CPU time that the running task's processes have used.
    processes_cpu_ns: Cell<u64>,
    /// A time on the pool's clock and the CPU time then.
    cpu_mark: Cell<(u64, u64)>,
    /// The thread's wait for cores, and what it was at the last look.
    core_wait: CoreWait,
    core_wait_mark: Cell<u64>,
    /// Waits that sleep, or would if no task was nested in them.
    sleeping_waits: RefCell<Vec<Arc<Waiter>>>,
}

struct Frame {
    cpus: i64,
    blocked: bool,
}

/// What happens to a task after an attempt.
#[derive(Clone, Copy)]
enum Ending {
    /// It has its value or its error.
    Final,
    /// It is tried again after this delay.
    Again(Duration),
}

/// Makes the calling thread a worker of the pool.
pub fn enter(shared: Arc<PoolState>, slot: usize) {
    WORKER.with(|worker| {
        let _ = worker.set(PoolThread {
            shared,
            slot,
            frames: RefCell::default(),
            waits: Cell::new(0),
            nested_cpu_ns: Cell::new(0),
            processes_cpu_ns: Cell::new(0),
            cpu_mark: Cell::new((0, 0)),
            core_wait: CoreWait::of_this_thread(),
            core_wait_mark: Cell::new(0),
            sleeping_waits: RefCell::default(),
        });
    });
}

/// Calls `f` with the worker that the calling thread is, if it is one.
pub fn with_current<R>(f: impl FnOnce(Option<&PoolThread>) -> R) -> R {
    WORKER.with(|worker| f(worker.get()))
}

/// Adds CPU time that a process has used for the task that the calling thread runs, at most as much
/// as makes the task's wall time. Elsewhere than in a task it does nothing.
pub fn add_process_cpu_ns(ns: u64) {
    with_current(|worker| {
        if let Some(worker) = worker {
            let known = worker.processes_cpu_ns.get();
            worker.processes_cpu_ns.set(known.saturating_add(ns));
        }
    });
}

/// The pump: a job on the rayon pool that empties the queue.
pub fn pump(_: &Arc<PoolState>) {
    with_current(|worker| {
        // Only the pool's own threads run its jobs.
        let Some(worker) = worker else { return };
        if worker.frames.borrow().is_empty() && worker.waits.get() == 0 {
            worker.pump();
        } else {
            worker.pump_nested();
        }
    });
}

impl PoolThread {
    pub fn shared(&self) -> &Arc<PoolState> {
        &self.shared
    }

    fn pump(&self) {
        // What the thread waited for a core after it was woken up belongs to no task.
        self.core_wait_ns();
        let mut look = self.shared.pump_begins();
        loop {
            let task = match look {
                NextTask::Task(task) => task,
                NextTask::Nothing(version) => match self.watch(version) {
                    Some(task) => task,
                    None => return,
                },
                NextTask::AnotherWatches => return,
            };
            let ending = self.run(&task);
            if Arc::strong_count(&task) == 1 {
                // Nobody else holds the value, so it is dropped here, which may take long: do not
                // announce before that this thread looks for work.
                self.finish(&task, ending);
                look = self.shared.next_after(&*task);
            } else {
                // Look for work before the end is announced: a thread that is told of the end and
                // submits the next task then need not wake another thread.
                look = self.shared.next_after(&*task);
                self.finish(&task, ending);
            }
            drop_quietly(task);
        }
    }

    /// Waits a little while for something that may start. `None` when the pump has ended.
    fn watch(&self, mut version: u64) -> Option<Arc<dyn AnyTask>> {
        let since = self.shared.clock.now_ns();
        loop {
            let mut waited = 0;
            while self.shared.version() == version && waited < WATCH_NS {
                if waited < HOT_NS {
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
                waited = self.shared.clock.now_ns() - since;
            }
            match self.shared.next_after_watching(waited >= WATCH_NS)? {
                NextTask::Task(task) => return Some(task),
                NextTask::Nothing(now) => version = now,
                NextTask::AnotherWatches => return None,
            }
        }
    }

    /// A pump that rayon ran in the middle of a task: that task should go on soon, so the pump runs
    /// one task only. If there is more to run, the scheduler starts the next pump.
    fn pump_nested(&self) {
        let blocked = self.is_blocked();
        if let Some(task) = self
            .shared
            .nested_pump_begins(blocked, self.is_deeply_nested())
        {
            self.run_nested(task, blocked);
        }
    }

    fn run_nested(&self, task: Arc<dyn AnyTask>, blocked: bool) {
        let ending = self.run(&task);
        self.shared.nested_ended(&*task, blocked);
        self.finish(&task, ending);
        drop_quietly(task);
    }

    /// Whether this thread's innermost task waits, so that the thread counts as free.
    fn is_blocked(&self) -> bool {
        self.frames
            .borrow()
            .last()
            .is_none_or(|frame| frame.blocked)
    }

    fn is_deeply_nested(&self) -> bool {
        self.frames.borrow().len() >= MAX_NESTED
    }

    /// Runs one attempt at a task that was marked as running. [`finish`](Self::finish) ends the
    /// task or prepares its next attempt, after its resources were released.
    fn run(&self, task: &Arc<dyn AnyTask>) -> Ending {
        let (shared, header) = (&self.shared, task.header());
        let started_ns = shared.clock.now_ns();
        let before = shared.spans.begin(self.slot, Arc::clone(task), started_ns);
        self.frames.borrow_mut().push(Frame {
            cpus: header.demand().cpus,
            blocked: false,
        });
        let cpu_started_ns = self.cpu_ns(started_ns);
        let outer_nested_ns = self.nested_cpu_ns.replace(0);
        let outer_processes_ns = self.processes_cpu_ns.replace(0);

        let number = header.attempt();
        let context = TaskContext::new(
            header.id,
            number,
            header.cancel_flag(),
            &shared.cancelled_below,
        );
        let attempt = task.attempt(&context);

        let finished_ns = shared.clock.now_ns();
        let cpu_ns = self.cpu_ns(finished_ns).saturating_sub(cpu_started_ns);
        let own_ns = cpu_ns.saturating_sub(self.nested_cpu_ns.get());
        let own_ns = own_ns + self.processes_cpu_ns.replace(outer_processes_ns);
        self.nested_cpu_ns.set(outer_nested_ns + cpu_ns);
        self.frames.borrow_mut().pop();
        let off_core_ns = (finished_ns - started_ns).saturating_sub(own_ns.max(cpu_ns));
        let core_wait_ns = if off_core_ns < OFF_CORE_NS {
            0
        } else {
            self.core_wait_ns().min(off_core_ns)
        };
        let ran = AttemptTimes {
            started_ns,
            finished_ns,
            cpu_ns: own_ns.min(finished_ns - started_ns),
            core_wait_ns,
            outcome: outcome(&attempt),
        };
        // Before the end is known, so that a thread that is told of the end finds the span.
        shared.spans.end(self.slot, before, header, ran);
        self.conclude(&**task, number, attempt)
    }

    fn conclude(&self, task: &dyn AnyTask, number: u32, attempt: Attempt) -> Ending {
        let (shared, header) = (&self.shared, task.header());
        let failed = matches!(attempt, Attempt::Failed(_) | Attempt::Panicked(_));
        if let Some(retry) = header.spec.retry.as_deref()
            && failed
            && number < retry.max
            && !header.cancel_flag().load(Ordering::SeqCst)
        {
            return Ending::Again(retry.delay(number));
        }
        let name = || shared.spans.name_of(header);
        let error = match attempt {
            Attempt::Done => None,
            Attempt::Cancelled => Some(shared.cancelled(header)),
            Attempt::Failed(message) => Some(TaskError::Failed {
                task: header.id,
                name: name(),
                attempts: number + 1,
                message: message.into(),
            }),
            Attempt::Panicked(message) => Some(TaskError::Panicked {
                task: header.id,
                name: name(),
                attempts: number + 1,
                message: message.into(),
            }),
        };
        task.settle(error);
        Ending::Final
    }

    /// Announces the end, or prepares the next attempt.
    fn finish(&self, task: &Arc<dyn AnyTask>, ending: Ending) {
        match ending {
            Ending::Final => self.shared.announce(task),
            Ending::Again(delay) => self.shared.back_off(task, delay),
        }
    }

    /// The thread's CPU time at `now_ns`, which is about now.
    fn cpu_ns(&self, now_ns: u64) -> u64 {
        let (mark_ns, mark_cpu_ns) = self.cpu_mark.get();
        let since = now_ns.saturating_sub(mark_ns);
        if mark_ns > 0 && since < CPU_SLACK_NS {
            return mark_cpu_ns + since;
        }
        let cpu_ns = thread_cpu_ns();
        self.cpu_mark.set((now_ns, cpu_ns));
        cpu_ns
    }

    /// For how long the thread has waited for a core since the last look.
    fn core_wait_ns(&self) -> u64 {
        let now = self.core_wait.total_ns().unwrap_or(0);
        now.saturating_sub(self.core_wait_mark.replace(now))
    }

    /// Waits, and runs other work meanwhile. `awaited` is the task that is waited for, if
    /// it is one.
    pub fn help(&self, pending: &mut Pending<'_>, awaited: Option<&Arc<dyn AnyTask>>) {
        let cpu_started_ns = self.cpu_ns(self.shared.clock.now_ns());
        let nested_ns = self.nested_cpu_ns.get();
        let cpus = self.block();
        self.waits.set(self.waits.get() + 1);
        while !pending.is_over() {
            if let Some(task) = self.shared.pick_blocked(awaited, self.is_deeply_nested()) {
                self.run_nested(task, true);
            } else if !self.watch_blocked(pending) {
                self.sleep(pending);
            }
        }
        self.waits.set(self.waits.get() - 1);
        if let Some(cpus) = cpus {
            self.unblock(cpus);
        }
        let blocked_ns = self
            .cpu_ns(self.shared.clock.now_ns())
            .saturating_sub(cpu_started_ns);
        self.nested_cpu_ns.set(nested_ns + blocked_ns);
    }

    /// Marks the innermost task as blocked. `None` when it already is: then somebody else's rayon
    /// job, which this thread took over while its task was blocked, waits as well.
    fn block(&self) -> Option<i64> {
        let cpus = {
            let mut frames = self.frames.borrow_mut();
            let frame = frames.last_mut().filter(|frame| !frame.blocked)?;
            frame.blocked = true;
            frame.cpus
        };
        self.shared.block(cpus);
        Some(cpus)
    }

    fn unblock(&self, cpus: i64) {
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.blocked = false;
        }
        self.shared.unblock(cpus);
    }

    /// Runs rayon's jobs, pumps included, for a short time. True when one ran or the wait is over.
    fn watch_blocked(&self, pending: &Pending<'_>) -> bool {
        let since = self.shared.clock.now_ns();
        while self.shared.clock.now_ns() - since < WATCH_NS {
            if pending.is_over() || rayon::yield_now() == Some(rayon::Yield::Executed) {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    fn sleep(&self, pending: &mut Pending<'_>) {
        let waiter = pending.waiter();
        let deadline = pending.deadline();
        let Some(relay) = self.shared.relay() else {
            // The relay could not be started: look again every millisecond.
            let soon = std::time::Instant::now() + Duration::from_millis(1);
            waiter.sleep(Some(deadline.map_or(soon, |at| at.min(soon))));
            return;
        };
        if let Some(outer) = self.sleeping_waits.borrow().last() {
            outer.interrupt();
        }
        waiter.reset_interrupt();
        self.sleeping_waits.borrow_mut().push(Arc::clone(&waiter));
        relay.pool().install(|| waiter.sleep(deadline));
        self.sleeping_waits.borrow_mut().pop();
    }
}

fn outcome(attempt: &Attempt) -> Outcome {
    match attempt {
        Attempt::Done => Outcome::Done,
        Attempt::Failed(_) => Outcome::Failed,
        Attempt::Panicked(_) => Outcome::Panicked,
        Attempt::Cancelled => Outcome::Cancelled,
    }
}
