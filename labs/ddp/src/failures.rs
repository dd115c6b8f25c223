//! Handles failures: collects their facts for messages and figures, and passes them to the
//! controller.

use workbench_ddp_protocol::{Fault, Phase};
use workbench_experiment::lab::{Finding, LabError, RECOVERED, SHARED_CORES};
use workbench_protocol::PhaseName as _;
use workbench_workers::{Loss, RankState, SlowKind, WorkerGroup, WorkerHealth};

use crate::controller::{Input, State};
use crate::drive::Drive;
use crate::incident::{FailurePlace, FailureReport, Incident};
use crate::ledger::UnevenRanks;
use crate::messages;
use crate::root_cause::{FailureCause, FailureOrigin, RankFailure, RootCause};

impl Drive<'_> {
    /// Records a failure and the states of the other ranks, and passes it to the controller.
    pub(crate) fn fail(&mut self, failure: &RankFailure) -> Result<(), LabError> {
        self.attempt.root_cause = RootCause::default();
        let awaited = self.attempt.awaited.take();
        let stalled = self.attempt.stalled.take().or(awaited);
        let report = match stalled {
            // A rank whose wait timed out is not the root cause.
            Some(stalled)
                if failure.cause.origin() == FailureOrigin::Secondary
                    && stalled.rank != failure.rank =>
            {
                FailureReport {
                    gave_up: Some((failure.rank, self.plan.settings.timeout_s)),
                    ..self.failure_report(stalled)
                }
            }
            _ => self.failure_report(failure.clone()),
        };
        let faults = self.faults.of(self.controller.workers());
        let explains = |fault: &Fault| report.failure.is_explained_by(fault);
        let report = FailureReport {
            fault: faults.into_iter().find(explains),
            ..report
        };
        self.faults
            .struck(report.fault, self.controller.steps_begun());
        // Without a restart, the arm's own failure reports it.
        if self.plan.arm.is_supervised() {
            let progress = self.ctx.progress;
            progress.output(self.plan.arm.speaker(), &report.to_string());
        }
        let RankFailure { rank, at_ns, .. } = report.failure;
        let is_curable = report.failure.cause.origin() != FailureOrigin::Permanent;
        self.away_until_ns = at_ns + (self.plan.settings.away_s * 1e9) as u64;
        let incident = Incident::new(report, self.attempt.heard_ns(rank));
        self.totals.incidents.push(incident);
        self.show();
        self.feed(Input::Failed {
            curable: is_curable,
        })
    }

    /// The facts of a failure: the position of the rank, and the states of the others.
    fn failure_report(&self, failure: RankFailure) -> FailureReport {
        let group = self.attempt.group.as_ref();
        let states = group.map(WorkerGroup::states).unwrap_or_default();
        // Heartbeats come five times a second, reports of steps at once.
        let beyond = |state: &RankState<Phase>| {
            // What comes after a step belongs to it, and is not behind its report.
            let at = state.position;
            let reported = at.step + u64::from(at.phase.follows_step());
            let next = self.controller.next_step(state.rank);
            next.filter(|step| *step > reported)
        };
        let own = states.iter().find(|state| state.rank == failure.rank);
        let place = own.filter(|_| failure.cause.is_silent()).map(|state| {
            beyond(state).map_or(FailurePlace::Position(state.position), FailurePlace::Step)
        });
        let (mut ahead, mut others) = (Vec::new(), Vec::new());
        for state in states {
            // A rank that has failed too failed because of this one.
            if state.rank == failure.rank || self.attempt.is_finished(state.rank) {
                continue;
            }
            let state = match state.health {
                // Its end is known, but its event was not taken yet; its position shows how this
                // failure affected it.
                WorkerHealth::Ended | WorkerHealth::Lost(Loss::Failed) => RankState {
                    health: WorkerHealth::Working,
                    ..state
                },
                _ => state,
            };
            match beyond(&state) {
                Some(step) if state.is_active() && !state.position.phase.is_waiting() => {
                    ahead.push((state.rank, step));
                }
                _ => others.push(state),
            }
        }
        FailureReport {
            failure,
            place,
            others,
            ahead,
            gave_up: None,
            fault: None,
        }
    }

    /// Handles a stalled rank. The launcher restarts it; other arms only report it.
    pub(crate) fn stalled(&mut self, failure: RankFailure) {
        if self.plan.arm.is_supervised() {
            self.attempt.root_cause.add(failure);
            return;
        }
        let report = self.failure_report(failure.clone());
        let plan = self.plan;
        let text = messages::stalled(plan.arm, &report, plan.world, plan.settings.timeout_s);
        self.report(Finding::warning("stalled_unattended", text).slot(failure.rank));
        self.attempt.stalled = Some(failure);
    }

    /// Handles a rank that was stalled and continues.
    pub(crate) fn recovered(&mut self, rank: u32, after_s: f64) {
        let stalled = self.attempt.stalled.take();
        self.attempt.stalled = stalled.filter(|stalled| stalled.rank != rank);
        let text = messages::recovered(rank, after_s);
        self.ctx.progress.output(self.plan.arm.speaker(), &text);
    }

    /// Reports a rank that the others wait for, once over all attempts.
    pub(crate) fn slow(&mut self, rank: u32, at_ns: u64, slowness: &SlowKind<Phase>) {
        let phase = match slowness {
            SlowKind::Steps(_) => None,
            SlowKind::Awaited(awaited) => Some(awaited.phase),
        };
        if let Some(phase) = phase {
            self.attempt.awaited = Some(RankFailure {
                rank,
                at_ns,
                cause: FailureCause::TooSlow { phase },
            });
        }
        if self.totals.slow.insert((rank, phase)) {
            let text = messages::slow(self.plan.arm, slowness);
            let finding = Finding::warning("slow_worker", text).slot(rank);
            self.report(match slowness {
                SlowKind::Steps(slow) => finding
                    .number("work_ms", slow.work_ms)
                    .number("fastest_ms", slow.fastest_ms)
                    .number("others_wait_ms", slow.wait_ms),
                SlowKind::Awaited(awaited) => finding.number("others_wait_s", awaited.waits_s),
            });
        }
    }

    /// At the end, reports the cost of the failures after which training continued, and for how
    /// long workers were missing.
    pub(crate) fn warn_of_incidents(&self) {
        let (plan, totals) = (self.plan, &self.totals);
        let is_done = self.controller.state() == State::Finished;
        for incident in &totals.incidents {
            if incident.next_step_ns.is_some() || is_done {
                let text = messages::went_on(plan.arm, incident);
                let finding = Finding::warning(RECOVERED, text)
                    .slot(incident.report.failure.rank)
                    .number("noticed_within_s", incident.detection_s())
                    .number("steps_repeated", incident.repeated as f64);
                self.report(finding);
            }
        }
        let short = totals.ledger.steps_short_of(plan.world);
        if short > 0 && is_done {
            let steps = (short, totals.ledger.steps());
            let workers = (self.controller.workers(), plan.world);
            let text = messages::short_of_workers(plan.arm, steps, workers);
            self.report(Finding::warning("short_of_workers", text).number("steps", short as f64));
        }
    }

    /// At the end, reports ranks that had no core each, whatever the cause: other ranks, their
    /// affinity, other programs.
    pub(crate) fn warn_of_shared_cores(&self) {
        // On GPUs a rank's thread is not what computes.
        if self.plan.settings.cuda {
            return;
        }
        if let Some(shared) = self.totals.cores.shared(self.plan.threads()) {
            let text = messages::shared_cores(self.plan.arm, &shared);
            let finding = Finding::warning(SHARED_CORES, text);
            self.report(
                finding
                    .number("waited_s", shared.waited_s)
                    .number("waited_share", shared.share),
            );
        }
    }

    /// At the end, counts the checkpoints that could not be written after the first, which was
    /// reported when it happened.
    pub(crate) fn warn_of_unwritten_checkpoints(&self) {
        let unwritten = self.totals.unwritten;
        if unwritten.count > 1 {
            let text = messages::unwritten(self.plan.arm, unwritten);
            let finding = Finding::warning("checkpoints_failed", text);
            self.report(finding.number("checkpoints", unwritten.count as f64));
        }
    }

    /// At the end, notes a rank that worked longer than another on its steps, and not so long that
    /// it was reported as slow.
    pub(crate) fn note_uneven_ranks(&self) {
        let parts = self.totals.ledger.parts();
        let is_named = |rank| self.totals.slow.contains(&(rank, None));
        if let Some(uneven) = UnevenRanks::of(parts).filter(|uneven| !is_named(uneven.slowest)) {
            let text = messages::uneven(self.plan.arm, &uneven);
            let finding = Finding::note("uneven_ranks", text).slot(uneven.slowest);
            self.report(finding.number("factor", uneven.factor()));
        }
    }
}
