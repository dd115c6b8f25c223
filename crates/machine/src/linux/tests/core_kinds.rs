//! The speeds of cores on made-up machines.

use std::path::Path;

use super::super::core_kinds::{estimates, measured_by};
use super::tree;
use crate::core_speeds::{CoreKind, CoreSpeeds, SpeedSource};

const CPUS: &str = "sys/devices/system/cpu";

/// A `/sys` whose cores have these values in a file; 0 stands for no file.
fn machine(file: &str, values: &[u32]) -> tempfile::TempDir {
    let root = tree(&[(
        &format!("{CPUS}/online"),
        &format!("0-{}\n", values.len() - 1),
    )]);
    for (cpu, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
        let path = format!("{CPUS}/cpu{cpu}/{file}");
        super::write(root.path(), &path, format!("{value}\n").as_bytes());
    }
    root
}

fn estimate(root: &Path, allowed: Option<Vec<u32>>) -> Option<CoreSpeeds> {
    let (source, cores) = estimates(root, allowed)?;
    CoreSpeeds::new(source, cores.into_iter().map(|(_, speed)| (1, speed)))
}

fn kinds(speeds: &CoreSpeeds) -> Vec<(u32, f64)> {
    let rounded = |kind: &CoreKind| (kind.cores, (kind.speed * 1000.0).round() / 1000.0);
    speeds.kinds.iter().map(rounded).collect()
}

#[test]
fn capacities_of_an_m1_are_read_for_the_usable_cores() {
    let root = machine(
        "cpu_capacity",
        &[459, 459, 459, 459, 1024, 1024, 1024, 1024],
    );
    let all = estimate(root.path(), None).unwrap();
    assert_eq!(all.known_by, SpeedSource::Capacity);
    assert_eq!(kinds(&all), [(4, 1.0), (4, 0.448)]);
    let some = estimate(root.path(), Some(vec![0, 1, 2, 7])).unwrap();
    assert_eq!(kinds(&some), [(1, 1.0), (3, 0.448)]);
    // On cores of one kind nothing differs, whichever kind it is.
    assert_eq!(estimate(root.path(), Some(vec![0, 1, 2])), None);
}

#[test]
fn frequencies_tell_kinds_apart_and_favoured_cores_do_not() {
    let file = "cpufreq/cpuinfo_max_freq";
    let hybrid = machine(
        file,
        &[
            5_000_000, 5_000_000, 4_900_000, 4_900_000, 3_700_000, 3_700_000,
        ],
    );
    let speeds = estimate(hybrid.path(), None).unwrap();
    assert_eq!(speeds.known_by, SpeedSource::Frequency);
    assert_eq!(kinds(&speeds), [(4, 1.0), (2, 0.74)]);
    let favoured = machine(file, &[5_000_000, 4_900_000, 4_800_000, 4_800_000]);
    assert_eq!(estimate(favoured.path(), None), None);
    // One core that does not say leaves it unknown.
    let unsaid = machine(file, &[5_000_000, 0, 2_000_000]);
    assert_eq!(estimate(unsaid.path(), None), None);
    assert_eq!(estimate(tree(&[]).path(), None), None);
}

#[test]
fn firmware_is_believed_on_hybrid_processors_only() {
    let root = machine("acpi_cppc/highest_perf", &[68, 68, 44, 44]);
    assert_eq!(estimate(root.path(), None), None);
    for (kind, cpus) in [("cpu_core", "0-1\n"), ("cpu_atom", "2-3\n")] {
        super::write(
            root.path(),
            &format!("sys/devices/{kind}/cpus"),
            cpus.as_bytes(),
        );
    }
    let speeds = estimate(root.path(), None).unwrap();
    assert_eq!(speeds.known_by, SpeedSource::Firmware);
    assert_eq!(kinds(&speeds), [(2, 1.0), (2, 0.647)]);
    assert_eq!(estimate(root.path(), Some(vec![0, 1])), None);
}

#[test]
fn what_is_timed_takes_the_place_of_estimates() {
    let root = machine("cpu_capacity", &[512, 512, 512, 1024]);
    let timed = |slow: f64| {
        let seconds = move |core: u32| Some(if core == 3 { 1.0 } else { slow });
        measured_by(root.path(), None, seconds)
    };
    let speeds = timed(4.0).unwrap();
    assert_eq!(speeds.known_by, SpeedSource::Measured);
    assert_eq!(kinds(&speeds), [(1, 1.0), (3, 0.25)]);
    // Said to differ, and as fast as each other.
    assert_eq!(timed(1.01), None);
    // A disturbed core of a kind does not make its kind slow.
    let disturbed = |core: u32| {
        Some(if core == 0 {
            9.0
        } else {
            1.0 + f64::from(core % 3)
        })
    };
    let speeds = measured_by(root.path(), None, disturbed).unwrap();
    assert_eq!(kinds(&speeds), [(1, 1.0), (3, 0.333)]);
    // Where no thread can be bound, the estimate stays.
    let speeds = measured_by(root.path(), None, |_| None).unwrap();
    assert_eq!(
        (speeds.known_by, kinds(&speeds)),
        (SpeedSource::Capacity, vec![(1, 1.0), (3, 0.5)])
    );
    // Equal cores are not timed.
    let equal = machine("cpu_capacity", &[1024, 1024]);
    assert_eq!(measured_by(equal.path(), None, |_| panic!("timed")), None);
}
