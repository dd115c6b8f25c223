//! Resource usage of worker processes, from `/proc/<pid>/stat` (proc(5)). Not available on systems
//! other than Linux.

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

impl Usage {
    /// Time in which the process' first thread, which does the work, was runnable and waited for a
    /// core, in nanoseconds (`/proc/<pid>/schedstat`, see sched-stats in the kernel's
    /// documentation); `None` where the kernel does not report it.
    pub fn queued_ns(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse().ok()
    }
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
