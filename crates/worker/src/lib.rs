//! One rank of a training on one device: the program `workbench-worker`, started by `workbench`
//! or by torchrun.
//!
//! - **Belongs here:** training with libtorch.
//! - **May use:** `torch-ddp`, `images`, `ddp-protocol`, `protocol`, `words`.
//! - **Does not belong here:** starting and watching processes, comparing arms, reading files of
//!   images, bindings to libtorch.
//!
//! The [training programs](programs) are short; what they are made of is in the
//! modules beside them.

#![allow(
    clippy::cast_possible_wrap,
    reason = "libtorch counts in signed 64-bit numbers; what is counted here stays far below"
)]

pub mod adam;
pub mod batches;
pub mod checkpoint;
pub mod cli;
pub mod dataset;
pub mod evaluation;
pub mod failure;
pub mod faults;
pub mod job;
pub mod metrics;
pub mod models;
pub mod parameters;
pub mod programs;
pub mod reporter;
pub mod run;
pub mod sampler;
pub mod step;
pub mod stop;
pub mod teller;
pub mod trainer;
