//! Reports as lines on standard output, for people who start a worker with torchrun.

use std::cell::Cell;
use std::io::{self, Write as _};
use std::time::Instant;

use workbench_ddp_protocol::{FailureNotice, FromWorker, Report, Stage, StepReport};

/// Prints what one rank reports. Steps, evaluations and checkpoints are printed by rank 0 alone.
#[derive(Debug, Clone)]
pub struct Lines {
    rank: usize,
    world: usize,
    began: Instant,
    /// When the last step was printed, and how many were done then.
    last: Cell<Option<(Instant, u64)>>,
}

impl Lines {
    /// For a rank among `world`.
    pub fn new(rank: usize, world: usize) -> Self {
        Self {
            rank,
            world,
            began: Instant::now(),
            last: Cell::new(None),
        }
    }

    pub(super) fn print(&self, message: &FromWorker) {
        if let Some(line) = self.line(message) {
            // Standard output that is closed is no reason to stop training.
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "[rank {}] {line}", self.rank).and_then(|()| out.flush());
        }
    }

    fn line(&self, message: &FromWorker) -> Option<String> {
        match message {
            FromWorker::Report(report) => self.report(report),
            FromWorker::Failed(FailureNotice { message, step, .. }) => {
                // Seen also where standard output goes elsewhere.
                let _ = writeln!(
                    io::stderr(),
                    "[rank {}] after {step} steps: {message}",
                    self.rank
                );
                None
            }
            FromWorker::Done(done) => Some(format!(
                "done: {} steps, {} rows, final loss {:.6}, {} bytes reduced, parameters {}",
                done.steps,
                done.samples,
                done.final_loss,
                done.bytes_reduced,
                done.parameters_sha256
            )),
            FromWorker::Hello { .. } | FromWorker::Heartbeat { .. } => None,
        }
    }

    fn report(&self, report: &Report) -> Option<String> {
        let first = self.rank == 0;
        Some(match report {
            Report::Stage(stage) if first => format!(
                "{:>7.3} s  {}",
                self.began.elapsed().as_secs_f64(),
                stage_name(*stage)
            ),
            Report::Step(step) if first => {
                let rate = self.rate(step);
                let ms = |ns: u64| ns as f64 / 1e6;
                format!(
                    "step {:>6}  epoch {}  loss {:.6}  {rate:>6} images/s  data {:.1}  forward {:.1}  backward {:.1}  wait {:.1}  optimizer {:.1} ms",
                    step.step,
                    step.epoch,
                    step.loss,
                    ms(step.data_ns),
                    ms(step.forward_ns),
                    ms(step.backward_ns),
                    ms(step.wait_ns),
                    ms(step.optimizer_ns)
                )
            }
            Report::Evaluated {
                epoch,
                correct,
                count,
                loss_sum,
                ..
            } if first => format!(
                "epoch {epoch} evaluated: {correct} of {count} right ({:.2} %), loss {:.6}",
                *correct as f64 * 100.0 / (*count).max(1) as f64,
                loss_sum / (*count).max(1) as f64
            ),
            Report::Checkpointed {
                step, path, bytes, ..
            } => format!(
                "checkpoint after {step} steps: {} ({:.1} MB)",
                path.display(),
                *bytes as f64 / 1e6
            ),
            Report::Warning { text } | Report::CheckpointFailed { text, .. } => {
                format!("warning: {text}")
            }
            _ => return None,
        })
    }

    /// Images per second of all ranks since the last line; nothing to say for the first.
    fn rate(&self, step: &StepReport) -> String {
        let done = step.step + 1;
        let Some((then, before)) = self.last.replace(Some((Instant::now(), done))) else {
            return "-".to_owned();
        };
        let rows = done.saturating_sub(before) * u64::from(step.samples) * self.world as u64;
        format!("{:.0}", rows as f64 / then.elapsed().as_secs_f64())
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Started => "started",
        Stage::LibraryLoaded => "libtorch is ready",
        Stage::Rendezvous => "the ranks have met",
        Stage::DataLoaded => "data is in memory",
        Stage::FirstStep => "first step done",
    }
}
