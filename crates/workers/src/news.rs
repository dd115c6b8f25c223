//! What a crew has to tell.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use workbench_protocol::{FromWorker, Phase};

/// Something that happened to a rank. Moments are nanoseconds of the run's clock, taken when it was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Its process runs.
    Started {
        /// The rank.
        rank: u32,
        /// When.
        at_ns: u64,
        /// The process, which is also its process group.
        pid: u32,
    },
    /// It sent a message.
    Message {
        /// The rank.
        rank: u32,
        /// When.
        at_ns: u64,
        /// The message.
        message: FromWorker,
    },
    /// It, or a library in it, printed a line.
    Output {
        /// The rank.
        rank: u32,
        /// When.
        at_ns: u64,
        /// The line, without control characters, cut when it is very long.
        line: String,
        /// Lines before this one that were dropped, because more were printed than were taken.
        skipped: u64,
    },
    /// It sent something that is no message. It is killed for that, unless it is dead already.
    Nonsense {
        /// The rank.
        rank: u32,
        /// When.
        at_ns: u64,
        /// What was wrong.
        why: String,
    },
    /// It gives no sign of life.
    Silent {
        /// The rank.
        rank: u32,
        /// When this was noticed.
        at_ns: u64,
        /// Where it was last.
        phase: Phase,
        /// Its step then.
        step: u64,
        /// For how long.
        for_s: f64,
        /// Whether its process is stopped (SIGSTOP) rather than hung.
        stopped: bool,
    },
    /// It lives, and does not get on, and the others wait for it.
    Stuck {
        /// The rank.
        rank: u32,
        /// When this was noticed.
        at_ns: u64,
        /// Where it is.
        phase: Phase,
        /// Its step.
        step: u64,
        /// For how long.
        for_s: f64,
    },
    /// It was silent or stuck, and is so no more.
    Recovered {
        /// The rank.
        rank: u32,
        /// When.
        at_ns: u64,
        /// After how long.
        after_s: f64,
    },
    /// Its process is over and reaped, and its process group killed. The last news of a rank.
    Exited {
        /// The rank.
        rank: u32,
        /// When.
        at_ns: u64,
        /// How it ended.
        ended: Ended,
        /// Who ended it.
        by: By,
    },
}

impl News {
    /// Whom it is about.
    pub fn rank(&self) -> u32 {
        match *self {
            Self::Started { rank, .. }
            | Self::Message { rank, .. }
            | Self::Output { rank, .. }
            | Self::Nonsense { rank, .. }
            | Self::Silent { rank, .. }
            | Self::Stuck { rank, .. }
            | Self::Recovered { rank, .. }
            | Self::Exited { rank, .. } => rank,
        }
    }

    /// When it was seen.
    pub fn at_ns(&self) -> u64 {
        match *self {
            Self::Started { at_ns, .. }
            | Self::Message { at_ns, .. }
            | Self::Output { at_ns, .. }
            | Self::Nonsense { at_ns, .. }
            | Self::Silent { at_ns, .. }
            | Self::Stuck { at_ns, .. }
            | Self::Recovered { at_ns, .. }
            | Self::Exited { at_ns, .. } => at_ns,
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal {
        /// Its number.
        number: i32,
        /// Whether a memory image was written.
        core: bool,
    },
}

impl Ended {
    pub(super) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, number) => Self::Signal {
                number: number.unwrap_or_default(),
                core: status.core_dumped(),
            },
        }
    }

    /// Whether it ended as a program should.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// Whether a signal ended it that a process raises itself by a fault, such as SIGSEGV or SIGABRT.
    pub(super) fn is_own_fault(self) -> bool {
        matches!(self, Self::Signal { number, .. } if OWN_FAULTS.contains(&signal_name(number)))
    }
}

const OWN_FAULTS: [&str; 7] = [
    "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS",
];

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "ended with code {code}"),
            Self::Signal { number, core } => {
                match signal_name(number) {
                    "" => write!(f, "was ended by signal {number}")?,
                    name => write!(f, "was ended by {name}")?,
                }
                f.write_str(if core { " (core dumped)" } else { "" })
            }
        }
    }
}

/// Names of the signals that end processes in practice; empty for others.
fn signal_name(number: i32) -> &'static str {
    use super::Signal;
    [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ]
    .into_iter()
    .find_map(|(signal, name)| (signal.as_raw() == number).then_some(name))
    .unwrap_or_default()
}

/// Who ended a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// It ended by itself: it returned, or a fault of its own ended it.
    Itself,
    /// Whoever owns the crew sent the signal.
    Owner,
    /// The supervisor, because it spoke nonsense.
    Nonsense,
    /// The supervisor, because it was asked to stop and did not in time.
    Grace,
    /// The supervisor, because the crew was dropped.
    Dropped,
    /// Somebody else: a person, a batch system, or the kernel when memory is used up.
    Outside,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Itself => "by itself",
            Self::Owner => "on request",
            Self::Nonsense => "by the supervisor, for sending what is no message",
            Self::Grace => "by the supervisor, for not stopping in time",
            Self::Dropped => "by the supervisor, at its end",
            Self::Outside => "by somebody else, perhaps the kernel for lack of memory",
        })
    }
}
