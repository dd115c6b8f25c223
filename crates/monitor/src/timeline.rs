//! The recent past of every figure, in a size that does not grow.
//!
//! A figure is kept at three grains: every look, every tenth, every hundredth. Coarser columns keep
//! the lowest and the highest, so that a spike stays.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use workbench_machine::gpu::GpuState;
use workbench_machine::state::MachineState;

use crate::stamp::Stamp;

/// From one look to the next, where nobody says anything else.
pub const USUAL_INTERVAL: Duration = Duration::from_millis(500);
/// Figures of GPUs are old from this age on, in seconds; looks that are rarer make them older.
const OLD_S: f64 = 3.0;
/// A look that comes later than after so many intervals leaves a gap. Looks are never exactly as
/// far apart as was wanted.
const LATE: f64 = 2.5;
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
    /// Share of the time with a kernel.
    Gpu(GpuPlace),
    /// Memory of a GPU.
    GpuMemory(GpuPlace),
    /// Power of a GPU, as a share of its limit.
    GpuPower(GpuPlace),
    /// The time in which multiprocessors had work.
    GpuActive(GpuPlace),
}

impl Trace {
    /// The GPU that it is of.
    fn gpu(self) -> Option<GpuPlace> {
        match self {
            Self::Gpu(place)
            | Self::GpuMemory(place)
            | Self::GpuPower(place)
            | Self::GpuActive(place) => Some(place),
            Self::Cores | Self::Core(_) | Self::Memory | Self::Disks | Self::Networks => None,
        }
    }
}

/// A GPU, or a MIG device on one, whatever others there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GpuPlace {
    /// Index in the driver's order.
    index: u32,
    /// Index of the MIG device on its GPU.
    mig: Option<u32>,
}

impl GpuPlace {
    /// That of a GPU.
    pub fn of(gpu: &GpuState) -> Self {
        Self {
            index: gpu.index,
            mig: gpu.mig,
        }
    }
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
#[derive(Debug, Clone)]
pub struct Timeline {
    traces: HashMap<Trace, Kept>,
    looks: u64,
    /// From one look to the next, in seconds.
    interval_s: f64,
    /// When the last look was taken.
    last: Option<Stamp>,
    /// Which GPUs there were, by the driver's identifiers.
    gpus: HashMap<GpuPlace, String>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::every(USUAL_INTERVAL)
    }
}

impl Timeline {
    /// An empty past of looks that are so far apart.
    pub fn every(interval: Duration) -> Self {
        Self {
            traces: HashMap::new(),
            looks: 0,
            interval_s: interval.as_secs_f64(),
            last: None,
            gpus: HashMap::new(),
        }
    }

    /// Takes in a look. Where it comes much later than it should, the time before it is empty.
    pub fn add(&mut self, state: &MachineState) {
        self.leave_gap(Stamp::of(state));
        self.looks += 1;
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
        self.know_gpus(&state.gpus);
        // What was said long ago says nothing of now.
        if state.gpu_problem.is_none() && !self.is_old(state.gpus_age_s) {
            for gpu in &state.gpus {
                self.add_gpu(gpu);
            }
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

    /// Whether figures of GPUs of this age, in seconds, are older than they should be.
    pub fn is_old(&self, age_s: f64) -> bool {
        age_s > OLD_S.max(2.0 * self.interval_s)
    }

    /// Leaves as many empty columns as looks are missing before this one.
    fn leave_gap(&mut self, now: Stamp) {
        let Some(before) = self.last.replace(now) else {
            return;
        };
        let passed = now.ms_since(before) as f64 / 1000.0 / self.interval_s;
        if passed < LATE {
            return;
        }
        let missing = passed.round() as u64 - 1;
        // Nothing that is kept reaches further back.
        if missing >= COLUMNS as u64 * u64::from(FACTOR.pow(GRAINS as u32 - 1)) {
            self.traces.clear();
            return;
        }
        for kept in self.traces.values_mut() {
            for _ in 0..missing {
                kept.add(None);
            }
        }
    }

    /// Forgets the past of a GPU in whose place there is another now.
    fn know_gpus(&mut self, gpus: &[GpuState]) {
        for gpu in gpus {
            let place = GpuPlace::of(gpu);
            let before = self.gpus.insert(place, gpu.uuid.clone());
            if before.is_some_and(|before| before != gpu.uuid) {
                self.traces.retain(|trace, _| trace.gpu() != Some(place));
            }
        }
    }

    fn add_gpu(&mut self, gpu: &GpuState) {
        let place = GpuPlace::of(gpu);
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

    fn at(uptime_s: f64) -> MachineState {
        MachineState {
            uptime_s: Some(uptime_s),
            ..state(0.5)
        }
    }

    fn is_known(timeline: &Timeline, trace: Trace) -> Vec<bool> {
        let columns = timeline.columns(trace, 0, COLUMNS);
        columns.iter().map(Option::is_some).collect()
    }

    #[test]
    fn time_without_looks_is_empty() {
        let mut timeline = Timeline::every(Duration::from_millis(500));
        // Looks are a little early or late.
        for uptime_s in [10.0, 10.4, 11.5, 12.0] {
            timeline.add(&at(uptime_s));
        }
        assert_eq!(is_known(&timeline, Trace::Cores), [true; 4]);
        // The machine was suspended for two seconds.
        timeline.add(&at(14.0));
        let expected = [true, true, true, true, false, false, false, true];
        assert_eq!(is_known(&timeline, Trace::Cores), expected);
        assert_eq!(is_known(&timeline, Trace::Core(0)), expected);
        timeline.add(&at(14.0 + 0.5 * 1000.0));
        let coarse = timeline.columns(Trace::Cores, 1, COLUMNS);
        assert_eq!(coarse.len(), 101, "{coarse:?}");
        assert_eq!(coarse.iter().filter(|it| it.is_some()).count(), 2);
        // Longer than anything is kept.
        timeline.add(&at(1e6));
        assert_eq!(is_known(&timeline, Trace::Cores), [true]);
    }

    #[test]
    fn a_gpu_keeps_its_past_whatever_comes_before_it_and_hands_it_to_no_other() {
        let gpu = |index, mig, uuid: &str| GpuState {
            index,
            mig,
            uuid: uuid.to_owned(),
            busy: Some(index as f32 / 10.0),
            ..GpuState::default()
        };
        let mut timeline = Timeline::default();
        let mut look = |gpus: Vec<GpuState>| {
            timeline.add(&MachineState {
                gpus,
                ..MachineState::default()
            });
            timeline.clone()
        };
        let second = gpu(1, None, "b");
        let trace = Trace::Gpu(GpuPlace::of(&second));
        look(vec![gpu(0, None, "a"), second.clone()]);
        // The first card is divided.
        let timeline = look(vec![gpu(0, None, "a"), gpu(0, Some(0), "m"), second]);
        let high = timeline.columns(trace, 0, 9);
        let high: Vec<f32> = high.iter().flatten().map(|spread| spread.high).collect();
        assert_eq!(high, [0.1, 0.1]);
        let timeline = look(vec![gpu(1, None, "another")]);
        assert_eq!(is_known(&timeline, trace), [true]);
    }

    #[test]
    fn figures_of_a_silent_driver_are_not_those_of_now() {
        let gpu = GpuState {
            busy: Some(1.0),
            ..GpuState::default()
        };
        let trace = Trace::Gpu(GpuPlace::of(&gpu));
        let mut timeline = Timeline::default();
        for gpus_age_s in [0.5, 1.0, 5.0, 9.5, 0.0] {
            timeline.add(&MachineState {
                gpus: vec![gpu.clone()],
                gpus_age_s,
                ..MachineState::default()
            });
        }
        assert_eq!(is_known(&timeline, trace), [true, true, false, false, true]);
        // Rare looks have older figures, which are as new as they can be.
        assert!(!Timeline::every(Duration::from_secs(10)).is_old(10.0));
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
