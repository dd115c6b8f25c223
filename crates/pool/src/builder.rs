//! Building a pool and closing it.

use std::ops::Deref;
use std::sync::Arc;

use workbench_clock::Clock;

use super::error::PoolError;
use super::handle::PoolHandle;
use super::resources::Capacity;
use super::shared::PoolState;
use super::threads::Threads;
use super::worker;

/// Stack of a pool's thread, in bytes, unless [`PoolBuilder::stack_bytes`] says otherwise. Tasks
/// that wait for tasks nest on one stack, so it is larger than usual. Only what is used occupies
/// memory.
pub const STACK_BYTES: usize = 16 << 20;

/// A pool of threads that run tasks. It is used through its [`PoolHandle`], which
/// it dereferences to.
///
/// Dropping the pool cancels the tasks that have not started, tells those that run, waits
/// for them and joins the threads. A pool that is dropped by one of its own tasks does the
/// same without waiting.
#[derive(Debug)]
pub struct Pool {
    handle: PoolHandle,
}

/// What a pool is made of. The number of workers and the clock are given from the start; there are
/// no gpus, memory or custom resources to ask for unless they are given.
#[derive(Debug, Clone)]
pub struct PoolBuilder {
    workers: usize,
    clock: Option<Clock>,
    gpus: f64,
    memory_bytes: u64,
    custom: Vec<(Arc<str>, f64)>,
    name: String,
    stack_bytes: usize,
}

impl Default for PoolBuilder {
    fn default() -> Self {
        Self {
            workers: 1,
            clock: None,
            gpus: 0.0,
            memory_bytes: 0,
            custom: Vec::new(),
            name: "workbench".to_owned(),
            stack_bytes: STACK_BYTES,
        }
    }
}

impl PoolBuilder {
    /// Number of threads, and of cpus that tasks can ask for; 1 if not given.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// The clock of the timeline; one that starts with the pool if not given.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Gpus that tasks can ask for.
    #[must_use]
    pub fn gpus(mut self, gpus: f64) -> Self {
        self.gpus = gpus;
        self
    }

    /// Memory that tasks can ask for, in bytes. Nothing keeps a task from using more than
    /// it asked for.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// Something else that tasks can ask for, such as licences or places in a queue.
    #[must_use]
    pub fn resource(mut self, name: impl Into<Arc<str>>, amount: f64) -> Self {
        self.custom.push((name.into(), amount));
        self
    }

    /// What the threads are called, before their number; `workbench` if not given.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Stack of each thread in bytes; 16 MiB if not given. Tasks that wait for tasks that wait for
    /// tasks share one stack; the pool itself needs less than 2 KiB for each level of that.
    #[must_use]
    pub fn stack_bytes(mut self, bytes: usize) -> Self {
        self.stack_bytes = bytes;
        self
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// When there are no workers, an amount is none, or the operating system gives no threads.
    pub fn build(self) -> Result<Pool, PoolError> {
        if self.workers == 0 {
            return Err(PoolError::NoWorkers);
        }
        let capacity = Capacity::new(self.workers, self.gpus, self.memory_bytes, &self.custom)?;
        let shared = Arc::new(PoolState::new(
            self.clock.unwrap_or_else(Clock::start),
            self.workers,
            capacity,
            self.name.clone(),
            worker::pump,
        ));
        let of_thread = Arc::clone(&shared);
        let threads = Threads::start(self.workers, &self.name, self.stack_bytes, move |slot| {
            worker::enter(Arc::clone(&of_thread), slot);
        })
        .map_err(|reason| PoolError::Threads {
            workers: self.workers,
            reason,
        })?;
        *shared.threads.write() = Some(threads);
        Ok(Pool {
            handle: PoolHandle { shared },
        })
    }
}

impl Pool {
    /// What a pool can be made of.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::default()
    }

    /// A reference that tasks can keep.
    pub fn handle(&self) -> PoolHandle {
        self.handle.clone()
    }
}

impl Deref for Pool {
    type Target = PoolHandle;

    fn deref(&self) -> &PoolHandle {
        &self.handle
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let shared = &self.handle.shared;
        let inside = worker::with_current(|worker| {
            worker.is_some_and(|worker| Arc::ptr_eq(worker.shared(), shared))
        });
        shared.shut_down(inside);
    }
}
