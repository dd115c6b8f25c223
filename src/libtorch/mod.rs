//! libtorch on this machine: finding it, installing it for the CPU, and building the worker that links it.
//!
//! Belongs here: where things lie, what is there, what is missing and how it is had. Does not belong here: what the worker
//! does, and any knowledge of where a package index is: Python's pip asks the one that its user has set up. The program
//! itself never links libtorch.
//!
//! Everything lies in one cache folder: `libtorch-2.11.0-cpu` (only ever whole: it is renamed when it is done), `wheels`
//! (what pip has downloaded, until it is unpacked), `worker` (what cargo builds).

mod build;
mod error;
mod inspect;
mod install;
mod pip;
mod plan;
#[cfg(test)]
mod tests;
mod wheels;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use build::WorkerSource;
pub use error::SetupError;
pub use inspect::{Libtorch, Report, variable};
pub use install::Setup;
pub use plan::{Plan, Step};
pub use wheels::{UNPACKED_BYTES, WHEELS};

/// The release of libtorch that the worker's bindings are written for.
pub const VERSION: &str = workbench_lab_ddp::LIBTORCH;

/// The variable that names a libtorch to use instead of our own.
pub const LIBTORCH_VARIABLE: &str = "LIBTORCH";

/// The cache folder and the names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    root: PathBuf,
}

impl Place {
    /// The given folder, or the platform's cache folder for this program.
    ///
    /// # Errors
    /// [`SetupError::NoCacheFolder`] when none is given and the platform has none.
    pub fn new(dir: Option<PathBuf>) -> Result<Self, SetupError> {
        let root = match dir {
            Some(dir) => std::path::absolute(&dir).map_err(|cause| SetupError::io(&dir, cause))?,
            None => directories::ProjectDirs::from("", "", "workbench")
                .ok_or(SetupError::NoCacheFolder)?
                .cache_dir()
                .to_owned(),
        };
        Ok(Self { root })
    }

    /// The cache folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where our own libtorch lies, when it is there.
    pub fn installed(&self) -> PathBuf {
        self.root.join(format!("libtorch-{VERSION}-cpu"))
    }

    /// What `LIBTORCH` is set to for our own: the folder of `include` and `lib`. The libraries beside it are found from
    /// there by the run paths that are in it.
    pub fn libtorch(&self) -> PathBuf {
        self.installed().join("torch")
    }

    /// Where unpacking happens, until it is done.
    pub fn half(&self) -> PathBuf {
        self.root.join(format!("libtorch-{VERSION}-cpu.part"))
    }

    /// Where downloads lie until they are unpacked.
    pub fn wheels(&self) -> PathBuf {
        self.root.join("wheels")
    }

    /// What cargo builds into.
    pub fn worker_target(&self) -> PathBuf {
        self.root.join("worker")
    }

    /// The worker, when it is built.
    pub fn worker(&self) -> PathBuf {
        let name = format!("workbench-worker{}", std::env::consts::EXE_SUFFIX);
        self.worker_target().join("release").join(name)
    }
}

/// The programs that do the work, and what is added to their environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    /// Python 3 with pip.
    pub python: PathBuf,
    /// cargo.
    pub cargo: PathBuf,
    /// Added to the environment of both.
    pub environment: Vec<(OsString, OsString)>,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            python: "python3".into(),
            cargo: "cargo".into(),
            environment: Vec::new(),
        }
    }
}
