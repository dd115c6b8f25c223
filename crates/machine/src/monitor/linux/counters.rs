//! Linux' counters of throttling, steal and pressure, and what limits cores and frequency.

use std::fs;
use std::path::Path;

use rustix::param::clock_ticks_per_second;

use super::reread::Reread;
use crate::linux::cgroup::{CpuGroup, CpuGroups};
use crate::linux::{affinity, usable_of};
use crate::monitor::conditions::{CoreLimits, Pressure, Readings};
use crate::proc_stat;

/// More files than this would take longer than a short repeat.
const MOST_POLICIES: usize = 64;

#[derive(Debug)]
pub(crate) struct Counters {
    root: Box<Path>,
    groups: CpuGroups,
    stat: Reread,
    text: Vec<u8>,
    /// Of cpu, memory, io.
    pressure: [Reread; 3],
    /// The highest allowed frequency of each group of cores.
    caps: Vec<Reread>,
}

impl Counters {
    pub fn new(root: &Path) -> Self {
        let pressure = |what| Reread::new(root.join("proc/pressure").join(what));
        Self {
            root: root.into(),
            groups: CpuGroups::new(root),
            stat: Reread::new(root.join("proc/stat")),
            text: Vec::new(),
            pressure: ["cpu", "memory", "io"].map(pressure),
            caps: caps(root),
        }
    }

    /// Fills in what the kernel says.
    pub fn read(&mut self, readings: &mut Readings) {
        let groups = self.groups.look();
        let throttling = groups.iter().filter_map(CpuGroup::throttling);
        readings.throttling = throttling.collect();
        let quota = groups.iter().filter_map(CpuGroup::quota).reduce(f64::min);
        if self.stat.read_whole(&mut self.text).is_some() {
            proc_stat::parse_cores(&self.text, &mut readings.ticks);
        }
        readings.ticks_per_s = clock_ticks_per_second();
        let affinity = affinity(&self.root);
        let online = u32::try_from(readings.ticks.len())
            .ok()
            .filter(|online| *online > 0);
        readings.cores = online.or(affinity).map(|online| CoreLimits {
            usable: usable_of(online, affinity, quota),
            affinity,
            quota,
        });
        readings.pressure = self.pressure();
        readings.cap_mhz = self.cap_mhz();
    }

    fn pressure(&mut self) -> Option<Pressure> {
        let mut buffer = [0; 256];
        let [cpu_ns, memory_ns, io_ns] = self
            .pressure
            .each_mut()
            .map(|file| file.read(&mut buffer).and_then(parse_pressure));
        Some(Pressure {
            cpu_ns: cpu_ns?,
            memory_ns: memory_ns.unwrap_or(0),
            io_ns: io_ns.unwrap_or(0),
        })
    }

    fn cap_mhz(&mut self) -> Option<u32> {
        let mut buffer = [0; 32];
        let caps = self.caps.iter_mut();
        let caps: Vec<u32> = caps
            .filter_map(|file| super::frequency::parse_khz(file.read(&mut buffer)?))
            .collect();
        let sum: u64 = caps.iter().map(|mhz| u64::from(*mhz)).sum();
        u32::try_from(sum.checked_div(caps.len() as u64)?).ok()
    }
}

/// The files of all groups of cores that have a common frequency, in a steady order.
fn caps(root: &Path) -> Vec<Reread> {
    let policies = fs::read_dir(root.join("sys/devices/system/cpu/cpufreq"));
    let mut paths: Vec<_> = policies
        .into_iter()
        .flatten()
        .flatten()
        .map(|policy| policy.path().join("scaling_max_freq"))
        .filter(|path| path.exists())
        .collect();
    paths.sort();
    paths.truncate(MOST_POLICIES);
    paths.into_iter().map(Reread::new).collect()
}

/// `total=` of the line that begins with `some`, in nanoseconds.
pub(super) fn parse_pressure(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok()?;
    let line = text.lines().find(|line| line.starts_with("some "))?;
    let mut words = line.split_ascii_whitespace();
    let micros: u64 = words
        .find_map(|word| word.strip_prefix("total="))?
        .parse()
        .ok()?;
    micros.checked_mul(1000)
}
