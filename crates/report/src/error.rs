//! Why a report could not be made or written. Every message says what was wrong, where, and what to
//! do, in one line.

use std::path::PathBuf;

/// Why a report could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The file's name does not end in a known extension.
    #[error("`{}`: {found}; name the report {known}", path.display())]
    Extension {
        /// The path that was given.
        path: PathBuf,
        /// What is wrong with its extension.
        found: String,
        /// What there is.
        known: String,
    },
    /// The directory that the report should go to does not exist or is none.
    #[error(
        "`{}`: {cause}; create the directory `{}` or choose another place",
        path.display(), directory.display(),
    )]
    Directory {
        /// The path that was given.
        path: PathBuf,
        /// Its directory.
        directory: PathBuf,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// The path is a directory, a device, a pipe or a socket.
    #[error(
        "`{}`: this is {what}, not a file; give the name of a file, for example {example}",
        path.display(),
    )]
    NotAFile {
        /// The path that was given.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// A path that would do.
        example: String,
    },
    /// The file exists and is marked read-only.
    #[error(
        "`{}`: the file exists and is read-only; make it writable, remove it or choose another \
         name",
        path.display(),
    )]
    ReadOnly {
        /// The path that was given.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("`{}`: {cause}; {remedy}", path.display())]
    Write {
        /// The path that was given.
        path: PathBuf,
        /// What the system said.
        cause: String,
        /// What helps.
        remedy: &'static str,
    },
    /// A rendering failed, which is a defect of workbench.
    #[error(
        "the report could not be rendered: {0}; write another format, and tell the authors of \
         workbench"
    )]
    Render(String),
}

impl ReportError {
    /// A failure of a drawing or encoding library.
    /// A drawing or encoding library failed.
    pub fn drawing(error: &dyn std::error::Error) -> Self {
        Self::Render(error.to_string())
    }
}
