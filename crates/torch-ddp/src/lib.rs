//! Bindings to the data-parallel part of libtorch.
//!
//! - **Belongs here:** safe bindings to c10d, and the shim in C++ that they call.
//! - **May use:** no other crate of this tree; tch and torch-sys.
//! - **Does not belong here:** models, datasets, training loops, the workbench.
#![doc = include_str!("../README.md")]

mod adam;
mod autocast;
mod batch_norm;
pub mod cuda;
mod ddp;
mod error;
mod ffi;
mod group;
mod launch;
mod sampler;
mod store;
mod work;
mod zero;

pub use adam::{AdamStep, Moving};
pub use autocast::autocast_bf16;
pub use batch_norm::SyncBatchNorm;
pub use ddp::{Compression, DdpOptions, DistributedDataParallel, Divisor, Outputs, StepTimings};
pub use error::{Error, ErrorKind, Result};
pub use group::{GlooDevice, GlooOptions, NcclOptions, ProcessGroup, ReduceOp};
pub use launch::{LISTENER, Launch};
pub use sampler::ShardSampler;
pub use store::{MOST_KEY_BYTES, MOST_VALUE_BYTES, PrefixStore, Store, TcpStore};
pub use work::{Output, Work};
pub use zero::{AdamMoments, ZeroRedundancyAdam};
