//! Measuring what the program uses in a stretch of time.

use nix::sys::resource::{UsageWho, getrusage};

use super::resource_use::ResourceUse;
use crate::counter_access::CounterAccess;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use super::linux::{EventCounters, PeakMemory};
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use super::portable::{EventCounters, PeakMemory};

/// Whether the calling thread can read the processor's counters.
pub(crate) fn counter_access() -> CounterAccess {
    match EventCounters::open() {
        Ok(_) => CounterAccess::Available,
        Err(why) => why,
    }
}

/// Measures what a stretch of time uses.
#[derive(Debug)]
pub struct UsageMeter {
    counters: Option<EventCounters>,
    memory: PeakMemory,
    before: Counts,
}

impl UsageMeter {
    /// A meter for the calling thread, the threads and processes that it starts from now on, and
    /// theirs. Page faults, switches and memory are those of the whole program.
    #[expect(
        clippy::new_without_default,
        reason = "a default is not expected to look at the machine"
    )]
    pub fn new() -> Self {
        Self {
            counters: EventCounters::open().ok(),
            memory: PeakMemory::default(),
            before: Counts::default(),
        }
    }

    /// Begins. Takes some microseconds.
    pub fn start(&mut self) {
        self.memory.reset();
        self.before = Counts::now();
        if let Some(counters) = &mut self.counters {
            counters.start();
        }
    }

    /// Ends, and says what was used.
    pub fn stop(mut self) -> ResourceUse {
        let hardware = self.counters.as_mut().and_then(EventCounters::stop);
        let (before, now) = (self.before, Counts::now());
        let user_ns = now.user_ns.saturating_sub(before.user_ns);
        ResourceUse {
            peak_memory_bytes: self.memory.peak_bytes().unwrap_or(0),
            minor_faults: now.minor_faults.saturating_sub(before.minor_faults),
            major_faults: now.major_faults.saturating_sub(before.major_faults),
            voluntary_switches: now.voluntary.saturating_sub(before.voluntary),
            involuntary_switches: now.involuntary.saturating_sub(before.involuntary),
            mhz: hardware.and_then(|counts| mean_mhz(counts.cycles, user_ns)),
            hardware,
            processes: None,
        }
    }
}

/// Times below this are too coarse for a frequency, in nanoseconds.
const SHORTEST_NS: u64 = 50_000_000;

fn mean_mhz(cycles: u64, user_ns: u64) -> Option<f64> {
    (user_ns >= SHORTEST_NS).then(|| (cycles as f64 * 1e3 / user_ns as f64).round())
}

/// What the system has counted of the program and of processes that it waited for.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    minor_faults: u64,
    major_faults: u64,
    voluntary: u64,
    involuntary: u64,
    user_ns: u64,
}

impl Counts {
    fn now() -> Self {
        let mut sum = Self::default();
        for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
            let Ok(usage) = getrusage(who) else {
                continue;
            };
            let time = usage.user_time();
            sum.minor_faults += usage.minor_page_faults() as u64;
            sum.major_faults += usage.major_page_faults() as u64;
            sum.voluntary += usage.voluntary_context_switches() as u64;
            sum.involuntary += usage.involuntary_context_switches() as u64;
            sum.user_ns += time.tv_sec() as u64 * 1_000_000_000 + time.tv_usec() as u64 * 1000;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_counts_what_happens_between_start_and_stop() {
        let mut meter = UsageMeter::new();
        meter.start();
        let touched = vec![1_u8; 64 << 20];
        assert_eq!(std::hint::black_box(&touched).len(), 64 << 20);
        let used = meter.stop();
        // A page may be a huge one.
        assert!(used.minor_faults >= 16, "{used:?}");
        assert!(
            used.peak_memory_bytes == 0 || used.peak_memory_bytes >= 64 << 20,
            "{used:?}"
        );
        if counter_access() == CounterAccess::Available {
            let counts = used.hardware.unwrap();
            assert!(counts.instructions > 0 && counts.cycles > 0, "{used:?}");
        } else {
            assert_eq!((used.hardware, used.mhz), (None, None));
        }
    }

    #[test]
    fn a_frequency_needs_some_time() {
        assert_eq!(mean_mhz(3_000_000_000, 1_000_000_000), Some(3000.0));
        assert_eq!(mean_mhz(3_000, 1_000), None);
    }
}
