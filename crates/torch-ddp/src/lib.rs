#![doc = include_str!("../README.md")]

mod adam;
pub mod cuda;
mod ddp;
mod error;
mod ffi;
mod group;
mod launch;
mod store;
mod work;

pub use adam::{AdamStep, Moving};
pub use ddp::{Compression, DdpOptions, DistributedDataParallel, Outputs, StepTimings};
pub use error::{Error, ErrorKind, Result};
pub use group::{GlooDevice, GlooOptions, NcclOptions, ProcessGroup, ReduceOp};
pub use launch::Launch;
pub use store::{PrefixStore, Store, TcpStore};
pub use work::{Output, Work};
