//! A look at made-up machines, whose files lie in a temporary directory.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::cores::Cores;
use super::counters::{Counters, parse_pressure};
use super::frequency::{Frequencies, parse_khz};
use super::memory::parse_peak;
use super::{System, parse_resident};
use crate::monitor::conditions::Readings;
use crate::monitor::sample::Sample;
use crate::monitor::{Conditions, Pressure, Steal, Throttling};
use crate::proc_stat::Ticks;

fn ticks(user: u64, idle: u64, steal: u64) -> Ticks {
    Ticks([user, 0, 0, idle, 0, 0, 0, steal])
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn shares_tell_what_happened_since_the_last_reading() {
    let mut cores = Cores::default();
    cores.update(&[(0, ticks(1000, 0, 0)), (1, ticks(0, 1000, 0))]);
    assert_eq!(cores.busy(), [0.0, 0.0]);
    cores.update(&[(0, ticks(1010, 20, 0)), (1, ticks(30, 1000, 0))]);
    assert_eq!(cores.busy(), [0.333, 1.0]);
    assert_eq!(cores.steal(), Vec::<f32>::new());
    // No tick passed on core 0; core 1 was robbed.
    cores.update(&[(0, ticks(1010, 20, 0)), (1, ticks(31, 1000, 3))]);
    assert_eq!(cores.busy(), [0.333, 0.25]);
    assert_eq!(cores.steal(), [0.0, 0.75]);
}

#[test]
fn a_core_keeps_its_place_while_it_is_offline() {
    let mut cores = Cores::default();
    cores.update(&[
        (0, ticks(0, 0, 0)),
        (1, ticks(0, 0, 0)),
        (2, ticks(0, 0, 0)),
    ]);
    cores.update(&[(0, ticks(1, 3, 0)), (2, ticks(3, 1, 0))]);
    assert_eq!(cores.busy(), [0.25, 0.0, 0.75]);
    // What core 1 counted before it went away is no measure of the time since the last look.
    cores.update(&[
        (0, ticks(2, 6, 0)),
        (1, ticks(500, 0, 0)),
        (2, ticks(6, 2, 0)),
    ]);
    assert_eq!(cores.busy(), [0.25, 0.0, 0.75]);
    cores.update(&[
        (0, ticks(3, 9, 0)),
        (1, ticks(501, 1, 0)),
        (2, ticks(9, 3, 0)),
        (9, ticks(1, 1, 0)),
    ]);
    assert_eq!(cores.busy(), [0.25, 0.5, 0.75, 0.0]);
    assert_eq!(cores.ids(), [0, 1, 2, 9]);
}

#[test]
fn counters_that_go_backwards_do_no_harm() {
    let mut cores = Cores::default();
    cores.update(&[(0, ticks(100, 100, 100))]);
    cores.update(&[(0, ticks(5, 5, 5))]);
    assert_eq!(cores.busy(), [0.0]);
    cores.update(&[(0, ticks(6, 8, 5))]);
    assert_eq!(cores.busy(), [0.25]);
}

#[test]
fn a_look_at_a_made_up_machine_sees_all_its_cores() {
    let root = TempDir::new().unwrap();
    let stat = |user: u64| -> String {
        let cores: Vec<String> = (0..300)
            .map(|id| format!("cpu{id} {user} 0 0 100000000 0 0 0 0 0 0"))
            .collect();
        format!(
            "cpu  1 1 1 1\n{}\nintr {}\n",
            cores.join("\n"),
            "0 ".repeat(5000)
        )
    };
    write(root.path(), "proc/stat", &stat(7));
    write(root.path(), "proc/self/statm", "100 25 3 1 0 50 0\n");
    for id in 0..300 {
        let file = format!("sys/devices/system/cpu/cpu{id}/cpufreq/scaling_cur_freq");
        write(root.path(), &file, "2000000\n");
    }
    let mut system = System::new(root.path());
    write(root.path(), "proc/stat", &stat(17));
    let mut sample = Sample::default();
    system.look(true, &mut sample);
    assert_eq!(sample.cores, vec![1.0; 300]);
    assert_eq!(sample.rss_bytes, 25 * rustix::param::page_size() as u64);
    // More files than one may keep open.
    assert_eq!(sample.mhz, Vec::<u32>::new());
}

#[test]
fn a_machine_without_files_yields_an_empty_sample() {
    let root = TempDir::new().unwrap();
    let mut system = System::new(root.path());
    let mut sample = Sample::default();
    system.look(true, &mut sample);
    assert_eq!(sample, Sample::default());
    // The files are opened as soon as they are there.
    write(root.path(), "proc/stat", "cpu0 1 0 0 1\nintr\n");
    system.look(true, &mut sample);
    write(root.path(), "proc/stat", "cpu0 1 0 0 2\nintr\n");
    system.look(true, &mut sample);
    assert_eq!(sample.cores, [0.0]);
}

#[test]
fn frequencies_come_from_the_driver_first() {
    let root = TempDir::new().unwrap();
    write(
        root.path(),
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
        "3400499\n",
    );
    write(
        root.path(),
        "sys/devices/system/cpu/cpu5/cpufreq/scaling_cur_freq",
        "800500\n",
    );
    write(
        root.path(),
        "proc/cpuinfo",
        "processor : 0\ncpu MHz : 1.0\nflags : aperfmperf\n",
    );
    assert_eq!(
        Frequencies::new(root.path(), &[0, 1, 5]).look(),
        [3400, 0, 801]
    );
}

#[test]
fn cpuinfo_gives_frequencies_only_where_they_are_measured() {
    let text = |flags: &str| {
        format!(
            "processor : 1\ncpu MHz : 1000.4\nflags : {flags}\n\nprocessor : 0\ncpu MHz : 2000.5\n"
        )
    };
    let root = TempDir::new().unwrap();
    write(root.path(), "proc/cpuinfo", &text("tsc aperfmperf"));
    assert_eq!(
        Frequencies::new(root.path(), &[0, 1, 2]).look(),
        [2001, 1000, 0]
    );
    write(root.path(), "proc/cpuinfo", &text("tsc"));
    assert_eq!(Frequencies::new(root.path(), &[0, 1]).look(), [0_u32; 0]);
}

proptest! {
    #[test]
    fn small_files_take_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        parse_khz(&bytes);
        parse_resident(&bytes);
    }

    #[test]
    fn any_readings_give_shares(readings in proptest::collection::vec(
        proptest::collection::vec((0_u32..6, any::<[u64; 8]>()), 0..8), 0..8)
    ) {
        let mut cores = Cores::default();
        for reading in readings {
            let reading = reading.into_iter().map(|(id, ticks)| (id, Ticks(ticks)));
            let reading: Vec<(u32, Ticks)> = reading.collect();
            cores.update(&reading);
            for share in cores.busy().into_iter().chain(cores.steal()) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
            prop_assert!(reading.iter().all(|(id, _)| cores.ids().contains(id)));
        }
    }
}

const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "30 23 0:26 / /sys/fs/cgroup/cpu rw,nosuid - cgroup cgroup rw,cpu\n";

/// The conditions between two states of a made-up machine.
fn conditions(before: &[(&str, &str)], after: &[(&str, &str)]) -> Conditions {
    let root = TempDir::new().unwrap();
    for (path, text) in before {
        write(root.path(), path, text);
    }
    let mut counters = Counters::new(root.path());
    let mut read = || {
        let mut readings = Readings::default();
        counters.read(&mut readings);
        readings
    };
    let first = read();
    for (path, text) in after {
        write(root.path(), path, text);
    }
    read().since(&first)
}

#[test]
fn throttling_is_counted_in_every_group_above_the_program() {
    let found = conditions(
        &[
            ("proc/self/cgroup", "0::/a/b\n"),
            ("proc/self/mountinfo", V2),
            ("sys/fs/cgroup/a/cpu.max", "200000 100000\n"),
            (
                "sys/fs/cgroup/a/cpu.stat",
                "usage_usec 1\nnr_periods 9\nnr_throttled 1\nthrottled_usec 500\n",
            ),
            (
                "sys/fs/cgroup/a/b/cpu.stat",
                "usage_usec 1\nnr_throttled 0\nthrottled_usec 0\n",
            ),
            (
                "proc/stat",
                "cpu  0 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\ncpu2 0 0 0 0\nintr 0\n",
            ),
        ],
        &[
            ("sys/fs/cgroup/a/cpu.max", "50000 100000\n"),
            (
                "sys/fs/cgroup/a/cpu.stat",
                "usage_usec 1\nnr_periods 99\nnr_throttled 348\nthrottled_usec 2500500\n",
            ),
            (
                "sys/fs/cgroup/a/b/cpu.stat",
                "usage_usec 1\nnr_throttled 2\nthrottled_usec 1000\n",
            ),
        ],
    );
    let core_ns = 2_501_000_000;
    assert_eq!(
        found.throttling,
        Some(Throttling {
            periods: 349,
            core_ns
        })
    );
    let quotas = found.cores.map(|cores| cores.map(|limits| limits.quota));
    assert_eq!(quotas, Some([Some(2.0), Some(0.5)]));
    assert_eq!(found.cores.map(|cores| cores[1].usable), Some(0.5));
}

#[test]
fn throttling_of_version_1_is_in_nanoseconds() {
    let found = conditions(
        &[
            ("proc/self/cgroup", "1:cpu:/\n"),
            ("proc/self/mountinfo", V1),
            (
                "sys/fs/cgroup/cpu/cpu.stat",
                "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
            ),
        ],
        &[(
            "sys/fs/cgroup/cpu/cpu.stat",
            "nr_periods 5\nnr_throttled 4\nthrottled_time 77\n",
        )],
    );
    let core_ns = 77;
    assert_eq!(
        found.throttling,
        Some(Throttling {
            periods: 4,
            core_ns
        })
    );
}

#[test]
fn a_program_that_is_moved_to_another_group_has_its_quota_and_not_its_past() {
    let found = conditions(
        &[
            ("proc/self/cgroup", "0::/a\n"),
            ("proc/self/mountinfo", V2),
            (
                "proc/stat",
                "cpu  0 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\nintr 0\n",
            ),
            (
                "sys/fs/cgroup/a/cpu.stat",
                "nr_throttled 1\nthrottled_usec 5\n",
            ),
            ("sys/fs/cgroup/b/cpu.max", "25000 100000\n"),
            (
                "sys/fs/cgroup/b/cpu.stat",
                "nr_throttled 1000\nthrottled_usec 5000000\n",
            ),
        ],
        &[("proc/self/cgroup", "0::/b\n")],
    );
    assert_eq!(found.throttling, None);
    let quotas = found.cores.map(|cores| cores.map(|limits| limits.quota));
    assert_eq!(quotas, Some([None, Some(0.25)]));
}

#[test]
fn steal_pressure_and_the_frequency_cap_are_told() {
    let policy = |n: u32| format!("sys/devices/system/cpu/cpufreq/policy{n}/scaling_max_freq");
    let (first, second) = (policy(0), policy(4));
    let found = conditions(
        &[
            (
                "proc/stat",
                "cpu  0 0 0 0 0 0 0 9\ncpu0 9 0 0 9 0 0 0 9\ncpu1 9 0 0 9 0 0 0 0\nintr 0\n",
            ),
            (
                "proc/pressure/cpu",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=10\n",
            ),
            (
                "proc/pressure/memory",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull total=0\n",
            ),
            (&first, "3000000\n"),
            (&second, "2000000\n"),
        ],
        &[
            (
                "proc/stat",
                "cpu  0 0 0 0 0 0 0 9\ncpu0 9 0 0 9 0 0 0 39\ncpu1 9 0 0 9 0 0 0 10\nintr 0\n",
            ),
            (
                "proc/pressure/cpu",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=30\n",
            ),
            (
                "proc/pressure/memory",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\nfull total=0\n",
            ),
            (&first, "1000000\n"),
        ],
    );
    let tick_ns = 1_000_000_000 / rustix::param::clock_ticks_per_second();
    let (core_ns, worst_ns) = (40 * tick_ns, 30 * tick_ns);
    assert_eq!(found.steal, Some(Steal { core_ns, worst_ns }));
    let pressure = Pressure {
        cpu_ns: 20_000,
        memory_ns: 7_000,
        io_ns: 0,
    };
    assert_eq!(found.pressure, Some(pressure));
    assert_eq!(found.cap_mhz, Some([2500, 1500]));
}

#[test]
fn a_machine_that_says_nothing_disturbs_nothing() {
    let found = conditions(&[], &[]);
    let cores = found.cores;
    assert_eq!(
        found,
        Conditions {
            cores,
            ..Conditions::default()
        }
    );
}

#[test]
fn malformed_counters_are_none() {
    assert_eq!(parse_peak("VmPeak:\t9 kB\nVmHWM:\t  2 kB\n"), Some(2048));
    assert_eq!(parse_peak("VmHWM:\t2\n"), None);
    assert_eq!(parse_pressure(b"full avg10=0.00 total=3\n"), None);
    assert_eq!(parse_pressure(b"some avg10=0.00 total=x\n"), None);
}
