//! libtorch on this machine: finding it, installing it for the CPU or for GPUs too, and building the worker that links it.
//!
//! Belongs here: where things lie, what is there, what is missing and how it is had. Does not belong here: what the worker
//! does, and any knowledge of where a package index is: Python's pip asks the one that its user has set up. The program
//! itself never links libtorch.
//!
//! Everything lies in one cache folder: `libtorch-2.11.0-cpu` and `libtorch-2.11.0-cuda` (only ever whole: they are renamed when
//! they are done), `cuda-headers-13.0` (what a libtorch of a Python environment lacks to build the worker's NCCL part), `wheels`
//! (what pip has downloaded, until it is unpacked), `worker` (what cargo builds).

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
pub use cuda::Gpus;
pub use error::SetupError;
pub use found::{Libtorch, variable};
pub use headers::INCLUDE_VARIABLE;
pub use inspect::Report;
pub use install::Setup;
pub use place::{Device, Place, Tools, VERSION};
pub use plan::{Plan, Step};
pub use wheels::{CUDA_WHEELS, HEADER_WHEELS, WHEELS, Wheel};
