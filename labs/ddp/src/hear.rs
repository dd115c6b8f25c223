//! What news from the workers mean: steps into the ledger, stages into the start-up, trouble to whoever is to blame.

use workbench_experiment::lab::{Finding, LabError};
use workbench_pool::Outcome;
use workbench_protocol::{DoneReport, FromWorker, Stage, StepReport};
use workbench_workers::{Crew, News};

use crate::blame::trouble;
use crate::controller::Input;
use crate::drive::Drive;
use crate::ledger::{Completed, Evaluation};
use crate::live::End;
use crate::startup;

/// Stretches of steps in an epoch, on the timeline.
const STRETCHES: u64 = 20;

impl Drive<'_> {
    /// Takes in one piece of news.
    pub(crate) fn hear(&mut self, news: &News) -> Result<(), LabError> {
        let rank = news.rank();
        self.keep_line(news);
        let finished = self.finished.get(rank as usize).copied().unwrap_or(false);
        if let Some(trouble) = trouble(news, finished) {
            let only_slow = matches!(news, News::Silent { .. } | News::Stuck { .. });
            if only_slow && !self.plan.arm.is_supervised() {
                self.point_at(&trouble);
                self.standing = Some(trouble);
            } else {
                self.blame.hear(trouble);
            }
        }
        match news {
            News::Started { at_ns, .. } => {
                self.turn(rank, *at_ns, "start: process", self.plan.settings.epochs, 0);
            }
            News::Message { at_ns, message, .. } => {
                if let Some(heard) = self.heard_ns.get_mut(rank as usize) {
                    *heard = *at_ns;
                }
                return self.message(rank, *at_ns, message);
            }
            News::Exited { at_ns, .. } => {
                let (outcome, end) = if finished {
                    (Outcome::Done, End::Done)
                } else {
                    (Outcome::Failed, End::Died)
                };
                self.live.ended(rank, end);
                let moment = self.moment(rank, *at_ns);
                let span = self.timeline.close(rank, moment, outcome);
                if let Some(span) = span {
                    (self.ctx.spans)(span);
                }
            }
            News::Recovered { after_s, .. } => {
                self.standing = self
                    .standing
                    .take()
                    .filter(|standing| standing.rank != rank);
                let text = format!("rank {rank} goes on, after {after_s:.1} s");
                self.ctx.progress.output(self.plan.arm.speaker(), &text);
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps a printed line.
    pub(crate) fn keep_line(&self, news: &News) {
        if let News::Output {
            rank,
            line,
            skipped,
            ..
        } = news
        {
            let source = format!("rank {rank}");
            if *skipped > 0 {
                let text = format!("({skipped} lines were dropped here)");
                self.ctx.progress.output(&source, &text);
            }
            self.ctx.progress.output(&source, line);
        }
    }

    /// Names a rank that stands still in an arm where nobody does anything about it.
    fn point_at(&self, trouble: &crate::blame::Trouble) {
        let text = self.sentence(trouble);
        let (arm, seconds) = (self.arm(), self.plan.settings.timeout_s);
        let end = if self.plan.world > 1 {
            format!("the others wait for {seconds} s, and then all end")
        } else {
            format!("after {seconds} s it is ended")
        };
        let text = format!("In {arm}, {text}. Nobody does anything about it there: {end}.");
        self.report(Finding::warning("stalled_unattended", text).slot(trouble.rank));
    }

    fn message(&mut self, rank: u32, at_ns: u64, message: &FromWorker) -> Result<(), LabError> {
        match message {
            FromWorker::Stage(stage) => self.stage(rank, at_ns, *stage),
            FromWorker::Step(report) => return self.step(rank, at_ns, report),
            FromWorker::Evaluated {
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
                self.evaluated(rank, at_ns, *step, evaluation);
            }
            FromWorker::Checkpointed { step, bytes, .. } => {
                self.checkpoints += 1;
                let size = *bytes as f64 / 1e6;
                let text = format!("checkpoint after {step} steps, {size:.1} MB");
                self.ctx.progress.output(&format!("rank {rank}"), &text);
            }
            FromWorker::Warning { text } => {
                self.ctx.progress.output(&format!("rank {rank}"), text);
                let text = text.trim_end_matches('.');
                let text = format!("Rank {rank} warned: {text}.");
                self.report(Finding::warning("worker_warned", text).slot(rank));
            }
            FromWorker::Done(report) => return self.done(rank, report),
            FromWorker::Failed { .. } => {
                self.live.ended(rank, End::Failed);
                if let Some(finished) = self.finished.get_mut(rank as usize) {
                    *finished = true;
                }
            }
            FromWorker::Beat { phase, .. } => self.live.doing(rank, *phase),
            FromWorker::Hello { .. } => {}
        }
        Ok(())
    }

    fn stage(&mut self, rank: u32, at_ns: u64, stage: Stage) {
        // Before a process can say anything, the system loads libtorch into it: what it has used of a core by then went into that.
        let loading_ns = match stage {
            Stage::Started => self.moment(rank, at_ns).cpu_ns,
            _ => 0,
        };
        self.start
            .reach(rank, stage, at_ns.saturating_sub(loading_ns));
        self.live.reached(rank, stage);
        let next = Stage::ALL.into_iter().find(|known| *known > stage);
        if let Some(next) = next {
            let name = format!("start: {}", startup::name(next));
            self.turn(rank, at_ns, &name, self.plan.settings.epochs, 0);
        }
    }

    fn step(&mut self, rank: u32, at_ns: u64, report: &StepReport) -> Result<(), LabError> {
        let is_first = self.controller.first_step().is_none();
        let again_before = self.controller.repeated();
        self.feed(Input::Stepped {
            rank,
            step: report.step,
        })?;
        if self.controller.first_step().is_none() || self.controller.state().is_end() {
            return Ok(());
        }
        if is_first {
            self.ledger.go_on_from(report.step);
            let again = self.controller.repeated() - again_before;
            if let Some(incident) = self.incidents.last_mut() {
                incident.again = again;
            }
        }
        self.stretch(rank, at_ns, report);
        self.live.step(rank, at_ns, report);
        let usage = || self.crew.iter().flat_map(Crew::usage);
        let queued_ns = |rank| usage().find(|usage| usage.rank == rank)?.queued_ns();
        if let Some(slow) = self.stragglers.step(rank, report, queued_ns) {
            let text = format!(
                "rank {} is slow: its work takes {:.0} ms a step where rank {} takes {:.0} ms and waits {:.0} ms in all-reduce",
                slow.rank, slow.work_ms, slow.fastest, slow.fastest_ms, slow.wait_ms
            );
            self.tell_slow(&text);
        }
        if let Some(completed) = self.ledger.step(rank, at_ns, report) {
            self.completed(at_ns, completed);
        }
        Ok(())
    }

    fn completed(&mut self, at_ns: u64, step: Completed) {
        self.late = None;
        self.first_start.get_or_insert_with(|| self.start.clone());
        if let Some(incident) = self.incidents.last_mut() {
            let goes_on = incident.next_step_ns.is_none();
            incident.next_step_ns.get_or_insert(at_ns);
            if step.is_new {
                incident.new_step_ns.get_or_insert(at_ns);
            }
            if goes_on {
                let text = format!(
                    "training goes on with step {}: {}",
                    step.step,
                    incident.costs()
                );
                self.ctx.progress.output(self.plan.arm.speaker(), &text);
            }
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

    /// Cuts the timeline into stretches of equally many steps.
    fn stretch(&mut self, rank: u32, at_ns: u64, report: &StepReport) {
        let world = self.controller.workers();
        let of_epoch = self.plan.settings.steps_per_epoch(world).max(1);
        let length = of_epoch.div_ceil(STRETCHES);
        let (name, group) = (epoch_name(report.epoch), report.epoch);
        let next = report.step % of_epoch + 1;
        let part = (next / length) as u32;
        if next == of_epoch {
            self.turn(rank, at_ns, "evaluation", group, part + 1);
        } else if !self.timeline.is(rank, &name) || next.is_multiple_of(length) {
            self.turn(rank, at_ns, &name, group, part);
        }
    }

    fn evaluated(&mut self, rank: u32, at_ns: u64, step: u64, evaluation: Evaluation) {
        if evaluation.epoch < self.plan.settings.epochs {
            let name = epoch_name(evaluation.epoch);
            self.turn(rank, at_ns, &name, evaluation.epoch, 0);
        } else {
            self.turn(rank, at_ns, "end", self.plan.settings.epochs, 1);
        }
        if rank == 0 {
            self.ledger.evaluated(evaluation);
            let accuracy = evaluation.accuracy();
            self.ctx.progress.metric("test accuracy", step, accuracy);
            let text = format!(
                "epoch {}: {} of {} test rows right ({:.2} %), loss {:.4}",
                evaluation.epoch,
                evaluation.correct,
                evaluation.count,
                accuracy * 100.0,
                evaluation.loss()
            );
            self.ctx.progress.output("rank 0", &text);
        }
    }

    fn done(&mut self, rank: u32, report: &DoneReport) -> Result<(), LabError> {
        if let Some(finished) = self.finished.get_mut(rank as usize) {
            *finished = true;
        }
        self.live.ended(rank, End::Done);
        self.bytes_reduced += report.bytes_reduced;
        let steps = report.steps;
        if !self.ledger.done(rank, report.clone()) {
            return Ok(());
        }
        let last_epoch = self
            .ledger
            .evaluations()
            .any(|evaluation| evaluation.epoch == self.plan.settings.epochs);
        let complete =
            last_epoch && (self.plan.steps_depend_on_workers() || steps == self.plan.steps());
        self.feed(Input::Done { complete })
    }

    fn turn(&mut self, rank: u32, at_ns: u64, name: &str, group: u32, part: u32) {
        let moment = self.moment(rank, at_ns);
        let span = self.timeline.turn(rank, moment, name, group, part);
        if let Some(span) = span {
            (self.ctx.spans)(span);
        }
    }

    /// The arm's name.
    pub(crate) fn arm(&self) -> &'static str {
        self.plan.arm.name()
    }
}

/// What a stretch of an epoch is called; epochs count from 0 here and from 1 for people.
fn epoch_name(epoch: u32) -> String {
    format!("epoch {}", epoch + 1)
}
