//! The machine: what it is (processor, usable cores, memory, GPUs, the build of workbench) and, in
//! [`monitor`], what it does while a run goes on, and in [`state`], what it does without one.
//!
//! - **Belongs here:** reading the operating system's files and the driver's counters, and what
//!   [`check`] says about the facts.
//! - **May use:** `clock`, `digest`, `json`, `words`.
//! - **Does not belong here:** when to look at the machine, keeping what was seen, drawing it.

mod check;
mod core_speeds;
mod counter_access;
mod facts;
mod finding;
pub mod gpu;
pub mod heap;
pub mod limits;
pub mod measuring;
pub mod monitor;
mod origin;
pub mod proc_stat;
pub mod state;

// `--cfg workbench_portable` builds on Linux what other systems get, so that it is compiled
// and tested somewhere.
#[cfg(all(target_os = "linux", not(workbench_portable)))]
mod linux;
#[cfg(any(test, workbench_portable, not(target_os = "linux")))]
mod portable;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use linux as system;
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use portable as system;

pub use check::check;
pub use core_speeds::{CoreKind, CoreSpeeds, SpeedSource};
pub use counter_access::CounterAccess;
pub use facts::{BuildFacts, GpuFacts, MachineFacts, UsableCores};
pub use finding::{FindingState, MachineFinding};
pub use origin::OriginDifference;
pub use system::usable_cores;

impl MachineFacts {
    /// Looks at this machine. What it does not say is left empty; nothing is an error.
    ///
    /// Takes a few milliseconds without GPUs. With GPUs, the first call in a process starts
    /// the NVIDIA driver's library in a helper process ([`gpu`]), which can take a second where no
    /// other program keeps the driver awake, and is given up after 10 seconds without an answer.
    ///
    /// How the program was built is not asked of the machine: [`built`](Self::built) adds it.
    pub fn probe() -> Self {
        let mut facts = Self::probe_without_gpus();
        if let Some(driver) = gpu::driver() {
            facts.gpu_driver.clone_from(&driver.version);
            facts.gpus.clone_from(&driver.gpus);
            facts.gpu_problem.clone_from(&driver.problem);
        }
        facts
    }

    /// The same without asking the GPUs' driver, which may take long.
    pub fn probe_without_gpus() -> Self {
        let mut facts = system::probe();
        facts.boot_id = origin::boot_id();
        facts.hardware_counters = monitor::counter_access();
        facts
    }

    /// The same machine, with the speeds of its cores timed rather than estimated, where they
    /// differ and threads can be bound to cores. Takes some 50 ms per kind of core, and nothing
    /// where all cores are alike.
    #[must_use]
    pub fn with_timed_cores(mut self) -> Self {
        if self.core_speeds.is_some() {
            self.core_speeds = system::measured_core_speeds();
        }
        self
    }

    /// The same machine, with how the program that measures on it was built.
    #[must_use]
    pub fn built(mut self, build: &BuildFacts) -> Self {
        build.compiler.clone_into(&mut self.compiler);
        build.profile.clone_into(&mut self.build_profile);
        build.version.clone_into(&mut self.workbench_version);
        self.workbench_commit = build.commit.map(str::to_owned);
        self.program_sha256 = origin::program_sha256();
        self
    }
}
