//! Which of the usable cores are of which kind, and how fast: from `/sys`, and by timing the same
//! work on cores of every kind.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use workbench_clock::thread_cpu_ns;

use super::files;
use crate::core_speeds::{CoreSpeeds, SpeedSource};

/// Cores of one kind that are timed.
const TIMED: usize = 2;
/// Frequencies that differ by less are those of favoured cores, not of other kinds.
const FREQUENCIES_ALIKE: f64 = 0.9;
/// Passes over the work on one core: the first ones wake the core up.
const PASSES: usize = 12;

/// A core, and how fast its kind is said to be, in any unit.
type Estimate = (u32, f64);

/// Relative speeds of the cores that this process may use, as the system states them; `None` where
/// they do not differ.
pub(crate) fn estimated(root: &Path) -> Option<CoreSpeeds> {
    let (source, cores) = estimates(root, allowed())?;
    CoreSpeeds::new(source, cores.into_iter().map(|(_, speed)| (1, speed)))
}

/// The same, but timed where every kind of core can be. Takes some 50 ms per kind, and nothing
/// where cores do not differ.
pub(crate) fn measured(root: &Path) -> Option<CoreSpeeds> {
    measured_by(root, allowed(), seconds_on)
}

/// `seconds` says how long the same work takes on a core.
pub(super) fn measured_by(
    root: &Path,
    allowed: Option<Vec<u32>>,
    seconds: impl Fn(u32) -> Option<f64>,
) -> Option<CoreSpeeds> {
    let (source, cores) = estimates(root, allowed)?;
    let kinds = kinds(cores.clone());
    let timed = |kind: &Vec<Estimate>| {
        // The least disturbed of a kind stands for all of it.
        let ends = [kind.first()?, kind.last()?];
        let times = ends[..TIMED.min(kind.len())].iter();
        let best = times
            .filter_map(|(core, _)| seconds(*core))
            .fold(f64::INFINITY, f64::min);
        (best.is_finite() && best > 0.0).then(|| (kind.len() as u32, 1.0 / best))
    };
    match kinds.iter().map(timed).collect::<Option<Vec<_>>>() {
        Some(timed) => CoreSpeeds::new(SpeedSource::Measured, timed),
        None => CoreSpeeds::new(source, cores.into_iter().map(|(_, speed)| (1, speed))),
    }
}

/// The cores, grouped by what the system says of their speed; the fastest kind first.
fn kinds(mut cores: Vec<Estimate>) -> Vec<Vec<Estimate>> {
    cores.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut kinds: Vec<Vec<Estimate>> = Vec::new();
    for core in cores {
        match kinds.last_mut() {
            Some(kind) if core.1 >= kind[0].1 * FREQUENCIES_ALIKE => kind.push(core),
            _ => kinds.push(vec![core]),
        }
    }
    kinds
}

/// What the system says of the speed of every usable core; `None` where it says that all are equal,
/// or nothing.
pub(super) fn estimates(
    root: &Path,
    allowed: Option<Vec<u32>>,
) -> Option<(SpeedSource, Vec<Estimate>)> {
    let cpus = "sys/devices/system/cpu";
    let listed = |path: &str| files::cpu_list(&files::text(root, path)?);
    let online = listed(&format!("{cpus}/online")).or_else(|| numbered(&root.join(cpus)))?;
    let usable: Vec<u32> = match allowed {
        Some(allowed) => online
            .into_iter()
            .filter(|cpu| allowed.contains(cpu))
            .collect(),
        None => online,
    };
    let of_all = |file: &str| -> Option<Vec<Estimate>> {
        let speed = |cpu: &u32| {
            let value = files::text(root, &format!("{cpus}/cpu{cpu}/{file}"))?;
            let value = value.parse::<u32>().ok().filter(|value| *value > 0)?;
            Some((*cpu, f64::from(value)))
        };
        usable.iter().map(speed).collect()
    };
    let differ = |cores: &Vec<Estimate>| kinds(cores.clone()).len() > 1;
    if let Some(capacity) = of_all("cpu_capacity") {
        return differ(&capacity).then_some((SpeedSource::Capacity, capacity));
    }
    // What the firmware states is a speed only on hybrid processors; others rank cores by it.
    let is_hybrid = ["cpu_core", "cpu_atom"].iter().all(|kind| {
        listed(&format!("sys/devices/{kind}/cpus"))
            .is_some_and(|cores| cores.iter().any(|core| usable.contains(core)))
    });
    let stated = is_hybrid.then(|| of_all("acpi_cppc/highest_perf"));
    if let Some(stated) = stated.flatten().filter(differ) {
        return Some((SpeedSource::Firmware, stated));
    }
    let frequency = of_all("cpufreq/cpuinfo_max_freq").filter(differ)?;
    Some((SpeedSource::Frequency, frequency))
}

/// The processors that have a directory.
fn numbered(cpus: &Path) -> Option<Vec<u32>> {
    let number = |name: &str| name.strip_prefix("cpu")?.parse().ok();
    let mut found: Vec<u32> = fs::read_dir(cpus)
        .ok()?
        .flatten()
        .filter_map(|entry| number(entry.file_name().to_str()?))
        .collect();
    found.sort_unstable();
    Some(found)
}

/// The cores in this thread's affinity mask; `None` where it cannot be read.
fn allowed() -> Option<Vec<u32>> {
    let mask = sched_getaffinity(None).ok()?;
    let cores = 0..CpuSet::MAX_CPU;
    Some(
        cores
            .filter(|core| mask.is_set(*core))
            .map(|core| core as u32)
            .collect(),
    )
}

/// Seconds that the same work takes on a core, in the least disturbed pass; `None` where a thread
/// cannot be bound to it.
fn seconds_on(core: u32) -> Option<f64> {
    let timed = move || {
        let mut mask = CpuSet::new();
        mask.set(core as usize);
        sched_setaffinity(None, &mask).ok()?;
        let pass = || {
            let started = thread_cpu_ns();
            black_box(work(black_box(40_000)));
            thread_cpu_ns().saturating_sub(started)
        };
        let best = (0..PASSES).map(|_| pass()).min()?;
        Some(best as f64 / 1e9)
    };
    std::thread::spawn(timed).join().ok().flatten()
}

/// Additions, multiplications, branches and reads within the nearest cache, about what growing a
/// tree consists of.
fn work(steps: u32) -> f64 {
    let table: Vec<f64> = (0..1024_u32).map(f64::from).collect();
    let (mut state, mut sum) = (1_u32, 0.0);
    for step in 0..steps {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let value = table[state as usize % table.len()];
        if value > 512.0 {
            sum += value * 0.5;
        } else {
            sum -= value * f64::from(step & 3);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_of_this_machine_can_be_timed() {
        let core = allowed().unwrap()[0];
        assert!(seconds_on(core).unwrap() > 0.0);
        assert_eq!(seconds_on(CpuSet::MAX_CPU as u32 - 1), None);
    }
}
