//! The machine: what it is (processor, usable cores, memory, GPUs, the build of workbench) and, in
//! [`monitor`], what it does while a run goes on.
//!
//! - **Belongs here:** reading the operating system's files and the driver's counters, and what
//!   [`check`] says about the facts.
//! - **May use:** `clock`.
//! - **Does not belong here:** when to look at the machine, keeping what was seen, drawing it.

mod check;
mod facts;
mod gpu;
pub mod monitor;
#[cfg(not(target_os = "linux"))]
mod portable;
pub mod proc_stat;

#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
mod cores;
#[cfg(target_os = "linux")]
pub(crate) mod cpuinfo;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

pub use check::{Finding, FindingState, check};
pub use facts::{GpuFacts, MachineFacts};
pub(crate) use gpu::nvml;
pub use system::usable_cores;

/// How many cores this process may use at once, and what decides it.
#[derive(Debug, Clone, PartialEq)]
pub struct UsableCores {
    /// Number of cores; a cgroup quota may make it fractional and smaller than one.
    pub cores: f64,
    /// What decides it, for example `2 processors`, `affinity mask 2 of 16` or
    /// `cgroup quota 1.5 of 16`.
    pub limit: String,
}

impl MachineFacts {
    /// Looks at this machine. What it does not say is left empty; nothing is an error.
    ///
    /// Takes a few milliseconds without GPUs. With GPUs, the first call in a process loads
    /// the NVIDIA driver's library, which can take a second where no other program keeps
    /// the driver awake.
    pub fn probe() -> Self {
        let mut facts = system::probe();
        (facts.gpu_driver, facts.gpus) = gpu::probe();
        env!("WORKBENCH_COMPILER").clone_into(&mut facts.compiler);
        env!("WORKBENCH_PROFILE").clone_into(&mut facts.build_profile);
        env!("CARGO_PKG_VERSION").clone_into(&mut facts.workbench_version);
        facts.workbench_commit = option_env!("WORKBENCH_COMMIT").map(str::to_owned);
        facts
    }
}
