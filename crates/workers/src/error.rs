//! Why a group of workers cannot start, or a worker cannot be reached.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use workbench_protocol::{EnvError, FrameError};

/// Why a group of workers cannot start, or a worker cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// No worker at all.
    #[error("a group of no workers; give one launch for each rank")]
    Empty,
    /// The ranks are not 0, 1, 2, … in order.
    #[error("launch {at} is for rank {rank}; give one launch for each rank, in order")]
    Order {
        /// Place in the list, from 0.
        at: usize,
        /// The rank there.
        rank: u32,
    },
    /// A place among the ranks that makes no sense.
    #[error("rank {rank}: {source}")]
    Env {
        /// The rank.
        rank: u32,
        /// What is wrong.
        source: EnvError,
    },
    /// An order that is too large for a frame.
    #[error("rank {rank}: {source}")]
    TooLong {
        /// The rank.
        rank: u32,
        /// What is wrong.
        source: FrameError,
    },
    /// The worker's program does not exist.
    #[error(
        "{}: there is no such program; build it, or name the one that is to be started",
        program.display()
    )]
    NotFound {
        /// The program.
        program: PathBuf,
    },
    /// The worker's program exists but cannot be run.
    #[error("{}: this is no program that can be run ({source}); make it executable, or build it anew", program.display())]
    NotExecutable {
        /// The program.
        program: PathBuf,
        /// The operating system's message.
        source: io::Error,
    },
    /// This process has as many files open as it may.
    #[error(
        "cannot {verb}: {source}; every worker takes five descriptors of this process: raise the limit with `ulimit -n`, or start fewer workers"
    )]
    NoDescriptors {
        /// What was tried.
        verb: &'static str,
        /// The operating system's message.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("cannot {verb}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The operating system's message.
        source: io::Error,
    },
    /// No such rank.
    #[error("there is no rank {rank}; the ranks are 0 to {}", world - 1)]
    NoRank {
        /// What was asked for.
        rank: u32,
        /// Number of ranks.
        world: u32,
    },
}

impl GroupError {
    pub(super) fn io(verb: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| {
            if is_out_of_descriptors(&source) {
                Self::NoDescriptors { verb, source }
            } else {
                Self::Io { verb, source }
            }
        }
    }

    /// The error for a failure to start a program.
    pub(super) fn spawn(program: &Path, source: io::Error) -> Self {
        let program = program.to_owned();
        match source.kind() {
            // A program that exists but is "not found" lacks its interpreter or loader.
            io::ErrorKind::NotFound if !program.exists() => Self::NotFound { program },
            io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => {
                Self::io("start a worker")(source)
            }
            _ if is_out_of_descriptors(&source) => Self::io("start a worker")(source),
            _ => Self::NotExecutable { program, source },
        }
    }
}

/// Whether the operating system refused because too many files are open, in this process or on the
/// machine.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    is(Errno::MFILE) || is(Errno::NFILE)
}
