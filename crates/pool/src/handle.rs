//! What one does with a pool: share values, start tasks and actors, look at the timeline.

use std::fmt;
use std::sync::Arc;

use workbench_clock::Clock;

use super::actor::{Actor, ActorOptions};
use super::object::Object;
use super::shared::PoolState;
use super::spans::RunningTask;
use super::spawn::{Once, TaskBuilder, launch};
use super::task::Spec;
use super::task_ref::TaskRef;
use super::timeline::TaskSpan;
use super::worker;

/// A reference to a pool, for tasks that start tasks. It does not keep the pool open: once the
/// [`Pool`](super::Pool) was dropped, tasks that are started with it end as cancelled.
#[derive(Clone)]
pub struct PoolHandle {
    pub(super) shared: Arc<PoolState>,
}

impl PoolHandle {
    /// The pool that the calling thread belongs to, if it is a pool's thread.
    pub fn current() -> Option<Self> {
        worker::with_current(|worker| {
            worker.map(|worker| Self {
                shared: Arc::clone(worker.shared()),
            })
        })
    }

    /// Puts a value where tasks can share it; nothing is copied, then or later.
    pub fn put<T: Send + Sync>(&self, value: T) -> Object<T> {
        Object::new(self.shared.next_id(), Arc::new(value))
    }

    /// Starts a task that asks for one cpu.
    pub fn spawn<T, F>(&self, work: F) -> TaskRef<T>
    where
        T: Send + Sync + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let body = Once(Some(move |_: &super::context::TaskContext<'_>| work()));
        launch(&self.shared, Spec::default(), body, Vec::new())
    }

    /// Describes a task that is more than a closure: name, resources, priority,
    /// dependencies, retries.
    pub fn task(&self) -> TaskBuilder<'_> {
        TaskBuilder::new(&self.shared)
    }

    /// Creates an actor whose state is built, on the pool, by `build`. It does not restart
    /// after a panic.
    ///
    /// ```
    /// # use workbench_pool::Pool;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::builder().workers(2).build()?;
    /// let log = pool.actor(Vec::new);
    /// for line in ["one", "two"] {
    ///     log.call(move |lines: &mut Vec<&str>| lines.push(line));
    /// }
    /// assert_eq!(*log.call(|lines| lines.join(" ")).get()?, "one two");
    /// # Ok(())
    /// # }
    /// ```
    pub fn actor<S, F>(&self, build: F) -> Actor<S>
    where
        S: Send + 'static,
        F: Fn() -> S + Send + Sync + 'static,
    {
        self.actor_with(ActorOptions::default(), build)
    }

    /// [`actor`](Self::actor) with a name, a priority and restarts.
    pub fn actor_with<S, F>(&self, options: ActorOptions, build: F) -> Actor<S>
    where
        S: Send + 'static,
        F: Fn() -> S + Send + Sync + 'static,
    {
        Actor::new(&self.shared, options, build)
    }

    /// Cancels all tasks submitted so far: those that have not started never will, those that run
    /// can see it in their [`TaskContext`](super::TaskContext).
    pub fn cancel_all(&self) {
        self.shared.cancel_all(false);
    }

    /// Takes out the spans of all attempts that ended since the last call. Once a task has ended,
    /// its spans are here. They come slot by slot, in each slot in the order of their ends.
    pub fn drain_spans(&self) -> Vec<TaskSpan> {
        self.shared.spans.drain()
    }

    /// What each slot runs right now; `None` for an idle one. Of tasks nested in each other's
    /// waits, the innermost.
    pub fn running(&self) -> Vec<Option<RunningTask>> {
        self.shared.spans.running()
    }

    /// Number of threads.
    pub fn workers(&self) -> usize {
        self.shared.workers
    }

    /// The clock of the timeline.
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }
}

impl fmt::Debug for PoolHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolHandle")
            .field("name", &self.shared.name)
            .field("workers", &self.shared.workers)
            .finish_non_exhaustive()
    }
}
