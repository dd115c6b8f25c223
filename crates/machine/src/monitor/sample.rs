//! What one look at the machine yields: the sample that goes into the record.

use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// One look at every core, the process and every GPU. Shares are 0 to 1; `None` where the machine
/// does not say.
///
/// Looks are not equally far apart: 0.2 seconds at first, up to 5 seconds in a run of many hours.
/// Shares of cores and of the process are means over the time since the look before, so a mean over
/// several samples has to weigh each by that time. What is said of GPUs, memory and clocks is as of
/// the moment of the look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// Busy share of each core since the last sample (all processes). A core keeps its place for
    /// the whole run and reads 0 while it is offline.
    #[serde(with = "Floats::<Vec<f32>>")]
    pub cores: Vec<f32>,
    /// Share of each core's time that the hypervisor gave to others ("steal"); empty where none
    /// was ever reported.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "Floats::<Vec<f32>>")]
    pub steal: Vec<f32>,
    /// Current frequency of each core in MHz, up to some seconds old; 0 for a core that does not
    /// say, empty where none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mhz: Vec<u32>,
    /// Cores' worth of CPU that this process used since the last sample (2.0 is two cores fully).
    #[serde(with = "Floats::<f32>")]
    pub process_cores: f32,
    /// Resident memory of this process, in bytes.
    pub rss_bytes: u64,
    /// One entry per GPU, in the driver's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuSample>,
}

/// One look at one GPU. `None` where the card does not report the value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GpuSample {
    /// Share of the last interval in which any kernel ran. Says nothing about how well the
    /// GPU was used.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f32>>"
    )]
    pub busy: Option<f32>,
    /// Memory in use, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_used_bytes: Option<u64>,
    /// Power drawn, in watts.
    #[serde(
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f32>>"
    )]
    pub power_w: Option<f32>,
    /// Temperature in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<u32>,
    /// Clock of the streaming multiprocessors, in MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sm_mhz: Option<u32>,
    /// Clock of the memory, in MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mhz: Option<u32>,
    /// Why the clocks are held down, in words; empty when they are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub throttle: Vec<String>,
    /// PCIe bytes per second received and sent, over 20 ms each. The GPUs are asked in turn,
    /// one per sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie_rx_tx_bytes_s: Option<[u64; 2]>,
}
