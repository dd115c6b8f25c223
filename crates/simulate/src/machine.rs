//! The made-up machine: its facts, and what looking at it yields.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use workbench_machine::monitor::{GpuSample, Sample};
use workbench_machine::{GpuFacts, MachineFacts};

const GIB: u64 = 1 << 30;
/// The card that gets too hot, and by how many degrees it is above the others.
const HOT: (usize, f32) = (1, 22.0);
/// Cards clock down from this temperature on.
const TOO_HOT: f32 = 84.0;
/// A card that reports neither power nor temperature.
const SILENT: usize = 5;
/// A card that does not report how busy it is.
const BLIND: usize = 6;

/// A machine with so many cores and GPUs.
pub(super) struct Machine {
    pub cores: u32,
    pub gpus: u32,
    rss: u64,
    celsius: Vec<f32>,
    looked_ns: u64,
    turn: usize,
}

/// What is going on while a sample is taken.
pub(super) struct Load<'a> {
    /// Busy share of each slot since the sample before.
    pub slots: &'a [f32],
    /// GPUs that work.
    pub gpus: u32,
}

impl Machine {
    pub fn new(cores: u32, gpus: u32) -> Self {
        Self {
            cores,
            gpus,
            rss: 90 << 20,
            celsius: vec![34.0; gpus as usize],
            looked_ns: 0,
            turn: 0,
        }
    }

    pub fn facts(&self) -> MachineFacts {
        let gpu = |index| GpuFacts {
            index,
            name: "Simulated GPU 80GB".to_owned(),
            memory_bytes: 80 * GIB,
            power_limit_w: Some(700.0),
        };
        MachineFacts {
            cpu_model: format!("Simulated processor with {} cores", self.cores),
            cores_logical: self.cores,
            cores_physical: Some((self.cores / 2).max(1)),
            cores_usable: f64::from(self.cores),
            cores_limit: format!("{} processors", self.cores),
            memory_bytes: u64::from(self.cores) * 4 * GIB,
            os: "Simulated Linux".to_owned(),
            kernel: "6.0.0".to_owned(),
            governor: Some("performance".to_owned()),
            hypervisor: false,
            gpus: (0..self.gpus).map(gpu).collect(),
            gpu_driver: (self.gpus > 0).then(|| "580.00".to_owned()),
            compiler: "none".to_owned(),
            build_profile: "release".to_owned(),
            workbench_version: env!("CARGO_PKG_VERSION").to_owned(),
            workbench_commit: None,
            ..MachineFacts::default()
        }
    }

    /// Looks at the machine at `t_ns`.
    pub fn sample(&mut self, rng: &mut ChaCha8Rng, t_ns: u64, load: &Load<'_>) -> Sample {
        let passed_s = t_ns.saturating_sub(self.looked_ns) as f32 / 1e9;
        self.looked_ns = t_ns;
        let mut cores = vec![0.0_f32; self.cores as usize];
        for (slot, share) in load.slots.iter().enumerate() {
            cores[slot % self.cores as usize] += share;
        }
        let used: f32 = cores.iter().map(|share| share.min(1.0)).sum();
        // Everything else on the machine uses a tenth of a core.
        let others = 0.2 / self.cores.max(1) as f32;
        for share in &mut cores {
            *share = rounded((*share + rng.random_range(0.0..others)).min(1.0));
        }
        let growth = 40_u64 << 20;
        self.rss = (self.rss + rng.random_range(0..1 << 19)).min((90 << 20) + 8 * growth);
        let mhz = cores
            .iter()
            .map(|share| 2400 + (share * 1200.0) as u32 + rng.random_range(0..20));
        Sample {
            mhz: mhz.collect(),
            process_cores: rounded(used),
            rss_bytes: self.rss / 4096 * 4096,
            gpus: self.look_at_gpus(rng, passed_s, load.gpus),
            steal: Vec::new(),
            cores,
        }
    }

    fn look_at_gpus(
        &mut self,
        rng: &mut ChaCha8Rng,
        passed_s: f32,
        at_work: u32,
    ) -> Vec<GpuSample> {
        let n = self.celsius.len();
        self.turn = (self.turn + 1) % n.max(1);
        (0..n)
            .map(|index| {
                let works = index < at_work as usize;
                let busy = if works {
                    rng.random_range(0.86..1.0)
                } else {
                    0.0
                };
                let aim = 34.0 + 38.0 * busy + if works && index == HOT.0 { HOT.1 } else { 0.0 };
                // A heat sink follows with a time constant of 20 seconds.
                self.celsius[index] +=
                    (aim - self.celsius[index]) * (1.0 - (-passed_s / 20.0).exp());
                let celsius = self.celsius[index];
                let hot = celsius > TOO_HOT;
                let capped = works && rng.random_range(0..40) == 0;
                let mut throttle = Vec::new();
                throttle.extend(capped.then(|| "power cap".to_owned()));
                throttle.extend(hot.then(|| "too hot (driver)".to_owned()));
                let watts = (90.0 + 560.0 * busy * if hot { 0.75 } else { 1.0 }).round();
                let used = if works { 61 * GIB } else { GIB / 2 };
                let transfer = |base: u64| if works { base } else { 12_000 };
                GpuSample {
                    busy: (index != BLIND).then(|| rounded(busy)),
                    memory_used_bytes: Some(used + u64::from(index as u32) * 300 * (1 << 20)),
                    power_w: (index != SILENT).then_some(watts),
                    temperature_c: (index != SILENT).then_some(celsius as u32),
                    sm_mhz: Some(if hot {
                        1410
                    } else if works {
                        1980
                    } else {
                        345
                    }),
                    memory_mhz: Some(2619),
                    throttle,
                    pcie_rx_tx_bytes_s: (index == self.turn && index != SILENT)
                        .then(|| [transfer(3_100_000_000), transfer(1_900_000_000)]),
                }
            })
            .collect()
    }
}

/// Three decimals, as the monitor has them.
fn rounded(share: f32) -> f32 {
    (share * 1000.0).round() / 1000.0
}
