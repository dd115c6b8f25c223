//! Disks and the file systems on them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

use super::rates::rate;
use crate::linux::cgroup::unescape;
use crate::linux::files;
use crate::monitor::{Reread, round_share};
use crate::state::types::{DiskState, FileSystemState};

/// How often it is looked which disks and mounts there are, and how full these are.
const SLOWLY: Duration = Duration::from_secs(10);
/// A sector of the kernel's counters, whatever the disk's own are.
const SECTOR: u64 = 512;
/// File systems that are told.
const MOST: usize = 32;

/// What the kernel has counted of a disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DiskCounts {
    pub read_bytes: u64,
    pub write_bytes: u64,
    pub busy_ms: u64,
    pub in_flight: u64,
}

#[derive(Debug)]
pub(super) struct DiskReader {
    root: Box<Path>,
    stats: Reread,
    text: Vec<u8>,
    names: Vec<String>,
    last: HashMap<String, DiskCounts>,
    file_systems: Vec<FileSystemState>,
    looked: Option<Instant>,
}

impl DiskReader {
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.into(),
            stats: Reread::new(root.join("proc/diskstats")),
            text: Vec::new(),
            names: Vec::new(),
            last: HashMap::new(),
            file_systems: Vec::new(),
            looked: None,
        }
    }

    pub fn look(&mut self, passed: f64) -> Vec<DiskState> {
        if self.looked.is_none_or(|looked| looked.elapsed() >= SLOWLY) {
            self.looked = Some(Instant::now());
            self.names = names(&self.root);
            self.file_systems = mounted(&self.root);
        }
        if self.stats.read_whole(&mut self.text).is_none() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&self.text);
        let mut disks = Vec::new();
        let mut counted = HashMap::new();
        for (name, now) in text.lines().filter_map(parse) {
            if !self.names.iter().any(|known| known == name) {
                continue;
            }
            let before = self.last.get(name).copied().unwrap_or(now);
            let busy_s = now.busy_ms.saturating_sub(before.busy_ms) as f64 / 1000.0;
            disks.push(DiskState {
                name: name.to_owned(),
                read_bytes_s: rate(now.read_bytes, before.read_bytes, passed),
                write_bytes_s: rate(now.write_bytes, before.write_bytes, passed),
                busy: round_share((busy_s / passed.max(1e-3)).clamp(0.0, 1.0)),
                in_flight: now.in_flight,
            });
            counted.insert(name.to_owned(), now);
        }
        self.last = counted;
        disks
    }

    /// How full file systems were some seconds ago.
    pub fn file_systems(&self) -> Vec<FileSystemState> {
        self.file_systems.clone()
    }
}

/// Disks that are devices: no loops, no memory, nothing that is made of other disks.
fn names(root: &Path) -> Vec<String> {
    let all = fs::read_dir(root.join("sys/block"))
        .into_iter()
        .flatten()
        .flatten();
    let real = all.filter(|disk| disk.path().join("device").exists());
    real.filter_map(|disk| disk.file_name().into_string().ok())
        .collect()
}

/// A line of a `/proc/diskstats`.
pub(super) fn parse(line: &str) -> Option<(&str, DiskCounts)> {
    let mut words = line.split_ascii_whitespace().skip(2);
    let name = words.next()?;
    let numbers: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
    let [_, _, read, _, _, _, written, _, in_flight, busy_ms, ..] = numbers[..] else {
        return None;
    };
    let counts = DiskCounts {
        read_bytes: read.saturating_mul(SECTOR),
        write_bytes: written.saturating_mul(SECTOR),
        busy_ms,
        in_flight,
    };
    Some((name, counts))
}

/// Device and place of a line of a `/proc/self/mounts`; images of packages and discs, which nobody
/// writes to, are always full and leave nothing to be told.
pub(super) fn writable(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let (device, place) = (words.next()?, words.next()?);
    let mut options = words.nth(1)?.split(',');
    options
        .all(|option| option != "ro")
        .then_some((device, place))
}

/// File systems on devices of this machine, each device once. Those on other machines are left
/// alone: asking for one whose server is gone never returns.
fn mounted(root: &Path) -> Vec<FileSystemState> {
    let mounts = files::text(root, "proc/self/mounts").unwrap_or_default();
    // What is mounted over a place hides what was there.
    let on_top: HashMap<&str, &str> = mounts
        .lines()
        .filter_map(|line| Some((line.split(' ').nth(1)?, line)))
        .collect();
    let mut found: Vec<FileSystemState> = Vec::new();
    for line in mounts.lines() {
        let Some((device, place)) = writable(line) else {
            continue;
        };
        let is_hidden = on_top
            .get(place)
            .is_none_or(|top| !std::ptr::eq(*top, line));
        let (device, place) = (unescape(device), unescape(place));
        let is_new = found.iter().all(|known| known.device != device);
        if is_hidden || !device.starts_with("/dev/") || !is_new || found.len() == MOST {
            continue;
        }
        let Ok(space) = statvfs(files::place(root, &place)) else {
            continue;
        };
        found.push(FileSystemState {
            place,
            device,
            total_bytes: space.f_blocks.saturating_mul(space.f_frsize),
            free_bytes: Some(space.f_bfree.saturating_mul(space.f_frsize)),
            available_bytes: space.f_bavail.saturating_mul(space.f_frsize),
        });
    }
    found
}
