//! The facts of a machine that a measurement depends on, as the record and the reports keep them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

use crate::monitor::CounterAccess;

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
    /// The compiler that built workbench.
    pub compiler: String,
    /// Optimisation profile that workbench was built with (`release` or `debug`).
    pub build_profile: String,
    /// Version of workbench.
    pub workbench_version: String,
    /// Commit that workbench was built from, with `+` appended when the tree had changes.
    pub workbench_commit: Option<String>,
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
