//! One look at the cores and at this process' memory on Linux.

mod cores;
mod counters;
mod events;
mod forks;
mod frequency;
mod memory;
mod reread;

#[cfg(test)]
mod tests;

use std::path::Path;

use rustix::param::page_size;

pub(crate) use self::counters::Counters;
pub(super) use self::events::EventCounters;
pub(super) use self::forks::ForkCounter;
pub(crate) use self::frequency::Frequencies;
pub(super) use self::memory::PeakMemory;
pub(crate) use self::reread::Reread;

use self::cores::Cores;
use super::sample::Sample;
use crate::proc_stat::{self, Ticks};

#[derive(Debug)]
pub(super) struct System {
    stat: Reread,
    /// Holds the head of `/proc/stat`; grows until all processor lines fit.
    head: Vec<u8>,
    reading: Vec<(u32, Ticks)>,
    cores: Cores,
    /// Number of cores that `frequencies` was made for.
    known: usize,
    frequencies: Frequencies,
    statm: Reread,
    root: Box<Path>,
}

impl System {
    pub fn new(root: &Path) -> Self {
        let mut system = Self {
            stat: Reread::new(root.join("proc/stat")),
            head: vec![0; 4096],
            reading: Vec::new(),
            cores: Cores::default(),
            known: 0,
            frequencies: Frequencies::new(root, &[]),
            statm: Reread::new(root.join("proc/self/statm")),
            root: root.into(),
        };
        system.look(true, &mut Sample::default());
        system
    }

    /// Fills in what it sees. The shares are new when `fresh`, otherwise those of the last look.
    pub fn look(&mut self, fresh: bool, sample: &mut Sample) {
        self.read_stat();
        if fresh {
            self.cores.update(&self.reading);
        }
        if self.cores.len() != self.known {
            self.known = self.cores.len();
            self.frequencies = Frequencies::new(&self.root, &self.cores.ids());
        }
        sample.cores = self.cores.busy();
        sample.steal = self.cores.steal();
        sample.mhz = self.frequencies.look().to_vec();
        sample.rss_bytes = self.resident().unwrap_or(0);
    }

    /// Reads the processors' lines, and not the long lines on interrupts behind them.
    fn read_stat(&mut self) {
        loop {
            let Some(length) = self.stat.read(&mut self.head).map(<[u8]>::len) else {
                self.reading.clear();
                return;
            };
            let cut_short = length == self.head.len();
            if proc_stat::parse_cores(&self.head[..length], &mut self.reading) || !cut_short {
                return;
            }
            // Each line is well below 256 bytes, and no machine has 65536 processors: a longer file
            // is no /proc/stat.
            if self.head.len() >= 1 << 24 {
                return;
            }
            self.head.resize(self.head.len() * 2, 0);
        }
    }

    fn resident(&mut self) -> Option<u64> {
        let mut buffer = [0; 128];
        parse_resident(self.statm.read(&mut buffer)?)?.checked_mul(page_size() as u64)
    }
}

/// Resident pages: the second number of a `statm`.
pub(super) fn parse_resident(statm: &[u8]) -> Option<u64> {
    str::from_utf8(statm)
        .ok()?
        .split_ascii_whitespace()
        .nth(1)?
        .parse()
        .ok()
}
