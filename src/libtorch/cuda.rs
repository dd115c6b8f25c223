//! Whether training on GPUs is possible here: a GPU and its driver, a libtorch with CUDA, and a
//! worker with its NCCL part.

use std::path::Path;
use std::process::{Command, Stdio};

use workbench_machine::MachineFacts;

use super::inspect::{Inventory, WorkerState};
use super::place::{Compute, WorkerVersion};

/// Whether training on GPUs is possible here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuSetup {
    /// The names of the GPUs that the driver reports.
    pub names: Vec<String>,
    /// Whether there is a driver at all.
    pub driver: bool,
    /// Whether it could not be asked.
    pub is_ill: bool,
    /// Whether there is a libtorch with CUDA.
    pub libtorch: bool,
    /// Whether the worker has its NCCL part; `None` when there is no worker that reports it.
    pub nccl: Option<bool>,
}

impl GpuSetup {
    /// Inspects the machine, and queries the worker how it was built.
    pub fn look(report: &Inventory) -> Self {
        let facts = MachineFacts::probe();
        let libtorch = report.libtorch.as_ref().ok().and_then(Option::as_ref);
        Self {
            names: facts.gpus.into_iter().map(|gpu| gpu.name).collect(),
            driver: facts.gpu_driver.is_some(),
            is_ill: facts.gpu_problem.is_some(),
            libtorch: libtorch.is_some_and(|libtorch| libtorch.device == Compute::Cuda),
            nccl: match &report.worker {
                WorkerState::Built(worker) | WorkerState::Unfit { path: worker, .. } => ask(worker),
                WorkerState::NotBuilt | WorkerState::NoSources => None,
            },
        }
    }

    /// What the set-up lacks, in one line with what to do; `None` when nothing is missing except
    /// perhaps a GPU.
    pub fn lacks(&self) -> Option<&'static str> {
        match (self.libtorch, self.nccl) {
            (false, _) => {
                Some("libtorch with CUDA is not there; `workbench setup --cuda` installs it")
            }
            (true, None) => Some("the worker is not built; `workbench setup --cuda` builds it"),
            (true, Some(false)) => {
                Some("the worker was built without NCCL; `workbench setup --cuda` builds it anew")
            }
            (true, Some(true)) => None,
        }
    }

    /// A line for people: a mark (`ok`, `missing`), and whether GPUs can be trained on and why not.
    pub fn line(&self) -> (&'static str, String) {
        let why = match (self.driver, self.names.len()) {
            _ if self.is_ill => Some("NVIDIA's driver does not work"),
            (false, _) => Some("NVIDIA's driver is not there"),
            (true, 0) => Some("NVIDIA's driver reports no GPU"),
            _ => None,
        };
        match (why, self.lacks()) {
            (None, None) => ("ok", format!("training on GPUs: {}", self.names.join(", "))),
            (Some(why), None) => (
                "missing",
                format!("training on GPUs: {why}; the set-up for them is there"),
            ),
            // Without a GPU there is nothing to install.
            (Some(why), Some(_)) => ("missing", format!("training on GPUs: {why}")),
            (None, Some(lacks)) => ("missing", format!("training on GPUs: {lacks}")),
        }
    }
}

/// Queries the worker whether it was built with NCCL.
fn ask(worker: &Path) -> Option<bool> {
    let output = Command::new(worker)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = WorkerVersion::read(&String::from_utf8_lossy(&output.stdout));
    // A worker from before this was said has no NCCL part.
    let stated = said.nccl.unwrap_or(false);
    output.status.success().then_some(stated)
}
