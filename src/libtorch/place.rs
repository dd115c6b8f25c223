//! Where libtorch and the worker lie, and the programs that put them there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
pub use workbench_training::{WorkerVersion, check_worker};

use super::error::SetupError;

/// The release of libtorch that the worker's bindings are written for.
pub const VERSION: &str = workbench_training::LIBTORCH;

/// The variable that names a libtorch to use instead of our own.
pub const LIBTORCH_VARIABLE: &str = "LIBTORCH";

/// The variable that stands for `--dir` of the set-up; other commands read it too.
pub const CACHE_VARIABLE: &str = "WORKBENCH_CACHE_DIR";

/// What a libtorch can compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compute {
    /// The processor alone.
    Cpu,
    /// NVIDIA's GPUs too.
    Cuda,
}

impl Compute {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Cuda => "CUDA",
        }
    }
}

/// The cache folder and the names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFolder {
    root: PathBuf,
}

impl CacheFolder {
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

    /// The usual folder: the one that the variable names, else the platform's.
    ///
    /// # Errors
    /// [`SetupError::NoCacheFolder`] when the platform has none.
    pub fn usual() -> Result<Self, SetupError> {
        let set = std::env::var_os(CACHE_VARIABLE).filter(|value| !value.is_empty());
        Self::new(set.map(PathBuf::from))
    }

    /// The cache folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of our own libtorch for a device, if it is installed: the folder `torch`, to which
    /// `LIBTORCH` is set. The libraries beside it are found by the run paths in it.
    pub fn installed_for(&self, device: Compute) -> PathBuf {
        let name = match device {
            Compute::Cpu => "cpu",
            Compute::Cuda => "cuda",
        };
        self.root.join(format!("libtorch-{VERSION}-{name}"))
    }

    /// The folder of CUDA headers that a libtorch of a Python environment lacks.
    pub fn headers(&self) -> PathBuf {
        self.root.join("cuda-headers-13.0")
    }

    /// The folder in which `whole` is unpacked until it is complete.
    pub fn half(whole: &Path) -> PathBuf {
        let mut name = whole.as_os_str().to_owned();
        name.push(".part");
        name.into()
    }

    /// The folder of downloads until they are unpacked.
    pub fn wheels(&self) -> PathBuf {
        self.root.join("wheels")
    }

    /// What cargo builds into.
    pub fn worker_target(&self) -> PathBuf {
        self.root.join("worker")
    }

    /// The program of this name, if it is built.
    pub fn program(&self, name: &str) -> PathBuf {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.worker_target().join("release").join(name)
    }

    /// The worker, if it is built.
    pub fn worker(&self) -> PathBuf {
        self.program("workbench-worker")
    }
}

/// The programs that are called, and additions to their environment.
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
