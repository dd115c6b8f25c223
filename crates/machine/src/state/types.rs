//! What one look at the machine yields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

use super::process::SeenProcess;
use crate::gpu::{DriverProblem, GpuState};

/// What the machine did between two looks, and how it stood at the second. Shares are 0 to 1, and
/// means since the look before, as rates are; `null` where the machine does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MachineState {
    /// When it was looked at, in milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    /// Time since the look before, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub interval_s: f64,
    /// Time since the machine was started, in seconds.
    #[serde(with = "Floats::<Option<f64>>")]
    pub uptime_s: Option<f64>,
    /// Mean number of tasks that ran or waited for a core or a disk, over 1, 5 and 15 minutes.
    #[serde(with = "Floats::<Option<Vec<f64>>>")]
    pub load: Option<Vec<f64>>,
    /// The cores that are online.
    pub cores: Vec<CoreState>,
    /// Share of the time in which at least one task stalled for want of something.
    pub stalls: Option<Stalls>,
    /// What the control group of this process allows and takes.
    pub group: GroupState,
    /// Memory.
    pub memory: MemoryState,
    /// Disks, in the kernel's order.
    pub disks: Vec<DiskState>,
    /// File systems on disks of this machine.
    pub file_systems: Vec<FileSystemState>,
    /// Network interfaces but the loopback.
    pub networks: Vec<NetworkState>,
    /// How many processes there are.
    pub counts: ProcessCounts,
    /// The processes. A recording holds those that use most.
    pub processes: Vec<SeenProcess>,
    /// Age of the figures of the processes, in seconds: with very many they are looked at less
    /// often.
    #[serde(with = "Floats::<f64>")]
    pub processes_age_s: f64,
    /// The GPUs, in the driver's order, each followed by its MIG devices.
    pub gpus: Vec<GpuState>,
    /// Age of the figures of the GPUs, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub gpus_age_s: f64,
    /// Why the GPUs' driver does not answer; `null` where it does, and where there is none.
    pub gpu_problem: Option<DriverProblem>,
}

/// A core.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CoreState {
    /// The kernel's number.
    pub id: u32,
    /// The processor package that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<u32>,
    /// The NUMA node that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
    /// Spent working for anybody.
    #[serde(with = "Floats::<f32>")]
    pub busy: f32,
    /// Of that, spent in the kernel.
    #[serde(with = "Floats::<f32>")]
    pub system: f32,
    /// Idle while a disk was waited for.
    #[serde(skip_serializing_if = "is_zero", with = "Floats::<f32>")]
    pub iowait: f32,
    /// Taken by the hypervisor for others.
    #[serde(skip_serializing_if = "is_zero", with = "Floats::<f32>")]
    pub steal: f32,
    /// Current frequency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mhz: Option<u32>,
    /// Temperature in degrees Celsius.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f32>>"
    )]
    pub temperature_c: Option<f32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// Share of the time in which at least one task of the machine stalled (Linux' pressure stall
/// information).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Stalls {
    /// For a core.
    #[serde(with = "Floats::<f32>")]
    pub cpu: f32,
    /// For memory.
    #[serde(with = "Floats::<f32>")]
    pub memory: f32,
    /// For input and output.
    #[serde(with = "Floats::<f32>")]
    pub io: f32,
}

/// The control group of the process that looks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupState {
    /// Cores that it may use at once: the smallest of processors, affinity mask and quota.
    #[serde(with = "Floats::<Option<f64>>")]
    pub usable_cores: Option<f64>,
    /// Its CPU quota, in cores.
    #[serde(with = "Floats::<Option<f64>>")]
    pub quota_cores: Option<f64>,
    /// Cores' worth of time for which the quota kept its threads off the cores.
    #[serde(with = "Floats::<Option<f64>>")]
    pub throttled_cores: Option<f64>,
    /// Highest frequency that is allowed, as a mean over the cores.
    pub cap_mhz: Option<u32>,
    /// Memory that it may use, in bytes, where that is less than the machine's.
    pub memory_limit_bytes: Option<u64>,
    /// Memory that it uses, in bytes, where there is a limit.
    pub memory_used_bytes: Option<u64>,
    /// Of that, files that it has read and does not use now, which can be given back.
    pub memory_files_bytes: Option<u64>,
}

impl GroupState {
    /// What it uses of its memory and cannot give back, and what it may use, in bytes; `None`
    /// without a limit.
    pub fn memory(&self) -> Option<(u64, u64)> {
        let files = self.memory_files_bytes.unwrap_or(0);
        let used = self.memory_used_bytes?.saturating_sub(files);
        Some((used, self.memory_limit_bytes?))
    }
}

/// Memory, in bytes; `null` where the system does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MemoryState {
    /// All there is.
    pub total_bytes: u64,
    /// What programs can have without swapping, as the kernel estimates it.
    pub available_bytes: Option<u64>,
    /// Used by nothing.
    pub free_bytes: Option<u64>,
    /// Holds files and can be given back.
    pub cached_bytes: Option<u64>,
    /// Has to be written to disks.
    pub dirty_bytes: Option<u64>,
    /// Swap space.
    pub swap_total_bytes: Option<u64>,
    /// Of that, used.
    pub swap_used_bytes: Option<u64>,
}

impl MemoryState {
    /// What cannot be given back, where that is known.
    pub fn used_bytes(&self) -> Option<u64> {
        Some(self.total_bytes.saturating_sub(self.available_bytes?))
    }
}

/// A disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiskState {
    /// The kernel's name.
    pub name: String,
    /// Bytes per second read.
    #[serde(with = "Floats::<f64>")]
    pub read_bytes_s: f64,
    /// Bytes per second written.
    #[serde(with = "Floats::<f64>")]
    pub write_bytes_s: f64,
    /// Share of the time in which it had something to do.
    #[serde(with = "Floats::<f32>")]
    pub busy: f32,
    /// Requests under way.
    pub in_flight: u64,
}

/// A file system on a disk of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FileSystemState {
    /// Where it is mounted.
    pub place: String,
    /// What it is on.
    pub device: String,
    /// Its size in bytes.
    pub total_bytes: u64,
    /// What nobody uses, in bytes; some of it may be kept for the system alone.
    pub free_bytes: Option<u64>,
    /// What this account may still write, in bytes.
    pub available_bytes: u64,
}

impl FileSystemState {
    /// What is used, in bytes.
    pub fn used_bytes(&self) -> u64 {
        let free = self.free_bytes.unwrap_or(self.available_bytes);
        self.total_bytes.saturating_sub(free)
    }

    /// How much of what this account may use is used, as `df` says it; `None` of an empty one.
    pub fn used_share(&self) -> Option<f64> {
        let used = self.used_bytes();
        let all = used.saturating_add(self.available_bytes);
        (all > 0).then(|| used as f64 / all as f64)
    }
}

/// A network interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NetworkState {
    /// The kernel's name.
    pub name: String,
    /// Bytes per second received.
    #[serde(with = "Floats::<f64>")]
    pub received_bytes_s: f64,
    /// Bytes per second sent.
    #[serde(with = "Floats::<f64>")]
    pub sent_bytes_s: f64,
    /// Errors and dropped packets since the look before, both ways.
    pub faults: u64,
}

/// How many processes and threads there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessCounts {
    /// Processes.
    pub processes: u64,
    /// Of these, running or ready to.
    pub running: u64,
    /// Their threads.
    pub threads: u64,
}
