//! Looking at the machine while a run goes on.

mod sample;

pub use sample::{GpuSample, Sample};
