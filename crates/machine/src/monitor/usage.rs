//! What the program used in a stretch of time: memory, page faults, context switches, and what the
//! processor counts.
//!
//! Belongs here: the facts, and taking them around a stretch of time. Does not belong here: what
//! follows from them.

use nix::sys::resource::{UsageWho, getrusage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use super::linux::{EventCounters, PeakMemory};
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use super::portable::{EventCounters, PeakMemory};

/// What the program, and the processes that it started and waited for, used in a stretch of time.
/// `None` where the machine does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResourceUse {
    /// The most resident memory, in bytes; 0 where it is not known.
    pub peak_memory_bytes: u64,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that needed one.
    pub major_faults: u64,
    /// Times that a thread gave its core away to wait for something.
    pub voluntary_switches: u64,
    /// Times that a thread was taken off its core.
    pub involuntary_switches: u64,
    /// Mean frequency of the cores while they worked, in MHz.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f64>>"
    )]
    pub mhz: Option<f64>,
    /// What the processor counted, outside the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<HardwareCounts>,
}

/// What the processor counts of the program's own code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HardwareCounts {
    /// Instructions that were executed.
    pub instructions: u64,
    /// Cycles that they took.
    pub cycles: u64,
    /// Accesses that missed the last cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_misses: Option<u64>,
}

/// Whether the processor's counters can be read.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CounterAccess {
    /// Nobody tried.
    #[default]
    Unknown,
    /// They can be read.
    Available,
    /// The system refuses them: `kernel.perf_event_paranoid`, or a container's seccomp profile.
    NotAllowed,
    /// The processor has none, as many virtual machines.
    NotSupported,
    /// They are read on Linux only.
    OtherSystem,
}

impl CounterAccess {
    /// Whether the processor's counters can be read by the calling thread.
    pub fn probe() -> Self {
        match EventCounters::open() {
            Ok(_) => Self::Available,
            Err(why) => why,
        }
    }

    /// Whether nobody tried.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
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
        if CounterAccess::probe() == CounterAccess::Available {
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
