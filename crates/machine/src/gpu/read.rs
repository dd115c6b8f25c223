//! What the library says of every NVIDIA GPU: its fixed facts, and one look at it.

use std::time::Duration;

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{Clock, PcieUtilCounter, TemperatureSensor};
use nvml_wrapper::{Device, Nvml};

use super::state::ThrottleReason;
use crate::facts::GpuFacts;
use crate::monitor::pace::Pace;
use crate::monitor::round_share;
use crate::monitor::sample::GpuSample;

/// Share of one core that looking at the GPUs may take; with many GPUs they are looked at
/// less often instead.
const BUDGET: f64 = 0.003;
/// The same for PCIe traffic, which the driver watches for 20 ms per direction before it answers.
const PCIE_BUDGET: f64 = 0.001;

/// All GPUs of the machine.
#[derive(Debug)]
pub(super) struct Gpus<'n> {
    devices: Vec<Option<Device<'n>>>,
    last: Vec<GpuSample>,
    pace: Pace,
    pcie_pace: Pace,
    /// The GPU whose PCIe traffic is asked for next: one GPU per look, so that a look
    /// never takes long.
    pcie_next: usize,
}

impl<'n> Gpus<'n> {
    /// The first `count` GPUs of the driver.
    pub fn open(nvml: &'n Nvml, count: u32) -> Self {
        let devices: Vec<_> = (0..count)
            .map(|index| nvml.device_by_index(index).ok())
            .collect();
        Self {
            last: vec![GpuSample::default(); devices.len()],
            devices,
            pace: Pace::new(BUDGET, Duration::ZERO),
            pcie_pace: Pace::new(PCIE_BUDGET, Duration::ZERO),
            pcie_next: 0,
        }
    }

    pub fn look(&mut self) -> Vec<GpuSample> {
        let Self { devices, last, .. } = self;
        self.pace.run(|| {
            for (device, sample) in devices.iter().zip(last.iter_mut()) {
                if let Some(device) = device {
                    read(device, sample);
                }
            }
        });
        last.clone()
    }

    /// Looks at the PCIe traffic of the next GPU, for the looks that follow.
    pub fn look_at_pcie(&mut self) {
        let Some(next) = self.pcie_next.checked_rem(self.devices.len()) else {
            return;
        };
        let Self { devices, last, .. } = self;
        let asked = self.pcie_pace.run(|| {
            last[next].pcie_rx_tx_bytes_s = devices[next].as_ref().and_then(pcie);
        });
        self.pcie_next = next + usize::from(asked);
    }
}

/// The fixed facts of a GPU. One that cannot be opened keeps its place, without a name.
pub(super) fn describe(nvml: &Nvml, index: u32) -> GpuFacts {
    let mut facts = GpuFacts {
        index,
        ..GpuFacts::default()
    };
    if let Ok(device) = nvml.device_by_index(index) {
        facts.name = device.name().unwrap_or_default();
        facts.memory_bytes = device.memory_info().map_or(0, |memory| memory.total);
        facts.power_limit_w = device
            .enforced_power_limit()
            .ok()
            .map(|mw| f64::from(mw) / 1000.0);
    }
    facts
}

fn read(device: &Device<'_>, sample: &mut GpuSample) {
    sample.busy = device
        .utilization_rates()
        .ok()
        .map(|rates| percent(rates.gpu));
    sample.memory_used_bytes = device.memory_info().ok().map(|memory| memory.used);
    sample.power_w = device.power_usage().ok().map(watts);
    sample.temperature_c = device.temperature(TemperatureSensor::Gpu).ok();
    sample.sm_mhz = device.clock_info(Clock::SM).ok();
    sample.memory_mhz = device.clock_info(Clock::Memory).ok();
    sample.throttle = device
        .current_throttle_reasons()
        .map_or_else(|_| Vec::new(), throttle);
}

/// Milliwatts as watts with one decimal.
pub(super) fn watts(milliwatts: u32) -> f32 {
    ((f64::from(milliwatts) / 100.0).round() / 10.0) as f32
}

fn pcie(device: &Device<'_>) -> Option<[u64; 2]> {
    // The driver answers in KB/s; NVIDIA's own tools take that as 1000 bytes.
    let [rx, tx] = [PcieUtilCounter::Receive, PcieUtilCounter::Send].map(|direction| {
        device
            .pcie_throughput(direction)
            .ok()
            .map(|kb| u64::from(kb) * 1000)
    });
    Some([rx?, tx?])
}

/// Why the clocks are held down. An idle GPU is not held down, so that reason is left out.
pub(super) fn reasons(bits: ThrottleReasons) -> Vec<ThrottleReason> {
    let known = ThrottleReason::ALL.into_iter();
    known.filter(|reason| bits.contains(bit(*reason))).collect()
}

fn bit(reason: ThrottleReason) -> ThrottleReasons {
    match reason {
        ThrottleReason::PowerCap => ThrottleReasons::SW_POWER_CAP,
        ThrottleReason::HardwareSlowdown => ThrottleReasons::HW_SLOWDOWN,
        ThrottleReason::HardwareThermal => ThrottleReasons::HW_THERMAL_SLOWDOWN,
        ThrottleReason::DriverThermal => ThrottleReasons::SW_THERMAL_SLOWDOWN,
        ThrottleReason::PowerBrake => ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
        ThrottleReason::SyncBoost => ThrottleReasons::SYNC_BOOST,
        ThrottleReason::ApplicationClocks => ThrottleReasons::APPLICATIONS_CLOCKS_SETTING,
        ThrottleReason::DisplayClocks => ThrottleReasons::DISPLAY_CLOCK_SETTING,
    }
}

/// The reasons in words.
fn throttle(bits: ThrottleReasons) -> Vec<String> {
    let words = reasons(bits).into_iter().map(ThrottleReason::words);
    words.map(str::to_owned).collect()
}

/// Percent as a share.
pub(super) fn percent(value: u32) -> f32 {
    round_share(f64::from(value) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_gpu_is_not_held_down() {
        assert!(throttle(ThrottleReasons::GPU_IDLE).is_empty());
        assert!(throttle(ThrottleReasons::NONE).is_empty());
    }

    #[test]
    fn every_other_reason_has_its_own_words() {
        let all: Vec<String> = throttle(ThrottleReasons::all());
        let one_by_one: Vec<String> = ThrottleReasons::all().iter().flat_map(throttle).collect();
        assert_eq!(all.len(), 8);
        for words in &all {
            assert_eq!(
                one_by_one.iter().filter(|one| *one == words).count(),
                1,
                "{words}"
            );
        }
    }

    #[test]
    fn power_has_one_decimal() {
        assert_eq!(serde_json::to_string(&watts(299_949)).unwrap(), "299.9");
        assert_eq!(serde_json::to_string(&watts(70_050)).unwrap(), "70.1");
    }
}
