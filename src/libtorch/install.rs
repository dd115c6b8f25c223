//! Executes the steps of a plan. A step leaves either its complete outcome or nothing that a later
//! attempt would use.

use std::fs::File;
use std::path::{Path, PathBuf};

use workbench_record::Lock;

use super::found::{Libtorch, Origin};
use super::plan::{InstallPlan, Step};
use super::wheels::Wheel;
use super::{CacheFolder, Compute, SetupError, Tools, VERSION, WorkerSource, pip};
use crate::output;

/// Called with each step before it is done: its number from 1, how many there are, and the step.
pub type OnStep<'a> = &'a mut dyn FnMut(usize, usize, &Step);

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The installed libtorch.
    pub libtorch: Libtorch,
    /// The worker, when it was built.
    pub worker: Option<PathBuf>,
}

/// The inputs of an installation.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Where everything goes.
    pub place: &'a CacheFolder,
    /// Who does it.
    pub tools: &'a Tools,
    /// What is downloaded.
    pub wheels: &'a [Wheel],
    /// Where the worker comes from.
    pub source: &'a WorkerSource,
    /// Whether wheels stay when they are unpacked.
    pub keep: bool,
}

impl Setup<'_> {
    /// Executes the plan. `found` is the libtorch that is installed already.
    ///
    /// # Errors
    /// Those of the steps. Downloads are kept, and the next attempt continues from them.
    pub fn run(
        &self,
        plan: &InstallPlan,
        found: Option<Libtorch>,
        progress: OnStep<'_>,
    ) -> Result<Installed, SetupError> {
        let root = self.place.root();
        std::fs::create_dir_all(root).map_err(|cause| SetupError::io(root, cause))?;
        let _lock = lock(root)?;
        let unpacks = |step: &Step| matches!(step, Step::Unpack | Step::Headers);
        if plan.steps.iter().any(unpacks) {
            check_platform()?;
            check_space(root, plan.space)?;
            pip::check(self.tools)?;
        }
        let (mut libtorch, mut worker) = (found, None);
        for (index, step) in plan.steps.iter().enumerate() {
            progress(index + 1, plan.steps.len(), step);
            match step {
                Step::Download(wheel) => pip::download(self.tools, self.place, wheel)?,
                Step::Unpack => self.unpack(plan.device)?,
                Step::Headers => self.headers()?,
                Step::Check => libtorch = Some(self.check(plan.device)?),
                Step::Build => {
                    let libtorch = libtorch.as_ref().ok_or_else(nothing_found)?;
                    worker = Some(self.source.build(self.tools, self.place, libtorch)?);
                }
            }
        }
        Ok(Installed {
            libtorch: libtorch.ok_or_else(nothing_found)?,
            worker,
        })
    }

    /// Unpacks the needed files of all wheels, beside their final place.
    fn unpack(&self, device: Compute) -> Result<(), SetupError> {
        let half = self.unpack_beside(&self.place.installed_for(device))?;
        // The wheel's own libtorch.so holds nothing but a need for libtorch_cuda.so, which is not
        // there or is loaded when it is wanted. Torch's bindings ask the linker for it all the
        // same; so it finds the library that everything is in.
        let name = half.join("torch/lib/libtorch.so");
        std::os::unix::fs::symlink("libtorch_cpu.so", &name)
            .map_err(|cause| SetupError::io(&name, cause))
    }

    /// Unpacks all wheels beside their final place.
    fn unpack_beside(&self, whole: &Path) -> Result<PathBuf, SetupError> {
        let half = CacheFolder::half(whole);
        remove(&half)?;
        std::fs::create_dir_all(&half).map_err(|cause| SetupError::io(&half, cause))?;
        self.wheels
            .iter()
            .try_for_each(|wheel| pip::unpack(self.tools, self.place, wheel, &half))?;
        Ok(half)
    }

    /// Moves headers to the folder in which the build of the worker searches them.
    fn headers(&self) -> Result<(), SetupError> {
        let whole = self.place.headers();
        let half = self.unpack_beside(&whole)?;
        remove(&whole)?;
        self.finish(&half, &whole)
    }

    /// Checks and loads the unpacked files, then moves them to their final place and removes the
    /// wheels.
    fn check(&self, device: Compute) -> Result<Libtorch, SetupError> {
        let whole = self.place.installed_for(device);
        let half = CacheFolder::half(&whole);
        Libtorch::at(&half.join("torch"), Origin::Installed)?;
        let name = match device {
            Compute::Cpu => "torch_cpu",
            // Needs all other libraries; that of the CPU among them.
            Compute::Cuda => "torch_cuda",
        };
        let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let library = format!("{prefix}{name}{suffix}");
        pip::load(self.tools, &half.join("torch/lib").join(library))?;
        self.finish(&half, &whole)?;
        Libtorch::at(&whole.join("torch"), Origin::Installed)
    }

    fn finish(&self, half: &Path, whole: &Path) -> Result<(), SetupError> {
        std::fs::rename(half, whole).map_err(|cause| SetupError::io(whole, cause))?;
        if self.keep {
            return Ok(());
        }
        remove(&self.place.wheels())
    }
}

fn nothing_found() -> SetupError {
    SetupError::Failed {
        what: "the set-up".to_owned(),
        detail: "there is no libtorch; run `workbench setup`".to_owned(),
    }
}

/// Locks a cache folder against other processes while it lives; the system releases the lock
/// whenever the process ends.
pub struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file is not enough: a child that another thread is just starting has it open
        // too.
        let _ = self.0.unlock();
    }
}

/// Locks a cache folder; what is returned holds the lock.
///
/// # Errors
/// [`SetupError::Busy`] while another process holds it; [`SetupError::Io`].
pub fn lock(root: &Path) -> Result<Held, SetupError> {
    let path = root.join("setup.lock");
    let file = File::create(&path).map_err(|cause| SetupError::io(&path, cause))?;
    match Lock::exclusive(&file).map_err(|cause| SetupError::io(&path, cause))? {
        Lock::Held => {}
        Lock::Taken => {
            return Err(SetupError::Busy {
                path: root.to_owned(),
            });
        }
        // Nothing depends on whether this can be read.
        Lock::Unsupported => drop(output::error_line(&format!(
            "workbench: the file system of {} has no locks: start no second set-up there before this one ends",
            root.display()
        ))),
    }
    Ok(Held(file))
}

fn check_platform() -> Result<(), SetupError> {
    use std::env::consts::{ARCH, OS};
    if (OS, ARCH) == ("linux", "x86_64") {
        return Ok(());
    }
    Err(SetupError::Platform {
        os: OS,
        arch: ARCH,
        version: VERSION,
    })
}

/// Refuses a folder with less free space than is needed.
///
/// # Errors
/// [`SetupError::Space`]; [`SetupError::Io`] when the system does not report it.
pub fn check_space(root: &Path, needed: u64) -> Result<(), SetupError> {
    let space = rustix::fs::statvfs(root).map_err(|cause| SetupError::io(root, cause.into()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free >= needed {
        return Ok(());
    }
    Err(SetupError::Space {
        path: root.to_owned(),
        free,
        needed,
    })
}

/// Removes a folder that may not exist.
fn remove(path: &Path) -> Result<(), SetupError> {
    match std::fs::remove_dir_all(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(SetupError::io(path, cause))
        }
        _ => Ok(()),
    }
}
