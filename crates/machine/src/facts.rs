//! The facts of a machine that a measurement depends on, as the record and the reports keep them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Cores that this process may use at once: the smallest of processors, affinity mask and cgroup quota.
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
    /// The compiler that built workbench.
    pub compiler: String,
    /// Optimisation profile that workbench was built with (`release` or `debug`).
    pub build_profile: String,
    /// Version of workbench.
    pub workbench_version: String,
    /// Commit that workbench was built from, with `+` appended when the tree had changes.
    pub workbench_commit: Option<String>,
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
    pub power_limit_w: Option<f64>,
}
