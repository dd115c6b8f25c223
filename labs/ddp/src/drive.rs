//! Drives one arm: carries out the controller's commands on the workers, and records them.
//!
//! Belongs here: the connection of the controller with processes, files and the clock. Does not
//! belong here: the main loop ([`crate::run`]), the meaning of events ([`crate::events`]), failures
//! ([`crate::failures`]), and decisions ([`crate::controller`]).

use std::path::Path;
use std::time::Duration;

use workbench_experiment::lab::{ArmContext, ControllerPhase, ControllerState, Finding, LabError};
use workbench_pool::Outcome;
use workbench_report::format::counted;
use workbench_workers::{EventKind, GroupError, Moment, WorkerGroup};

use crate::attempt::{AttemptState, Totals};
use crate::controller::{Controller, ControllerCommand, Input, RecoveryPolicy, State};
use crate::environment::Environment;
use crate::live::Live;
use crate::messages;
use crate::plan::{FaultPlan, Plan};
use crate::rendezvous::Rendezvous;
use crate::timeline::AttemptTimeline;

/// How long workers may take to end normally, including the checkpoint.
const GRACE: Duration = Duration::from_secs(30);

/// The workers' program, and what it gets of the environment.
#[derive(Debug, Clone, Copy)]
pub struct WorkerProgram<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// The variables that could change the result.
    pub environment: &'a Environment,
}

/// One arm under way.
pub struct Drive<'a> {
    pub(crate) plan: &'a Plan,
    program: WorkerProgram<'a>,
    pub(crate) ctx: &'a ArmContext<'a>,
    pub(crate) controller: Controller,
    pub(crate) attempt: AttemptState,
    pub(crate) totals: Totals,
    pub(crate) live: Live,
    pub(crate) timeline: AttemptTimeline,
    /// The faults that have not struck yet.
    pub(crate) faults: FaultPlan,
    /// When a lost worker can be replaced.
    pub(crate) away_until_ns: u64,
    pub(crate) looked_ns: u64,
}

impl<'a> Drive<'a> {
    /// An arm that has not begun, whose workers run `program`.
    pub fn new(plan: &'a Plan, program: WorkerProgram<'a>, ctx: &'a ArmContext<'a>) -> Self {
        let policy = RecoveryPolicy {
            workers: plan.world,
            least: plan.least(),
            max_failures: if plan.arm.is_supervised() {
                plan.settings.max_failures
            } else {
                0
            },
        };
        Self {
            plan,
            program,
            ctx,
            controller: Controller::new(policy),
            attempt: AttemptState::default(),
            totals: Totals::new(plan.settings.train_rows),
            live: Live::default(),
            timeline: AttemptTimeline::default(),
            faults: plan.faults(),
            away_until_ns: 0,
            looked_ns: 0,
        }
    }

    /// Passes an event to the controller, and carries out its commands.
    pub(crate) fn feed(&mut self, input: Input) -> Result<(), LabError> {
        let before = self.controller.state();
        let command = self.controller.take(input);
        let after = self.controller.state();
        if before != after {
            self.announce(after);
        }
        match command {
            Some(ControllerCommand::Launch { workers, resume }) => self.launch(workers, resume),
            Some(ControllerCommand::Kill) => {
                self.end_group();
                self.feed(Input::Over)
            }
            Some(ControllerCommand::Stop) => {
                self.stop();
                Ok(())
            }
            None if after == State::ShuttingDown && before != after => {
                // Their work is done; a worker that hangs at its exit is killed.
                self.stop();
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn stop(&self) {
        if let Some(group) = &self.attempt.group {
            group.stop(GRACE);
        }
    }

    /// Records the state of the controller, where there is a controller.
    fn announce(&self, state: State) {
        if self.plan.arm.is_supervised() {
            let workers = (self.controller.workers(), self.plan.world);
            let progress = self.ctx.progress;
            let attempt = self.totals.attempts + u32::from(state == State::Scheduling);
            progress.state(ControllerState {
                phase: match state {
                    State::Running if self.controller.is_short() => ControllerPhase::Degraded,
                    _ => state.phase(),
                },
                text: messages::state(state, workers),
                attempt: attempt.max(1),
                workers: Some(workers.0),
            });
        }
    }

    fn launch(&mut self, workers: u32, resume: bool) -> Result<(), LabError> {
        let number = self.totals.attempts;
        self.totals.attempts += 1;
        self.totals.ledger.begin(workers);
        self.live.begin(workers, number);
        self.show();
        self.timeline
            .begin(workers, self.plan.workers_of_rank, number);
        self.attempt = AttemptState::begin(workers, self.ctx.clock.now_ns());
        let meeting = Rendezvous::open()?;
        let launch = |rank| {
            let spec = self.plan.spec(rank, workers, &self.faults, resume);
            spec.check(workers)
                .map_err(|error| LabError::Failed(format!("rank {rank}: {error}")))?;
            let mut launch = meeting.launch(self.program.path, (rank, workers), spec);
            launch.without = self.program.environment.cleared();
            let threads = self.plan.threads().to_string();
            // Read by libtorch's OpenMP before any thread is started.
            launch.vars.push(("OMP_NUM_THREADS".into(), threads.into()));
            Ok(launch)
        };
        let launches = (0..workers).map(launch).collect::<Result<_, LabError>>()?;
        let group = WorkerGroup::start(launches, self.ctx.clock).map_err(not_started)?;
        self.attempt.group = Some(group);
        self.attempt.meeting = Some(meeting);
        Ok(())
    }

    /// Reports something about this arm.
    pub(crate) fn report(&self, finding: Finding) {
        let (name, workers) = (self.plan.arm.name(), self.plan.workers());
        self.ctx.progress.report(finding.arm_on(name, workers));
    }

    /// Records the states of all ranks.
    pub(crate) fn show(&self) {
        for state in self.live.states(self.totals.ledger.parts()) {
            self.ctx.progress.slot(state);
        }
    }

    /// Records a printed line.
    pub(crate) fn keep_line(&self, rank: u32, line: &str, skipped: u64) {
        let source = format!("rank {rank}");
        if skipped > 0 {
            let text = format!("({} dropped here)", counted(skipped, "line"));
            self.ctx.progress.output(&source, &text);
        }
        self.ctx.progress.output(&source, line);
    }

    /// Ends the rest of a group, and records its usage and its printed lines.
    pub(crate) fn end_group(&mut self) {
        let Some(group) = self.attempt.group.take() else {
            return;
        };
        self.live.end_all();
        self.show();
        while let Some(event) = group.next(Duration::ZERO) {
            if let EventKind::Output { line, skipped } = &event.kind {
                self.keep_line(event.rank, line, *skipped);
            }
        }
        let at_ns = self.ctx.clock.now_ns();
        self.totals.cores.end_attempt();
        for usage in group.usage() {
            let (rank, cpu_ns) = (usage.rank, usage.cpu_ns);
            self.totals.past_cpu_ns += cpu_ns;
            let is_done = self.attempt.is_finished(rank);
            let outcome = if is_done && self.controller.state() == State::ShuttingDown {
                Outcome::Done
            } else {
                Outcome::Cancelled
            };
            let moment = Moment { at_ns, cpu_ns };
            let spans = self.timeline.close(rank, moment, outcome);
            spans.into_iter().for_each(&self.ctx.spans);
        }
        drop(group);
        let progress = self.ctx.progress;
        progress.set_processes_cpu_ns(self.totals.past_cpu_ns);
        progress.set_processes_rss(0);
    }
}

/// The error for workers that cannot be started.
fn not_started(error: GroupError) -> LabError {
    match error {
        GroupError::NotFound { program } => LabError::Environment(format!(
            "{}: there is no such program; build it with `cargo build --release -p workbench-worker` (it needs libtorch)",
            program.display()
        )),
        GroupError::NotExecutable { .. }
        | GroupError::NoDescriptors { .. }
        | GroupError::Io { .. } => LabError::Environment(error.to_string()),
        _ => LabError::Failed(error.to_string()),
    }
}
