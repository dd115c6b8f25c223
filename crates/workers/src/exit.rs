//! How a process ended, and who ended it.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::Signal;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessExit {
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

impl ProcessExit {
    pub(super) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, number) => Self::Signal {
                number: number.unwrap_or_default(),
                core: status.core_dumped(),
            },
        }
    }

    /// Whether it ended normally.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// Whether it was killed in the way in which the kernel does it when memory is exhausted
    /// (SIGKILL).
    pub fn is_kill(self) -> bool {
        matches!(self, Self::Signal { number, .. } if number == Signal::KILL.as_raw())
    }

    /// Whether the process aborted itself (SIGABRT).
    pub fn is_abort(self) -> bool {
        matches!(self, Self::Signal { number, .. } if number == Signal::ABORT.as_raw())
    }

    /// Whether it ended by a signal that a process raises by its own fault, such as SIGSEGV or
    /// SIGABRT.
    pub(super) fn is_own_fault(self) -> bool {
        let is = |number| OWN_FAULTS.iter().any(|signal| signal.as_raw() == number);
        matches!(self, Self::Signal { number, .. } if is(number))
    }
}

const OWN_FAULTS: [Signal; 7] = [
    Signal::ILL,
    Signal::TRAP,
    Signal::ABORT,
    Signal::BUS,
    Signal::FPE,
    Signal::SEGV,
    Signal::SYS,
];

impl fmt::Display for ProcessExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "ended with code {code}"),
            Self::Signal { number, core } => {
                match signal_name(number) {
                    Some(name) => write!(f, "was ended by {name}")?,
                    None => write!(f, "was ended by signal {number}")?,
                }
                f.write_str(if core { " (core dumped)" } else { "" })
            }
        }
    }
}

/// Names of the signals that end processes in practice.
pub fn signal_name(number: i32) -> Option<&'static str> {
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
}

/// Who ended a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// It ended by itself: it returned, or a fault of its own ended it.
    Itself,
    /// The owner of the group sent the signal.
    Owner,
    /// The supervisor, because the process sent bytes that are no message.
    InvalidMessage,
    /// The supervisor, because the process was asked to stop and did not stop in time.
    GracePeriod,
    /// The supervisor, because the group was dropped.
    Dropped,
    /// Another sender: a person, a batch system, or the kernel when memory is exhausted.
    Outside,
}

impl fmt::Display for EndedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Itself => "by itself",
            Self::Owner => "on request",
            Self::InvalidMessage => "by the supervisor, for sending what is no message",
            Self::GracePeriod => "by the supervisor, for not stopping in time",
            Self::Dropped => "by the supervisor, at its end",
            Self::Outside => "by somebody else",
        })
    }
}
