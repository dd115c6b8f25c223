//! Builds the worker with cargo, from the sources of this program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::SetupError;
use super::found::Libtorch;
use super::headers::{self, INCLUDE_VARIABLE};
use super::pip::to_stderr;
use super::place::{CacheFolder, Compute, LIBTORCH_VARIABLE, Tools};

const PACKAGE: &str = "workbench-worker";
/// Variables that would make torch's bindings use another libtorch.
const OTHER_VARIABLES: [&str; 3] = ["LIBTORCH_USE_PYTORCH", "LIBTORCH_INCLUDE", "LIBTORCH_LIB"];

/// The source tree that may hold the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSource {
    tree: PathBuf,
}

impl WorkerSource {
    /// The tree that this program was built from.
    pub fn here() -> Self {
        Self::in_tree(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// Another tree.
    pub fn in_tree(tree: &Path) -> Self {
        Self {
            tree: tree.to_owned(),
        }
    }

    /// Whether there is a worker to build.
    pub fn exists(&self) -> bool {
        self.tree.join("crates/worker/Cargo.toml").is_file()
    }

    /// Checks that the source tree has not been moved.
    ///
    /// # Errors
    /// [`SetupError::NoSources`].
    pub fn check(&self) -> Result<(), SetupError> {
        if self.tree.join("Cargo.toml").is_file() {
            return Ok(());
        }
        Err(SetupError::NoSources {
            path: self.tree.clone(),
        })
    }

    /// Builds the worker with cargo against a libtorch; returns its path. Fast when nothing has
    /// changed. With a libtorch for GPUs the worker gets its NCCL part too, if the headers are
    /// there.
    ///
    /// # Errors
    /// [`SetupError::NoProgram`] without cargo, [`SetupError::Failed`] when it fails; its output is
    /// on the standard error.
    pub fn build(
        &self,
        tools: &Tools,
        place: &CacheFolder,
        libtorch: &Libtorch,
    ) -> Result<PathBuf, SetupError> {
        let mut command = Command::new(&tools.cargo);
        command
            .envs(tools.environment.iter().map(|(key, value)| (key, value)))
            .args(["build", "--release", "--package", PACKAGE, "--target-dir"])
            .arg(place.worker_target())
            .current_dir(&self.tree)
            .env(LIBTORCH_VARIABLE, &libtorch.path)
            .stdin(Stdio::null())
            .stdout(to_stderr());
        if libtorch.device == Compute::Cuda
            && let Some(folders) = headers::added_headers(place)
        {
            command.env(INCLUDE_VARIABLE, folders);
        }
        for variable in OTHER_VARIABLES {
            command.env_remove(variable);
        }
        let status = command.status().map_err(|cause| SetupError::NoProgram {
            program: tools.cargo.display().to_string(),
            cause,
            remedy: "install Rust, whose cargo builds the worker, or put cargo on the PATH",
        })?;
        let worker = place.worker();
        if status.success() && worker.is_file() {
            return Ok(worker);
        }
        Err(SetupError::Failed {
            what: format!("building {PACKAGE} in {}", self.tree.display()),
            detail: format!(
                "cargo ended with {status}, see above; a C++ compiler is needed (on Debian and Ubuntu the package g++)"
            ),
        })
    }
}
