//! Worker processes and their supervisor.
//!
//! - **Belongs here:** starting workers, passing messages, judging the health of each of them
//!   ([`WorkerHealth`]), ending all of them.
//! - **May use:** `protocol`, `clock`.
//! - **Does not belong here:** what the workers compute, and how to react to a failure, which is a
//!   lab's policy.
//!
//! A lab implements [`Protocol`](workbench_protocol::Protocol) for its messages, starts a
//! [`WorkerGroup`] with one [`WorkerLaunch`] for each rank, and takes its [`WorkerEvent`]s one at a
//! time; there are no callbacks. [`WorkerGroup::states`] gives the health of all ranks at any
//! moment. The workers begin with [`WorkerSide::start`](workbench_protocol::WorkerSide::start).
//!
//! A group is one thread that starts all workers, polls all their pipes and reaps them. It is one
//! thread for two reasons: Linux ties a child's parent-death signal to the *thread* that started
//! the child, and events from one thread need no sorting.

mod board;
mod child;
mod describe;
mod error;
mod event;
mod exit;
mod group;
mod health;
mod launch;
mod lines;
mod pause;
mod queue;
mod supervise;
mod usage;

#[cfg(test)]
mod tests;

pub use describe::describe;
pub use error::{GroupError, is_out_of_descriptors};
pub use event::{EventKind, WorkerEvent};
pub use exit::{EndedBy, ProcessExit, signal_name};
pub use group::WorkerGroup;
pub use health::liveness::Deadlines;
pub use health::state::{Awaited, Loss, RankState, SlowKind, Stall, Straggler, WorkerHealth};
pub use launch::WorkerLaunch;
pub use lines::LineSplitter;
pub use pause::{Pausable, register as register_pausable, stand_still};
pub use rustix::process::Signal;
pub use usage::{CoreTime, ProcessState, Usage};
