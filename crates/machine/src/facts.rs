//! The facts of a machine that a measurement depends on, as the record and the reports keep them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

use super::gpu::DriverProblem;
use crate::core_speeds::CoreSpeeds;
use crate::counter_access::CounterAccess;

/// The machine that a run was made on. `null` in the JSON means that the machine does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MachineFacts {
    /// Processor name as the operating system gives it.
    pub cpu_model: String,
    /// Processors that the operating system shows.
    pub cores_logical: u32,
    /// Physical cores, where the operating system tells them apart.
    pub cores_physical: Option<u32>,
    /// Cores that this process may use at once: the smallest of processors, affinity mask
    /// and cgroup quota.
    #[serde(with = "Floats::<f64>")]
    pub cores_usable: f64,
    /// Why `cores_usable` is what it is, for example `cgroup quota 2.0 of 16`.
    pub cores_limit: String,
    /// Relative speeds of the usable cores; absent where all are equally fast, and where that is
    /// not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_speeds: Option<CoreSpeeds>,
    /// Memory that this process may use, in bytes: the smaller of the machine's and the cgroup's.
    pub memory_bytes: u64,
    /// Operating system's name and version.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Frequency governor of the first core.
    pub governor: Option<String>,
    /// Virtualisation, where the processor reports a hypervisor.
    pub hypervisor: bool,
    /// GPUs that the NVIDIA driver reports; empty without a driver.
    pub gpus: Vec<GpuFacts>,
    /// Version of the NVIDIA driver.
    pub gpu_driver: Option<String>,
    /// Whether the processor's counters can be read.
    #[serde(skip_serializing_if = "CounterAccess::is_unknown")]
    pub hardware_counters: CounterAccess,
    /// Why the NVIDIA driver could not be asked; absent where it was, and where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_problem: Option<DriverProblem>,
    /// The compiler that built workbench.
    pub compiler: String,
    /// Optimisation profile that workbench was built with (`release` or `debug`).
    pub build_profile: String,
    /// Version of workbench.
    pub workbench_version: String,
    /// Commit that workbench was built from, with `+` appended when the tree had changes.
    pub workbench_commit: Option<String>,
    /// SHA-256 of the program's file, in hexadecimal: tells builds of one commit apart.
    pub program_sha256: Option<String>,
    /// The kernel's number for this start of the machine.
    pub boot_id: Option<String>,
}

impl MachineFacts {
    /// What `cores` of the usable cores can do together, in units of the fastest one, where the
    /// fastest are used first.
    pub fn cores_together(&self, cores: f64) -> f64 {
        let speeds = self.core_speeds.as_ref();
        speeds.map_or(cores, |speeds| speeds.together(cores))
    }

    /// Speeds of the fastest `slots` cores in units of the fastest one.
    pub fn fastest_cores(&self, slots: u32) -> Vec<f64> {
        let speeds = self.core_speeds.as_ref();
        speeds.map_or_else(|| vec![1.0; slots as usize], |speeds| speeds.fastest(slots))
    }
}

/// How many cores this process may use at once, and what decides it.
#[derive(Debug, Clone, PartialEq)]
pub struct UsableCores {
    /// Number of cores; a cgroup quota may make it fractional and smaller than one.
    pub cores: f64,
    /// What decides it, for example `2 processors`, `affinity mask 2 of 16` or
    /// `cgroup quota 1.5 of 16`.
    pub limit: String,
}

/// How a program was built: what its build script and cargo know, and the machine does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuildFacts {
    /// The compiler, as `rustc --version` names it.
    pub compiler: &'static str,
    /// Optimisation profile: `release` or `debug`.
    pub profile: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The commit it was built from, with `+` appended when the tree had changes.
    pub commit: Option<&'static str>,
}

/// One GPU's fixed facts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuFacts {
    /// Index in the driver's order.
    pub index: u32,
    /// Product name.
    pub name: String,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Power limit in watts.
    #[serde(with = "Floats::<Option<f64>>")]
    pub power_limit_w: Option<f64>,
}
