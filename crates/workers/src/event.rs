//! What happens to the workers of a group.

use workbench_protocol::{FromWorker, Position, Protocol};

use crate::exit::{EndedBy, ProcessExit};
use crate::health::state::{SlowKind, Stall};

/// Something that happened to a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerEvent<P: Protocol> {
    /// Its rank.
    pub rank: u32,
    /// When this was observed, in nanoseconds on the run's clock.
    pub at_ns: u64,
    /// The worker's clocks when it did what it tells of; `None` for what was observed from outside.
    pub moment: Option<Moment>,
    /// What happened.
    pub kind: EventKind<P>,
}

/// A time in the life of a worker: the run's clock, and the CPU time of its process until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds on the run's clock. It stands still while a person suspends the program.
    pub at_ns: u64,
    /// Nanoseconds of CPU time.
    pub cpu_ns: u64,
}

impl<P: Protocol> WorkerEvent<P> {
    /// Something that was observed from outside.
    pub fn observed(rank: u32, at_ns: u64, kind: EventKind<P>) -> Self {
        Self {
            rank,
            at_ns,
            moment: None,
            kind,
        }
    }
}

/// What happened to a worker.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind<P: Protocol> {
    /// Its process has started.
    Started {
        /// The process, which is also its process group.
        pid: u32,
    },
    /// It sent a message.
    Message(FromWorker<P>),
    /// The worker, or a library in it, printed a line.
    Output {
        /// The line, without control characters, cut when it is very long.
        line: String,
        /// Lines before this one that were dropped, because more were printed than were taken.
        skipped: u64,
    },
    /// It sent bytes that are no message. It is killed for that, unless it has ended already.
    InvalidMessage {
        /// What was wrong.
        why: String,
    },
    /// It sends no heartbeats, or it is alive, makes no progress, and the others wait for it.
    Stalled {
        /// How it stalled.
        stall: Stall,
        /// Its last known position.
        position: Position<P::Phase>,
        /// For how many seconds.
        for_s: f64,
    },
    /// It was stalled and continues.
    Recovered {
        /// After how many seconds.
        after_s: f64,
    },
    /// The others wait for it. Reported once for each phase, and once for its steps.
    Slow(SlowKind<P::Phase>),
    /// Its process has ended and was reaped, and its process group was killed. The last event of a
    /// worker.
    Exited {
        /// How it ended.
        exit: ProcessExit,
        /// Who ended it.
        by: EndedBy,
    },
}
