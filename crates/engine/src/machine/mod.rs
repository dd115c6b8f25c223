//! What this machine is: processor, usable cores, memory, GPUs, and the build of workbench itself.

mod facts;

pub use facts::{GpuFacts, MachineFacts};
