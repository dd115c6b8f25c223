//! Time as a run sees it: nanoseconds since the run began, CPU time of threads and of the process,
//! and the time for which a thread waited for a core.
//!
//! - **Belongs here:** reading clocks, and stopping them while the whole program is stopped.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** deciding what the readings mean.

mod core_wait;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Instant;

use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

pub use core_wait::CoreWait;

/// The run's monotonic clock. Every timestamp in a record is nanoseconds since this clock's origin.
///
/// A resumed run continues where the earlier part stopped, so the clock can be started at an
/// offset. While the program [is stopped](stand_still), so is the clock: time for which a person
/// suspends the program does not count as work.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// On the program's own clock.
    origin_ns: u64,
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
            origin_ns: PROGRAM.now_ns(),
            offset_ns,
        }
    }

    /// Nanoseconds since the origin, offset included.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        let since_ns = PROGRAM.now_ns().saturating_sub(self.origin_ns);
        self.offset_ns.saturating_add(since_ns)
    }
}

/// Nanoseconds since the first use of a clock, without the time for which the program was stopped.
#[inline]
pub fn program_ns() -> u64 {
    PROGRAM.now_ns()
}

/// Runs `body`, which stops and continues this process, while all clocks are stopped. Returns how
/// long that took.
pub fn stand_still(body: impl FnOnce()) -> std::time::Duration {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let stopped = Instant::now();
    PROGRAM.freeze();
    body();
    PROGRAM.thaw();
    stopped.elapsed()
}

static PROGRAM: Program = Program {
    version: AtomicU64::new(0),
    skipped_ns: AtomicU64::new(0),
    frozen_ns: AtomicU64::new(RUNS),
};

/// The clock of the whole program, without the time for which it was stopped.
///
/// Its two numbers belong together and are read by every task of a pool, so they are read without a
/// lock, and read again when they were changed meanwhile: `version` is odd while they are.
struct Program {
    version: AtomicU64,
    /// How long it was stopped in all.
    skipped_ns: AtomicU64,
    /// The time at which it is stopped, or [`RUNS`].
    frozen_ns: AtomicU64,
}

/// The clock runs.
const RUNS: u64 = u64::MAX;
/// Longer than any processor reads ahead.
const SETTLE_NS: u64 = 1000;

impl Program {
    #[inline]
    fn now_ns(&self) -> u64 {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let frozen_ns = self.frozen_ns.load(Ordering::Relaxed);
            let skipped_ns = self.skipped_ns.load(Ordering::Relaxed);
            let raw_ns = raw_ns();
            fence(Ordering::Acquire);
            if version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version {
                return if frozen_ns == RUNS {
                    raw_ns.saturating_sub(skipped_ns)
                } else {
                    frozen_ns
                };
            }
            std::hint::spin_loop();
        }
    }

    fn freeze(&self) {
        self.change(|| {
            // A processor may have looked whether the clock is being changed a moment before it
            // reads the time.
            let settled_ns = raw_ns() + SETTLE_NS;
            while raw_ns() < settled_ns {
                std::hint::spin_loop();
            }
            let now_ns = raw_ns().saturating_sub(self.skipped_ns.load(Ordering::Relaxed));
            self.frozen_ns.store(now_ns, Ordering::Relaxed);
        });
    }

    fn thaw(&self) {
        self.change(|| {
            let frozen_ns = self.frozen_ns.swap(RUNS, Ordering::Relaxed);
            let skipped_ns = raw_ns().saturating_sub(frozen_ns);
            self.skipped_ns.store(skipped_ns, Ordering::Relaxed);
        });
    }

    /// Only one thread at a time may call this.
    fn change(&self, change: impl FnOnce()) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        // Seen by all before the time is read.
        fence(Ordering::SeqCst);
        change();
        self.version.store(version + 2, Ordering::Release);
    }
}

fn raw_ns() -> u64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed().as_nanos() as u64
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

/// A reading that grows by the time for which the machine is suspended, in nanoseconds, and stands
/// still otherwise: how far a clock that runs on then is ahead of the clock of a run, which does
/// not. Only the difference of two readings means something.
pub fn suspended_ns() -> u64 {
    // Between the two calls some time passes, so readings differ by microseconds.
    timespec_ns(clock_gettime(ALWAYS)).saturating_sub(raw_ns())
}

/// The clock that runs on while the machine is suspended. On Linux the monotonic clock stops then.
/// On macOS it runs on, and [`Instant`] reads another one, which stops.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ALWAYS: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const ALWAYS: ClockId = ClockId::Monotonic;

/// Nanoseconds as seconds.
#[inline]
pub fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_thread_sees_the_clock_jump_when_the_program_stood_still() {
        let (clock, over) = (Clock::start(), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut before = clock.now_ns();
                    while !over.load(Ordering::Relaxed) {
                        let now = clock.now_ns();
                        assert!(now >= before, "{now} after {before}");
                        before = now;
                    }
                });
            }
            let mut still = Duration::ZERO;
            let raw = Instant::now();
            let began_ns = clock.now_ns();
            for _ in 0..2000 {
                still += stand_still(|| {
                    let frozen_ns = clock.now_ns();
                    let until = Instant::now() + Duration::from_micros(50);
                    while Instant::now() < until {}
                    assert_eq!(clock.now_ns(), frozen_ns);
                });
            }
            let passed = Duration::from_nanos(clock.now_ns() - began_ns);
            let least = 2000 * Duration::from_micros(50);
            assert!(still >= least && passed + least <= raw.elapsed());
            over.store(true, Ordering::Relaxed);
        });
    }
}
