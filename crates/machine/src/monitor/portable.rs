//! One look at the cores and at this process' memory through sysinfo, for systems without `/proc`.

use std::path::Path;

use sysinfo::{CpuRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind};

use super::conditions::{CoreLimits, Readings};
use super::resource_use::{HardwareCounts, StartedProcesses};
use super::round_share;
use super::sample::Sample;
use crate::counter_access::CounterAccess;

#[derive(Debug)]
pub(super) struct System {
    /// `None` on a system that sysinfo does not know.
    system: Option<sysinfo::System>,
    own: Pid,
}

impl System {
    /// The root of the file tree is not needed: nothing is read from files.
    pub fn new(_: &Path) -> Self {
        let wanted = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing().with_usage());
        Self {
            system: sysinfo::System::new_with_specifics(wanted).ok(),
            own: Pid::from_u32(std::process::id()),
        }
    }

    /// Fills in what it sees. Sysinfo itself keeps the last shares when it is asked again too soon.
    pub fn look(&mut self, _fresh: bool, sample: &mut Sample) {
        let Some(system) = &mut self.system else {
            return;
        };
        system.refresh_cpu_usage();
        let own = ProcessesToUpdate::Some(&[self.own]);
        system.refresh_processes_specifics(own, false, ProcessRefreshKind::nothing().with_memory());
        sample.cores = system
            .cpus()
            .iter()
            .map(|cpu| round_share(f64::from(cpu.usage()) / 100.0).clamp(0.0, 1.0))
            .collect();
        sample.rss_bytes = system.process(self.own).map_or(0, sysinfo::Process::memory);
    }
}

/// Counters of what disturbs a program: here only the number of processors is known.
#[derive(Debug)]
pub(super) struct Counters;

impl Counters {
    pub fn new(_: &Path) -> Self {
        Self
    }

    /// Fills in what is known.
    #[expect(clippy::unused_self, reason = "as on Linux")]
    pub fn read(&mut self, readings: &mut Readings) {
        readings.cores = Some(CoreLimits {
            usable: crate::portable::usable_cores().cores,
            affinity: None,
            quota: None,
        });
    }
}

/// What the processor counts is read on Linux only.
#[derive(Debug)]
pub(super) enum EventCounters {}

impl EventCounters {
    pub fn open() -> Result<Self, CounterAccess> {
        Err(CounterAccess::OtherSystem)
    }

    pub fn start(&mut self) {
        match *self {}
    }

    pub fn stop(&mut self) -> Option<HardwareCounts> {
        match *self {}
    }
}

/// Nothing tells of processes that are started.
#[derive(Debug)]
pub(super) enum ForkCounter {}

impl ForkCounter {
    pub fn open() -> Option<Self> {
        None
    }

    pub fn take(&mut self) -> StartedProcesses {
        match *self {}
    }
}

/// The most memory in a stretch of time is not known here; samples say something.
#[derive(Debug, Default)]
pub(super) struct PeakMemory {}

impl PeakMemory {
    #[expect(clippy::unused_self, reason = "as on Linux")]
    pub fn reset(&mut self) {}

    #[expect(clippy::unused_self, reason = "as on Linux")]
    pub fn peak_bytes(&self) -> Option<u64> {
        None
    }
}
