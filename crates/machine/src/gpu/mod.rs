//! The GPUs of this machine, through NVIDIA's management library (NVML).
//!
//! The library belongs to the driver, and calls into it may never return, or crash. So this process
//! never loads it. A helper process does ([`serve`]): the program itself, started with the argument
//! [`HELPER`]. It answers through a pipe, and what does not answer in time counts as silent. The
//! helper ends with the process that started it, however that ends.

mod answer;
mod details;
mod driver;
mod problem;
mod read;
mod serve;
mod state;
mod watch;

pub(crate) use driver::{Driver, driver};
pub use driver::{HELPER, SCENARIO_VARIABLE, SimulatedGpus, simulate, start_helper_with};
pub use problem::DriverProblem;
pub use serve::serve;
pub use state::{
    EccErrors, GpuHealth, GpuProcess, GpuState, NvLinkState, PcieState, ThrottleReason,
};
pub(crate) use watch::GpuWatch;
