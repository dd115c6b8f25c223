//! Time as a run sees it: nanoseconds since the run began, and CPU time of threads and of the process.
//!
//! Belongs here: reading clocks. Does not belong here: deciding what the readings mean.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// The run's monotonic clock. Every timestamp in a record is nanoseconds since this clock's origin.
///
/// A resumed run continues where the earlier part stopped, so the clock can be started at an offset.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    offset_ns: u64,
}

impl Clock {
    /// A clock that reads zero now.
    pub fn start() -> Self {
        Self::start_at(0)
    }

    /// A clock that reads `offset_ns` now, to continue an earlier record.
    pub fn start_at(offset_ns: u64) -> Self {
        Self {
            origin: Instant::now(),
            offset_ns,
        }
    }

    /// Nanoseconds since the origin, offset included.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.offset_ns
            .saturating_add(self.origin.elapsed().as_nanos() as u64)
    }
}

/// CPU time (user and system) that the calling thread has used, in nanoseconds.
#[inline]
pub fn thread_cpu_ns() -> u64 {
    timespec_ns(clock_gettime(ClockId::ThreadCPUTime))
}

/// CPU time (user and system) that all threads of this process have used, in nanoseconds.
pub fn process_cpu_ns() -> u64 {
    timespec_ns(clock_gettime(ClockId::ProcessCPUTime))
}

fn timespec_ns(t: rustix::time::Timespec) -> u64 {
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// Nanoseconds as seconds.
#[inline]
pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
