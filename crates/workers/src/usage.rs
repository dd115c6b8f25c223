//! Resource usage of worker processes, from `/proc/<pid>/stat` (proc(5)). Not available on systems
//! other than Linux.

use std::collections::BTreeSet;

/// What a worker's process has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The rank.
    pub rank: u32,
    /// Its process.
    pub pid: u32,
    /// CPU time of all its threads, user and system, in nanoseconds; in steps of the kernel's tick
    /// (usually 10 ms). After its end, the final value.
    pub cpu_ns: u64,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
    /// What it is doing.
    pub state: ProcessState,
}

/// How a process' first thread, which does the work, got along with the cores so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoreTime {
    /// Time on a core, in nanoseconds.
    pub ran_ns: u64,
    /// Time in which it could have run, and waited for a core, in nanoseconds.
    pub queued_ns: u64,
}

impl Usage {
    /// The first thread's time on cores and its wait for them (`/proc/<pid>/schedstat`, see
    /// sched-stats in the kernel's documentation); `None` where the kernel does not report it.
    pub fn core_time(&self) -> Option<CoreTime> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).ok()?;
        let mut numbers = text.split_ascii_whitespace().map(str::parse);
        Some(CoreTime {
            ran_ns: numbers.next()?.ok()?,
            queued_ns: numbers.next()?.ok()?,
        })
    }

    /// The cores that the first thread may run on, by its affinity (`/proc/<pid>/status`); `None`
    /// where the kernel does not report it.
    pub fn allowed_cores(&self) -> Option<BTreeSet<u32>> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let list = text
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        core_list(list.trim())
    }
}

/// A list of cores as the kernel writes it: `0-3,8`.
pub(super) fn core_list(list: &str) -> Option<BTreeSet<u32>> {
    let mut cores = BTreeSet::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<u32>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessState {
    /// On a core, or waiting for one.
    Running,
    /// Waiting for something.
    Sleeping,
    /// Waiting for a disk or a device; signals do not wake it.
    Uninterruptible,
    /// Stopped by a signal or a debugger.
    Stopped,
    /// Over.
    Ended,
    /// Not known.
    Unknown,
}

/// The contents of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) state: ProcessState,
    pub(super) cpu_ticks: u64,
    pub(super) rss_pages: u64,
}

/// Columns behind the name, from 0: the state is the file's third.
const STATE: usize = 0;
const UTIME: usize = 11;
const STIME: usize = 12;
const RSS: usize = 21;

/// Reads the file's one line. The name in it may hold anything, parentheses and spaces included,
/// but no line is without the last closing one.
pub(super) fn parse(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let columns: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |column: usize| columns.get(column)?.parse::<u64>().ok();
    let state = match *columns.get(STATE)? {
        "R" => ProcessState::Running,
        "S" | "I" => ProcessState::Sleeping,
        "D" => ProcessState::Uninterruptible,
        "T" | "t" => ProcessState::Stopped,
        "Z" | "X" | "x" => ProcessState::Ended,
        _ => ProcessState::Unknown,
    };
    Some(Stat {
        state,
        cpu_ticks: number(UTIME)?.saturating_add(number(STIME)?),
        rss_pages: number(RSS)?,
    })
}

/// Reads the usage of a process that has not been reaped.
pub(super) fn look(rank: u32, pid: u32) -> Usage {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|text| parse(&text));
    let Some(stat) = stat else {
        return Usage {
            rank,
            pid,
            cpu_ns: 0,
            rss_bytes: 0,
            state: ProcessState::Unknown,
        };
    };
    let ticks_per_s = rustix::param::clock_ticks_per_second().max(1);
    let cpu_ns = u128::from(stat.cpu_ticks) * 1_000_000_000 / u128::from(ticks_per_s);
    Usage {
        rank,
        pid,
        cpu_ns: u64::try_from(cpu_ns).unwrap_or(u64::MAX),
        rss_bytes: stat
            .rss_pages
            .saturating_mul(rustix::param::page_size() as u64),
        state: stat.state,
    }
}
