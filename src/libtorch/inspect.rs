//! What is there: the libtorch that would be used, and whether the worker is built.

use std::path::{Path, PathBuf};

use super::build::WorkerSource;
use super::error::SetupError;
use super::found::{Libtorch, variable};
use super::place::{CacheFolder, VERSION, check_worker};

/// The state of the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerState {
    /// It belongs to this program.
    Built(PathBuf),
    /// It is there, and runs cannot use it.
    Unfit {
        /// Where it is.
        path: PathBuf,
        /// Why, and what to do, for people.
        why: String,
    },
    /// Its sources are there.
    NotBuilt,
    /// The sources that this program was built from have no worker.
    NoSources,
}

/// Everything that `workbench setup --check` and `workbench doctor` report.
#[derive(Debug)]
pub struct Inventory {
    /// The libtorch that would be used.
    pub libtorch: Result<Option<Libtorch>, SetupError>,
    /// The state of the worker.
    pub worker: WorkerState,
}

impl Inventory {
    /// Inspects the machine; changes nothing.
    pub fn look(place: &CacheFolder) -> Self {
        Self::of(place, variable().as_deref(), &WorkerSource::here())
    }

    /// As [`Inventory::look`], with the value of `LIBTORCH` and the path of the sources given.
    pub fn of(place: &CacheFolder, variable: Option<&Path>, source: &WorkerSource) -> Self {
        let worker = place.worker();
        Self {
            libtorch: Libtorch::find(place, variable),
            worker: match (worker.is_file(), source.exists()) {
                (true, _) => built(worker),
                (false, true) => WorkerState::NotBuilt,
                (false, false) => WorkerState::NoSources,
            },
        }
    }

    /// Whether there is nothing left for `workbench setup` to do.
    pub fn is_ready(&self) -> bool {
        let worker = matches!(self.worker, WorkerState::Built(_) | WorkerState::NoSources);
        matches!(self.libtorch, Ok(Some(_))) && worker
    }

    /// Lines for people: a mark (`ok`, `unfit`, `missing`) and what it is about.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let libtorch = match &self.libtorch {
            Ok(Some(libtorch)) => ("ok", libtorch.describe()),
            Ok(None) => (
                "missing",
                format!("libtorch {VERSION}: `workbench setup` installs it"),
            ),
            Err(error) => ("missing", error.to_string()),
        };
        let worker = match &self.worker {
            WorkerState::Built(path) => ("ok", format!("worker in {}", path.display())),
            WorkerState::Unfit { path, why } => {
                ("unfit", format!("worker in {}: {why}", path.display()))
            }
            WorkerState::NotBuilt => ("missing", "worker: `workbench setup` builds it".to_owned()),
            WorkerState::NoSources => return vec![libtorch],
        };
        vec![libtorch, worker]
    }
}

/// The state of a worker that is there: asked for its versions, as a run does before it begins.
fn built(worker: PathBuf) -> WorkerState {
    match check_worker(&worker, false) {
        None => WorkerState::Built(worker),
        Some(misfit) => WorkerState::Unfit {
            path: worker,
            why: match misfit.misled() {
                Some(_) => misfit.to_string(),
                None => format!("{misfit}; `workbench setup` builds it anew"),
            },
        },
    }
}
