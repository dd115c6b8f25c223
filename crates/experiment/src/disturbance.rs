//! Which conditions disturb a repeat, and from what size on.
//!
//! - A repeat that was suspended, stopped or throttled, or that had other cores than the run had at
//!   its start, says nothing about its arm: it is left out and runs again.
//! - A quota that an arm is meant to use up throttles it, so only throttling beyond what the quota
//!   at the start of the run explains counts.
//!
//! Belongs here: judging. Does not belong here: reading counters, which is in
//! [`workbench_machine::monitor`].

use workbench_clock::seconds;
use workbench_machine::monitor::{Conditions, CoreLimits, Readings};
use workbench_record::Disturbance;

/// Suspensions, stops and throttling below this share of a repeat's time are too small to matter.
pub const SMALL_SHARE: f64 = 0.01;
/// Shorter suspensions and stops than this are too small to matter: they cannot be told from other
/// delays.
pub const SHORTEST_STOP_NS: u64 = 50_000_000;
/// Throttling below this share of a repeat's slot time, beyond the explained, is too small.
const THROTTLED_SHARE: f64 = 0.02;
/// Cores that the program's threads besides the slots use at most: for these the quota may be too
/// small by design.
const SPARE_CORES: f64 = 0.1;
/// Numbers of cores that differ by less are the same.
const SAME_CORES: f64 = 0.05;
/// Highest frequencies that differ by a smaller share are the same.
const SAME_FREQUENCY: f64 = 0.02;
/// Steal and stalls for want of memory below this share of a repeat's time are usual.
const USUAL_SHARE: f64 = 0.05;

/// What a run had at its start.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AtStart {
    cores: Option<CoreLimits>,
    cap_mhz: Option<u32>,
}

impl AtStart {
    pub fn new(readings: &Readings) -> Self {
        Self {
            cores: readings.cores(),
            cap_mhz: readings.cap_mhz(),
        }
    }

    /// What disturbed a repeat that took `wall_ns` on `workers` slots, by the conditions under
    /// which it ran.
    pub fn disturbances(
        &self,
        conditions: &Conditions,
        workers: u32,
        wall_ns: u64,
    ) -> Vec<Disturbance> {
        [
            suspension(conditions, wall_ns),
            stop(conditions, wall_ns),
            self.throttling(conditions, workers, wall_ns),
            self.other_cores(conditions, workers),
            self.other_cap(conditions),
            steal(conditions, workers, wall_ns),
            memory(conditions, wall_ns),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn throttling(
        &self,
        conditions: &Conditions,
        workers: u32,
        wall_ns: u64,
    ) -> Option<Disturbance> {
        let found = conditions.throttling?;
        let slots = f64::from(workers.max(1));
        let share = found.core_ns as f64 / (slots * wall_ns.max(1) as f64);
        let quota = self.cores.and_then(|cores| cores.quota);
        let explained = quota.map_or(0.0, |quota| (1.0 - quota / (slots + SPARE_CORES)).max(0.0));
        (share > explained + THROTTLED_SHARE).then(|| Disturbance::Throttled {
            periods: found.periods,
            core_s: seconds(found.core_ns),
        })
    }

    /// Of the cores that the repeat can use: one slot is not affected while there is one core.
    fn other_cores(&self, conditions: &Conditions, workers: u32) -> Option<Disturbance> {
        let start = self.cores?;
        let used = |limits: &CoreLimits| limits.usable.min(f64::from(workers));
        let apart = |limits: &CoreLimits| (used(limits) - used(&start)).abs();
        let ends = conditions.cores?;
        let now = ends.iter().max_by(|a, b| apart(a).total_cmp(&apart(b)))?;
        if apart(now) <= SAME_CORES {
            return None;
        }
        let (from, to) = (start.usable, now.usable);
        Some(if start.quota == now.quota {
            Disturbance::AffinityChanged { from, to }
        } else {
            Disturbance::QuotaChanged { from, to }
        })
    }

    fn other_cap(&self, conditions: &Conditions) -> Option<Disturbance> {
        let from_mhz = self.cap_mhz?;
        let apart = |mhz: &u32| mhz.abs_diff(from_mhz);
        let to_mhz = *conditions
            .cap_mhz
            .as_ref()?
            .iter()
            .max_by_key(|mhz| apart(mhz))?;
        (f64::from(apart(&to_mhz)) > SAME_FREQUENCY * f64::from(from_mhz))
            .then_some(Disturbance::FrequencyCapChanged { from_mhz, to_mhz })
    }
}

fn matters(ns: u64, wall_ns: u64) -> bool {
    ns >= SHORTEST_STOP_NS && ns as f64 > SMALL_SHARE * wall_ns as f64
}

fn suspension(conditions: &Conditions, wall_ns: u64) -> Option<Disturbance> {
    let ns = conditions.suspended_ns;
    matters(ns, wall_ns).then(|| Disturbance::Suspended {
        seconds: seconds(ns),
    })
}

/// The program did not run although it did not wait for a core. Where it waited for memory, or the
/// hypervisor ran others meanwhile, that is the cause.
fn stop(conditions: &Conditions, wall_ns: u64) -> Option<Disturbance> {
    let waited_ns = conditions.pressure.map_or(0, |pressure| pressure.memory_ns);
    let ns = conditions.stopped_ns.saturating_sub(waited_ns);
    let stolen_ns = conditions.steal.map_or(0, |steal| steal.worst_ns);
    let seconds = seconds(ns);
    matters(ns, wall_ns).then_some(if stolen_ns >= ns / 2 {
        Disturbance::Paused { seconds }
    } else {
        Disturbance::Stopped { seconds }
    })
}

fn steal(conditions: &Conditions, workers: u32, wall_ns: u64) -> Option<Disturbance> {
    let core_ns = conditions.steal?.core_ns;
    let slot_ns = f64::from(workers.max(1)) * wall_ns as f64;
    (core_ns as f64 > USUAL_SHARE * slot_ns).then(|| Disturbance::Steal {
        core_s: seconds(core_ns),
    })
}

fn memory(conditions: &Conditions, wall_ns: u64) -> Option<Disturbance> {
    let ns = conditions.pressure?.memory_ns;
    (ns as f64 > USUAL_SHARE * wall_ns as f64).then(|| Disturbance::MemoryPressure {
        seconds: seconds(ns),
    })
}

#[cfg(test)]
mod tests {
    use workbench_machine::monitor::{Pressure, Steal, Throttling};

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn limits(usable: f64, quota: Option<f64>) -> CoreLimits {
        CoreLimits {
            usable,
            affinity: None,
            quota,
        }
    }

    fn start(usable: f64, quota: Option<f64>) -> AtStart {
        AtStart {
            cores: Some(limits(usable, quota)),
            cap_mhz: Some(3000),
        }
    }

    /// What disturbs ten seconds on two slots of a machine with two cores.
    fn found(conditions: &Conditions) -> Vec<Disturbance> {
        start(2.0, None).disturbances(conditions, 2, 10 * SECOND)
    }

    #[test]
    fn a_stop_and_a_suspension_spoil_a_repeat_unless_they_are_small() {
        for (ns, spoils) in [
            (0, false),
            (SECOND / 20, false),
            (SECOND / 5, true),
            (20 * SECOND, true),
        ] {
            let suspended = Conditions {
                suspended_ns: ns,
                ..Conditions::default()
            };
            let stopped = Conditions {
                stopped_ns: ns,
                ..Conditions::default()
            };
            let seconds = ns as f64 / 1e9;
            let expected = |cause: Disturbance| if spoils { vec![cause] } else { Vec::new() };
            assert_eq!(
                found(&suspended),
                expected(Disturbance::Suspended { seconds })
            );
            assert_eq!(found(&stopped), expected(Disturbance::Stopped { seconds }));
        }
        // In a short repeat a short stop is large, and a delay is none.
        let stopped = |stopped_ns| Conditions {
            stopped_ns,
            ..Conditions::default()
        };
        let short = |ns| start(2.0, None).disturbances(&stopped(ns), 1, SECOND / 10);
        assert!(short(SECOND / 100).is_empty());
        assert!(short(SECOND / 20).iter().all(Disturbance::spoils));
        assert_eq!(short(SECOND / 20).len(), 1);
    }

    #[test]
    fn a_standstill_has_the_name_of_its_cause() {
        let stopped = Conditions {
            stopped_ns: 2 * SECOND,
            ..Conditions::default()
        };
        let steal = |worst_ns| Conditions {
            steal: Some(Steal {
                core_ns: worst_ns,
                worst_ns,
            }),
            ..stopped.clone()
        };
        let stop = Disturbance::Stopped { seconds: 2.0 };
        let pause = Disturbance::Paused { seconds: 2.0 };
        assert_eq!(found(&steal(SECOND / 10)), [stop]);
        assert_eq!(found(&steal(2 * SECOND))[0], pause);
        let memory_ns = 2 * SECOND;
        let memory = Conditions {
            pressure: Some(Pressure {
                memory_ns,
                ..Pressure::default()
            }),
            ..stopped.clone()
        };
        assert_eq!(
            found(&memory),
            [Disturbance::MemoryPressure { seconds: 2.0 }]
        );
    }

    fn throttled(core_ns: u64) -> Conditions {
        Conditions {
            throttling: Some(Throttling {
                periods: 9,
                core_ns,
            }),
            ..Conditions::default()
        }
    }

    #[test]
    fn throttling_spoils_a_repeat_where_the_quota_at_the_start_does_not_explain_it() {
        let spoiled = |quota, workers, core_ns| {
            let start = start(2.0, quota);
            !start
                .disturbances(&throttled(core_ns), workers, 10 * SECOND)
                .is_empty()
        };
        // Without a quota at the start, and with one that leaves room.
        for quota in [None, Some(4.0)] {
            assert!(!spoiled(quota, 2, SECOND / 10));
            assert!(spoiled(quota, 2, SECOND));
        }
        // An arm that uses the whole quota, and one that asks for twice as much.
        assert!(!spoiled(Some(2.0), 2, SECOND));
        assert!(spoiled(Some(2.0), 2, 5 * SECOND));
        assert!(!spoiled(Some(2.0), 4, 20 * SECOND));
        assert!(spoiled(Some(2.0), 4, 30 * SECOND));
    }

    #[test]
    fn other_cores_spoil_a_repeat_that_needs_them() {
        let ends = |before, after| Conditions {
            cores: Some([before, after]),
            ..Conditions::default()
        };
        let (two, one, half) = (limits(2.0, None), limits(1.0, None), limits(0.5, Some(0.5)));
        let of = |conditions: &Conditions, workers| {
            start(2.0, None).disturbances(conditions, workers, SECOND)
        };
        assert!(of(&ends(two, two), 2).is_empty());
        let (from, to) = (2.0, 1.0);
        for conditions in [ends(two, one), ends(one, two), ends(one, one)] {
            let narrowed = Disturbance::AffinityChanged { from, to };
            assert_eq!(of(&conditions, 2), [narrowed]);
            assert!(of(&conditions, 1).is_empty());
        }
        let to = 0.5;
        for workers in [1, 2] {
            let cut = Disturbance::QuotaChanged { from, to };
            assert_eq!(of(&ends(two, half), workers), [cut]);
        }
    }

    #[test]
    fn what_affects_arms_alike_is_named_and_spoils_nothing() {
        let conditions = Conditions {
            cap_mhz: Some([3000, 1200]),
            steal: Some(Steal {
                core_ns: 2 * SECOND,
                worst_ns: SECOND,
            }),
            ..Conditions::default()
        };
        let named = found(&conditions);
        let (from_mhz, to_mhz) = (3000, 1200);
        let capped = Disturbance::FrequencyCapChanged { from_mhz, to_mhz };
        assert_eq!(named, [capped, Disturbance::Steal { core_s: 2.0 }]);
        assert!(!named.iter().any(Disturbance::spoils));
        assert!(found(&Conditions::default()).is_empty());
    }
}
