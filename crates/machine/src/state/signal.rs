//! Handing a signal to a process.

use std::fmt;

use rustix::io::Errno;
use rustix::process::Signal;

/// A signal that can be handed to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProcessSignal {
    /// Asks it to end.
    Terminate,
    /// What Ctrl-C sends.
    Interrupt,
    /// Ends it at once.
    Kill,
    /// Stops it.
    Stop,
    /// Lets it go on.
    Continue,
}

impl ProcessSignal {
    /// All of them, the gentlest first.
    pub const ALL: [Self; 5] = [
        Self::Terminate,
        Self::Interrupt,
        Self::Kill,
        Self::Stop,
        Self::Continue,
    ];

    /// The name that people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }

    /// What it does, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Terminate => "asks it to end",
            Self::Interrupt => "what Ctrl-C sends",
            Self::Kill => "ends it at once, nothing is saved",
            Self::Stop => "stops it until CONT",
            Self::Continue => "lets it go on after STOP",
        }
    }

    fn number(self) -> Signal {
        match self {
            Self::Terminate => Signal::TERM,
            Self::Interrupt => Signal::INT,
            Self::Kill => Signal::KILL,
            Self::Stop => Signal::STOP,
            Self::Continue => Signal::CONT,
        }
    }
}

/// Why a signal was not handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// The process has ended.
    Gone,
    /// It belongs to somebody else.
    NotAllowed,
    /// The system refuses, with this error number.
    Refused(i32),
}

/// What happened, as the end of a sentence.
impl fmt::Display for NotSent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => out.write_str("it has ended"),
            Self::NotAllowed => out.write_str("it belongs to another account"),
            Self::Refused(number) => {
                let error = std::io::Error::from_raw_os_error(*number);
                write!(out, "{error}")
            }
        }
    }
}

/// Hands a signal to the process that had this number and began at this time, and to no other: a
/// number that another process has by now is refused as [`NotSent::Gone`].
///
/// # Errors
/// When the process has ended, or the system refuses.
pub fn send_signal(pid: u32, started_ticks: u64, signal: ProcessSignal) -> Result<(), NotSent> {
    super::system::send_signal(pid, started_ticks, signal.number()).map_err(refused)
}

fn refused(error: Errno) -> NotSent {
    match error {
        Errno::SRCH => NotSent::Gone,
        Errno::PERM => NotSent::NotAllowed,
        other => NotSent::Refused(other.raw_os_error()),
    }
}
