//! The worker's program: where it is, and whether it runs here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use workbench_engine::lab::LabError;

/// The variable that names the worker's program, before all other places.
pub const VARIABLE: &str = "WORKBENCH_WORKER";

/// Finds the worker: where [`VARIABLE`] says, else where the program's set-up puts it, else beside the program itself, where cargo
/// builds both.
///
/// # Errors
/// [`LabError::Environment`] with what to do when there is none, or none that runs.
pub fn find(set_up: Option<PathBuf>) -> Result<PathBuf, LabError> {
    let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    let program = match named {
        Some(path) => {
            let path = PathBuf::from(path);
            if !path.is_file() {
                return lacking(format!(
                    "{VARIABLE}={}: there is no such file; name the program workbench-worker, or unset it",
                    path.display()
                ));
            }
            path
        }
        None => match set_up
            .into_iter()
            .chain(beside())
            .find(|path| path.is_file())
        {
            Some(path) => path,
            None => {
                return lacking(format!(
                    "the ddp lab trains in processes of their own, and their program, workbench-worker, is not there; run `workbench setup`, or name it with {VARIABLE}"
                ));
            }
        },
    };
    check(&program)?;
    Ok(program)
}

fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let name = format!("workbench-worker{}", std::env::consts::EXE_SUFFIX);
    Some(own.parent()?.join(name))
}

/// Has the program say its version, which takes loading libtorch. That also brings its files into memory, so the first repeat starts
/// as fast as the others.
fn check(program: &Path) -> Result<(), LabError> {
    let answer = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    let why = match answer {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let said = said.lines().find(|line| !line.trim().is_empty());
            said.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned())
        }
        Err(error) => error.to_string(),
    };
    lacking(format!(
        "{}: the worker does not run ({why}); run `workbench setup` to build it anew",
        program.display()
    ))
}

fn lacking<T>(text: String) -> Result<T, LabError> {
    Err(LabError::Environment(text))
}
