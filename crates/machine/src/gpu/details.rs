//! Everything that the library says of every GPU, for whoever looks at the whole machine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enum_wrappers::device::{
    Clock, EccCounter, MemoryError, PcieUtilCounter, TemperatureSensor, TemperatureThreshold,
};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::enums::gpm::GpmMetricId;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::event::EventSet;
use nvml_wrapper::gpm::{GpmSample, gpm_metrics_get};
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::{Device, Nvml};

use super::read::{percent, reasons, watts};
use super::state::{EccErrors, GpuHealth, GpuProcess, GpuState, NvLinkState, PcieState};
use crate::monitor::pace::Pace;

/// Share of one core that looking at the GPUs may take.
const BUDGET: f64 = 0.004;
/// The same for what changes slowly.
const SLOW_BUDGET: f64 = 0.0005;
const SLOWLY: Duration = Duration::from_secs(4);
/// The same for PCIe traffic, which the driver watches for 20 ms per direction before it answers.
const PCIE_BUDGET: f64 = 0.001;

/// The driver's number for the memory's temperature.
const MEMORY_TEMPERATURE: FieldId = FieldId(82);
/// Errors of a GPU that are kept.
const MOST_ERRORS: usize = 16;
/// No GPU has more links.
const MOST_LINKS: u32 = 18;

/// What newer cards measure between two looks.
const METRICS: [GpmMetricId; 8] = [
    GpmMetricId::SmUtil,
    GpmMetricId::SmOccupancy,
    GpmMetricId::AnyTensorUtil,
    GpmMetricId::DramBwUtil,
    GpmMetricId::PcieRxPerSec,
    GpmMetricId::PcieTxPerSec,
    GpmMetricId::NvlinkTotalRxPerSec,
    GpmMetricId::NvlinkTotalTxPerSec,
];

/// All GPUs and their MIG devices.
pub(super) struct Details<'n> {
    nvml: &'n Nvml,
    cards: Vec<Card<'n>>,
    last: Vec<GpuState>,
    /// When they were asked for that.
    looked: Instant,
    pace: Pace,
    slow_pace: Pace,
    pcie_pace: Pace,
    pcie_next: usize,
    errors: Option<EventSet<'n>>,
}

/// A GPU of the driver.
struct Card<'n> {
    device: Option<Device<'n>>,
    state: GpuState,
    /// It measures what [`METRICS`] names.
    measures: bool,
    measured: Option<GpmSample<'n>>,
    xid: Option<Vec<u64>>,
}

impl<'n> Details<'n> {
    /// The first `count` GPUs of the driver.
    pub fn open(nvml: &'n Nvml, count: u32) -> Self {
        let mut cards: Vec<Card<'n>> = (0..count).map(|index| Card::open(nvml, index)).collect();
        let errors = listen(nvml, &mut cards);
        Self {
            nvml,
            cards,
            last: Vec::new(),
            looked: Instant::now(),
            pace: Pace::new(BUDGET, Duration::ZERO),
            slow_pace: Pace::new(SLOW_BUDGET, SLOWLY),
            pcie_pace: Pace::new(PCIE_BUDGET, Duration::ZERO),
            pcie_next: 0,
            errors,
        }
    }

    /// Looks at all of them; with many, what is known is up to some seconds old. Says how old.
    pub fn look(&mut self) -> (Vec<GpuState>, Duration) {
        self.take_errors();
        let Self {
            nvml,
            cards,
            last,
            looked,
            slow_pace,
            pace,
            ..
        } = self;
        slow_pace.run(|| {
            for card in cards.iter_mut() {
                card.look_slowly();
            }
        });
        pace.run(|| {
            *looked = Instant::now();
            last.clear();
            for card in cards.iter_mut() {
                card.look(nvml, last);
            }
        });
        (last.clone(), looked.elapsed())
    }

    /// Looks at the PCIe traffic of the next GPU that does not measure it itself, for the looks
    /// that follow.
    pub fn look_at_pcie(&mut self) {
        let Some(next) = self.pcie_next.checked_rem(self.cards.len()) else {
            return;
        };
        let card = &mut self.cards[next];
        let asked = card.measures || self.pcie_pace.run(|| card.look_at_pcie());
        self.pcie_next = next + usize::from(asked);
    }

    fn take_errors(&mut self) {
        let Some(errors) = &self.errors else {
            return;
        };
        for _ in 0..MOST_ERRORS {
            // An error means that there is none, or that none can be had.
            let Ok(event) = errors.wait(0) else {
                return;
            };
            let card = event
                .device
                .index()
                .ok()
                .and_then(|at| self.cards.get_mut(at as usize));
            let number = match event.event_data {
                Some(XidError::Value(number)) => number,
                Some(XidError::Unknown) | None => continue,
            };
            if let Some(known) = card.and_then(|card| card.xid.as_mut()) {
                known.push(number);
                let first = known.len().saturating_sub(MOST_ERRORS);
                known.drain(..first);
            }
        }
    }
}

/// Elsewhere the driver tells no errors.
#[cfg(not(target_os = "linux"))]
fn listen<'n>(_: &'n Nvml, _: &mut [Card<'n>]) -> Option<EventSet<'n>> {
    None
}

/// Listens for errors of all cards that tell them.
#[cfg(target_os = "linux")]
fn listen<'n>(nvml: &'n Nvml, cards: &mut [Card<'n>]) -> Option<EventSet<'n>> {
    let mut set = nvml.create_event_set().ok()?;
    for card in cards {
        let Some(device) = &card.device else {
            continue;
        };
        let supported = device
            .supported_event_types()
            .unwrap_or(EventTypes::empty());
        if supported.contains(EventTypes::CRITICAL_XID_ERROR) {
            set = device
                .register_events(EventTypes::CRITICAL_XID_ERROR, set)
                .ok()?;
            card.xid = Some(Vec::new());
        }
    }
    Some(set)
}

impl<'n> Card<'n> {
    fn open(nvml: &'n Nvml, index: u32) -> Self {
        let device = nvml.device_by_index(index);
        let health = match &device {
            Ok(_) => GpuHealth::Works,
            Err(error) => ill(error),
        };
        let device = device.ok();
        let name = device.as_ref().and_then(|device| device.name().ok());
        let uuid = device.as_ref().and_then(|device| device.uuid().ok());
        let state = GpuState {
            index,
            health,
            name: name.unwrap_or_default(),
            uuid: uuid.unwrap_or_default(),
            ..GpuState::default()
        };
        let measures = device
            .as_ref()
            .is_some_and(|device| device.gpm_support().unwrap_or(false));
        Self {
            device,
            state,
            measures,
            measured: None,
            xid: None,
        }
    }

    /// Adds what the card and its MIG devices say.
    fn look(&mut self, nvml: &'n Nvml, found: &mut Vec<GpuState>) {
        let Some(device) = self.device.as_ref() else {
            found.push(self.state.clone());
            return;
        };
        // Whoever is lost answers every call so; one tells.
        match device.utilization_rates() {
            Ok(rates) => {
                self.state.health = GpuHealth::Works;
                self.state.busy = Some(percent(rates.gpu));
                self.state.memory_busy = Some(percent(rates.memory));
            }
            Err(error) => {
                self.state.health = ill_now(&error);
                (self.state.busy, self.state.memory_busy) = (None, None);
            }
        }
        if self.state.health == GpuHealth::Lost {
            // What it said last is no longer true.
            let before = std::mem::take(&mut self.state);
            self.state = GpuState {
                index: before.index,
                name: before.name,
                uuid: before.uuid,
                health: GpuHealth::Lost,
                xid: self.xid.clone(),
                ..GpuState::default()
            };
            self.measured = None;
            found.push(self.state.clone());
            return;
        }
        read_now(device, &mut self.state);
        self.state.xid.clone_from(&self.xid);
        self.state.mig_enabled = device
            .mig_mode()
            .is_ok_and(|mode| mode.current == MIG_ENABLED);
        let migs = if self.state.mig_enabled {
            migs(device, self.state.index)
        } else {
            Vec::new()
        };
        if self.measures {
            self.measure(nvml);
        }
        found.push(self.state.clone());
        found.extend(migs);
    }

    /// What the card has measured since the look before.
    fn measure(&mut self, nvml: &'n Nvml) {
        let now = self
            .device
            .as_ref()
            .and_then(|device| device.gpm_sample().ok());
        let both = self.measured.as_ref().zip(now.as_ref());
        let all = both.and_then(|(then, now)| gpm_metrics_get(nvml, then, now, &METRICS).ok());
        // What it measured before is not what it does now.
        let mut values = [None; METRICS.len()];
        for (value, metric) in values.iter_mut().zip(all.into_iter().flatten()) {
            let known = metric.ok().map(|metric| metric.value);
            *value = known.filter(|it| it.is_finite());
        }
        take_metrics(values, &mut self.state);
        self.measured = now;
    }

    fn look_slowly(&mut self) {
        let Some(device) = &self.device else {
            return;
        };
        let state = &mut self.state;
        state.power_limit_w = device.enforced_power_limit().ok().map(watts);
        state.slowdown_c = device
            .temperature_threshold(TemperatureThreshold::Slowdown)
            .ok();
        state.sm_max_mhz = device.max_clock_info(Clock::SM).ok();
        state.fan = device.fan_speed(0).ok().map(percent);
        state.pcie = PcieState {
            received_bytes_s: state.pcie.received_bytes_s,
            sent_bytes_s: state.pcie.sent_bytes_s,
            generation: device.current_pcie_link_gen().ok(),
            max_generation: device.max_pcie_link_gen().ok(),
            lanes: device.current_pcie_link_width().ok(),
            max_lanes: device.max_pcie_link_width().ok(),
            replays: device.pcie_replay_counter().ok(),
        };
        state.nvlink.active = links(device);
        let errors = |kind| device.total_ecc_errors(kind, EccCounter::Volatile);
        let both = (
            errors(MemoryError::Corrected),
            errors(MemoryError::Uncorrected),
        );
        state.ecc = match both {
            (Ok(corrected), Ok(uncorrected)) => Some(EccErrors {
                corrected,
                uncorrected,
            }),
            _ => None,
        };
    }

    fn look_at_pcie(&mut self) {
        let Some(device) = &self.device else {
            return;
        };
        // The driver answers in KB/s; NVIDIA's own tools take that as 1000 bytes.
        let [received, sent] = [PcieUtilCounter::Receive, PcieUtilCounter::Send].map(|way| {
            let rate = device.pcie_throughput(way).ok();
            rate.map(|kb| u64::from(kb) * 1000)
        });
        (
            self.state.pcie.received_bytes_s,
            self.state.pcie.sent_bytes_s,
        ) = (received, sent);
    }
}

/// What `nvmlDeviceGetMigMode` answers for a divided card.
const MIG_ENABLED: u32 = 1;

fn ill(error: &NvmlError) -> GpuHealth {
    match error {
        NvmlError::GpuLost => GpuHealth::Lost,
        _ => GpuHealth::NotOpened,
    }
}

/// The health of a card that was opened.
fn ill_now(error: &NvmlError) -> GpuHealth {
    match error {
        NvmlError::GpuLost => GpuHealth::Lost,
        _ => GpuHealth::Works,
    }
}

/// What changes all the time.
fn read_now(device: &Device<'_>, state: &mut GpuState) {
    read_memory(device, state);
    state.encoder_busy = device
        .encoder_utilization()
        .ok()
        .map(|it| percent(it.utilization));
    state.decoder_busy = device
        .decoder_utilization()
        .ok()
        .map(|it| percent(it.utilization));
    state.power_w = device.power_usage().ok().map(watts);
    state.energy_j = device
        .total_energy_consumption()
        .ok()
        .map(|mj| mj as f64 / 1000.0);
    state.temperature_c = device.temperature(TemperatureSensor::Gpu).ok();
    state.memory_temperature_c = memory_temperature(device);
    state.sm_mhz = device.clock_info(Clock::SM).ok();
    state.memory_mhz = device.clock_info(Clock::Memory).ok();
    state.throttle = device.current_throttle_reasons().ok().map(reasons);
}

/// What a MIG device says, too.
fn read_memory(device: &Device<'_>, state: &mut GpuState) {
    let memory = device.memory_info().ok();
    state.memory_total_bytes = memory.as_ref().map(|memory| memory.total);
    state.memory_used_bytes = memory.map(|memory| memory.used);
    state.processes = processes(device);
}

/// Each process once; one that computes and draws is told as one that computes.
fn processes(device: &Device<'_>) -> Vec<GpuProcess> {
    let once = |list: Vec<ProcessInfo>, graphics| {
        let mut found: BTreeMap<u32, GpuProcess> = BTreeMap::new();
        for one in list {
            let bytes = match one.used_gpu_memory {
                UsedGpuMemory::Used(bytes) => Some(bytes),
                UsedGpuMemory::Unavailable => None,
            };
            let known = found.entry(one.pid).or_insert(GpuProcess {
                pid: one.pid,
                memory_bytes: None,
                graphics,
            });
            // A divided card lists a process once for each of its parts that it uses.
            known.memory_bytes = match (known.memory_bytes, bytes) {
                (Some(before), Some(more)) => Some(before.saturating_add(more)),
                (before, more) => before.or(more),
            };
        }
        found
    };
    let mut found = once(
        device.running_graphics_processes().unwrap_or_default(),
        true,
    );
    let computing = device.running_compute_processes().unwrap_or_default();
    found.extend(once(computing, false));
    found.into_values().collect()
}

fn memory_temperature(device: &Device<'_>) -> Option<u32> {
    use nvml_wrapper::enums::device::SampleValue;
    let values = device.field_values_for(&[MEMORY_TEMPERATURE]).ok()?;
    let sample = values.into_iter().next()?.ok()?;
    match sample.value.ok()? {
        SampleValue::U32(degrees) => Some(degrees).filter(|degrees| *degrees > 0),
        SampleValue::U64(degrees) => u32::try_from(degrees).ok().filter(|degrees| *degrees > 0),
        _ => None,
    }
}

/// Links that are up; `None` where the card has no such links.
fn links(device: &Device<'_>) -> Option<u32> {
    let states = (0..MOST_LINKS).map(|link| device.link_wrapper_for(link).is_active());
    let known: Vec<bool> = states.map_while(Result::ok).collect();
    let up = known.iter().filter(|up| **up).count();
    (!known.is_empty()).then_some(up as u32)
}

fn migs(device: &Device<'_>, parent: u32) -> Vec<GpuState> {
    let count = device.mig_device_count().unwrap_or(0);
    let found = (0..count).filter_map(|at| Some((at, device.mig_device_by_index(at).ok()?)));
    let state = |(at, device): (u32, Device<'_>)| {
        let mut state = GpuState {
            index: parent,
            mig: Some(at),
            name: device.name().unwrap_or_default(),
            uuid: device.uuid().unwrap_or_default(),
            ..GpuState::default()
        };
        read_memory(&device, &mut state);
        state
    };
    found.map(state).collect()
}

/// Takes in what [`METRICS`] names, in that order. Shares come in percent, rates in MiB/s.
fn take_metrics(values: [Option<f64>; METRICS.len()], state: &mut GpuState) {
    const MIB: f64 = 1024.0 * 1024.0;
    let [
        sm,
        occupancy,
        tensor,
        memory,
        pcie_rx,
        pcie_tx,
        link_rx,
        link_tx,
    ] = values;
    let share =
        |value: Option<f64>| value.map(|percent| crate::monitor::round_share(percent / 100.0));
    let rate = |value: Option<f64>| value.map(|mib| (mib * MIB).max(0.0) as u64);
    state.sm_active = share(sm);
    state.sm_occupancy = share(occupancy);
    state.tensor_active = share(tensor);
    state.memory_bandwidth = share(memory);
    state.pcie.received_bytes_s = rate(pcie_rx);
    state.pcie.sent_bytes_s = rate(pcie_tx);
    state.nvlink = NvLinkState {
        active: state.nvlink.active,
        received_bytes_s: rate(link_rx),
        sent_bytes_s: rate(link_tx),
    };
}
