//! Everything that a GPU says of itself at one moment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// A GPU, or a MIG device on one. `null` where the card does not say; shares are 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuState {
    /// Index in the driver's order.
    pub index: u32,
    /// Index of the MIG device on its GPU; `null` for a whole GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mig: Option<u32>,
    /// Product name, and for a MIG device its profile.
    pub name: String,
    /// The driver's identifier.
    pub uuid: String,
    /// Whether it answers.
    pub health: GpuHealth,
    /// Whether it is divided into MIG devices.
    pub mig_enabled: bool,
    /// Share of the time in which any kernel ran. Says nothing about how well it was used.
    #[serde(with = "Floats::<Option<f32>>")]
    pub busy: Option<f32>,
    /// Share of the time in which its memory was read or written.
    #[serde(with = "Floats::<Option<f32>>")]
    pub memory_busy: Option<f32>,
    /// Share of the multiprocessors' time in which they had work.
    #[serde(with = "Floats::<Option<f32>>")]
    pub sm_active: Option<f32>,
    /// Share of the warps that could be resident.
    #[serde(with = "Floats::<Option<f32>>")]
    pub sm_occupancy: Option<f32>,
    /// Share of the multiprocessors' time in which tensor cores worked.
    #[serde(with = "Floats::<Option<f32>>")]
    pub tensor_active: Option<f32>,
    /// Share of the memory's bandwidth that was used.
    #[serde(with = "Floats::<Option<f32>>")]
    pub memory_bandwidth: Option<f32>,
    /// Share of the video encoder.
    #[serde(with = "Floats::<Option<f32>>")]
    pub encoder_busy: Option<f32>,
    /// Share of the video decoder.
    #[serde(with = "Floats::<Option<f32>>")]
    pub decoder_busy: Option<f32>,
    /// Memory in bytes.
    pub memory_total_bytes: Option<u64>,
    /// Memory in use, in bytes.
    pub memory_used_bytes: Option<u64>,
    /// Connection to the processor.
    pub pcie: PcieState,
    /// Connections to other GPUs.
    pub nvlink: NvLinkState,
    /// Power drawn, in watts.
    #[serde(with = "Floats::<Option<f32>>")]
    pub power_w: Option<f32>,
    /// Power limit, in watts.
    #[serde(with = "Floats::<Option<f32>>")]
    pub power_limit_w: Option<f32>,
    /// Energy since the driver was loaded, in joules.
    #[serde(with = "Floats::<Option<f64>>")]
    pub energy_j: Option<f64>,
    /// Temperature of the chip in degrees Celsius.
    pub temperature_c: Option<u32>,
    /// Temperature of the memory in degrees Celsius.
    pub memory_temperature_c: Option<u32>,
    /// From this temperature on the clocks are held down, in degrees Celsius.
    pub slowdown_c: Option<u32>,
    /// Speed of the fan, as a share of its highest.
    #[serde(with = "Floats::<Option<f32>>")]
    pub fan: Option<f32>,
    /// Clock of the multiprocessors, in MHz.
    pub sm_mhz: Option<u32>,
    /// Its highest.
    pub sm_max_mhz: Option<u32>,
    /// Clock of the memory, in MHz.
    pub memory_mhz: Option<u32>,
    /// Why the clocks are held down; `null` where the card does not say.
    pub throttle: Option<Vec<ThrottleReason>>,
    /// Memory errors since the driver was loaded.
    pub ecc: Option<EccErrors>,
    /// Errors that the driver has told since it is watched, the latest last.
    pub xid: Option<Vec<u64>>,
    /// Processes that use it.
    pub processes: Vec<GpuProcess>,
}

/// Whether a GPU answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GpuHealth {
    /// It does.
    #[default]
    Works,
    /// It has fallen off the bus, or the driver cannot reach it any more.
    Lost,
    /// The driver cannot open it.
    NotOpened,
}

/// A GPU's connection to the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PcieState {
    /// Bytes per second that the GPU received.
    pub received_bytes_s: Option<u64>,
    /// Bytes per second that it sent.
    pub sent_bytes_s: Option<u64>,
    /// Generation in use; idle GPUs often lower it.
    pub generation: Option<u32>,
    /// Highest generation.
    pub max_generation: Option<u32>,
    /// Lanes in use.
    pub lanes: Option<u32>,
    /// All lanes.
    pub max_lanes: Option<u32>,
    /// Packets that had to be sent again.
    pub replays: Option<u32>,
}

/// A GPU's connections to other GPUs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NvLinkState {
    /// Links in use.
    pub active: Option<u32>,
    /// Bytes per second received over all of them.
    pub received_bytes_s: Option<u64>,
    /// Bytes per second sent.
    pub sent_bytes_s: Option<u64>,
}

/// Memory errors of a GPU since the driver was loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EccErrors {
    /// Found and mended.
    pub corrected: u64,
    /// Found and not mended: what was computed may be wrong.
    pub uncorrected: u64,
}

/// A process that uses a GPU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GpuProcess {
    /// Its number; in a container it may be the host's.
    pub pid: u32,
    /// Memory that it uses on the GPU, in bytes.
    pub memory_bytes: Option<u64>,
    /// Whether it draws; otherwise it computes.
    pub graphics: bool,
}

/// Why a GPU's clocks are held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThrottleReason {
    /// It would draw more power than it may.
    PowerCap,
    /// The card protects itself, from heat or from a lack of power.
    HardwareSlowdown,
    /// It is too hot, says the card.
    HardwareThermal,
    /// It is too hot, says the driver.
    DriverThermal,
    /// The machine's power supply holds it down.
    PowerBrake,
    /// Another GPU of its group is slower.
    SyncBoost,
    /// Somebody has set its clocks.
    ApplicationClocks,
    /// The display's clocks are set.
    DisplayClocks,
}

impl ThrottleReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::PowerCap,
        Self::HardwareSlowdown,
        Self::HardwareThermal,
        Self::DriverThermal,
        Self::PowerBrake,
        Self::SyncBoost,
        Self::ApplicationClocks,
        Self::DisplayClocks,
    ];

    /// In words, as records of runs have it.
    pub fn words(self) -> &'static str {
        match self {
            Self::PowerCap => "power cap",
            Self::HardwareSlowdown => "hardware slowdown",
            Self::HardwareThermal => "too hot (hardware)",
            Self::DriverThermal => "too hot (driver)",
            Self::PowerBrake => "power brake",
            Self::SyncBoost => "another GPU of its sync boost group",
            Self::ApplicationClocks => "application clocks setting",
            Self::DisplayClocks => "display clocks setting",
        }
    }

    /// Whether heat is the reason.
    pub fn is_thermal(self) -> bool {
        matches!(self, Self::HardwareThermal | Self::DriverThermal)
    }
}
