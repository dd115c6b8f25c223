//! Handles the events of the workers: steps go to the ledger, stages to the start-up, failures to
//! the root cause.

use workbench_ddp_protocol::{DoneReport, FromWorker, Report, Stage, StepReport, Training};
use workbench_experiment::lab::{Finding, LabError};
use workbench_pool::Outcome;
use workbench_workers::{EventKind, Moment, WorkerEvent};

use crate::controller::Input;
use crate::drive::Drive;
use crate::ledger::{Completed, Evaluation};
use crate::live::End;
use crate::messages;
use crate::root_cause::RankFailure;
use crate::startup;

/// Stretches of an epoch, on the timeline.
const STRETCHES: u64 = 20;

impl Drive<'_> {
    /// Handles one event.
    pub(crate) fn handle(&mut self, event: &WorkerEvent<Training>) -> Result<(), LabError> {
        let rank = event.rank;
        // What a worker tells of was when it says; the rest was when it was observed.
        let observed = || self.attempt.moment(rank, event.at_ns);
        let moment = event.moment.unwrap_or_else(observed);
        let finished = self.attempt.is_finished(rank);
        if let Some(failure) = RankFailure::of(event, finished) {
            match event.kind {
                EventKind::Stalled { .. } => self.stalled(failure),
                _ => self.attempt.root_cause.add(failure),
            }
        }
        match &event.kind {
            EventKind::Started { .. } => {
                self.turn(rank, moment, "start: process", self.plan.settings.epochs, 0);
            }
            EventKind::Message(message) => {
                self.attempt.hear(rank, moment.at_ns);
                return self.message(rank, moment, message);
            }
            EventKind::Output { line, skipped } => self.keep_line(rank, line, *skipped),
            EventKind::Exited { .. } => {
                let (outcome, end) = if finished {
                    (Outcome::Done, End::Done)
                } else {
                    (Outcome::Failed, End::Died)
                };
                self.live.ended(rank, end);
                let spans = self.timeline.close(rank, moment, outcome);
                spans.into_iter().for_each(&self.ctx.spans);
            }
            EventKind::Recovered { after_s } => self.recovered(rank, *after_s),
            EventKind::Slow(slowness) => self.slow(rank, event.at_ns, slowness),
            EventKind::InvalidMessage { .. } | EventKind::Stalled { .. } => {}
        }
        Ok(())
    }

    fn message(&mut self, rank: u32, moment: Moment, message: &FromWorker) -> Result<(), LabError> {
        match message {
            FromWorker::Hello { .. } => self.stage(rank, moment, Stage::Started),
            FromWorker::Heartbeat { position, .. } => self.live.doing(rank, position.phase),
            FromWorker::Report(report) => return self.reported(rank, moment, report),
            FromWorker::Done(report) => return self.done(rank, report),
            FromWorker::Failed(_) => {
                self.live.ended(rank, End::Failed);
                self.attempt.finish(rank);
            }
        }
        Ok(())
    }

    fn reported(&mut self, rank: u32, moment: Moment, report: &Report) -> Result<(), LabError> {
        match report {
            Report::Stage(stage) => self.stage(rank, moment, *stage),
            Report::Resumed(reached) => {
                let rows = self.attempt.resumed(reached, &mut self.totals.ledger);
                self.ctx.progress.add(rows);
            }
            Report::Step(report) => return self.step(rank, moment, report),
            Report::Evaluated {
                epoch,
                step,
                correct,
                count,
                loss_sum,
            } => {
                let evaluation = Evaluation {
                    epoch: *epoch,
                    correct: *correct,
                    count: *count,
                    loss_sum: *loss_sum,
                };
                self.evaluated(rank, moment, *step, evaluation);
            }
            Report::Checkpointed { step, bytes, .. } => {
                self.totals.checkpoints += 1;
                let text = messages::checkpoint(*step, *bytes);
                self.ctx.progress.output(&format!("rank {rank}"), &text);
            }
            Report::CheckpointFailed { step, text } => {
                self.ctx.progress.output(&format!("rank {rank}"), text);
                if self.totals.unwritten.add(*step) {
                    let text = messages::warned(rank, text);
                    self.report(Finding::warning("checkpoint_failed", text).slot(rank));
                }
            }
            Report::Warning { text } => {
                self.ctx.progress.output(&format!("rank {rank}"), text);
                let text = messages::warned(rank, text);
                self.report(Finding::warning("worker_warned", text).slot(rank));
            }
        }
        Ok(())
    }

    fn stage(&mut self, rank: u32, moment: Moment, stage: Stage) {
        // Before a process can send a message, the system loads libtorch into it: its CPU time
        // until then belongs to that.
        let loading_ns = match stage {
            Stage::Started => moment.cpu_ns,
            _ => 0,
        };
        let reached_ns = moment.at_ns.saturating_sub(loading_ns);
        self.attempt.start.reach(rank, stage, reached_ns);
        self.live.reached(rank, stage);
        let next = Stage::ALL.into_iter().find(|known| *known > stage);
        if let Some(next) = next {
            let name = format!("start: {}", startup::name(next));
            self.turn(rank, moment, &name, self.plan.settings.epochs, 0);
        }
    }

    fn step(&mut self, rank: u32, moment: Moment, report: &StepReport) -> Result<(), LabError> {
        let is_first = self.controller.first_step().is_none();
        let repeated_before = self.controller.repeated();
        self.feed(Input::Stepped {
            rank,
            step: report.step,
        })?;
        if self.controller.first_step().is_none() || self.controller.state().is_end() {
            return Ok(());
        }
        if is_first {
            let repeated = self.controller.repeated() - repeated_before;
            if let Some(incident) = self.totals.incidents.last_mut() {
                incident.resumed(repeated);
            }
        }
        self.stretch(rank, moment, report);
        self.live.step(rank, moment.at_ns, report);
        if let Some(completed) = self.totals.ledger.step(rank, moment.at_ns, report) {
            self.completed(completed);
        }
        Ok(())
    }

    fn completed(&mut self, step: Completed) {
        self.attempt.awaited = None;
        let start = &self.attempt.start;
        self.totals.first_start.get_or_insert_with(|| start.clone());
        if let Some(incident) = self.totals.incidents.last_mut()
            && incident.stepped(step.at_ns, step.new_rows > 0)
        {
            let text = messages::goes_on(&step, incident);
            self.ctx.progress.output(self.plan.arm.speaker(), &text);
        }
        let progress = self.ctx.progress;
        progress.add(step.new_rows);
        if step.is_new {
            progress.metric("loss", step.step, step.loss);
        }
        if let Some(rate) = step.rate {
            progress.metric("images/s", step.step, rate);
        }
    }

    /// Splits the timeline into stretches of equally many rows, whatever the number of ranks is.
    fn stretch(&mut self, rank: u32, moment: Moment, report: &StepReport) {
        let of_epoch = self.plan.settings.train_rows.max(1);
        let part = |rows: u64| (rows * STRETCHES / of_epoch) as u32;
        let (name, group) = (epoch_name(report.epoch), report.epoch);
        let (before, after) = (
            part(report.rows_before),
            part(report.rows_before + report.rows_of_step),
        );
        if report.rows_before + report.rows_of_step >= of_epoch {
            self.turn(rank, moment, "evaluation", group, after + 1);
        } else if !self.timeline.is(rank, &name) || before != after {
            self.turn(rank, moment, &name, group, after);
        }
    }

    fn evaluated(&mut self, rank: u32, moment: Moment, step: u64, evaluation: Evaluation) {
        if evaluation.epoch < self.plan.settings.epochs {
            let name = epoch_name(evaluation.epoch);
            self.turn(rank, moment, &name, evaluation.epoch, 0);
        } else {
            self.turn(rank, moment, "end", self.plan.settings.epochs, 1);
        }
        if rank == 0 {
            self.totals.ledger.evaluated(evaluation);
            let accuracy = evaluation.accuracy();
            self.ctx.progress.metric("test accuracy", step, accuracy);
            let text = messages::evaluation(&evaluation);
            self.ctx.progress.output("rank 0", &text);
        }
    }

    fn done(&mut self, rank: u32, report: &DoneReport) -> Result<(), LabError> {
        self.attempt.finish(rank);
        self.live.ended(rank, End::Done);
        self.totals.bytes_reduced += report.bytes_reduced;
        if !self.totals.ledger.done(rank, report.clone()) {
            return Ok(());
        }
        let last_epoch = self
            .totals
            .ledger
            .evaluations()
            .any(|evaluation| evaluation.epoch == self.plan.settings.epochs);
        let complete = last_epoch && self.totals.ledger.rows() == self.plan.rows();
        self.feed(Input::Done { complete })
    }

    fn turn(&mut self, rank: u32, moment: Moment, name: &str, group: u32, part: u32) {
        let spans = self.timeline.turn(rank, moment, name, group, part);
        spans.into_iter().for_each(&self.ctx.spans);
    }
}

/// The name of a stretch of an epoch; epochs count from 0 here and from 1 in texts.
fn epoch_name(epoch: u32) -> String {
    format!("epoch {}", epoch + 1)
}
