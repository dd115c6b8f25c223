//! The recent past of every core, of the process and of every GPU, thinned to columns
//! of equal time.
//!
//! Only samples that are new are looked at. A column keeps the lowest, the mean and the highest
//! value of its time, so no spike is lost.

use std::collections::VecDeque;

use workbench_experiment::sampling::interval_ns;
use workbench_machine::monitor::Sample;

use crate::kit::strip::Extent;

/// Columns that are kept: as many as a wide screen can show.
const COLUMNS: usize = 400;
/// Gaps of up to this many columns are closed: a sample speaks for the time since the one before.
const CLOSED: u64 = 3;

/// Which line of history is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A core's busy share.
    Core(usize),
    /// The mean over all cores.
    AllCores,
    /// CPU that the process uses, as a share of the usable cores.
    Process,
    /// Memory of the process, as a share of what it may use.
    Memory,
    /// A GPU's busy share.
    Gpu(usize),
}

/// What shares are shares of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whole {
    /// Usable cores.
    pub cores: f64,
    /// Usable memory in bytes.
    pub memory: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    low: f32,
    high: f32,
    total: f32,
    n: u32,
}

impl Sum {
    fn add(&mut self, value: f32) {
        if !value.is_finite() {
            return;
        }
        let value = value.clamp(0.0, 1.0);
        if self.n == 0 {
            (self.low, self.high) = (value, value);
        }
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        self.total += value;
        self.n += 1;
    }

    fn extent(&self) -> Option<Extent> {
        (self.n > 0).then(|| Extent {
            low: self.low,
            mean: self.total / self.n as f32,
            high: self.high,
        })
    }
}

/// The columns that are kept, oldest first.
#[derive(Debug, Default)]
pub struct History {
    column_ns: u64,
    cores: usize,
    kept: VecDeque<Vec<Sum>>,
    /// Number of the newest column, counted from the start of the run.
    newest: u64,
    seen: usize,
    /// Samples looked at so far.
    pub looked_at: u64,
}

impl History {
    /// Takes in what is new. `cores` is the number of cores that a sample has.
    pub fn update(
        &mut self,
        samples: &[(u64, Sample)],
        column_ns: u64,
        cores: usize,
        whole: Whole,
    ) {
        let column_ns = column_ns.max(1);
        if (self.column_ns, self.cores) != (column_ns, cores) || samples.len() < self.seen {
            *self = Self {
                column_ns,
                cores,
                looked_at: self.looked_at,
                ..Self::default()
            };
            let reach = column_ns.saturating_mul(COLUMNS as u64);
            let since = samples.last().map_or(0, |(t, _)| t.saturating_sub(reach));
            self.seen = samples.partition_point(|(t, _)| *t < since);
        }
        for (t, sample) in &samples[self.seen.min(samples.len())..] {
            self.add(t / column_ns, sample, whole);
            self.looked_at += 1;
        }
        self.seen = samples.len();
    }

    fn add(&mut self, column: u64, sample: &Sample, whole: Whole) {
        if self.kept.is_empty() || column > self.newest {
            let gap = if self.kept.is_empty() {
                1
            } else {
                column - self.newest
            };
            self.newest = column;
            // Late in a long run the machine is looked at less often.
            let now = column.saturating_mul(self.column_ns);
            let apart = interval_ns(now, Some(now));
            let closed = CLOSED.max(apart / self.column_ns.max(1) + 1);
            // Columns beyond what is kept would fall out again at once.
            for missing in (0..gap.min(COLUMNS as u64)).rev() {
                let mut sums = vec![Sum::default(); self.cores + 3 + sample.gpus.len()];
                if missing > 0 && gap <= closed {
                    fill(&mut sums, self.cores, sample, whole);
                }
                self.kept.push_back(sums);
            }
            while self.kept.len() > COLUMNS {
                self.kept.pop_front();
            }
        }
        let back = (self.newest - column.min(self.newest)) as usize;
        if let Some(at) = self.kept.len().checked_sub(1 + back)
            && let Some(sums) = self.kept.get_mut(at)
        {
            fill(sums, self.cores, sample, whole);
        }
    }

    /// The number of the newest column; column 0 begins with the run.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// `count` columns of a line up to the `back`-th before the newest, oldest first; `None` where
    /// nothing was sampled.
    pub fn line(&self, line: Line, count: u16, back: u64) -> Vec<Option<Extent>> {
        let at = match line {
            Line::Core(core) => core,
            Line::AllCores => self.cores,
            Line::Process => self.cores + 1,
            Line::Memory => self.cores + 2,
            Line::Gpu(gpu) => self.cores + 3 + gpu,
        };
        let back = usize::try_from(back).unwrap_or(usize::MAX);
        let end = self.kept.len().saturating_sub(back);
        let skipped = end.saturating_sub(usize::from(count));
        self.kept
            .range(skipped..end)
            .map(|sums| sums.get(at).and_then(Sum::extent))
            .collect()
    }
}

fn fill(sums: &mut [Sum], cores: usize, sample: &Sample, whole: Whole) {
    let mut add = |at: usize, value: f32| {
        if let Some(sum) = sums.get_mut(at) {
            sum.add(value);
        }
    };
    for (core, share) in sample.cores.iter().take(cores).enumerate() {
        add(core, *share);
    }
    if !sample.cores.is_empty() {
        add(
            cores,
            sample.cores.iter().sum::<f32>() / sample.cores.len() as f32,
        );
    }
    add(
        cores + 1,
        sample.process_cores / whole.cores.max(0.01) as f32,
    );
    add(
        cores + 2,
        (sample.rss_bytes as f64 / whole.memory.max(1) as f64) as f32,
    );
    for (gpu, theme) in sample.gpus.iter().enumerate() {
        add(cores + 3 + gpu, theme.busy.unwrap_or(f32::NAN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Whole = Whole {
        cores: 1.0,
        memory: 100,
    };

    fn sample(share: f32) -> Sample {
        Sample {
            cores: vec![share],
            ..Sample::default()
        }
    }

    #[test]
    fn spikes_and_dips_survive_thinning() {
        let shares = [0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 0.0, 0.5];
        let samples: Vec<(u64, Sample)> = (0..).zip(shares.map(sample)).collect();
        let mut history = History::default();
        history.update(&samples, 4, 1, WHOLE);
        let line = history.line(Line::Core(0), 9, 0);
        let extents: Vec<Extent> = line.iter().map(|e| e.unwrap()).collect();
        let ends: Vec<[f32; 2]> = extents.iter().map(|e| [e.low, e.high]).collect();
        assert_eq!(ends, [[0.5, 1.0], [0.0, 0.5]]);
    }

    #[test]
    fn only_new_samples_are_looked_at() {
        let samples: Vec<(u64, Sample)> = (0..1000).map(|t| (t * 10, sample(0.5))).collect();
        let mut history = History::default();
        history.update(&samples[..900], 10, 1, WHOLE);
        assert!(history.looked_at <= 401, "{}", history.looked_at);
        let before = history.looked_at;
        history.update(&samples, 10, 1, WHOLE);
        history.update(&samples, 10, 1, WHOLE);
        assert_eq!(history.looked_at - before, 100);
        // A run that begins again is looked at from its start.
        history.update(&samples[..5], 10, 1, WHOLE);
        assert_eq!(history.line(Line::Core(0), 9, 0).len(), 5);
    }

    #[test]
    fn small_gaps_are_closed_and_large_ones_stay() {
        // As early in a run, when the machine is looked at every 0.2 s.
        let column = 200_000_000;
        let at = |t: u64| (t.saturating_mul(column), sample(1.0));
        let mut history = History::default();
        history.update(&[at(0), at(2), at(8)], column, 1, WHOLE);
        history.update(&[at(0), at(2), at(8), at(u64::MAX)], column, 1, WHOLE);
        assert_eq!(history.line(Line::Core(0), 500, 0).len(), COLUMNS);
        let mut history = History::default();
        history.update(&[at(0), at(2), at(8)], column, 1, WHOLE);
        let there: Vec<bool> = history
            .line(Line::Core(0), 9, 0)
            .iter()
            .map(Option::is_some)
            .collect();
        assert_eq!(
            there,
            [true, true, true, false, false, false, false, false, true]
        );
    }

    #[test]
    fn late_in_a_long_run_samples_are_far_apart_and_still_joined() {
        let second = 1_000_000_000;
        let hours = 10 * 3600 * second;
        let samples: Vec<(u64, Sample)> = (0..20)
            .map(|i| (hours + i * 5 * second, sample(1.0)))
            .collect();
        let mut history = History::default();
        history.update(&samples, second / 5, 1, WHOLE);
        let line = history.line(Line::Core(0), 90, 0);
        assert!(line.iter().all(Option::is_some), "{line:?}");
    }
}
