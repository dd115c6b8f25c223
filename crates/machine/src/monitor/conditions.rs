//! Under which conditions a stretch of time passed: what disturbed the program from outside.
//!
//! Belongs here: the facts, from two readings of the machine's counters. Does not belong here:
//! deciding whether they spoil a measurement, which depends on what was measured.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

use crate::proc_stat::Ticks;

/// Under which conditions a stretch of time passed. `None` where the machine does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Conditions {
    /// For how long the machine was suspended, in nanoseconds. Monotonic clocks do not count it.
    pub suspended_ns: u64,
    /// For how long the program was stopped while the clock ran, in nanoseconds.
    pub stopped_ns: u64,
    /// What the CPU quota of the control group did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Throttling>,
    /// What the hypervisor gave to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steal: Option<Steal>,
    /// How long threads of any process stalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
    /// What limited the cores, before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<[CoreLimits; 2]>,
    /// Highest frequency that is allowed, in MHz, as a mean over the cores, before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap_mhz: Option<[u32; 2]>,
}

/// How often and for how long the quota of a control group kept its threads off the cores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Throttling {
    /// Periods in which the quota was used up.
    pub periods: u64,
    /// Core time, in nanoseconds.
    pub core_ns: u64,
}

/// Time that the hypervisor gave to others while cores had work, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Steal {
    /// Added up over the cores.
    pub core_ns: u64,
    /// Of the core that lost most.
    pub worst_ns: u64,
}

/// Time in which at least one thread of the machine stalled for want of something, in nanoseconds
/// (Linux' pressure stall information).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pressure {
    /// For a core. The program's own threads count too.
    pub cpu_ns: u64,
    /// For memory.
    pub memory_ns: u64,
    /// For input and output.
    pub io_ns: u64,
}

/// How many cores the program may use, and the limits behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoreLimits {
    /// Cores that it may use at once: the smallest of the processors and the limits.
    #[serde(with = "Floats::<f64>")]
    pub usable: f64,
    /// Processors in the affinity mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<u32>,
    /// Cores' worth of CPU time that the control group allows.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f64>>"
    )]
    pub quota: Option<f64>,
}

/// What the machine counts, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    pub(super) suspended_ns: u64,
    pub(super) stopped_ns: u64,
    /// Of each control group above the program.
    pub(super) throttling: Vec<(PathBuf, Throttling)>,
    /// Of each processor, by its number.
    pub(crate) ticks: Vec<(u32, Ticks)>,
    pub(super) ticks_per_s: u64,
    pub(super) pressure: Option<Pressure>,
    pub(super) cores: Option<CoreLimits>,
    pub(super) cap_mhz: Option<u32>,
}

impl Readings {
    /// What limits the cores now.
    pub fn cores(&self) -> Option<CoreLimits> {
        self.cores
    }

    /// The highest frequency that is allowed now, in MHz.
    pub fn cap_mhz(&self) -> Option<u32> {
        self.cap_mhz
    }

    /// The conditions from `before` until these readings.
    pub fn since(&self, before: &Self) -> Conditions {
        Conditions {
            suspended_ns: self.suspended_ns.saturating_sub(before.suspended_ns),
            stopped_ns: self.stopped_ns.saturating_sub(before.stopped_ns),
            throttling: self.throttling_since(before),
            steal: self.steal_since(before),
            pressure: self
                .pressure
                .zip(before.pressure)
                .map(|(now, before)| Pressure {
                    cpu_ns: now.cpu_ns.saturating_sub(before.cpu_ns),
                    memory_ns: now.memory_ns.saturating_sub(before.memory_ns),
                    io_ns: now.io_ns.saturating_sub(before.io_ns),
                }),
            cores: before
                .cores
                .zip(self.cores)
                .map(|(before, now)| [before, now]),
            cap_mhz: before
                .cap_mhz
                .zip(self.cap_mhz)
                .map(|(before, now)| [before, now]),
        }
    }

    /// Groups that the program has entered or left in between count nothing: what happened in them
    /// before or after is not known.
    fn throttling_since(&self, before: &Self) -> Option<Throttling> {
        let mut sum = None;
        for (dir, now) in &self.throttling {
            let Some((_, before)) = before.throttling.iter().find(|(other, _)| other == dir) else {
                continue;
            };
            let sum = sum.get_or_insert(Throttling::default());
            sum.periods += now.periods.saturating_sub(before.periods);
            sum.core_ns += now.core_ns.saturating_sub(before.core_ns);
        }
        sum
    }

    /// `None` on a machine that never reported any.
    fn steal_since(&self, before: &Self) -> Option<Steal> {
        let has_steal = self.ticks.iter().any(|(_, ticks)| ticks.has_steal());
        if !has_steal || self.ticks_per_s == 0 {
            return None;
        }
        let tick_ns = 1_000_000_000 / self.ticks_per_s;
        let mut sum = Steal::default();
        for (id, now) in &self.ticks {
            if let Some((_, before)) = before.ticks.iter().find(|(other, _)| other == id) {
                let core_ns = now.stolen_since(before).saturating_mul(tick_ns);
                sum.core_ns += core_ns;
                sum.worst_ns = sum.worst_ns.max(core_ns);
            }
        }
        Some(sum)
    }
}
