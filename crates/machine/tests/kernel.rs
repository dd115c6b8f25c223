//! Figures of the machine against the kernel's own files, read by other code at the same moments:
//! before and after a look, so that they hold however long anything takes.

#![cfg(all(target_os = "linux", not(workbench_portable)))]
#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use workbench_machine::state::{MachineState, StateReader};

/// Bytes in and out, by the name of a device.
type Traffic = BTreeMap<String, [u64; 2]>;

/// Numbers of a line after its name.
fn numbers(words: &str) -> Vec<u64> {
    words
        .split_whitespace()
        .map_while(|word| word.parse().ok())
        .collect()
}

fn disks() -> Traffic {
    let text = fs::read_to_string("/proc/diskstats").unwrap_or_default();
    let line = |line: &str| {
        let line = line.trim_start().split_once(' ')?.1.trim_start();
        let (name, rest) = line.split_once(' ')?.1.split_once(' ')?;
        let sectors = numbers(rest);
        Some((name.to_owned(), [sectors[2] * 512, sectors[6] * 512]))
    };
    text.lines().filter_map(line).collect()
}

fn networks() -> Traffic {
    let text = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let line = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        let bytes = numbers(rest);
        Some((name.trim().to_owned(), [bytes[0], bytes[8]]))
    };
    text.lines().filter_map(line).collect()
}

fn meminfo(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    numbers(line.unwrap().trim_start_matches(':'))[0] * 1024
}

fn uptime() -> f64 {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

/// What a process does, and its resident pages: the third and the 24th word of its line.
fn stat(pid: u32) -> (String, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = text.rsplit_once(')').unwrap().1;
    let words: Vec<&str> = after_name.split_whitespace().collect();
    (words[0].to_owned(), words[24 - 3].parse().unwrap())
}

fn page_size() -> u64 {
    let output = Command::new("getconf").arg("PAGESIZE").output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// A look with the kernel's counters before and after it.
struct Between {
    before: [Traffic; 2],
    state: MachineState,
    after: [Traffic; 2],
}

impl Between {
    fn look(reader: &mut StateReader) -> Self {
        Self {
            before: [disks(), networks()],
            state: reader.look(),
            after: [disks(), networks()],
        }
    }

    /// The rates of a look, by device: disks and networks.
    fn rates(&self) -> [BTreeMap<&str, [f64; 2]>; 2] {
        let disks = self.state.disks.iter();
        let networks = self.state.networks.iter();
        [
            disks
                .map(|it| (&*it.name, [it.read_bytes_s, it.write_bytes_s]))
                .collect(),
            networks
                .map(|it| (&*it.name, [it.received_bytes_s, it.sent_bytes_s]))
                .collect(),
        ]
    }
}

/// Enough to write that the kernel counts it for a disk.
fn write_to_disk() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut file = File::create(place.path().join("written")).unwrap();
    file.write_all(&vec![7; 4 << 20]).unwrap();
    file.sync_all().unwrap();
}

/// What moved between two looks is at least what the kernel counted from after the first to before
/// the second, and at most what it counted from before the first to after the second.
#[test]
fn traffic_is_what_the_kernel_counted_meanwhile() {
    let mut reader = StateReader::new();
    let first = Between::look(&mut reader);
    write_to_disk();
    let second = Between::look(&mut reader);
    let passed = second.state.interval_s;
    assert!(passed > 0.0);
    let mut compared = 0;
    for (kind, rates) in second.rates().into_iter().enumerate() {
        for (name, rates) in rates {
            for (way, rate) in rates.into_iter().enumerate() {
                let count = |traffic: &[Traffic; 2]| traffic[kind].get(name).map(|it| it[way]);
                let all = [&first.before, &first.after, &second.before, &second.after];
                let Some(counts) = all.map(count).into_iter().collect::<Option<Vec<u64>>>() else {
                    continue;
                };
                assert!(counts.is_sorted(), "{name} goes on: {counts:?}");
                let moved = rate * passed;
                // Rates are whole bytes per second, times microseconds.
                let rounded = 0.5 * passed + rate * 1e-6 + 1e-6;
                let least = (counts[2] - counts[1]) as f64 - rounded;
                let most = (counts[3] - counts[0]) as f64 + rounded;
                assert!(
                    (least..=most).contains(&moved),
                    "{name}: {moved} bytes are not {least} to {most}"
                );
                compared += 1;
            }
        }
    }
    let devices = second.state.disks.len() + second.state.networks.len();
    assert!(compared == 2 * devices, "{compared} of {devices} devices");
}

/// A process that does nothing.
struct Asleep(Child);

impl Asleep {
    fn begin() -> Self {
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It has begun when it answers.
        let input = child.stdin.as_mut().unwrap();
        input.write_all(b"!").unwrap();
        let mut answer = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut answer).unwrap();
        while stat(child.id()).0 != "S" {
            std::thread::yield_now();
        }
        Self(child)
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn memory_of_a_process_is_what_the_kernel_says() {
    let asleep = Asleep::begin();
    let pid = asleep.0.id();
    let before = stat(pid).1;
    let state = StateReader::new().look();
    // The kernel may take pages away at any time, but not give a process more that sleeps.
    let after = stat(pid).1;
    let seen = state.processes.iter().find(|process| process.pid == pid);
    let seen = seen.unwrap();
    let pages = seen.memory_bytes / page_size();
    assert!(
        (after..=before).contains(&pages),
        "{after} {pages} {before}"
    );
    assert_eq!(seen.memory_bytes % page_size(), 0);
    assert_eq!(
        (&*seen.name, &*seen.command, seen.threads),
        ("cat", "cat", 1)
    );
    assert_eq!(seen.parent, std::process::id());
}

#[test]
fn the_machine_is_as_large_and_as_old_as_the_kernel_says() {
    let mut reader = StateReader::new();
    let before = uptime();
    let state = reader.look();
    let after = uptime();
    let running = state.uptime_s.unwrap();
    assert!(
        (before..=after).contains(&running),
        "{before} {running} {after}"
    );
    assert_eq!(state.memory.total_bytes, meminfo("MemTotal"));
    assert_eq!(state.memory.swap_total_bytes, Some(meminfo("SwapTotal")));
    let online = fs::read_to_string("/sys/devices/system/cpu/online").unwrap();
    let mut ids: Vec<u32> = Vec::new();
    for range in online.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        ids.extend(first.parse::<u32>().unwrap()..=last.parse().unwrap());
    }
    let seen: Vec<u32> = state.cores.iter().map(|core| core.id).collect();
    assert_eq!(seen, ids);
    // No memory is told twice.
    let memory = &state.memory;
    assert!(memory.available_bytes.unwrap() <= memory.total_bytes);
    assert!(memory.free_bytes.unwrap() <= memory.total_bytes);
}

/// `df` asks the kernel before and after the look. Others may write and delete at any time, also
/// where both answers are equal: each file system must be as `df` says in one look of many.
#[test]
fn file_systems_are_as_full_as_df_says() {
    let df = || {
        let command = ["-B1", "--output=target,size,used,avail"];
        let output = Command::new("df").args(command).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = |line: &str| {
            let (place, rest) = line.split_once(' ')?;
            Some((place.to_owned(), numbers(rest)))
        };
        text.lines().filter_map(line).collect::<BTreeMap<_, _>>()
    };
    let mut agreed = BTreeSet::new();
    let mut differing = Vec::new();
    for _ in 0..1_000 {
        let before = df();
        let state = StateReader::new().look();
        let after = df();
        differing.clear();
        for seen in &state.file_systems {
            let Some((before, after)) = before.get(&seen.place).zip(after.get(&seen.place)) else {
                continue;
            };
            assert_eq!(seen.total_bytes, before[0], "{}", seen.place);
            let said = [seen.total_bytes, seen.used_bytes(), seen.available_bytes];
            if before == after && said == before[..] {
                agreed.insert(seen.place.clone());
            } else if !agreed.contains(&seen.place) {
                differing.push(format!("{}: {said:?}, df {before:?}", seen.place));
            }
        }
        if differing.is_empty() {
            return;
        }
    }
    panic!("never as df says: {differing:?}");
}
