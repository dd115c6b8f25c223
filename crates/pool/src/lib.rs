//! An in-process task pool on rayon, in the terms of Ray Core (Moritz et al. 2018): objects that
//! tasks share by reference, tasks with resources, priorities, dependencies, retries and
//! cancellation, actors, and a timeline of it all.
//!
//! Belongs here: running closures on a fixed number of threads and recording when each ran. Does
//! not belong here: what the closures compute, what the timeline means, other processes.
//!
//! ```
//! use workbench_pool::{Pool, get_all};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Pool::builder().workers(2).build()?;
//! let data = pool.put(vec![1.0, 2.0, 3.0]);
//! let sums: Vec<_> = (0..4)
//!     .map(|k| {
//!         let data = data.clone();
//!         let task = pool.task().name("sum").part(k);
//!         task.spawn(move || data.iter().sum::<f64>() * f64::from(k))
//!     })
//!     .collect::<Result<_, _>>()?;
//! assert_eq!(*get_all(&sums)?[3], 18.0);
//! assert_eq!(pool.drain_spans().len(), 4);
//! # Ok(())
//! # }
//! ```
//!
//! **Threads.** A pool of `p` workers runs on `p` rayon threads. A task may use `rayon::join` and
//! parallel iterators, and may start tasks and wait for them: all of it runs on the same `p`
//! threads, so there are never more running threads than workers. A thread that waits in rayon may
//! run another task in between, nested on its stack. A task that waits in `get` gives its cpus back
//! meanwhile, but keeps its gpus and memory: a child that needs those would wait for ever. Jobs of
//! `rayon::spawn`, which nobody waits for, run when a thread has no task.
//!
//! **Who starts next.** See [`MAX_OVERTAKES`] for the one rule that is not obvious.
//!
//! **Panics.** A panic in a task is that task's failure ([`TaskError::Panicked`]). The pool leaves
//! the process's panic hook alone, and Rust's default hook prints each panic to the error output
//! before the pool sees it; a program that draws on the terminal has to set a hook that does not.
//!
//! **CPU time.** [`TaskSpan::cpu_ns`] is the thread's CPU time during the attempt, without tasks
//! nested in it and without its waits, exact to 20 µs. Parts of a parallel iterator that other
//! threads took over are not in it; parts of another task's that this thread took over while its
//! own task waited *in rayon* are.

mod actor;
mod blocking;
mod builder;
mod cell;
mod context;
mod error;
mod handle;
mod lifecycle;
mod object;
mod pending;
mod queue;
mod quiet;
mod resources;
mod retry;
mod sched;
mod shared;
mod spans;
mod spawn;
mod task;
mod task_ref;
mod threads;
mod timeline;
mod timer;
mod wait;
mod waiter;
mod worker;

pub use actor::{Actor, ActorOptions};
pub use builder::{Pool, PoolBuilder};
pub use context::TaskContext;
pub use error::{PoolError, TaskError};
pub use handle::Handle;
pub use object::Object;
pub use queue::MAX_OVERTAKES;
pub use retry::Retry;
pub use spans::RunningTask;
pub use spawn::TaskBuilder;
pub use task_ref::{Awaitable, Dependency, TaskRef};
pub use timeline::{NEVER_RAN, Outcome, TaskSpan};
pub use wait::{get_all, wait, wait_all, wait_any};
