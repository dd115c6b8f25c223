//! Tasks, shared objects, actors and resources on the threads of one process, and a timeline of
//! what ran where.
//!
//! - **Belongs here:** running closures on a fixed number of threads and recording when each ran.
//! - **May use:** `clock`, `words`; rayon, whose threads the tasks run on.
//! - **Does not belong here:** what the closures compute, what the timeline means, other processes.
#![doc = include_str!("../README.md")]

mod actor;
mod blocking;
mod builder;
mod cell;
mod context;
mod error;
mod handle;
mod layout;
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
pub use builder::{Pool, PoolBuilder, STACK_BYTES};
pub use context::TaskContext;
pub use error::{PoolError, TaskError};
pub use handle::PoolHandle;
pub use layout::with_random_layout;
pub use object::Object;
pub use queue::MAX_OVERTAKES;
pub use retry::Retry;
pub use spans::RunningTask;
pub use spawn::TaskBuilder;
pub use task_ref::{Awaitable, Dependency, TaskRef};
pub use timeline::{NEVER_RAN, Outcome, TaskSpan};
pub use wait::{get_all, wait, wait_all, wait_any};
pub use worker::add_process_cpu_ns;
