//! The worker's program: where it is, whether it runs here, and with which libtorch.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use workbench_experiment::lab::LabError;
use workbench_protocol::dialect;
use workbench_report::format::clean;

use crate::remembered;

/// The variable that names the worker's program, before all other places.
pub const VARIABLE: &str = "WORKBENCH_WORKER";
/// The release of libtorch that workers are written for.
pub const LIBTORCH: &str = "2.11.0";

/// The variable by which the dynamic linker is sent to other libraries than a program was linked with.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";
/// What the dynamic linker says when a library is not there, or not what it should be.
const NO_LIBRARY: &str = "error while loading shared libraries: ";
/// What it says when a library lacks a function.
const NO_SYMBOL: &str = "undefined symbol: ";

/// Finds the worker: where [`VARIABLE`] says, else where the program's set-up puts it or beside the program itself, where cargo builds
/// both: the first of the two that fits.
///
/// # Errors
/// [`LabError::SetUp`] when there is none that fits, and [`LabError::Environment`] with what to do when the set-up could not change that.
pub fn find(set_up: Option<PathBuf>, gpus: bool) -> Result<PathBuf, LabError> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        let program = path.display();
        if !path.is_file() {
            return Err(LabError::Environment(format!(
                "{VARIABLE}={program}: there is no such file; name the program workbench-worker, or unset it"
            )));
        }
        return match check(&path, gpus) {
            None => Ok(path),
            Some(trouble) if trouble.contains(LIBRARY_PATH) => Err(LabError::Environment(trouble)),
            Some(trouble) => Err(LabError::Environment(format!(
                "{VARIABLE}={program}: {trouble}; build that worker anew, or unset the variable and run `workbench setup`"
            ))),
        };
    }
    let mut refused = None;
    for path in set_up.into_iter().chain(beside()) {
        if !path.is_file() {
            continue;
        }
        let Some(trouble) = check(&path, gpus) else {
            return Ok(path);
        };
        refused.get_or_insert((path, trouble));
    }
    Err(match refused {
        None => LabError::SetUp {
            what: "the ddp lab trains in processes of their own, and their program, workbench-worker, is not there".to_owned(),
            gpus,
        },
        // No set-up mends what a variable of the dynamic linker does.
        Some((_, trouble)) if trouble.contains(LIBRARY_PATH) => LabError::Environment(trouble),
        Some((path, trouble)) => LabError::SetUp {
            what: format!("{}: {trouble}", path.display()),
            gpus,
        },
    })
}

fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let name = format!("workbench-worker{}", std::env::consts::EXE_SUFFIX);
    Some(own.parent()?.join(name))
}

/// Has the program say its versions, which takes loading libtorch; gives what is wrong with it. That also brings its files into
/// memory, so the first repeat starts as fast as the others.
fn check(program: &Path, gpus: bool) -> Option<String> {
    if let Some(said) = remembered::recall(program) {
        return misfit(&said, gpus);
    }
    let answer = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match answer {
        Err(error) => Some(format!("the worker cannot be started ({error})")),
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            let misfit = misfit(&said, gpus);
            if misfit.is_none() {
                remembered::remember(program, &said);
            }
            misfit
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(
                refusal(&said, libtorch_of(program).as_deref()).unwrap_or_else(|| {
                    let first = said.lines().find(|line| !line.trim().is_empty());
                    let why = first
                        .map_or_else(|| output.status.to_string(), |line| clean(line.trim(), 200));
                    format!("the worker does not run ({why})")
                }),
            )
        }
    }
}

/// What of the versions that a worker says does not fit this program.
fn misfit(said: &str, gpus: bool) -> Option<String> {
    let line = |start: &str| said.lines().find_map(|line| line.strip_prefix(start));
    if line("workbench-worker ").or(line("protocol ")).is_none() {
        return Some("this is another program than workbench-worker".to_owned());
    }
    if !said.lines().any(|line| line == dialect()) {
        return Some(
            "the worker was built from another state of the sources than this program".to_owned(),
        );
    }
    // `built for libtorch VERSION`, and after a comma what else there is to know.
    let built = line("built for libtorch ").and_then(|text| text.split(',').next());
    if let Some(version) = built.filter(|version| !is_wanted(version)) {
        return Some(format!(
            "the worker was built for libtorch {}, and libtorch {LIBTORCH} is needed",
            clean(version, 40)
        ));
    }
    if gpus && line("built for libtorch ").is_some_and(|text| text.ends_with(", without NCCL")) {
        return Some("the worker was built for processors alone, without NCCL".to_owned());
    }
    // `loaded PATH (VERSION)`; a libtorch that does not say its version has none here.
    let (path, version) = line("loaded ")?.strip_suffix(')')?.rsplit_once(" (")?;
    (!is_wanted(version)).then(|| {
        format!(
            "the worker loads {}, which is libtorch {}, and libtorch {LIBTORCH} is needed{}",
            clean(path, 200),
            clean(version, 40),
            misled(Path::new(path))
        )
    })
}

/// Whether a version is the release that is needed; what follows a plus sign says how it was built.
fn is_wanted(version: &str) -> bool {
    let release = version.split('+').next().unwrap_or_default();
    // Where no header told the version, the functions that are there decide.
    release.trim() == LIBTORCH || release.trim() == "unknown"
}

/// What the dynamic linker's words mean: it ends a program before its first line when libraries are missing or others than those that
/// it was built with. `libtorch` is the one that it finds.
fn refusal(said: &str, libtorch: Option<&Path>) -> Option<String> {
    if let Some((_, rest)) = said.split_once(NO_LIBRARY) {
        let rest = rest.lines().next().unwrap_or_default();
        let (library, why) = rest
            .split_once(": ")
            .unwrap_or((rest, "it cannot be loaded"));
        return Some(format!(
            "the worker cannot start without {} ({}), which belongs to libtorch {LIBTORCH} or the system",
            clean(library, 200),
            clean(why, 200)
        ));
    }
    let (_, symbol) = said.split_once(NO_SYMBOL)?;
    let symbol = symbol.split_whitespace().next().unwrap_or_default();
    let symbol = symbol.trim_end_matches(',');
    let library = libtorch.map_or_else(
        || "the libtorch that is found".to_owned(),
        |path| path.display().to_string(),
    );
    Some(format!(
        "the worker cannot start because {library} is not libtorch {LIBTORCH} (it lacks {}){}",
        clean(symbol, 60),
        libtorch.map(misled).unwrap_or_default()
    ))
}

/// What to do about a library that a variable of the dynamic linker leads to.
fn misled(library: &Path) -> String {
    let folders = std::env::var_os(LIBRARY_PATH).unwrap_or_default();
    let leads = std::env::split_paths(&folders)
        .filter(|folder| !folder.as_os_str().is_empty())
        .any(|folder| library.starts_with(folder));
    if leads {
        format!("; {LIBRARY_PATH} leads there: take its folder out of it")
    } else {
        String::new()
    }
}

/// The libtorch that the dynamic linker finds for a program, on systems whose linker tells.
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
