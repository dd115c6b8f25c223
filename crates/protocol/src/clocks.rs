//! The clocks of a worker, which go with everything that it sends.
//!
//! A message may be read long after it was sent: the supervisor may have been stopped, or have had
//! no core. So the sender says when that was, and how much CPU time it had used until then.

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// The clocks of a process, read together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// The system's monotonic clock, in nanoseconds. All processes of a machine share it.
    pub system_ns: u64,
    /// CPU time of the process, in nanoseconds.
    pub cpu_ns: u64,
}

impl Clocks {
    /// Those of this process, now.
    pub fn read() -> Self {
        Self {
            system_ns: read(ClockId::Monotonic),
            cpu_ns: read(ClockId::ProcessCPUTime),
        }
    }
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let (seconds, rest) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// What travels from a worker to its supervisor: a message, and the sender's clocks when what it
/// tells of was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped<M> {
    /// When it was.
    pub clocks: Clocks,
    /// What it was.
    pub message: M,
}

impl<M> Stamped<M> {
    /// Something that is so now.
    pub fn now(message: M) -> Self {
        let clocks = Clocks::read();
        Self { clocks, message }
    }
}
