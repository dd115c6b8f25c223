//! What made-up GPUs do, read from a TOML file.

use std::collections::HashSet;

use serde::Deserialize;
use thiserror::Error;

/// More GPUs than any machine has.
const MOST_GPUS: usize = 64;
/// More MIG devices than a card can have.
const MOST_MIGS: usize = 8;
/// More processes than anybody looks at.
const MOST_PROCESSES: usize = 256;

/// A machine's GPUs and their driver.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The driver's version.
    #[serde(default = "driver")]
    pub driver: String,
    /// The GPUs.
    #[serde(default, rename = "gpu")]
    pub gpus: Vec<SimulatedGpu>,
    /// What goes wrong.
    #[serde(default, rename = "fault")]
    pub faults: Vec<CallFault>,
}

fn driver() -> String {
    "570.124.06 (simulated)".to_owned()
}

/// GPUs of one kind. What is left out is not supported.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulatedGpu {
    /// How many there are; 1 where it is left out.
    pub count: Option<usize>,
    /// Product name.
    pub name: String,
    /// Memory in GiB.
    pub memory_gib: Option<Figure>,
    /// Memory in use, in GiB.
    pub used_gib: Option<Figure>,
    /// Share of the time with a kernel.
    pub busy: Option<Figure>,
    /// Share of the time with memory traffic; 0 where it is left out.
    pub memory_busy: Option<Figure>,
    /// Share of the multiprocessors' time with work.
    pub sm_active: Option<Figure>,
    /// Share of the warps that could be resident.
    pub sm_occupancy: Option<Figure>,
    /// Share of the multiprocessors' time with tensor work.
    pub tensor_active: Option<Figure>,
    /// Share of the memory's bandwidth.
    pub memory_bandwidth: Option<Figure>,
    /// Share of the encoder.
    pub encoder: Option<Figure>,
    /// Share of the decoder.
    pub decoder: Option<Figure>,
    /// Watts.
    pub power_w: Option<Figure>,
    /// Watts.
    pub power_limit_w: Option<Figure>,
    /// Joules since the driver was loaded, when the scenario begins.
    pub energy_j: Option<Figure>,
    /// Degrees Celsius.
    pub temperature_c: Option<Figure>,
    /// Degrees Celsius.
    pub memory_temperature_c: Option<Figure>,
    /// Degrees Celsius.
    pub slowdown_c: Option<Figure>,
    /// Share of the fan's highest speed.
    pub fan: Option<Figure>,
    /// MHz.
    pub sm_mhz: Option<Figure>,
    /// MHz.
    pub sm_max_mhz: Option<Figure>,
    /// MHz.
    pub memory_mhz: Option<Figure>,
    /// Why clocks are held down.
    pub throttle: Option<Vec<Reason>>,
    /// They are only from this temperature on.
    pub throttle_from_c: Option<f64>,
    /// Corrected and uncorrected memory errors.
    pub ecc: Option<[u64; 2]>,
    /// PCIe.
    pub pcie: Option<SimulatedPcie>,
    /// NVLink.
    pub nvlink: Option<SimulatedLinks>,
    /// Errors that the driver tells.
    pub xid: Vec<SimulatedXid>,
    /// Processes on it.
    pub processes: Vec<SimulatedProcess>,
    /// MIG devices; the card is divided where there are any.
    pub mig: Vec<SimulatedMig>,
    /// From so many seconds on, every call says that the card is lost.
    pub lost_after_s: Option<f64>,
}

/// A number that stays, or one that goes up and down between two ends.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// It stays.
    Constant(f64),
    /// It goes up and down.
    Wave {
        /// Lowest.
        low: f64,
        /// Highest.
        high: f64,
        /// Seconds from one lowest to the next.
        period_s: f64,
    },
}

impl Figure {
    /// The number at a time, of the GPU at a place: neighbours are a little apart.
    pub fn at(self, seconds: f64, place: usize) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Wave {
                low,
                high,
                period_s,
            } => {
                let turns = (seconds / period_s + place as f64 * 0.07).rem_euclid(1.0);
                // Up in the first half, down in the second.
                let share = 1.0 - (2.0 * turns - 1.0).abs();
                low + (high - low) * share
            }
        }
    }

    fn is_sound(self) -> bool {
        let sound = |value: f64| value.is_finite() && (0.0..=1e12).contains(&value);
        match self {
            Self::Constant(value) => sound(value),
            Self::Wave {
                low,
                high,
                period_s,
            } => sound(low) && sound(high) && low <= high && sound(period_s) && period_s > 0.0,
        }
    }
}

/// Why clocks are held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Too much power.
    PowerCap,
    /// The card protects itself.
    HardwareSlowdown,
    /// Too hot, says the card.
    HardwareThermal,
    /// Too hot, says the driver.
    DriverThermal,
    /// The power supply.
    PowerBrake,
    /// Nothing to do.
    Idle,
}

/// PCIe of a GPU; rates in MiB per second.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedPcie {
    /// Generation in use, and highest.
    pub generation: [u32; 2],
    /// Lanes in use, and all.
    pub lanes: [u32; 2],
    /// Received.
    pub received: Figure,
    /// Sent.
    pub sent: Figure,
    /// Packets sent again.
    #[serde(default)]
    pub replays: u32,
}

/// NVLink of a GPU; rates in MiB per second.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedLinks {
    /// Links that are up.
    pub up: u32,
    /// Links that are down.
    #[serde(default)]
    pub down: u32,
    /// Received.
    pub received: Figure,
    /// Sent.
    pub sent: Figure,
}

/// An error that the driver tells.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedXid {
    /// Its number.
    pub number: u64,
    /// Seconds after the driver was loaded.
    #[serde(default)]
    pub after_s: f64,
}

/// A process on a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedProcess {
    /// Its number; 0 is the process that has loaded the library.
    pub pid: u32,
    /// Memory on the GPU, in GiB; left out where the driver does not say.
    pub memory_gib: Option<f64>,
    /// It draws.
    #[serde(default)]
    pub graphics: bool,
}

/// A MIG device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedMig {
    /// Name with its profile.
    pub name: String,
    /// Memory in GiB.
    pub memory_gib: f64,
    /// Memory in use, in GiB.
    #[serde(default)]
    pub used_gib: f64,
    /// Processes on it.
    #[serde(default)]
    pub processes: Vec<SimulatedProcess>,
}

/// A call that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// NVML's function, for example `nvmlDeviceGetUtilizationRates`.
    pub call: String,
    /// What happens.
    pub kind: FaultKind,
    /// How long a call hangs; for ever where it is left out.
    pub seconds: Option<f64>,
    /// NVML's number of the error with which a call fails; 999 (unknown) where it is left out.
    pub code: Option<u32>,
    /// So many calls go well before.
    #[serde(default)]
    pub after_calls: u64,
    /// So many calls go wrong; all where it is left out.
    pub calls: Option<u64>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The call takes long.
    Hang,
    /// The library aborts the process.
    Crash,
    /// It returns an error.
    Fail,
    /// It prints something, as libraries do, and goes well.
    Print,
}

/// Why a file is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScenarioError {
    /// It is no TOML, or says something that there is not.
    #[error("{0}")]
    Toml(String),
    /// A number makes no sense.
    #[error("gpu {gpu}: `{name}` is not a number that it can be")]
    Number {
        /// The entry, from 1.
        gpu: usize,
        /// The field.
        name: &'static str,
    },
    /// There is too much of something.
    #[error("more than {most} {what}")]
    Many {
        /// How many there may be.
        most: usize,
        /// Of what.
        what: &'static str,
    },
}

impl Scenario {
    /// Reads a scenario. Each of its GPUs is one then ([`SimulatedGpu::count`] is spread out).
    ///
    /// # Errors
    /// When the text is none, in one line.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map(|span| text[..span.start].matches('\n').count() + 1);
            let message = error
                .message()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            ScenarioError::Toml(match line {
                Some(line) => format!("line {line}: {message}"),
                None => message,
            })
        })?;
        for (at, gpu) in (1..).zip(&scenario.gpus) {
            gpu.check(at)?;
        }
        let count = |gpu: &SimulatedGpu| gpu.count.unwrap_or(1);
        let all = scenario
            .gpus
            .iter()
            .fold(0_usize, |sum, gpu| sum.saturating_add(count(gpu)));
        at_most(all, MOST_GPUS, "GPUs")?;
        let spread = |gpu: &SimulatedGpu| vec![gpu.clone(); count(gpu)];
        scenario.gpus = scenario.gpus.iter().flat_map(spread).collect();
        for gpu in &mut scenario.gpus {
            gpu.count = None;
        }
        Ok(scenario)
    }
}

fn at_most(count: usize, most: usize, what: &'static str) -> Result<(), ScenarioError> {
    (count <= most)
        .then_some(())
        .ok_or(ScenarioError::Many { most, what })
}

impl SimulatedGpu {
    fn check(&self, gpu: usize) -> Result<(), ScenarioError> {
        let bad = |name| ScenarioError::Number { gpu, name };
        let unsound = |name: &'static str, figure: &Option<Figure>| {
            figure
                .is_some_and(|figure| !figure.is_sound())
                .then(|| bad(name))
        };
        let figures = self.figures();
        if let Some(error) = figures
            .iter()
            .find_map(|(name, figure)| unsound(name, figure))
        {
            return Err(error);
        }
        let time = |seconds: f64| seconds.is_finite() && seconds >= 0.0;
        if !self.lost_after_s.is_none_or(time) {
            return Err(bad("lost_after_s"));
        }
        if !self.xid.iter().all(|error| time(error.after_s)) {
            return Err(bad("xid"));
        }
        at_most(self.mig.len(), MOST_MIGS, "MIG devices")?;
        let lists = self
            .mig
            .iter()
            .map(|mig| &mig.processes)
            .chain([&self.processes]);
        for processes in lists {
            at_most(processes.len(), MOST_PROCESSES, "processes")?;
            let pids: HashSet<u32> = processes.iter().map(|process| process.pid).collect();
            let sound = |process: &SimulatedProcess| process.memory_gib.is_none_or(time);
            if pids.len() < processes.len() || !processes.iter().all(sound) {
                return Err(bad("processes"));
            }
        }
        let memory = |mig: &SimulatedMig| time(mig.memory_gib) && time(mig.used_gib);
        self.mig
            .iter()
            .all(memory)
            .then_some(())
            .ok_or_else(|| bad("mig"))
    }

    fn figures(&self) -> Vec<(&'static str, Option<Figure>)> {
        let (pcie, links) = (self.pcie.as_ref(), self.nvlink.as_ref());
        vec![
            ("memory_gib", self.memory_gib),
            ("used_gib", self.used_gib),
            ("busy", self.busy),
            ("memory_busy", self.memory_busy),
            ("sm_active", self.sm_active),
            ("sm_occupancy", self.sm_occupancy),
            ("tensor_active", self.tensor_active),
            ("memory_bandwidth", self.memory_bandwidth),
            ("encoder", self.encoder),
            ("decoder", self.decoder),
            ("power_w", self.power_w),
            ("power_limit_w", self.power_limit_w),
            ("energy_j", self.energy_j),
            ("temperature_c", self.temperature_c),
            ("memory_temperature_c", self.memory_temperature_c),
            ("slowdown_c", self.slowdown_c),
            ("fan", self.fan),
            ("sm_mhz", self.sm_mhz),
            ("sm_max_mhz", self.sm_max_mhz),
            ("memory_mhz", self.memory_mhz),
            (
                "throttle_from_c",
                self.throttle_from_c.map(Figure::Constant),
            ),
            ("pcie", pcie.map(|pcie| pcie.received)),
            ("pcie", pcie.map(|pcie| pcie.sent)),
            ("nvlink", links.map(|links| links.received)),
            ("nvlink", links.map(|links| links.sent)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let told = |text: &str| Scenario::parse(text).unwrap_err().to_string();
        assert!(told("[[gpu]]\nnaem = 1").starts_with("line 2: unknown field `naem`"));
        assert_eq!(
            told("[[gpu]]\nbusy = -1"),
            "gpu 1: `busy` is not a number that it can be"
        );
        assert_eq!(told("[[gpu]]\ncount = 65"), "more than 64 GPUs");
        assert!(told("[[fault]]\ncall = 'x'\nkind = 'melt'").contains("melt"));
        let twice = "[[gpu]]\nprocesses = [{pid = 1}, {pid = 1}]";
        assert!(told(twice).contains("processes"));
    }

    #[test]
    fn the_scenarios_that_are_brought_along_are_sound() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let mut count = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let gpus = Scenario::parse(&text).unwrap().gpus;
            assert!(!gpus.is_empty(), "{}", path.display());
            count += 1;
        }
        assert!(count >= 6, "{count}");
    }

    #[test]
    fn kinds_are_spread_out() {
        let scenario =
            Scenario::parse("[[gpu]]\ncount = 3\nname = 'A'\n[[gpu]]\nname = 'B'").unwrap();
        let names: Vec<&str> = scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        assert_eq!(names, ["A", "A", "A", "B"]);
    }

    #[test]
    fn a_wave_goes_up_and_down() {
        let wave = Figure::Wave {
            low: 10.0,
            high: 20.0,
            period_s: 4.0,
        };
        let at: Vec<f64> = (0..5).map(|s| wave.at(f64::from(s), 0)).collect();
        assert_eq!(at, [10.0, 15.0, 20.0, 15.0, 10.0]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,300}") {
            let _ = Scenario::parse(&text);
        }
    }
}
