//! Worker processes and their supervisor.
//!
//! - **Belongs here:** starting workers, passing messages, noticing what goes wrong with them and
//!   which is the cause, ending them and leaving none behind.
//! - **May use:** `protocol`, `clock`.
//! - **Does not belong here:** what they train, and what is done about a failure, which is a lab's
//!   policy.
//!
//! A [`Crew`] is one thread that starts all workers, polls all their pipes and reaps them. It is
//! one thread for two reasons: Linux ties a child's parent-death signal to the *thread* that
//! started the child, and news from one thread need no sorting. Whoever owns the crew takes its
//! [`News`] one at a time and is never called back.

mod board;
mod child;
mod crew;
mod diagnose;
mod error;
mod launch;
mod lines;
mod news;
mod pause;
mod queue;
mod supervise;
mod usage;
mod watchdog;

#[cfg(test)]
mod tests;

pub use crew::Crew;
pub use diagnose::{Condition, RankState, diagnose};
pub use error::CrewError;
pub use launch::Launch;
pub use news::{By, Ended, News};
pub use pause::stand_still;
pub use rustix::process::Signal;
pub use usage::{ProcessState, Usage};
pub use watchdog::{Alarm, Deadlines, Place, Watchdog};
pub use workbench_protocol as protocol;
