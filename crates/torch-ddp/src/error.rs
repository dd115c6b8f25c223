//! What can go wrong, in a form that a program can act on.
//!
//! Belongs here: the kinds, and reading what libtorch's messages tell beyond their kind. Does not
//! belong here: deciding what to do about it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A rank did not do its part in the time given.
    Timeout,
    /// A connection could not be made or was lost, for instance because a peer died.
    Connection,
    /// This process itself gave the group up with
    /// [`ProcessGroup::abort`](crate::ProcessGroup::abort).
    Aborted,
    /// The port to serve on is taken.
    AddressInUse,
    /// This machine has no local port left, on the address over which ranks talk.
    NoPort,
    /// The ranks disagree: other shapes, other models, other collectives.
    Mismatch,
    /// An argument breaks a rule that the called function states.
    InvalidArgument,
    /// This machine, this libtorch or this program lacks what was asked for: a GPU, CUDA, NCCL.
    Unavailable,
    /// Memory is used up, on the CPU or on a GPU.
    OutOfMemory,
    /// Anything else; the message is libtorch's.
    Other,
}

impl ErrorKind {
    /// The kind that a status of the shim stands for; `None` is success.
    pub(crate) fn from_status(status: i32) -> Option<Self> {
        match status {
            0 => None,
            1 => Some(Self::Timeout),
            2 => Some(Self::Connection),
            3 => Some(Self::AddressInUse),
            4 => Some(Self::Mismatch),
            5 => Some(Self::InvalidArgument),
            7 => Some(Self::Unavailable),
            8 => Some(Self::OutOfMemory),
            _ => Some(Self::Other),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "timed out",
            Self::Connection => "connection lost",
            Self::Aborted => "given up here",
            Self::AddressInUse => "address in use",
            Self::NoPort => "no port is left",
            Self::Mismatch => "ranks disagree",
            Self::InvalidArgument => "invalid argument",
            Self::Unavailable => "not available",
            Self::OutOfMemory => "out of memory",
            Self::Other => "libtorch failed",
        })
    }
}

/// A failure of a distributed operation.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: {kind}: {message}")]
pub struct Error {
    kind: ErrorKind,
    what: String,
    message: String,
    ranks: Vec<usize>,
}

/// The result of everything that talks to other processes.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that this crate itself found.
    pub(crate) fn new(kind: ErrorKind, what: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.to_owned(),
            message: message.into(),
            ranks: Vec::new(),
        }
    }

    /// An error from libtorch. Its messages may run over many lines; they become one.
    pub(crate) fn from_cpp(kind: ErrorKind, what: &str, message: &str) -> Self {
        let ranks = failed_ranks(message);
        let message = if message.is_empty() {
            "no message".to_owned()
        } else {
            message.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Self {
            kind,
            what: what.to_owned(),
            message,
            ranks,
        }
    }

    /// The same error with the ranks that caused it, added to its message as well.
    #[must_use]
    pub(crate) fn blaming(mut self, ranks: Vec<usize>, why: &str) -> Self {
        let list: Vec<String> = ranks.iter().map(usize::to_string).collect();
        self.message = format!("rank {} {why}; {}", list.join(", "), self.message);
        self.ranks = ranks;
        self
    }

    /// The same error, of a group that this process has given up if `aborted` says so: gloo calls
    /// that a timeout.
    #[must_use]
    pub(crate) fn after_abort(mut self, aborted: &AtomicBool) -> Self {
        if aborted.load(Ordering::Acquire) {
            self.kind = ErrorKind::Aborted;
        }
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was being done, for example `all_reduce`.
    pub fn operation(&self) -> &str {
        &self.what
    }

    /// What happened, in libtorch's words or this crate's, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The ranks known to have caused the failure, ascending: those that a monitored barrier, or
    /// the forming of a group, waited for in vain. Empty where nothing names them.
    pub fn ranks(&self) -> &[usize] {
        &self.ranks
    }
}

/// Reads the ranks from what a monitored barrier says on rank 0: "Ranks 1, 3 failed to pass
/// monitoredBarrier in 1000 ms".
fn failed_ranks(message: &str) -> Vec<usize> {
    let Some(end) = message.find(" failed to pass monitoredBarrier") else {
        return Vec::new();
    };
    let list = message[..end]
        .rsplit_once("Rank")
        .map_or("", |(_, list)| list);
    let mut ranks: Vec<usize> = list
        .trim_start_matches('s')
        .split(',')
        .filter_map(|rank| rank.trim().parse().ok())
        .collect();
    ranks.sort_unstable();
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_read_from_a_monitored_barrier() {
        let many = "[Rank 0]: Ranks 3, 1 failed to pass monitoredBarrier in 1000 ms\n Original exception: \nTimed out";
        assert_eq!(failed_ranks(many), [1, 3]);
        let one = "[Rank 0]: Rank 2 failed to pass monitoredBarrier in 5 ms";
        assert_eq!(failed_ranks(one), [2]);
        assert!(failed_ranks("Rank 2 is late").is_empty());
        assert!(failed_ranks(" failed to pass monitoredBarrier").is_empty());
    }

    #[test]
    fn an_error_is_one_line() {
        let error = Error::from_cpp(ErrorKind::Timeout, "barrier", "first\n  second\n");
        assert_eq!(error.to_string(), "barrier: timed out: first second");
        assert_eq!(error.operation(), "barrier");
    }

    #[test]
    fn statuses_are_the_shims() {
        assert_eq!(ErrorKind::from_status(0), None);
        assert_eq!(ErrorKind::from_status(4), Some(ErrorKind::Mismatch));
        assert_eq!(ErrorKind::from_status(7), Some(ErrorKind::Unavailable));
        assert_eq!(ErrorKind::from_status(8), Some(ErrorKind::OutOfMemory));
        assert_eq!(ErrorKind::from_status(99), Some(ErrorKind::Other));
    }
}
