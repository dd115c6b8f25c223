//! The health of a worker, with the evidence for it.

use workbench_protocol::{PhaseName, Position};

use crate::exit::ProcessExit;

/// Whether a worker makes progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WorkerHealth<P: PhaseName> {
    /// It works, or nothing else is known.
    Working,
    /// It waits for others.
    Waiting,
    /// The others wait for it.
    Slow(SlowKind<P>),
    /// It does not answer, or makes no progress.
    Stalled(Stall),
    /// It has left the group, which was not planned.
    Lost(Loss),
    /// Its work has ended normally.
    Ended,
}

/// What a worker is slow in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SlowKind<P: PhaseName> {
    /// In its steps.
    Steps(Straggler),
    /// Outside of its steps.
    Awaited(Awaited<P>),
}

/// A worker that is slower than the others in its steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Straggler {
    /// The rank.
    pub rank: u32,
    /// Its work in a step, in milliseconds.
    pub work_ms: f64,
    /// The fastest rank.
    pub fastest: u32,
    /// The work of the fastest rank in a step, in milliseconds.
    pub fastest_ms: f64,
    /// How long the fastest rank waits for the others in a step, in milliseconds.
    pub wait_ms: f64,
}

impl Straggler {
    /// Its work against that of the fastest rank; greater than 1.
    pub fn factor(&self) -> f64 {
        self.work_ms / self.fastest_ms
    }
}

/// A worker that the others wait for outside of steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Awaited<P: PhaseName> {
    /// The rank.
    pub rank: u32,
    /// Its position.
    pub phase: P,
    /// The rank that waits longest for it.
    pub waiting: u32,
    /// The position of that rank.
    pub waits_in: P,
    /// How long that rank has waited, in seconds.
    pub waits_s: f64,
}

/// How a worker stalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// It is alive, makes no progress, and no rank is further behind.
    Stuck,
    /// It sends no heartbeats.
    Silent,
    /// Its process is stopped by a signal.
    Stopped,
}

/// How a worker was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It reported that it cannot continue.
    Failed,
    /// Its process ended before its work.
    Exited(ProcessExit),
}

/// The state of one worker: where it is, and its health.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankState<P: PhaseName> {
    /// The rank.
    pub rank: u32,
    /// The position of its working thread in its last message.
    pub position: Position<P>,
    /// Whether it makes progress.
    pub health: WorkerHealth<P>,
    /// Seconds since its end, since its last message (when it is silent or stopped), or since it
    /// last made progress.
    pub for_s: f64,
}

impl<P: PhaseName> RankState<P> {
    /// Whether it is alive and makes progress; a slow rank counts too.
    pub fn is_active(&self) -> bool {
        matches!(
            self.health,
            WorkerHealth::Working | WorkerHealth::Waiting | WorkerHealth::Slow(_)
        )
    }
}
