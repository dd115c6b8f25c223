//! The account of a training: which steps count, how many rows, how fast, how good.
//!
//! Belongs here: adding up what the ranks report. A step counts when all ranks have done it; what
//! is done again after a restart replaces what was done before. Does not belong here: what is done
//! about it.

use std::collections::BTreeMap;

use workbench_ddp_protocol::{DoneReport, StepReport};
use workbench_experiment::lab::Part;

/// A look at the test rows.
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
    /// Share of the rows that are classified correctly.
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
    /// Mean loss of its rows.
    pub loss: f64,
    /// Rows per second lately, when there is a new figure.
    pub rate: Option<f64>,
    /// Rows that count now and did not before.
    pub new_rows: u64,
    /// Whether it was not done before.
    pub is_new: bool,
}

/// Time of one rank by what it did, in nanoseconds, over all its steps.
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

/// Rows per second are stated over at least so long.
const WINDOW_NS: u64 = 500_000_000;

/// The account.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    world: u32,
    /// Rows of each step that counts, and how many ranks did it.
    rows: Vec<(u64, u32)>,
    counted: u64,
    most_rows: u64,
    most_steps: u64,
    pending: BTreeMap<u64, Pending>,
    /// The next step, as far as it was heard of when the attempt before ended: its rows and ranks.
    unheard: Option<(u64, u32)>,
    /// The step before, in this attempt and this epoch: when all had done it.
    before: Option<(u32, u64)>,
    window: (u64, u64),
    steady: (u64, u64),
    evaluations: BTreeMap<u32, Evaluation>,
    parts: Vec<Parts>,
    done: BTreeMap<u32, DoneReport>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pending {
    ranks: u32,
    rows: u64,
    loss: f64,
}

impl Ledger {
    /// An attempt with so many ranks begins. What was begun and not done by all is forgotten.
    pub fn begin(&mut self, world: u32) {
        let next = self.rows.len() as u64;
        // What one rank has done of it, all have taken or will take as many rows for.
        self.unheard = self.pending.remove(&next).map(|pending| {
            let each = pending.rows / u64::from(pending.ranks.max(1));
            (each * u64::from(self.world), self.world)
        });
        self.world = world;
        self.pending.clear();
        self.before = None;
        self.window = (0, 0);
        self.done.clear();
        if self.parts.len() < world as usize {
            self.parts.resize(world as usize, Parts::default());
        }
    }

    /// The attempt goes on from so many steps: what was done after them does not count any more.
    ///
    /// That can be a step more than all ranks could still report before they were lost. The
    /// checkpoint proves that all did it, since ranks work in step.
    pub fn go_on_from(&mut self, step: u64) {
        let keep = usize::try_from(step).unwrap_or(usize::MAX);
        if keep == self.rows.len() + 1
            && let Some(step) = self.unheard.or_else(|| self.rows.last().copied())
        {
            self.rows.push(step);
            self.counted += step.0;
        }
        for (gone, _) in self.rows.drain(keep.min(self.rows.len())..) {
            self.counted -= gone;
        }
    }

    /// A rank has done a step; gives the step when it was the last rank to do it.
    pub fn step(&mut self, rank: u32, at_ns: u64, report: &StepReport) -> Option<Completed> {
        if let Some(parts) = self.parts.get_mut(rank as usize) {
            parts.add(report);
        }
        let pending = self.pending.entry(report.step).or_default();
        pending.ranks += 1;
        pending.rows += u64::from(report.samples);
        pending.loss += report.loss * f64::from(report.samples);
        if pending.ranks < self.world {
            return None;
        }
        let all = self.pending.remove(&report.step)?;
        let rate = self.pace(report.epoch, at_ns, all.rows);
        // Steps come in order, so this one is the next; one that is not is not counted, and the
        // counters will tell.
        if report.step == self.rows.len() as u64 {
            self.rows.push((all.rows, self.world));
            self.counted += all.rows;
        }
        let new_rows = self.counted.saturating_sub(self.most_rows);
        self.most_rows += new_rows;
        let is_new = report.step >= self.most_steps;
        self.most_steps = self.most_steps.max(report.step + 1);
        Some(Completed {
            step: report.step,
            loss: all.loss / all.rows.max(1) as f64,
            rate,
            new_rows,
            is_new,
        })
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

    /// A look at the test rows; whether it is the first after this epoch.
    pub fn evaluated(&mut self, evaluation: Evaluation) -> bool {
        self.evaluations
            .insert(evaluation.epoch, evaluation)
            .is_none()
    }

    /// A rank's training is over; whether all are.
    pub fn done(&mut self, rank: u32, report: DoneReport) -> bool {
        self.done.insert(rank, report);
        self.done.len() as u32 == self.world
    }

    /// What the ranks reported at their end.
    pub fn reports(&self) -> impl Iterator<Item = (u32, &DoneReport)> {
        self.done.iter().map(|(rank, report)| (*rank, report))
    }

    /// Steps that count.
    pub fn steps(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Steps that count and that fewer ranks did than so many.
    pub fn steps_short_of(&self, world: u32) -> u64 {
        let short = self.rows.iter().filter(|(_, ranks)| *ranks < world);
        short.count() as u64
    }

    /// Rows that count, each as often as it was trained on.
    pub fn rows(&self) -> u64 {
        self.counted
    }

    /// Rows per second in steady training.
    pub fn steady_rate(&self) -> Option<f64> {
        let (rows, ns) = self.steady;
        (ns > 0).then(|| rows as f64 / ns as f64 * 1e9)
    }

    /// The looks at the test rows, one per epoch.
    pub fn evaluations(&self) -> impl Iterator<Item = &Evaluation> {
        self.evaluations.values()
    }

    /// Time by what each rank did.
    pub fn parts(&self) -> &[Parts] {
        &self.parts
    }

    /// The parameters' hash, when all ranks have the same.
    ///
    /// # Errors
    /// A sentence on who differs.
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
