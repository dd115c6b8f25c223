//! The processes, read from `/proc`. Each costs three system calls, so with very many they are
//! read less often.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::monitor::pace::Pace;
use crate::monitor::round_share;
use crate::state::process::{KTHREADD, ProcessStatus, SeenProcess};
use crate::state::types::{MachineState, ProcessCounts};

/// Share of one core that reading the processes may take.
const BUDGET: f64 = 0.005;
/// Figures of processes never get older than this.
const LONGEST: Duration = Duration::from_secs(30);
/// A command line is cut after so many bytes.
const LONGEST_COMMAND: u64 = 200;
/// Younger figures of a process give no share: the kernel counts in ticks of 10 ms.
const SHORTEST_S: f64 = 0.03;

#[derive(Debug)]
pub(super) struct ProcessReader {
    root: Box<Path>,
    pace: Pace,
    /// What is kept of a process, by its number and start.
    known: HashMap<(u32, u64), Known>,
    users: HashMap<u32, String>,
    last: Vec<SeenProcess>,
    counts: ProcessCounts,
    read: Instant,
}

/// What is kept of a process from one look to the next.
#[derive(Debug, Clone)]
struct Known {
    /// What the kernel called it when the command and the account were read.
    name: String,
    /// They were read when it had been there for a look: no longer on its way from a copy of its
    /// parent to a program of its own.
    settled: bool,
    command: String,
    user: String,
    cpu_ticks: u64,
    at: Instant,
    cores: f32,
}

/// The numbers of a `/proc/<pid>/stat`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ProcessStat {
    pub name: String,
    pub letter: u8,
    pub parent: u32,
    pub cpu_ticks: u64,
    pub nice: i32,
    pub threads: u32,
    pub started: u64,
    pub pages: u64,
}

impl ProcessReader {
    pub fn new(root: &Path) -> Self {
        let passwd = fs::read(root.join("etc/passwd")).unwrap_or_default();
        Self {
            root: root.into(),
            pace: Pace::up_to(BUDGET, Duration::ZERO, LONGEST),
            known: HashMap::new(),
            users: users(&String::from_utf8_lossy(&passwd)),
            last: Vec::new(),
            counts: ProcessCounts::default(),
            read: Instant::now(),
        }
    }

    /// Fills in the processes, which may be some time old.
    pub fn look(&mut self, state: &mut MachineState) {
        let mut pace = std::mem::replace(&mut self.pace, Pace::up_to(1.0, LONGEST, LONGEST));
        pace.run(|| {
            self.read_all();
        });
        self.pace = pace;
        state.processes.clone_from(&self.last);
        state.counts = self.counts;
        state.processes_age_s = (self.read.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    }

    /// Reads all of them now.
    pub(super) fn read_all(&mut self) -> &[SeenProcess] {
        let entries = fs::read_dir(self.root.join("proc"))
            .into_iter()
            .flatten()
            .flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let pids: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
        let mut text = Vec::new();
        let mut known = HashMap::with_capacity(pids.len());
        self.last.clear();
        self.counts = ProcessCounts::default();
        for pid in pids {
            let dir = self.root.join(format!("proc/{pid}"));
            // It may have ended meanwhile.
            let Some(stat) =
                read(&dir.join("stat"), u64::MAX, &mut text).and_then(|()| parse(&text))
            else {
                continue;
            };
            let key = (pid, stat.started);
            let before = self.known.remove(&key);
            let kept = self.kept(&dir, &stat, before);
            self.counts.processes += 1;
            self.counts.running += u64::from(stat.letter == b'R');
            self.counts.threads += u64::from(stat.threads);
            self.last.push(process(pid, stat, &kept));
            known.insert(key, kept);
        }
        self.known = known;
        self.read = Instant::now();
        &self.last
    }

    /// What is kept of a process; read when it is seen for the first time, once more at the next
    /// look, and again when it has become another program.
    fn kept(&self, dir: &Path, stat: &ProcessStat, before: Option<Known>) -> Known {
        let at = Instant::now();
        let cpu_ticks = stat.cpu_ticks;
        let Some(mut kept) = before else {
            let (command, user) = self.command_and_user(dir);
            return Known {
                name: stat.name.clone(),
                settled: false,
                command,
                user,
                cpu_ticks,
                at,
                cores: 0.0,
            };
        };
        // Threads of the kernel change their names all the time, and have no command.
        let renamed = kept.name != stat.name && stat.parent != KTHREADD;
        if renamed || !kept.settled {
            kept.name.clone_from(&stat.name);
            kept.settled = true;
            (kept.command, kept.user) = self.command_and_user(dir);
        }
        let passed = at.duration_since(kept.at).as_secs_f64();
        if passed >= SHORTEST_S {
            let ticks = cpu_ticks.saturating_sub(kept.cpu_ticks) as f64;
            kept.cores = round_share(ticks / clock_ticks_per_second() as f64 / passed);
            (kept.cpu_ticks, kept.at) = (cpu_ticks, at);
        }
        kept
    }

    fn command_and_user(&self, dir: &Path) -> (String, String) {
        let mut text = Vec::new();
        let _ = read(&dir.join("cmdline"), LONGEST_COMMAND, &mut text);
        let user = fs::metadata(dir).ok().map(|metadata| {
            let uid = metadata.uid();
            self.users
                .get(&uid)
                .cloned()
                .unwrap_or_else(|| uid.to_string())
        });
        (command(&text), user.unwrap_or_default())
    }
}

fn process(pid: u32, stat: ProcessStat, kept: &Known) -> SeenProcess {
    SeenProcess {
        pid,
        parent: stat.parent,
        started_ticks: stat.started,
        name: stat.name,
        command: kept.command.clone(),
        user: kept.user.clone(),
        status: ProcessStatus::of_letter(stat.letter),
        threads: stat.threads,
        nice: stat.nice,
        cores: kept.cores,
        cpu_s: stat.cpu_ticks as f64 / clock_ticks_per_second() as f64,
        memory_bytes: stat.pages.saturating_mul(page_size() as u64),
        gpu_memory_bytes: None,
    }
}

fn read(path: &Path, most: u64, text: &mut Vec<u8>) -> Option<()> {
    text.clear();
    let file = fs::File::open(path).ok()?;
    file.take(most).read_to_end(text).ok().map(|_| ())
}

/// The line of a `/proc/<pid>/stat`. The name may hold blanks and brackets, so it ends at the last
/// bracket.
pub(super) fn parse(line: &[u8]) -> Option<ProcessStat> {
    let line = String::from_utf8_lossy(line);
    let (_, rest) = line.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| words.get(at)?.parse::<u64>().ok();
    Some(ProcessStat {
        name: name.to_owned(),
        letter: *words.first()?.as_bytes().first()?,
        parent: number(1)? as u32,
        cpu_ticks: number(11)?.saturating_add(number(12)?),
        nice: words.get(16)?.parse().ok()?,
        threads: number(17)? as u32,
        started: number(19)?,
        pages: number(21)?,
    })
}

/// A command line with blanks between its words.
fn command(cmdline: &[u8]) -> String {
    let text = String::from_utf8_lossy(cmdline);
    let words: Vec<&str> = text.split('\0').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Names of accounts, by their numbers, from an `/etc/passwd`. Accounts that are known elsewhere
/// keep their numbers: asking a directory service may take long.
pub(super) fn users(passwd: &str) -> HashMap<u32, String> {
    let account = |line: &str| {
        let mut words = line.split(':');
        let name = words.next()?.to_owned();
        Some((words.nth(1)?.parse().ok()?, name))
    };
    passwd.lines().filter_map(account).collect()
}

/// Hands a signal to the process that had this number and began then, and to no other.
pub(in crate::state) fn send_signal(pid: u32, started: u64, signal: Signal) -> Result<(), Errno> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process = pidfd_open(number.ok_or(Errno::SRCH)?, PidfdFlags::empty())?;
    // The descriptor holds the process, so its number cannot pass on from here.
    let stat = fs::read(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|line| parse(&line));
    if stat.is_none_or(|stat| stat.started != started) {
        return Err(Errno::SRCH);
    }
    pidfd_send_signal(&process, signal)
}
