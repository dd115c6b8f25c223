//! Errors of a record. Each message says what to do.

use std::io;
use std::path::{Path, PathBuf};

use workbench_questions::AnswersUnreadable;

/// Why a record could not be written, read or found.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The operating system refused.
    #[error("cannot {verb} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's message.
        source: io::Error,
    },
    /// Another process is writing to the log.
    #[error(
        "{}: the run is under way in another process; wait for it to end or stop it first",
        path.display()
    )]
    InUse {
        /// The log.
        path: PathBuf,
    },
    /// Not an event log of workbench.
    #[error(
        "{}: not an event log of workbench ({reason}); give the directory of a run, or an id from `workbench runs`",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Written by a newer workbench.
    #[error(
        "{}: the log has format {found} and this workbench reads up to {known}; use the newer workbench",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that can be read.
        known: u32,
    },
    /// Neither the first line nor the copy of it that follows can be read. Damage further on is no
    /// error: see [`crate::Unreadable`].
    #[error(
        "{}, line 1: damaged ({reason}), and it holds the configuration of the run; put a copy of the file in its place, or remove the directory",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A document of answers that cannot be read. It is left as it is.
    #[error("{}: {reason}; repair the file, or move it away to begin anew", path.display())]
    Answers {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: AnswersUnreadable,
    },
    /// No run of that name.
    #[error("no run `{given}` in {}; {hint}", root.display())]
    Unknown {
        /// What was given.
        given: String,
        /// The folder of the runs.
        root: PathBuf,
        /// The existing runs.
        hint: String,
    },
    /// Several ids begin with the given text.
    #[error("`{given}` is the beginning of several runs: {}; give more of the id", matches.join(", "))]
    Ambiguous {
        /// What was given.
        given: String,
        /// The runs.
        matches: Vec<String>,
    },
    /// The platform has no data directory.
    #[error("this account has no data directory; give one with --run-dir DIR")]
    NoDataDirectory,
}

impl RecordError {
    pub(crate) fn foreign(path: &Path, reason: &str) -> Self {
        Self::Foreign {
            path: path.to_owned(),
            reason: reason.to_owned(),
        }
    }

    pub(crate) fn io(verb: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            verb,
            path: path.to_owned(),
            source,
        }
    }
}

/// What to do about an error of the operating system, as the end of a sentence.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space and `workbench resume` the run"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose another place with --run-dir DIR"
        }
        io::ErrorKind::NotADirectory => "; --run-dir takes a directory",
        _ => "",
    }
}
