//! Errors of finding or installing libtorch and the worker: one line that says what, where, and
//! what to do.

use std::path::{Path, PathBuf};

use thiserror::Error;
use workbench_report::format::bytes;

/// An error of finding or installing libtorch, or of building the worker.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The platform names no cache folder.
    #[error("this platform has no cache folder; give one with --dir")]
    NoCacheFolder,
    /// A libtorch cannot be used.
    #[error("{origin}{}: {problem}", path.display())]
    Unusable {
        /// `LIBTORCH=`, or nothing for our own.
        origin: &'static str,
        /// The folder.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// There are no wheels for this platform.
    #[error(
        "libtorch can be installed on Linux with x86-64 only, and this is {os} on {arch}; set LIBTORCH to the folder of a libtorch {version} of your own"
    )]
    Platform {
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
        /// The release that is needed.
        version: &'static str,
    },
    /// Too little space.
    #[error(
        "{}: {} free and {} needed, so {} are missing; make room or give another folder with --dir",
        path.display(), bytes(*free), bytes(*needed), bytes(needed.saturating_sub(*free))
    )]
    Space {
        /// The folder.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// A required program is missing.
    #[error("{program} cannot be started ({cause}); {remedy}")]
    NoProgram {
        /// The program.
        program: String,
        /// The system's message.
        cause: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A required program failed.
    #[error("{what} failed: {detail}")]
    Failed {
        /// What was being done.
        what: String,
        /// Why, and what to do.
        detail: String,
    },
    /// Another process installs into the same folder.
    #[error("{}: another setup is at work here; wait for its end", path.display())]
    Busy {
        /// The cache folder.
        path: PathBuf,
    },
    /// The sources of the worker have been moved.
    #[error(
        "{}: the source tree that this program was built from is not there; fetch it again and build the program in it, since the worker comes from the same sources",
        path.display()
    )]
    NoSources {
        /// Where the tree was.
        path: PathBuf,
    },
    /// A file or folder.
    #[error("{}: {cause}; check the path, its permissions and the space there", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's message.
        cause: std::io::Error,
    },
}

impl SetupError {
    /// A file or folder that the system refuses.
    pub fn io(path: &Path, cause: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            cause,
        }
    }
}
