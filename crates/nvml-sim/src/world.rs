//! The GPUs as they are at a moment, and the faults of calls.

use std::collections::HashMap;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use nvml_wrapper_sys::bindings as nvml;
use parking_lot::Mutex;

use crate::place::DevicePlace;
use crate::scenario::{
    CallFault, FaultKind, Figure, Reason, Scenario, SimulatedGpu, SimulatedMig, SimulatedProcess,
};

/// A number of NVML for what went wrong.
pub type Code = nvml::nvmlReturn_t;

pub const NOT_SUPPORTED: Code = nvml::nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED;
pub const INVALID: Code = nvml::nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT;
const LOST: Code = nvml::nvmlReturn_enum_NVML_ERROR_GPU_IS_LOST;
const UNKNOWN: Code = nvml::nvmlReturn_enum_NVML_ERROR_UNKNOWN;
const TIMEOUT: Code = nvml::nvmlReturn_enum_NVML_ERROR_TIMEOUT;

/// A made-up machine since its driver was loaded.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    begun: Instant,
    calls: Mutex<HashMap<&'static str, u64>>,
    /// Errors that were told, by GPU and place in its list.
    told: Mutex<Vec<(usize, usize)>>,
    /// Samples of counters: of which GPU, and when.
    samples: Mutex<HashMap<usize, Option<(usize, f64)>>>,
}

impl World {
    /// A machine whose driver is loaded now.
    pub fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            begun: Instant::now(),
            calls: Mutex::default(),
            told: Mutex::default(),
            samples: Mutex::default(),
        }
    }

    pub fn driver(&self) -> &str {
        &self.scenario.driver
    }

    pub fn count(&self) -> usize {
        self.scenario.gpus.len()
    }

    fn now(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// A call begins: what goes wrong with it happens here.
    pub fn enter(&self, call: &'static str) -> Result<(), Code> {
        let made = {
            let mut calls = self.calls.lock();
            let made = calls.entry(call).or_default();
            *made += 1;
            *made - 1
        };
        let due = |fault: &&CallFault| {
            let last = fault
                .calls
                .map_or(u64::MAX, |calls| fault.after_calls.saturating_add(calls));
            fault.call == call && (fault.after_calls..last).contains(&made)
        };
        let Some(fault) = self.scenario.faults.iter().find(due) else {
            return Ok(());
        };
        match fault.kind {
            FaultKind::Print => {
                // Whether anybody reads it is no concern of a library.
                let _ = writeln!(std::io::stdout(), "noise");
                Ok(())
            }
            FaultKind::Fail => Err(fault.code.unwrap_or(UNKNOWN)),
            FaultKind::Crash => std::process::abort(),
            FaultKind::Hang => {
                let time = fault.seconds.map(Duration::try_from_secs_f64);
                match time.and_then(Result::ok) {
                    Some(time) => thread::sleep(time),
                    None => loop {
                        thread::park();
                    },
                }
                Ok(())
            }
        }
    }

    /// The GPU of a handle, unless it is lost.
    pub fn gpu(&self, place: DevicePlace) -> Result<&SimulatedGpu, Code> {
        let gpu = self.scenario.gpus.get(place.gpu).ok_or(INVALID)?;
        let lost = gpu.lost_after_s.is_some_and(|after| self.now() >= after);
        if lost { Err(LOST) } else { Ok(gpu) }
    }

    /// The MIG device of a handle.
    pub fn mig(&self, place: DevicePlace) -> Result<Option<&SimulatedMig>, Code> {
        let gpu = self.gpu(place)?;
        place
            .mig
            .map(|mig| gpu.mig.get(mig).ok_or(INVALID))
            .transpose()
    }

    /// A figure of a whole GPU; MIG devices do not have it.
    pub fn figure(
        &self,
        place: DevicePlace,
        of: impl FnOnce(&SimulatedGpu) -> Option<Figure>,
    ) -> Result<f64, Code> {
        let gpu = self.gpu(place)?;
        let figure = of(gpu)
            .filter(|_| place.mig.is_none())
            .ok_or(NOT_SUPPORTED)?;
        Ok(figure.at(self.now(), place.gpu))
    }

    /// Energy in millijoules.
    pub fn energy_mj(&self, place: DevicePlace) -> Result<u64, Code> {
        let before = self.figure(place, |gpu| gpu.energy_j)?;
        let power = self.figure(place, |gpu| gpu.power_w).unwrap_or(0.0);
        Ok(((before + power * self.now()) * 1000.0) as u64)
    }

    /// Total and used memory in bytes.
    pub fn memory(&self, place: DevicePlace) -> Result<(u64, u64), Code> {
        let bytes = |gib: f64| (gib * f64::from(1 << 30)) as u64;
        if let Some(mig) = self.mig(place)? {
            return Ok((bytes(mig.memory_gib), bytes(mig.used_gib)));
        }
        let total = self.figure(place, |gpu| gpu.memory_gib)?;
        let used = self.figure(place, |gpu| gpu.used_gib).unwrap_or(0.0);
        Ok((bytes(total), bytes(used).min(bytes(total))))
    }

    pub fn name(&self, place: DevicePlace) -> Result<String, Code> {
        let mig = self.mig(place)?.map(|mig| mig.name.clone());
        Ok(mig.unwrap_or(self.gpu(place)?.name.clone()))
    }

    pub fn uuid(&self, place: DevicePlace) -> Result<String, Code> {
        self.gpu(place)?;
        Ok(match place.mig {
            None => format!("GPU-00000000-0000-0000-0000-{:012}", place.gpu),
            Some(mig) => format!("MIG-00000000-0000-0000-{mig:04}-{:012}", place.gpu),
        })
    }

    /// Why the clocks are held down, as NVML's bits.
    pub fn throttle(&self, place: DevicePlace) -> Result<u64, Code> {
        let gpu = self.gpu(place)?;
        let reasons = gpu
            .throttle
            .as_ref()
            .filter(|_| place.mig.is_none())
            .ok_or(NOT_SUPPORTED)?;
        let degrees = self.figure(place, |gpu| gpu.temperature_c).unwrap_or(0.0);
        if gpu.throttle_from_c.is_some_and(|from| degrees < from) {
            return Ok(0);
        }
        let bit = |reason: &Reason| {
            u64::from(match reason {
                Reason::PowerCap => nvml::nvmlClocksThrottleReasonSwPowerCap,
                Reason::HardwareSlowdown => nvml::nvmlClocksThrottleReasonHwSlowdown,
                Reason::HardwareThermal => nvml::nvmlClocksThrottleReasonHwThermalSlowdown,
                Reason::DriverThermal => nvml::nvmlClocksThrottleReasonSwThermalSlowdown,
                Reason::PowerBrake => nvml::nvmlClocksThrottleReasonHwPowerBrakeSlowdown,
                Reason::Idle => nvml::nvmlClocksThrottleReasonGpuIdle,
            })
        };
        Ok(reasons.iter().map(bit).fold(0, |all, bit| all | bit))
    }

    /// The processes of a device that draw, or those that compute: number, and memory in bytes.
    pub fn processes(
        &self,
        place: DevicePlace,
        graphics: bool,
    ) -> Result<Vec<(u32, Option<u64>)>, Code> {
        let mig = self.mig(place)?;
        let all = mig.map_or(&self.gpu(place)?.processes, |mig| &mig.processes);
        let one = |process: &SimulatedProcess| {
            let pid = if process.pid == 0 {
                std::process::id()
            } else {
                process.pid
            };
            (
                pid,
                process
                    .memory_gib
                    .map(|gib| (gib * f64::from(1 << 30)) as u64),
            )
        };
        Ok(all
            .iter()
            .filter(|process| process.graphics == graphics)
            .map(one)
            .collect())
    }

    /// The next error that was not told yet.
    pub fn next_error(&self) -> Result<(DevicePlace, u64), Code> {
        let mut told = self.told.lock();
        for (gpu, simulated) in self.scenario.gpus.iter().enumerate() {
            for (at, error) in simulated.xid.iter().enumerate() {
                if error.after_s <= self.now() && !told.contains(&(gpu, at)) {
                    told.push((gpu, at));
                    return Ok((DevicePlace { gpu, mig: None }, error.number));
                }
            }
        }
        Err(TIMEOUT)
    }

    /// Room for a sample of counters.
    pub fn new_sample(&self) -> usize {
        let mut samples = self.samples.lock();
        let number = samples.keys().max().map_or(1, |last| last + 1);
        samples.insert(number, None);
        number
    }

    pub fn free_sample(&self, number: usize) -> Result<(), Code> {
        self.samples
            .lock()
            .remove(&number)
            .map(|_| ())
            .ok_or(INVALID)
    }

    /// Whether a card measures more than older ones do.
    pub fn measures(&self, place: DevicePlace) -> Result<bool, Code> {
        Ok(self.gpu(place)?.sm_active.is_some() && place.mig.is_none())
    }

    pub fn take_sample(&self, place: DevicePlace, number: usize) -> Result<(), Code> {
        if !self.measures(place)? {
            return Err(NOT_SUPPORTED);
        }
        let mut samples = self.samples.lock();
        let sample = samples.get_mut(&number).ok_or(INVALID)?;
        *sample = Some((place.gpu, self.now()));
        Ok(())
    }

    /// What was measured between two samples. A share comes in percent, a rate in MiB/s.
    pub fn measured(&self, metric: u32, samples: [usize; 2]) -> Result<f64, Code> {
        let [then, now] = {
            let all = self.samples.lock();
            samples.map(|number| all.get(&number).copied().flatten())
        };
        let (Some((gpu, then)), Some((same, now))) = (then, now) else {
            return Err(INVALID);
        };
        if gpu != same {
            return Err(INVALID);
        }
        let of = self.scenario.gpus.get(gpu).ok_or(INVALID)?;
        let (pcie, links) = (of.pcie.as_ref(), of.nvlink.as_ref());
        let (figure, scale) = match metric {
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_SM_UTIL => (of.sm_active, 100.0),
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_SM_OCCUPANCY => (of.sm_occupancy, 100.0),
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_ANY_TENSOR_UTIL => (of.tensor_active, 100.0),
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_DRAM_BW_UTIL => (of.memory_bandwidth, 100.0),
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_PCIE_RX_PER_SEC => {
                (pcie.map(|pcie| pcie.received), 1.0)
            }
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_PCIE_TX_PER_SEC => {
                (pcie.map(|pcie| pcie.sent), 1.0)
            }
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_NVLINK_TOTAL_RX_PER_SEC => {
                (links.map(|links| links.received), 1.0)
            }
            nvml::nvmlGpmMetricId_t_NVML_GPM_METRIC_NVLINK_TOTAL_TX_PER_SEC => {
                (links.map(|links| links.sent), 1.0)
            }
            _ => (None, 1.0),
        };
        let figure = figure.ok_or(NOT_SUPPORTED)?;
        Ok(figure.at(f64::midpoint(then, now), gpu) * scale)
    }
}
