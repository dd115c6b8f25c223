//! Making the environment of a lab's peers.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::place::PeersPlace;
use crate::libtorch::{SetupError, Tools, check_space, lock, to_stderr};

/// What is done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerStep {
    /// Make a virtual environment.
    Environment,
    /// Install the packages.
    Packages,
    /// Import them.
    Check,
}

impl PeerStep {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Environment, Self::Packages, Self::Check];

    /// What a person reads.
    pub fn title(self, place: &PeersPlace) -> String {
        match self {
            Self::Environment => format!("make a Python environment in {}", place.folder.display()),
            Self::Packages => format!("install {}", place.packages.requirements().join(", ")),
            Self::Check => "import what was installed".to_owned(),
        }
    }
}

const NO_PYTHON: &str =
    "install Python 3.9 or later with venv and pip (on Debian and Ubuntu the package python3-venv)";

/// Makes the environment; one that is not whole is made anew.
///
/// # Errors
/// Those of the steps. What pip has downloaded is in its own cache, so the next attempt is shorter.
pub fn install(
    place: &PeersPlace,
    (root, tools): (&Path, &Tools),
    on_step: &mut dyn FnMut(usize, PeerStep),
) -> Result<(), SetupError> {
    fs::create_dir_all(root).map_err(|cause| SetupError::io(root, cause))?;
    let _lock = lock(root)?;
    check_space(root, place.packages.disk_mb << 20)?;
    for (index, step) in PeerStep::ALL.into_iter().enumerate() {
        on_step(index + 1, step);
        match step {
            PeerStep::Environment => environment(place, tools)?,
            PeerStep::Packages => packages(place)?,
            PeerStep::Check => import(place)?,
        }
    }
    // Written last: an environment without it is not whole.
    let mark = place.mark();
    fs::write(&mark, place.wanted()).map_err(|cause| SetupError::io(&mark, cause))
}

fn environment(place: &PeersPlace, tools: &Tools) -> Result<(), SetupError> {
    let folder = &place.folder;
    match fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            return Err(SetupError::io(folder, cause));
        }
        _ => {}
    }
    let mut command = Command::new(&tools.python);
    command.envs(tools.environment.iter().map(|(key, value)| (key, value)));
    command.args(["-m", "venv"]).arg(folder);
    told(command, "making the environment", "see above")
}

fn packages(place: &PeersPlace) -> Result<(), SetupError> {
    let mut command = Command::new(place.python());
    command
        .args(["-m", "pip", "--disable-pip-version-check", "install"])
        .args(["--only-binary=:all:", "--no-warn-script-location"])
        .args(place.packages.requirements());
    told(
        command,
        "the installation of the packages",
        "see above; `python3 -m pip config list` says which index is used",
    )
}

fn import(place: &PeersPlace) -> Result<(), SetupError> {
    let modules = place
        .packages
        .packages
        .iter()
        .map(|package| package.module.as_str());
    let modules: Vec<&str> = modules.collect();
    let mut command = Command::new(place.python());
    command
        .arg("-c")
        .arg(format!("import {}", modules.join(", ")));
    told(command, "importing the packages", "see above")
}

/// Runs a program whose output a person sees.
fn told(mut command: Command, what: &str, detail: &str) -> Result<(), SetupError> {
    let status = command
        .stdin(Stdio::null())
        .stdout(to_stderr())
        .status()
        .map_err(|cause| SetupError::NoProgram {
            program: command.get_program().display().to_string(),
            cause,
            remedy: NO_PYTHON,
        })?;
    if status.success() {
        return Ok(());
    }
    Err(SetupError::Failed {
        what: what.to_owned(),
        detail: format!("{detail} ({status}); run `workbench setup peers` again"),
    })
}
