//! Why the same work took more CPU time in one arm than in the base, as far as what was recorded
//! tells. Nothing is named that did not rise with it.
//!
//! Belongs here: weighing what was recorded. Does not belong here: its text.

pub(super) mod messages;

use workbench_machine::CounterAccess;
use workbench_machine::monitor::{HardwareCounts, ProcessUse, ResourceUse};
use workbench_record::Disturbance;

use super::document::{ArmResult, RunResult};
use super::facts::{Inflation, InflationCause};

/// Cycles per instruction and instructions that rose by less than this share are the same.
const SAME: f64 = 0.03;
/// Cache misses vary more.
const SAME_MISSES: f64 = 0.1;
/// CPU time of a page fault that needs no disk, in seconds: the kernel clears the page.
const FAULT_S: f64 = 0.5e-6;
/// CPU time of a page fault that needs one.
const MAJOR_FAULT_S: f64 = 20e-6;
/// CPU time of being taken off a core, with what has to be read into the caches again.
const SWITCH_S: f64 = 5e-6;
/// Faults and switches that explain less than this share of the inflation are not named.
const WORTH_NAMING: f64 = 0.1;

/// What explains the inflation of an arm, and what would be needed to know more.
pub(super) fn inflation(arm: &ArmResult, result: &RunResult) -> Inflation {
    let base = result.arms.iter().find(|base| base.name == result.base);
    let usage = base
        .and_then(|base| base.usage.as_ref())
        .zip(arm.usage.as_ref());
    let mut causes = Vec::new();
    if let Some((before, now)) = usage {
        let one_core = f64::from(arm.workers).min(result.machine.cores_usable) <= 1.0;
        causes.extend(counted(before, now, one_core));
        causes.extend(frequency(before, now));
        causes.extend(kernel_work(before, now, arm.lost_s.inflation));
    }
    causes.extend(
        result
            .disturbances
            .iter()
            .find_map(|found| match found.cause {
                Disturbance::Steal { core_s } => Some(InflationCause::Steal { core_s }),
                _ => None,
            }),
    );
    let counters = match usage {
        Some((before, now)) if before.hardware.is_some() && now.hardware.is_some() => {
            CounterAccess::Available
        }
        // They are there, and were too busy counting for others.
        Some(_) => result.machine.hardware_counters,
        None => CounterAccess::Unknown,
    };
    Inflation { causes, counters }
}

/// More instructions, and more cycles for each.
fn counted(before: &ResourceUse, now: &ResourceUse, one_core: bool) -> Vec<InflationCause> {
    let Some((before, now)) = before.hardware.zip(now.hardware) else {
        return Vec::new();
    };
    let mut causes = Vec::new();
    let per = |n: u64, counts: &HardwareCounts| n as f64 / counts.instructions.max(1) as f64;
    let cycles = per(now.cycles, &now) / per(before.cycles, &before) - 1.0;
    let misses = before.cache_misses.zip(now.cache_misses);
    let misses = misses.map(|(then, later)| per(later, &now) / per(then, &before) - 1.0);
    let misses = misses.filter(|more| more.is_finite() && *more > SAME_MISSES);
    // On one core, nobody shares the caches at the same time; threads that take turns can still
    // evict each other's data.
    if cycles.is_finite() && cycles > SAME && (!one_core || misses.is_some()) {
        causes.push(InflationCause::Cycles {
            more: cycles,
            misses,
            one_core,
        });
    }
    let instructions = now.instructions as f64 / before.instructions.max(1) as f64 - 1.0;
    if before.instructions > 0 && instructions > SAME {
        causes.push(InflationCause::Instructions { more: instructions });
    }
    causes
}

fn frequency(before: &ResourceUse, now: &ResourceUse) -> Option<InflationCause> {
    let (from_mhz, to_mhz) = before.mhz.zip(now.mhz)?;
    (to_mhz < from_mhz * (1.0 - SAME)).then_some(InflationCause::Frequency { from_mhz, to_mhz })
}

/// What the kernel did more of.
fn kernel_work(before: &ResourceUse, now: &ResourceUse, inflation_s: f64) -> Vec<InflationCause> {
    let minor = now.minor_faults.saturating_sub(before.minor_faults);
    let major = now.major_faults.saturating_sub(before.major_faults);
    let switches = now
        .involuntary_switches
        .saturating_sub(before.involuntary_switches);
    let faults_s = minor as f64 * FAULT_S + major as f64 * MAJOR_FAULT_S;
    let mut causes = Vec::new();
    if faults_s >= WORTH_NAMING * inflation_s {
        causes.push(InflationCause::Faults { minor, major });
    }
    if switches as f64 * SWITCH_S >= WORTH_NAMING * inflation_s {
        causes.push(InflationCause::Switches { more: switches });
    }
    causes
}

/// The usage of the middle repeat of an arm, figure by figure; `None` where a repeat has none.
pub(super) fn median_usage(repeats: &[&ResourceUse]) -> Option<ResourceUse> {
    let count = |figure: fn(&ResourceUse) -> u64| -> Option<u64> {
        let mut values: Vec<u64> = repeats.iter().map(|usage| figure(usage)).collect();
        values.sort_unstable();
        values.get((values.len().checked_sub(1)?) / 2).copied()
    };
    let mhz = repeats.iter().filter_map(|usage| usage.mhz);
    let mut mhz: Vec<f64> = mhz.filter(|mhz| mhz.is_finite() && *mhz > 0.0).collect();
    mhz.sort_by(f64::total_cmp);
    // The three counts of one repeat belong together.
    let mut hardware: Vec<HardwareCounts> = repeats.iter().filter_map(|u| u.hardware).collect();
    hardware.sort_by_key(|counts| counts.cycles);
    Some(ResourceUse {
        peak_memory_bytes: count(|usage| usage.peak_memory_bytes)?,
        minor_faults: count(|usage| usage.minor_faults)?,
        major_faults: count(|usage| usage.major_faults)?,
        voluntary_switches: count(|usage| usage.voluntary_switches)?,
        involuntary_switches: count(|usage| usage.involuntary_switches)?,
        mhz: mhz.get(mhz.len().saturating_sub(1) / 2).copied(),
        hardware: hardware.get(hardware.len().saturating_sub(1) / 2).copied(),
        processes: median_processes(repeats),
    })
}

/// What the processes used, of the repeat with the middle CPU time: its figures belong together.
fn median_processes(repeats: &[&ResourceUse]) -> Option<ProcessUse> {
    let mut all: Vec<ProcessUse> = repeats.iter().filter_map(|u| u.processes).collect();
    all.sort_by_key(ProcessUse::cpu_ns);
    all.get(all.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: u64, cycles: u64, cache_misses: u64) -> ResourceUse {
        ResourceUse {
            hardware: Some(HardwareCounts {
                instructions,
                cycles,
                cache_misses: Some(cache_misses),
            }),
            ..ResourceUse::default()
        }
    }

    #[test]
    fn caches_are_named_only_where_cycles_or_misses_rose() {
        let base = counts(1000, 1000, 10);
        assert!(counted(&base, &counts(1000, 1010, 10), false).is_empty());
        assert!(counted(&base, &counts(1000, 1010, 11), false).is_empty());
        let found = counted(&base, &counts(1000, 1200, 20), false);
        let misses = Some(1.0);
        let [
            InflationCause::Cycles {
                more,
                misses: of,
                one_core: false,
            },
        ] = found.as_slice()
        else {
            panic!("one cause");
        };
        assert!((more - 0.2).abs() < 1e-9 && *of == misses);
        // Without counters nothing is known of them.
        assert!(counted(&ResourceUse::default(), &base, false).is_empty());
    }

    #[test]
    fn one_core_shares_its_caches_with_nobody() {
        let base = counts(1000, 1000, 10);
        assert!(counted(&base, &counts(1000, 1200, 10), true).is_empty());
        let turns = counted(&base, &counts(1000, 1200, 20), true);
        assert!(matches!(
            turns[..],
            [InflationCause::Cycles { one_core: true, .. }]
        ));
    }

    #[test]
    fn more_instructions_are_more_work() {
        let found = counted(&counts(1000, 1000, 10), &counts(1200, 1200, 12), false);
        assert!(matches!(found[..], [InflationCause::Instructions { .. }]));
    }

    #[test]
    fn the_frequency_is_named_only_where_it_fell() {
        let at = |mhz| ResourceUse {
            mhz: Some(mhz),
            ..ResourceUse::default()
        };
        assert!(frequency(&at(3000.0), &at(2980.0)).is_none());
        assert!(frequency(&at(3000.0), &at(3300.0)).is_none());
        assert!(frequency(&at(3000.0), &at(2500.0)).is_some());
        assert!(frequency(&ResourceUse::default(), &at(2500.0)).is_none());
    }

    #[test]
    fn faults_and_switches_are_named_where_they_take_a_part_of_the_time() {
        let usage = |minor_faults, involuntary_switches| ResourceUse {
            minor_faults,
            involuntary_switches,
            ..ResourceUse::default()
        };
        let base = usage(1000, 10);
        assert!(kernel_work(&base, &usage(2000, 20), 1.0).is_empty());
        assert!(kernel_work(&usage(900_000, 0), &base, 1.0).is_empty());
        let found = kernel_work(&base, &usage(501_000, 40_010), 1.0);
        assert!(matches!(
            found[..],
            [
                InflationCause::Faults {
                    minor: 500_000,
                    major: 0
                },
                InflationCause::Switches { more: 40_000 }
            ]
        ));
    }

    #[test]
    fn the_middle_repeat_speaks_for_an_arm() {
        let usages = [counts(1, 30, 5), counts(2, 10, 6), counts(3, 20, 7)];
        let all: Vec<&ResourceUse> = usages.iter().collect();
        assert_eq!(median_usage(&all).unwrap().hardware, usages[2].hardware);
        assert_eq!(median_usage(&[]), None);
    }
}
