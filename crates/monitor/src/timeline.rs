//! The recent past of every figure, in a size that does not grow.
//!
//! A figure is kept at three grains: every look, every tenth, every hundredth. Coarser columns keep
//! the lowest and the highest, so that a spike stays.

use std::collections::{HashMap, VecDeque};

use workbench_machine::gpu::GpuState;
use workbench_machine::state::MachineState;

/// Columns that are kept of each grain.
const COLUMNS: usize = 600;
/// Columns of a grain in one of the next.
const FACTOR: u32 = 10;
/// Grains.
const GRAINS: usize = 3;

/// A figure whose past is kept. All are shares, 0 to 1, but the rates, in bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trace {
    /// All cores.
    Cores,
    /// The core with this number.
    Core(u32),
    /// Memory that cannot be given back.
    Memory,
    /// Bytes per second read from disks and written to them.
    Disks,
    /// Bytes per second received and sent.
    Networks,
    /// Share of the time with a kernel, of the GPU at this place of the list.
    Gpu(usize),
    /// Its memory.
    GpuMemory(usize),
    /// Its power, as a share of its limit.
    GpuPower(usize),
    /// The time in which multiprocessors had work.
    GpuActive(usize),
}

/// The figures of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnSpread {
    /// Lowest.
    pub low: f32,
    /// Mean.
    pub mean: f32,
    /// Highest.
    pub high: f32,
}

impl ColumnSpread {
    fn of(value: f32) -> Self {
        Self {
            low: value,
            mean: value,
            high: value,
        }
    }
}

/// A stretch of time that is not over.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    looks: u32,
    known: u32,
    sum: f64,
    low: f32,
    high: f32,
}

impl Open {
    fn add(&mut self, value: Option<ColumnSpread>) {
        self.looks += 1;
        let Some(value) = value else {
            return;
        };
        (self.low, self.high) = if self.known == 0 {
            (value.low, value.high)
        } else {
            (self.low.min(value.low), self.high.max(value.high))
        };
        self.sum += f64::from(value.mean);
        self.known += 1;
    }

    fn spread(&self) -> Option<ColumnSpread> {
        (self.known > 0).then(|| ColumnSpread {
            low: self.low,
            mean: (self.sum / f64::from(self.known)) as f32,
            high: self.high,
        })
    }
}

/// The past of one figure.
#[derive(Debug, Clone, Default)]
struct Kept {
    grains: [VecDeque<Option<ColumnSpread>>; GRAINS],
    open: [Open; GRAINS],
    /// The look at which it was added last.
    look: u64,
}

impl Kept {
    fn add(&mut self, value: Option<f32>) {
        let mut value = value
            .filter(|value| value.is_finite())
            .map(ColumnSpread::of);
        for grain in 0..GRAINS {
            push(&mut self.grains[grain], value);
            let open = &mut self.open[grain];
            open.add(value);
            if open.looks < FACTOR {
                return;
            }
            value = open.spread();
            *open = Open::default();
        }
    }
}

fn push(columns: &mut VecDeque<Option<ColumnSpread>>, value: Option<ColumnSpread>) {
    if columns.len() == COLUMNS {
        columns.pop_front();
    }
    columns.push_back(value);
}

/// The past of every figure.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    traces: HashMap<Trace, Kept>,
    looks: u64,
    interval_s: f64,
}

impl Timeline {
    /// Takes in a look.
    pub fn add(&mut self, state: &MachineState) {
        self.looks += 1;
        self.interval_s = state.interval_s;
        let cores = state.cores.len().max(1) as f32;
        let busy: f32 = state.cores.iter().map(|core| core.busy).sum();
        self.one(Trace::Cores, Some(busy / cores));
        for core in &state.cores {
            self.one(Trace::Core(core.id), Some(core.busy));
        }
        let memory = &state.memory;
        let used = memory.used_bytes();
        self.one(
            Trace::Memory,
            used.and_then(|used| share(used, memory.total_bytes)),
        );
        let disks = state.disks.iter();
        let disks: f64 = disks
            .map(|disk| disk.read_bytes_s + disk.write_bytes_s)
            .sum();
        self.one(Trace::Disks, Some(disks as f32));
        let nets = state.networks.iter();
        let nets: f64 = nets
            .map(|net| net.received_bytes_s + net.sent_bytes_s)
            .sum();
        self.one(Trace::Networks, Some(nets as f32));
        for (place, gpu) in state.gpus.iter().enumerate() {
            self.add_gpu(place, gpu);
        }
        // A figure that is gone has a gap, and is forgotten when all of it is one.
        let looks = self.looks;
        self.traces.retain(|_, kept| {
            if kept.look != looks {
                kept.add(None);
            }
            looks - kept.look < COLUMNS as u64
        });
    }

    fn add_gpu(&mut self, place: usize, gpu: &GpuState) {
        self.one(Trace::Gpu(place), gpu.busy);
        let used = gpu.memory_used_bytes.zip(gpu.memory_total_bytes);
        self.one(
            Trace::GpuMemory(place),
            used.and_then(|(used, all)| share(used, all)),
        );
        let power = gpu
            .power_w
            .zip(gpu.power_limit_w)
            .filter(|(_, limit)| *limit > 0.0);
        self.one(
            Trace::GpuPower(place),
            power.map(|(drawn, limit)| drawn / limit),
        );
        self.one(Trace::GpuActive(place), gpu.sm_active);
    }

    fn one(&mut self, trace: Trace, value: Option<f32>) {
        let kept = self.traces.entry(trace).or_default();
        kept.look = self.looks;
        kept.add(value);
    }

    /// The last columns of a figure, at most `most`, the newest last. A grain beyond the coarsest
    /// is the coarsest.
    pub fn columns(&self, trace: Trace, grain: usize, most: usize) -> Vec<Option<ColumnSpread>> {
        let Some(kept) = self.traces.get(&trace) else {
            return Vec::new();
        };
        let grain = grain.min(GRAINS - 1);
        let mut columns: Vec<_> = kept.grains[grain].iter().copied().collect();
        // What is not over yet is shown as far as it is known.
        if let Some(open) = grain.checked_sub(1).map(|finer| kept.open[finer])
            && open.looks > 0
        {
            columns.push(open.spread());
        }
        columns.split_off(columns.len().saturating_sub(most))
    }

    /// The highest that is kept of a figure.
    pub fn highest(&self, trace: Trace, grain: usize, most: usize) -> f32 {
        let columns = self.columns(trace, grain, most);
        let known = columns.iter().flatten().map(|spread| spread.high);
        known.fold(0.0, f32::max)
    }

    /// The time that a column of a grain stands for, in seconds.
    pub fn column_s(&self, grain: usize) -> f64 {
        self.interval_s * f64::from(FACTOR.pow(grain.min(GRAINS - 1) as u32))
    }

    /// The coarsest grain.
    pub fn coarsest() -> usize {
        GRAINS - 1
    }
}

fn share(part: u64, whole: u64) -> Option<f32> {
    (whole > 0).then(|| (part as f64 / whole as f64) as f32)
}

#[cfg(test)]
mod tests {
    use workbench_machine::state::CoreState;

    use super::*;

    fn state(busy: f32) -> MachineState {
        MachineState {
            interval_s: 0.5,
            cores: vec![CoreState {
                busy,
                ..CoreState::default()
            }],
            ..MachineState::default()
        }
    }

    #[test]
    fn a_spike_stays_at_every_grain() {
        let mut timeline = Timeline::default();
        for look in 0..1000 {
            timeline.add(&state(if look == 500 { 1.0 } else { 0.25 }));
        }
        for grain in 0..GRAINS {
            let highest = timeline.highest(Trace::Core(0), grain, 1000);
            assert!((highest - 1.0).abs() < f32::EPSILON, "{grain}: {highest}");
        }
        assert_eq!(timeline.columns(Trace::Core(0), 0, 10_000).len(), COLUMNS);
        assert_eq!(timeline.columns(Trace::Core(0), 2, 10_000).len(), 10);
        assert_eq!(timeline.columns(Trace::Core(0), 1, 7).len(), 7);
        assert!((timeline.column_s(2) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_gone_has_a_gap_and_is_forgotten_later() {
        let mut timeline = Timeline::default();
        timeline.add(&state(0.5));
        for _ in 0..5 {
            timeline.add(&MachineState::default());
        }
        let columns = timeline.columns(Trace::Core(0), 0, 100);
        assert_eq!(columns.len(), 6);
        assert!(columns[0].is_some() && columns[1..].iter().all(Option::is_none));
        for _ in 0..COLUMNS {
            timeline.add(&MachineState::default());
        }
        assert!(timeline.columns(Trace::Core(0), 0, 100).is_empty());
    }
}
