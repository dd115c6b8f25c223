//! Why a program did not run, or not to its end.

use std::io;
use std::time::Duration;

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    /// The helper could not be started or does not answer.
    #[error("{0}")]
    Helper(#[from] io::Error),
    /// Its input cannot be read.
    #[error("{0}")]
    Input(io::Error),
    /// A helper cannot open the pipes of this process, so each program needs a helper of its own.
    #[error("its pipes cannot be opened")]
    Pipes,
    /// The program cannot be started.
    #[error("{0}")]
    Start(io::Error),
    /// The helper ended before the program did; whoever ended it.
    #[error("the helper was ended")]
    Lost,
}

/// Why a program was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The run or the arm is to stop.
    OnRequest,
    /// It took longer than it may.
    TimeLimit(Duration),
    /// It told nothing for longer than it may.
    Silent(Duration),
    /// It stopped itself, and would have stood still forever.
    StoodStill,
}
