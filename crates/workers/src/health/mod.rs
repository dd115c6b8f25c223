//! The health of each worker: this is the only place that judges it.
//!
//! Belongs here: pure state machines without clocks and processes, fed with what was received and
//! when. [`liveness`] finds workers that are silent or make no progress, [`steps`] one that is
//! slower than the others in its steps, [`awaited`] one that the others wait for outside of steps;
//! [`monitor`] combines them into one [`WorkerHealth`] per worker. Does not belong here: reactions
//! to it, and sentences.

pub(super) mod awaited;
pub(super) mod liveness;
pub(super) mod monitor;
pub(super) mod state;
pub(super) mod steps;

#[cfg(test)]
mod liveness_tests;
