//! libtorch on this machine: finding it, installing it for the CPU or for GPUs too, and building
//! the worker that links it.
//!
//! Belongs here: paths, installed files, missing files and how to install them. Does not belong
//! here: what the worker does, and the address of a package index: Python's pip uses the one that
//! its user has configured. The program itself never links libtorch.
//!
//! Everything lies in one cache folder: `libtorch-2.11.0-cpu` and `libtorch-2.11.0-cuda` (always
//! complete: they are renamed at the end), `cuda-headers-13.0` (what a libtorch of a Python
//! environment lacks to build the worker's NCCL part), `wheels` (what pip has downloaded, until it
//! is unpacked), `worker` (what cargo builds).

mod build;
mod cuda;
mod error;
mod found;
mod headers;
mod inspect;
mod install;
mod pip;
mod place;
mod plan;
#[cfg(test)]
mod tests;
mod wheels;

pub use build::WorkerSource;
pub use cuda::GpuSetup;
pub use error::SetupError;
pub use found::{Libtorch, variable};
pub use headers::INCLUDE_VARIABLE;
pub use inspect::{Inventory, WorkerState};
pub use install::{Setup, check_space, lock};
pub use pip::to_stderr;
pub use place::{CACHE_VARIABLE, CacheFolder, Compute, Tools, VERSION};
pub use plan::{InstallPlan, Step};
pub use wheels::{CUDA_WHEELS, HEADER_WHEELS, WHEELS, Wheel};
