//! A look at made-up machines, whose files lie in a temporary directory.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::cores::Cores;
use super::frequency::{Frequencies, parse_khz};
use super::{System, parse_resident};
use crate::monitor::sample::Sample;
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
            let reading: Vec<(u32, Ticks)> = reading.into_iter().map(|(id, ticks)| (id, Ticks(ticks))).collect();
            cores.update(&reading);
            for share in cores.busy().into_iter().chain(cores.steal()) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
            prop_assert!(reading.iter().all(|(id, _)| cores.ids().contains(id)));
        }
    }
}
