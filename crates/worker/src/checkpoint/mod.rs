//! Checkpoints: when they are written, which are kept, and how a training goes on from one.
//!
//! Belongs here: files and policy. Does not belong here: the bytes, which are the [mod@format]'s.
//!
//! Rank 0 writes; the training thread only copies the numbers, and a thread of its own writes them
//! beside the final name and renames. So a file under a final name is complete, whenever the
//! process dies.

mod aside;
mod files;
pub mod format;
mod harm;
mod resume;
mod writer;

use std::time::{Duration, Instant};

use tch::nn;
use workbench_ddp_protocol::Phase;

use crate::adam::Adam;
use crate::job::Job;
use crate::parameters;
use crate::reporter::Reporter;

pub use files::{Policy, list};
pub use format::{Array, CheckpointData, FormatError, SavedProgress};
pub use resume::resume;
pub use writer::Put;
use writer::{WriteOutcome, Writer, put};

/// The checkpoints of a training, on one rank.
#[derive(Debug)]
pub struct Checkpoints {
    policy: Option<Policy>,
    writer: Option<Writer>,
    put: Put,
    last: Instant,
    /// Steps of the last one, and whether its accuracy is known.
    saved: (u64, bool),
    seed: u64,
}

impl Checkpoints {
    /// As the job's specification asks for. Ranks other than 0 write none.
    pub fn of(job: &Job) -> Self {
        let wanted = job.spec.checkpoint.as_ref().filter(|_| job.rank == 0);
        Self {
            policy: wanted.map(|wanted| Policy {
                dir: wanted.dir.clone(),
                every_steps: wanted.every_steps,
                every: wanted
                    .every_s
                    .and_then(|s| Duration::try_from_secs_f64(s).ok()),
                keep: wanted.keep as usize,
            }),
            writer: None,
            put,
            last: Instant::now(),
            saved: (0, false),
            seed: job.spec.seed,
        }
    }

    /// The same, with files put in place by a function of the program's own.
    #[must_use]
    pub fn put_by(mut self, put: Put) -> Self {
        self.put = put;
        self
    }

    /// After every step: writes one when it is time for one, and reports what has been written by
    /// now.
    pub fn after_step(
        &mut self,
        progress: SavedProgress,
        vars: &nn::VarStore,
        adam: &Adam,
        report: &Reporter,
    ) {
        if self.due(progress.steps) {
            self.save(progress, vars, adam, report);
        }
        for outcome in self.writer.iter_mut().flat_map(Writer::ready) {
            announce(outcome, report);
        }
    }

    /// Whether it is time for one, after so many steps.
    fn due(&self, steps: u64) -> bool {
        let Some(policy) = &self.policy else {
            return false;
        };
        let by_steps = policy
            .every_steps
            .is_some_and(|every| steps.is_multiple_of(every));
        by_steps
            || policy
                .every
                .is_some_and(|every| self.last.elapsed() >= every)
    }

    /// Copies the state and has it written. When a disk is full, or anything else is wrong with it,
    /// that is a warning: the training goes on, and the checkpoints that are there stay.
    pub fn save(
        &mut self,
        mut progress: SavedProgress,
        vars: &nn::VarStore,
        adam: &Adam,
        report: &Reporter,
    ) {
        let Some(policy) = &self.policy else {
            return;
        };
        let what = (progress.steps, progress.accuracy.is_some());
        if self.saved == what {
            return;
        }
        report.at(Phase::Checkpoint);
        let work = report.usual_work();
        let fault = report.faults().strike_checkpoint(progress.steps, work);
        let began = Instant::now();
        progress.seed = self.seed;
        let snapshot = snapshot(progress, vars, adam);
        let writer = self
            .writer
            .get_or_insert_with(|| Writer::start(policy.clone(), self.put));
        // Waits while the checkpoint before is still being written: two at once would only be
        // slower.
        let before = writer.submit(snapshot, began, fault);
        self.last = began;
        self.saved = what;
        for outcome in before {
            announce(outcome, report);
        }
    }

    /// Waits until all is written.
    pub fn finish(&mut self, report: &Reporter) {
        if let Some(writer) = self.writer.take() {
            report.at(Phase::Checkpoint);
            for outcome in writer.finish() {
                announce(outcome, report);
            }
        }
    }
}

fn announce(outcome: WriteOutcome, report: &Reporter) {
    match outcome {
        WriteOutcome::Written {
            steps,
            path,
            bytes,
            held_up,
        } => report.checkpointed(steps, &path, bytes, held_up),
        WriteOutcome::Failed { steps, text } => report.not_checkpointed(steps, text),
    }
}

fn snapshot(progress: SavedProgress, vars: &nn::VarStore, adam: &Adam) -> CheckpointData {
    let model = parameters::sorted(vars)
        .into_iter()
        .map(|(name, tensor)| (format!("model.{name}"), tensor));
    let arrays = model.chain(adam.state()).map(|(name, tensor)| Array {
        name,
        values: parameters::floats(&tensor),
    });
    CheckpointData {
        progress,
        arrays: arrays.collect(),
    }
}
