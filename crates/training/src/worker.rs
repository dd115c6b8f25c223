//! The worker's program: where it is, whether it runs here, and with which libtorch.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use workbench_ddp_protocol::{WorkerVersion, worker_sources};
use workbench_experiment::lab::LabError;
use workbench_report::format::clean;

use crate::version_cache;

/// The variable that names the worker's program, before all other places.
pub const VARIABLE: &str = "WORKBENCH_WORKER";
/// The worker's program, as the set-up calls it.
pub const WORKER: &str = "workbench-worker";
/// The release of libtorch that workers are written for.
pub const LIBTORCH: &str = "2.11.0";

/// What the training is done with, beside this program.
pub fn software() -> BTreeMap<String, String> {
    BTreeMap::from([("libtorch".to_owned(), LIBTORCH.to_owned())])
}

/// The variable that makes the dynamic linker search other folders first.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";
/// The dynamic linker's message when a library is missing or unusable.
const NO_LIBRARY: &str = "error while loading shared libraries: ";
/// Its message when a library lacks a function.
const NO_SYMBOL: &str = "undefined symbol: ";

/// Why a worker's program cannot be used.
#[derive(Debug)]
pub enum WorkerMisfit {
    /// The system cannot start it.
    NotStarted(io::Error),
    /// It ends without reporting its versions.
    DoesNotRun {
        /// Its first line, or its exit.
        why: String,
    },
    /// It is no worker.
    OtherProgram,
    /// It was built from other sources.
    OtherSources,
    /// It was built for another libtorch, of this version.
    BuiltFor(String),
    /// It cannot train on GPUs.
    WithoutNccl,
    /// It loads another libtorch than it was built for.
    Loads {
        /// Which one.
        library: PathBuf,
        /// Its version.
        version: String,
    },
    /// A library is missing.
    NoLibrary {
        /// Which one.
        library: String,
        /// What the dynamic linker says.
        why: String,
    },
    /// The libtorch that was found is another one.
    NoSymbol {
        /// Where it is, if that is known.
        library: Option<PathBuf>,
        /// What it lacks.
        symbol: String,
    },
}

impl WorkerMisfit {
    /// The library that a variable of the dynamic linker selects, if that is the cause: the set-up
    /// cannot fix that.
    pub fn misled(&self) -> Option<&Path> {
        let library = match self {
            Self::Loads { library, .. } => library,
            Self::NoSymbol { library, .. } => library.as_ref()?,
            _ => return None,
        };
        let folders = std::env::var_os(LIBRARY_PATH).unwrap_or_default();
        let leads = std::env::split_paths(&folders)
            .filter(|folder| !folder.as_os_str().is_empty())
            .any(|folder| library.starts_with(folder));
        leads.then_some(library)
    }
}

impl fmt::Display for WorkerMisfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "the worker cannot be started ({error})"),
            Self::DoesNotRun { why } => write!(f, "the worker does not run ({why})"),
            Self::OtherProgram => f.write_str("this is another program than workbench-worker"),
            Self::OtherSources => f.write_str(
                "the worker was built from another state of the sources than this program",
            ),
            Self::BuiltFor(version) => write!(
                f,
                "the worker was built for libtorch {}, and libtorch {LIBTORCH} is needed",
                clean(version, 40)
            ),
            Self::WithoutNccl => {
                f.write_str("the worker was built for processors alone, without NCCL")
            }
            Self::Loads { library, version } => write!(
                f,
                "the worker loads {}, which is libtorch {}, and libtorch {LIBTORCH} is needed",
                clean(&library.to_string_lossy(), 200),
                clean(version, 40)
            ),
            Self::NoLibrary { library, why } => write!(
                f,
                "the worker cannot start without {} ({}), which belongs to libtorch {LIBTORCH} or the system",
                clean(library, 200),
                clean(why, 200)
            ),
            Self::NoSymbol { library, symbol } => {
                f.write_str("the worker cannot start because ")?;
                match library {
                    Some(library) => write!(f, "{}", library.display())?,
                    None => f.write_str("the libtorch that is found")?,
                }
                let symbol = clean(symbol, 60);
                write!(f, " is not libtorch {LIBTORCH} (it lacks {symbol})")
            }
        }?;
        match self.misled() {
            Some(_) => write!(f, "; {LIBRARY_PATH} leads there: take its folder out of it"),
            None => Ok(()),
        }
    }
}

/// Finds the worker that `who` trains with: where [`VARIABLE`] says, else where the program's
/// set-up puts it or beside the program itself, where cargo builds both: the first of the two that
/// fits.
///
/// # Errors
/// [`LabError::SetUp`] when there is none that fits, and [`LabError::Environment`] with what to do
/// when the set-up could not change that.
pub fn find(who: &str, set_up: Option<PathBuf>, gpus: bool) -> Result<PathBuf, LabError> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return named(PathBuf::from(path), gpus);
    }
    let mut refused = None;
    for path in set_up.into_iter().chain(beside()) {
        if !path.is_file() {
            continue;
        }
        let Some(misfit) = check(&path, gpus) else {
            return Ok(path);
        };
        refused.get_or_insert((path, misfit));
    }
    Err(match refused {
        None => LabError::SetUp {
            what: format!(
                "{who} trains in processes of their own, and their program, {WORKER}, is not there"
            ),
            gpus,
        },
        Some((_, misfit)) if misfit.misled().is_some() => LabError::Environment(misfit.to_string()),
        Some((path, misfit)) => LabError::SetUp {
            what: format!("{}: {misfit}", path.display()),
            gpus,
        },
    })
}

/// The worker that the variable names.
fn named(path: PathBuf, gpus: bool) -> Result<PathBuf, LabError> {
    let program = path.display();
    if !path.is_file() {
        return Err(LabError::Environment(format!(
            "{VARIABLE}={program}: there is no such file; name the program workbench-worker, or unset it"
        )));
    }
    let text = match check(&path, gpus) {
        None => return Ok(path),
        Some(misfit) if misfit.misled().is_some() => misfit.to_string(),
        Some(misfit) => format!(
            "{VARIABLE}={program}: {misfit}; build that worker anew, or unset the variable and run `workbench setup`"
        ),
    };
    Err(LabError::Environment(text))
}

fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let name = format!("{WORKER}{}", std::env::consts::EXE_SUFFIX);
    Some(own.parent()?.join(name))
}

/// Queries the versions of the program, which loads libtorch; returns what is wrong with it. This
/// also loads its files into the page cache, so the first repeat starts as fast as the others.
pub fn check(program: &Path, gpus: bool) -> Option<WorkerMisfit> {
    if let Some(said) = version_cache::recall(program) {
        return misfit(&said, gpus);
    }
    let answer = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    let output = match answer {
        Err(error) => return Some(WorkerMisfit::NotStarted(error)),
        Ok(output) => output,
    };
    if output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        let misfit = misfit(&said, gpus);
        if misfit.is_none() {
            version_cache::remember(program, &said);
        }
        return misfit;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Some(refusal(&said, || libtorch_of(program)).unwrap_or_else(|| {
        let first = said.lines().find(|line| !line.trim().is_empty());
        let why = first.map_or_else(|| output.status.to_string(), |line| clean(line.trim(), 200));
        WorkerMisfit::DoesNotRun { why }
    }))
}

/// Which of the versions that a worker reports does not fit this program.
fn misfit(said: &str, gpus: bool) -> Option<WorkerMisfit> {
    let worker = WorkerVersion::read(said);
    if worker.program.is_none() && worker.protocol.is_none() {
        return Some(WorkerMisfit::OtherProgram);
    }
    if worker.protocol != Some(worker_sources()) {
        return Some(WorkerMisfit::OtherSources);
    }
    if let Some(version) = worker.built_for.filter(|version| !is_wanted(version)) {
        return Some(WorkerMisfit::BuiltFor(version));
    }
    if gpus && worker.nccl == Some(false) {
        return Some(WorkerMisfit::WithoutNccl);
    }
    // A libtorch without a version beside it counts as the wanted one.
    let (library, version) = worker.loaded.zip(worker.loaded_version)?;
    (!is_wanted(&version)).then_some(WorkerMisfit::Loads { library, version })
}

/// Whether a version is the needed release; the part after a plus sign describes the build.
fn is_wanted(version: &str) -> bool {
    let release = version.split('+').next().unwrap_or_default();
    // If no header states the version, the available functions decide.
    release.trim() == LIBTORCH || release.trim() == "unknown"
}

/// The meaning of the dynamic linker's message: it ends a program before its first line if
/// libraries are missing or differ from those of the build. `libtorch` is the one that it finds.
fn refusal(said: &str, libtorch: impl FnOnce() -> Option<PathBuf>) -> Option<WorkerMisfit> {
    if let Some((_, rest)) = said.split_once(NO_LIBRARY) {
        let rest = rest.lines().next().unwrap_or_default();
        let (library, why) = rest
            .split_once(": ")
            .unwrap_or((rest, "it cannot be loaded"));
        return Some(WorkerMisfit::NoLibrary {
            library: library.to_owned(),
            why: why.to_owned(),
        });
    }
    let (_, symbol) = said.split_once(NO_SYMBOL)?;
    let symbol = symbol.split_whitespace().next().unwrap_or_default();
    Some(WorkerMisfit::NoSymbol {
        library: libtorch(),
        symbol: symbol.trim_end_matches(',').to_owned(),
    })
}

/// The libtorch that the dynamic linker finds for a program, on systems whose linker reports it.
fn libtorch_of(program: &Path) -> Option<PathBuf> {
    let traced = Command::new(program)
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let traced = String::from_utf8_lossy(&traced.stdout);
    traced.lines().find_map(|line| {
        let (name, place) = line.trim().split_once(" => ")?;
        let path = place.rsplit_once(" (")?.0;
        name.starts_with("libtorch_cpu.")
            .then(|| PathBuf::from(path))
    })
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
