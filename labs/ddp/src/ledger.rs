//! The ledger of a training: the steps that count, their rows, speed and accuracy.
//!
//! Belongs here: totals of the ranks' reports. A step counts when all ranks have done it; steps
//! that are repeated after a restart replace the earlier ones. Does not belong here: reactions to
//! them.

use std::collections::BTreeMap;

use workbench_ddp_protocol::{DoneReport, Reached, StepReport};
use workbench_experiment::lab::Part;

/// An evaluation on the test rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Epochs done.
    pub epoch: u32,
    /// Rows classified correctly.
    pub correct: u64,
    /// Rows in all.
    pub count: u64,
    /// Sum of the rows' losses.
    pub loss_sum: f64,
}

impl Evaluation {
    /// The accuracy: share of the rows that are classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.count.max(1) as f64
    }

    /// Mean loss of a row.
    pub fn loss(&self) -> f64 {
        self.loss_sum / self.count.max(1) as f64
    }
}

/// A step that all ranks have done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Completed {
    /// The step.
    pub step: u64,
    /// When the last rank had done it, on the run's clock.
    pub at_ns: u64,
    /// Mean loss of its rows.
    pub loss: f64,
    /// Rows per second of the last interval, when an interval ends.
    pub rate: Option<f64>,
    /// Rows by which the training is further than ever before; 0 while steps are done again.
    pub new_rows: u64,
    /// Whether no step of this number was done before. With another number of ranks, steps of the
    /// same number end after other numbers of rows.
    pub is_new: bool,
}

/// Time of one rank by phase, in nanoseconds, over all its steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// Steps.
    pub steps: u64,
    /// Fetching rows.
    pub data_ns: u64,
    /// Forward pass.
    pub forward_ns: u64,
    /// Backward pass.
    pub backward_ns: u64,
    /// Waiting for the others.
    pub wait_ns: u64,
    /// The optimiser.
    pub optimizer_ns: u64,
}

impl Parts {
    /// Adds a step.
    pub fn add(&mut self, report: &StepReport) {
        self.steps += 1;
        self.data_ns += report.data_ns;
        self.forward_ns += report.forward_ns;
        self.backward_ns += report.backward_ns;
        self.wait_ns += report.wait_ns;
        self.optimizer_ns += report.optimizer_ns;
    }

    /// Its own work.
    pub fn work_ns(&self) -> u64 {
        self.data_ns + self.forward_ns + self.backward_ns + self.optimizer_ns
    }

    /// The parts by name, in the order within a step.
    pub fn named(&self) -> Vec<Part> {
        vec![
            Part::work("data", self.data_ns),
            Part::work("forward", self.forward_ns),
            Part::work("backward", self.backward_ns),
            Part::wait("all-reduce wait", self.wait_ns),
            Part::work("optimizer", self.optimizer_ns),
        ]
    }
}

/// Ranks that worked longer or shorter on the same steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnevenRanks {
    /// The rank that worked longest.
    pub slowest: u32,
    /// The rank that worked shortest.
    pub fastest: u32,
    /// Their own work on a step, in milliseconds.
    pub work_ms: (f64, f64),
    /// What the fastest waited in a step, in milliseconds.
    pub wait_ms: f64,
}

impl UnevenRanks {
    /// The slowest and the fastest rank, where they are far enough apart to be worth a word and
    /// there are enough steps.
    pub fn of(parts: &[Parts]) -> Option<Self> {
        let enough = |parts: &Parts| parts.steps >= UNEVEN_STEPS;
        if parts.len() < 2 || !parts.iter().all(enough) {
            return None;
        }
        let ms = |ns: u64, parts: &Parts| ns as f64 / parts.steps as f64 / 1e6;
        let work = |parts: &Parts| ms(parts.work_ns(), parts);
        let ranks = || (0_u32..).zip(parts);
        let by_work = |a: &(u32, &Parts), b: &(u32, &Parts)| work(a.1).total_cmp(&work(b.1));
        let (slowest, slow) = ranks().max_by(by_work)?;
        let (fastest, fast) = ranks().min_by(by_work)?;
        let uneven = Self {
            slowest,
            fastest,
            work_ms: (work(slow), work(fast)),
            wait_ms: ms(fast.wait_ns, fast),
        };
        (uneven.factor() >= UNEVEN_FACTOR).then_some(uneven)
    }

    /// How many times as long the slowest worked.
    pub fn factor(&self) -> f64 {
        self.work_ms.0 / self.work_ms.1.max(f64::MIN_POSITIVE)
    }
}

/// A rank that works so many times as long as another is worth a note.
const UNEVEN_FACTOR: f64 = 1.25;
/// Steps below which ranks are not compared.
const UNEVEN_STEPS: u64 = 10;

/// Steps whose losses are kept, from the first one on.
pub const FIRST_STEPS: usize = 8;

/// The shortest interval for a figure of rows per second.
const WINDOW_NS: u64 = 500_000_000;

/// The ledger.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Training rows, each of which counts once in every epoch.
    rows_of_epoch: u64,
    world: u32,
    /// Ranks of the attempt before.
    world_before: u32,
    /// Rows of each step that counts, and how many ranks did it.
    rows: Vec<(u64, u32)>,
    counted: u64,
    most_rows: u64,
    most_steps: u64,
    pending: BTreeMap<u64, Pending>,
    /// What the ranks report that contradicts what was counted.
    contradiction: Option<Contradiction>,
    /// When all ranks had done the previous step of this attempt and epoch.
    before: Option<(u32, u64)>,
    window: (u64, u64),
    steady: (u64, u64),
    evaluations: BTreeMap<u32, Evaluation>,
    parts: Vec<Parts>,
    done: BTreeMap<u32, DoneReport>,
    /// The losses of the first steps, each as it was when first done.
    first_losses: Vec<f64>,
}

/// The ranks' own account of a step, and the ledger's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the ranks report {reported} rows at step {step}, and {counted} were counted; rows were left out or used twice"
)]
pub struct Contradiction {
    /// The step.
    pub step: u64,
    /// Rows by the ranks' account.
    pub reported: u64,
    /// Rows by the ledger's.
    pub counted: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pending {
    ranks: u32,
    rows: u64,
    loss: f64,
    at_ns: u64,
}

impl Ledger {
    /// The ledger of a training in which each of so many rows counts once in every epoch.
    pub fn new(rows_of_epoch: u64) -> Self {
        Self {
            rows_of_epoch,
            ..Self::default()
        }
    }

    /// Begins an attempt with this many ranks. Discards steps that not all ranks have done.
    pub fn begin(&mut self, world: u32) {
        self.world_before = std::mem::replace(&mut self.world, world);
        self.pending.clear();
        self.before = None;
        self.window = (0, 0);
        self.done.clear();
        if self.parts.len() < world as usize {
            self.parts.resize(world as usize, Parts::default());
        }
    }

    /// The attempt continues from there: what counted beyond does not count any more.
    ///
    /// That can be one step more than all ranks could report before they were lost. The checkpoint
    /// proves that all did it, since ranks work in lockstep, and says how many rows it had. Returns
    /// the rows by which the training is therefore further than ever before.
    pub fn go_on_from(&mut self, reached: &Reached) -> u64 {
        let keep = usize::try_from(reached.steps).unwrap_or(usize::MAX);
        let reported = u64::from(reached.epoch) * self.rows_of_epoch + reached.rows;
        for (gone, _) in self.rows.drain(keep.min(self.rows.len())..) {
            self.counted -= gone;
        }
        if keep == self.rows.len() + 1 {
            let unheard = reported.saturating_sub(self.counted);
            self.rows.push((unheard, self.world_before));
            self.counted += unheard;
        }
        self.compare(reached.steps, reported, self.counted);
        self.new_rows()
    }

    /// Rows by which the training is further than when this was asked before.
    fn new_rows(&mut self) -> u64 {
        let new = self.counted.saturating_sub(self.most_rows);
        self.most_rows += new;
        new
    }

    fn compare(&mut self, step: u64, reported: u64, counted: u64) {
        if reported != counted {
            self.contradiction.get_or_insert(Contradiction {
                step,
                reported,
                counted,
            });
        }
    }

    /// Records a step of a rank; returns the step when this was the last rank to do it.
    pub fn step(&mut self, rank: u32, at_ns: u64, report: &StepReport) -> Option<Completed> {
        if let Some(parts) = self.parts.get_mut(rank as usize) {
            parts.add(report);
        }
        let pending = self.pending.entry(report.step).or_default();
        pending.ranks += 1;
        pending.rows += u64::from(report.samples);
        // A rank without rows of its own has a loss that does not count.
        if report.samples > 0 {
            pending.loss += report.loss * f64::from(report.samples);
        }
        pending.at_ns = pending.at_ns.max(at_ns);
        if pending.ranks < self.world {
            return None;
        }
        let all = self.pending.remove(&report.step)?;
        self.compare(report.step, report.rows_of_step, all.rows);
        let rate = self.pace(report.epoch, all.at_ns, all.rows);
        // Steps come in order, so this one is the next. One out of order is not counted, and the
        // counters will differ.
        if report.step == self.rows.len() as u64 {
            self.rows.push((all.rows, self.world));
            self.counted += all.rows;
        }
        let loss = all.loss / all.rows.max(1) as f64;
        let first = &mut self.first_losses;
        if report.step == first.len() as u64 && first.len() < FIRST_STEPS {
            first.push(loss);
        }
        let new_rows = self.new_rows();
        let is_new = report.step >= self.most_steps;
        self.most_steps = self.most_steps.max(report.step + 1);
        Some(Completed {
            step: report.step,
            at_ns: all.at_ns,
            loss,
            rate,
            new_rows,
            is_new,
        })
    }

    /// The mean losses of the first [`FIRST_STEPS`] steps, or of all where there are fewer.
    pub fn first_losses(&self) -> &[f64] {
        &self.first_losses
    }

    /// Time from step to step within an epoch is steady training; the first step of an attempt and
    /// the first after an evaluation are not.
    fn pace(&mut self, epoch: u32, at_ns: u64, rows: u64) -> Option<f64> {
        let before = self.before.replace((epoch, at_ns));
        let (_, then_ns) = before.filter(|(known, _)| *known == epoch)?;
        let took_ns = at_ns.saturating_sub(then_ns);
        self.steady = (self.steady.0 + rows, self.steady.1 + took_ns);
        self.window = (self.window.0 + rows, self.window.1 + took_ns);
        if self.window.1 < WINDOW_NS {
            return None;
        }
        let (rows, ns) = std::mem::take(&mut self.window);
        Some(rows as f64 / ns as f64 * 1e9)
    }

    /// Records an evaluation; returns whether it is the first after this epoch.
    pub fn evaluated(&mut self, evaluation: Evaluation) -> bool {
        self.evaluations
            .insert(evaluation.epoch, evaluation)
            .is_none()
    }

    /// Records the end of a rank's training; returns whether all have ended.
    pub fn done(&mut self, rank: u32, report: DoneReport) -> bool {
        self.done.insert(rank, report);
        self.done.len() as u32 == self.world
    }

    /// The final reports of the ranks.
    pub fn reports(&self) -> impl Iterator<Item = (u32, &DoneReport)> {
        self.done.iter().map(|(rank, report)| (*rank, report))
    }

    /// What the ranks report that contradicts what was counted, if anything.
    pub fn contradiction(&self) -> Option<Contradiction> {
        self.contradiction
    }

    /// Steps that count.
    pub fn steps(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Steps that count and were done by fewer than this many ranks.
    pub fn steps_short_of(&self, world: u32) -> u64 {
        let short = self.rows.iter().filter(|(_, ranks)| *ranks < world);
        short.count() as u64
    }

    /// Rows that count, each as often as it was used.
    pub fn rows(&self) -> u64 {
        self.counted
    }

    /// Rows per second in steady training.
    pub fn steady_rate(&self) -> Option<f64> {
        let (rows, ns) = self.steady;
        (ns > 0).then(|| rows as f64 / ns as f64 * 1e9)
    }

    /// The evaluations, one per epoch.
    pub fn evaluations(&self) -> impl Iterator<Item = &Evaluation> {
        self.evaluations.values()
    }

    /// The time of each rank by phase.
    pub fn parts(&self) -> &[Parts] {
        &self.parts
    }

    /// The parameters' hash, when all ranks have the same.
    ///
    /// # Errors
    /// A sentence that names the ranks that differ.
    pub fn parameters(&self) -> Result<String, String> {
        let mut reports = self.reports();
        let Some((first, reference)) = reports.next() else {
            return Err("no rank reported its parameters".to_owned());
        };
        for (rank, report) in reports {
            if report.parameters_sha256 != reference.parameters_sha256 {
                return Err(format!(
                    "ranks {first} and {rank} ended with different parameters, so they did not train one model"
                ));
            }
        }
        Ok(reference.parameters_sha256.clone())
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
