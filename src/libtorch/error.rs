//! Why libtorch or the worker cannot be had: one line that says what, where, and what to do.

use std::path::{Path, PathBuf};

use thiserror::Error;
use workbench_report::format::bytes;

/// What can go wrong while libtorch is found, installed, or the worker built.
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
    /// A program that is needed is not there.
    #[error("{program} cannot be started ({cause}); {remedy}")]
    NoProgram {
        /// The program.
        program: String,
        /// What the system said.
        cause: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A program that is needed failed.
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
    /// The sources of the worker are not where they were.
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
        /// What the system said.
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
