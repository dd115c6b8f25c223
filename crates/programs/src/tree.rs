//! A program and all that it started: who belongs to it, signals to all of them, and what they use.
//!
//! On Linux they are the descendants of the helper, to which orphans are given. On other systems
//! they are the program's process group, which a program can leave.

use std::fs::File;
use std::io::Read as _;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rustix::process::{Pid, Signal};
use workbench_machine::monitor::{ProcessUse, ResourceUse};

#[cfg(all(target_os = "linux", not(workbench_portable)))]
pub(crate) use linux::{
    adopt_orphans, end_session, ends_within, is_any_left, look, names, peek, signal_all,
};
#[cfg(any(workbench_portable, not(target_os = "linux")))]
pub(crate) use portable::{
    adopt_orphans, end_session, ends_within, is_any_left, look, names, peek, signal_all,
};

/// Nanoseconds on a clock that all processes share.
pub(crate) fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// What a tree of processes uses now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// CPU time so far, in nanoseconds.
    pub cpu_ns: u64,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
    /// How many processes there are.
    pub processes: u64,
}

/// What the system has counted of the processes that this one has waited for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Counted {
    usage: ResourceUse,
}

impl Counted {
    pub(crate) fn now() -> Self {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
            return Self::default();
        };
        let ns = |time: nix::sys::time::TimeVal| time.num_microseconds().unsigned_abs() * 1000;
        // Kilobytes, but for Darwin's kernel.
        let unit = if cfg!(target_vendor = "apple") {
            1
        } else {
            1024
        };
        let [read_bytes, written_bytes] = transferred().map_or([None, None], |both| both.map(Some));
        let usage = ResourceUse {
            peak_memory_bytes: usage.max_rss().unsigned_abs() * unit,
            minor_faults: usage.minor_page_faults().unsigned_abs(),
            major_faults: usage.major_page_faults().unsigned_abs(),
            voluntary_switches: usage.voluntary_context_switches().unsigned_abs(),
            involuntary_switches: usage.involuntary_context_switches().unsigned_abs(),
            processes: Some(ProcessUse {
                user_ns: ns(usage.user_time()),
                system_ns: ns(usage.system_time()),
                read_bytes,
                written_bytes,
                started: None,
            }),
            ..ResourceUse::default()
        };
        Self { usage }
    }

    /// CPU time, in nanoseconds.
    pub(crate) fn cpu_ns(&self) -> u64 {
        self.usage.processes.map_or(0, |all| all.cpu_ns())
    }

    /// What was counted since `before`. The peak of memory is that of the largest process.
    pub(crate) fn since(&self, before: &Self) -> ResourceUse {
        let (now, then) = (&self.usage, &before.usage);
        let more = |figure: fn(&ResourceUse) -> u64| figure(now).saturating_sub(figure(then));
        let own = |usage: &ResourceUse| usage.processes.unwrap_or_default();
        let (now_own, then_own) = (own(now), own(then));
        let bytes = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        ResourceUse {
            peak_memory_bytes: now.peak_memory_bytes,
            minor_faults: more(|usage| usage.minor_faults),
            major_faults: more(|usage| usage.major_faults),
            voluntary_switches: more(|usage| usage.voluntary_switches),
            involuntary_switches: more(|usage| usage.involuntary_switches),
            processes: Some(ProcessUse {
                user_ns: now_own.user_ns.saturating_sub(then_own.user_ns),
                system_ns: now_own.system_ns.saturating_sub(then_own.system_ns),
                read_bytes: bytes(now_own.read_bytes, then_own.read_bytes),
                written_bytes: bytes(now_own.written_bytes, then_own.written_bytes),
                started: None,
            }),
            ..ResourceUse::default()
        }
    }
}

/// Bytes that this process and those that it has waited for have read and written, as the kernel
/// adds them up (proc_pid_io(5)).
fn transferred() -> Option<[u64; 2]> {
    // Its numbers have 20 digits at most, so it is read at once.
    let mut buffer = [0; 512];
    let length = File::open("/proc/self/io").ok()?.read(&mut buffer).ok()?;
    let text = str::from_utf8(&buffer[..length]).ok()?;
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse::<u64>().ok()
    };
    Some([number("rchar:")?, number("wchar:")?])
}

#[cfg(all(target_os = "linux", not(workbench_portable)))]
mod linux {
    use std::fs;
    use std::time::{Duration, Instant};

    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{PidfdFlags, getpid, kill_process, pidfd_open, set_child_subreaper};

    use super::{Look, Pid, Signal};
    use crate::wire::ExitKind;

    /// How long the end of what is killed is waited for.
    const END_WITHIN: Duration = Duration::from_secs(10);

    /// Waits for the end of a child, but no longer than this. Whether it has ended; it is not
    /// reaped.
    pub(crate) fn ends_within(main: Pid, limit: Duration) -> bool {
        let Ok(child) = pidfd_open(main, PidfdFlags::empty()) else {
            return false;
        };
        let limit = Timespec {
            tv_sec: limit.as_secs().cast_signed(),
            tv_nsec: limit.subsec_nanos().into(),
        };
        let mut watched = [PollFd::new(&child, PollFlags::IN)];
        poll(&mut watched, Some(&limit)).is_ok_and(|ready| ready == 1)
    }

    /// Orphans of what this process starts become its own children.
    pub(crate) fn adopt_orphans() {
        // Kernels from 3.4 on can.
        let _ = set_child_subreaper(Some(getpid()));
    }

    /// Waits until a child has ended or stopped; says how the program has ended, if it was that.
    /// It is not reaped: that can take the kernel milliseconds, in which nobody would know of it.
    pub(crate) fn peek(main: Pid) -> Option<ExitKind> {
        let wanted = WaitPidFlag::WEXITED | WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT;
        let main = main.as_raw_nonzero().get();
        match waitid(Id::All, wanted).ok()? {
            WaitStatus::Exited(pid, code) if pid.as_raw() == main => Some(ExitKind::Code(code)),
            WaitStatus::Signaled(pid, signal, _) if pid.as_raw() == main => {
                Some(ExitKind::Signal(signal as i32))
            }
            _ => None,
        }
    }

    /// Kills all of a session whose leader, a child of this process, has ended or is about to. The
    /// leader is not reaped before, so that nothing else can have its number.
    pub(crate) fn end_session(leader: u32) {
        let Ok(id) = i32::try_from(leader) else {
            return;
        };
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        // Fails where it has been reaped.
        if waitid(Id::Pid(nix::unistd::Pid::from_raw(id)), ended).is_err() {
            return;
        }
        // What is killed may just have started something, and may hang in the kernel.
        let begun = Instant::now();
        while kill_members(leader) && begun.elapsed() < END_WITHIN {
            std::thread::yield_now();
        }
    }

    /// Kills what runs of a session; whether there was anything.
    fn kill_members(session: u32) -> bool {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let stats = pids.filter_map(|pid| Some((pid, Stat::read(pid)?)));
        let members = stats.filter(|(_, stat)| stat.session == u64::from(session) && !stat.is_over);
        let mut killed = false;
        for (pid, _) in members {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                killed |= kill_process(pid, Signal::KILL).is_ok();
            }
        }
        killed
    }

    /// Whether something runs that is not this process' child: what it started is, or will be.
    pub(crate) fn is_any_left(_: Pid) -> bool {
        false
    }

    /// The names of all that was started and still runs.
    pub(crate) fn names(_: Pid) -> Vec<String> {
        let own = own_pid();
        let stats = descendants(own).into_iter().filter_map(Stat::read);
        stats
            .filter(|stat| !stat.is_over)
            .map(|stat| stat.name)
            .collect()
    }

    /// Sends a signal to all that this process started, and to what that started.
    pub(crate) fn signal_all(_: Pid, signal: Signal) {
        for pid in descendants(own_pid()) {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                // It may be gone.
                let _ = kill_process(pid, signal);
            }
        }
    }

    /// What everything that a process started uses, without itself.
    pub(crate) fn look(root: u32) -> Look {
        let mut look = Look::default();
        let mut ticks = Stat::read(root).map_or(0, |stat| stat.ticks_of_reaped);
        for stat in descendants(root).into_iter().filter_map(Stat::read) {
            ticks += stat.ticks + stat.ticks_of_reaped;
            look.processes += 1;
            look.rss_bytes += stat.pages * rustix::param::page_size() as u64;
        }
        let per_s = rustix::param::clock_ticks_per_second().max(1);
        look.cpu_ns = ticks.saturating_mul(1_000_000_000 / per_s);
        look
    }

    fn own_pid() -> u32 {
        getpid().as_raw_nonzero().get().unsigned_abs()
    }

    /// All that a process started and what that started, without itself.
    fn descendants(root: u32) -> Vec<u32> {
        let mut all = Vec::new();
        let mut open = vec![root];
        while let Some(pid) = open.pop() {
            let Some(children) = children(pid) else {
                continue;
            };
            for child in children {
                if !all.contains(&child) {
                    all.push(child);
                    open.push(child);
                }
            }
        }
        all
    }

    /// The children of all threads of a process; `None` when it is gone.
    fn children(pid: u32) -> Option<Vec<u32>> {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        let mut found = Vec::new();
        for task in tasks.flatten() {
            let Ok(text) = fs::read_to_string(task.path().join("children")) else {
                // The thread is gone, or the kernel keeps no such lists.
                continue;
            };
            found.extend(
                text.split_ascii_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        Some(found)
    }

    /// The one line of `/proc/<pid>/stat` (proc_pid_stat(5)).
    struct Stat {
        name: String,
        is_over: bool,
        session: u64,
        ticks: u64,
        ticks_of_reaped: u64,
        pages: u64,
    }

    impl Stat {
        fn read(pid: u32) -> Option<Self> {
            Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
        }

        /// The name may hold anything, parentheses and spaces included.
        fn parse(text: &str) -> Option<Self> {
            let (before, after) = text.rsplit_once(')')?;
            let columns: Vec<&str> = after.split_ascii_whitespace().collect();
            let number = |column: usize| columns.get(column)?.parse::<u64>().ok();
            Some(Self {
                name: before.split_once('(')?.1.to_owned(),
                is_over: matches!(*columns.first()?, "Z" | "X" | "x"),
                session: number(3)?,
                ticks: number(11)? + number(12)?,
                ticks_of_reaped: number(13)? + number(14)?,
                pages: number(21)?,
            })
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_is_read_whatever_the_name_is() {
            let line = "7 (a) b (c) S 1 7 7 0 -1 0 9 0 0 0 11 22 33 44 20 0 1 0 5 4096 12 0";
            let stat = Stat::parse(line).unwrap();
            assert_eq!(stat.name, "a) b (c");
            assert_eq!((stat.ticks, stat.ticks_of_reaped, stat.pages), (33, 77, 12));
            assert!(Stat::parse("").is_none() && Stat::parse("1 (x").is_none());
        }
    }
}

#[cfg(any(workbench_portable, not(target_os = "linux")))]
mod portable {
    use std::time::Duration;

    use rustix::process::{kill_process_group, test_kill_process_group};

    use super::{Look, Pid, Signal};
    use crate::wire::ExitKind;

    /// Elsewhere a child is reaped as soon as it has ended.
    pub(crate) fn peek(_: Pid) -> Option<ExitKind> {
        None
    }

    /// Not known before it is reaped.
    pub(crate) fn ends_within(_: Pid, _: Duration) -> bool {
        false
    }

    /// Only Linux gives orphans to somebody.
    pub(crate) fn adopt_orphans() {}

    /// Nobody tells here what belongs to a session.
    pub(crate) fn end_session(_: u32) {}

    /// Whether something of the program's process group still runs.
    pub(crate) fn is_any_left(main: Pid) -> bool {
        test_kill_process_group(main).is_ok()
    }

    /// Not known.
    pub(crate) fn names(_: Pid) -> Vec<String> {
        vec!["a process".to_owned()]
    }

    /// Sends a signal to the program's process group.
    pub(crate) fn signal_all(main: Pid, signal: Signal) {
        // It may be gone.
        let _ = kill_process_group(main, signal);
    }

    /// Not known before the end.
    pub(crate) fn look(_: u32) -> Look {
        Look::default()
    }
}
