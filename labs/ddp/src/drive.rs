//! Driving one arm: one group of workers after the other, as the controller says, until the
//! training is done or given up.
//!
//! Belongs here: what connects the controller with processes, files and the clock. Does not belong
//! here: what events mean ([`crate::events`]), what becomes of failures ([`crate::failures`]), and
//! what is decided ([`crate::controller`]).

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use workbench_experiment::lab::{ArmContext, ControllerPhase, ControllerState, LabError};
use workbench_pool::Outcome;
use workbench_protocol::WorkerEnv;
use workbench_workers::{EventKind, GroupError, Launch, WorkerGroup};

use crate::attempt::{Attempt, Totals};
use crate::controller::{Command, Controller, Input, Policy, State};
use crate::live::Live;
use crate::messages;
use crate::plan::{Faults, Plan};
use crate::timeline::{Moment, Timeline};

/// Longest wait for an event before the time is looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long workers may take to end in order, checkpoint included.
const GRACE: Duration = Duration::from_secs(30);
/// How often the ranks and their CPU time are looked at.
const LOOK_NS: u64 = 100_000_000;
/// How much later than the workers themselves a stalled rank is given up.
const LENIENCE_NS: u64 = 2_000_000_000;

/// One arm under way.
pub struct Drive<'a> {
    pub(crate) plan: &'a Plan,
    program: &'a Path,
    pub(crate) ctx: &'a ArmContext<'a>,
    pub(crate) controller: Controller,
    pub(crate) attempt: Attempt,
    pub(crate) totals: Totals,
    pub(crate) live: Live,
    pub(crate) timeline: Timeline,
    /// The faults that are still to come.
    pub(crate) faults: Faults,
    /// When a lost worker's place can be filled again.
    pub(crate) away_until_ns: u64,
    looked_ns: u64,
}

impl<'a> Drive<'a> {
    /// An arm that has not begun, whose workers run `program`.
    pub fn new(plan: &'a Plan, program: &'a Path, ctx: &'a ArmContext<'a>) -> Self {
        let policy = Policy {
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
            attempt: Attempt::default(),
            totals: Totals::default(),
            live: Live::default(),
            timeline: Timeline::default(),
            faults: plan.faults(),
            away_until_ns: 0,
            looked_ns: 0,
        }
    }

    /// Trains to the end.
    ///
    /// # Errors
    /// [`LabError::Cancelled`] on request, [`LabError::Environment`] when workers cannot be
    /// started, and [`LabError::Failed`] with who failed, where, and what the others did.
    pub fn run(&mut self) -> Result<(), LabError> {
        std::fs::create_dir_all(&self.plan.checkpoints).map_err(|error| {
            LabError::Environment(format!(
                "{}: cannot make the directory of checkpoints: {error}",
                self.plan.checkpoints.display()
            ))
        })?;
        self.feed(Input::Begin)?;
        while !self.controller.state().is_end() {
            if self.ctx.progress.is_cancelled() {
                self.feed(Input::Abort)?;
            } else {
                self.wait()?;
            }
        }
        self.warn_of_incidents();
        match self.controller.state() {
            State::Finished => Ok(()),
            State::Aborted => Err(LabError::Cancelled),
            _ => Err(LabError::Failed(messages::given_up(
                self.plan.arm,
                self.totals.incidents.last(),
                self.controller.given_up(),
            ))),
        }
    }

    /// Tells the controller what happened, and does what it says.
    pub(crate) fn feed(&mut self, input: Input) -> Result<(), LabError> {
        let before = self.controller.state();
        let command = self.controller.take(input);
        let after = self.controller.state();
        if before != after {
            self.announce(before, after);
        }
        match command {
            Some(Command::Launch { workers, resume }) => self.launch(workers, resume),
            Some(Command::Kill) => {
                self.end_group();
                self.feed(Input::Over)
            }
            Some(Command::Stop) => {
                self.stop();
                Ok(())
            }
            None if after == State::ShuttingDown && before != after => {
                // They have nothing left to do; a worker that hangs on the way out is killed.
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

    /// Says that the controller went over from one state to another, where there is a controller.
    fn announce(&self, before: State, after: State) {
        if self.plan.arm.is_supervised() {
            let workers = (self.controller.workers(), self.plan.world);
            let progress = self.ctx.progress;
            let attempt = self.totals.attempts + u32::from(after == State::Scheduling);
            progress.state(ControllerState {
                phase: match after {
                    State::Running if self.controller.is_short() => ControllerPhase::Degraded,
                    _ => after.phase(),
                },
                text: messages::state(after, workers),
                attempt: attempt.max(1),
                workers: Some(workers.0),
            });
            let text = messages::transition(before, after, workers, attempt);
            progress.output(self.plan.arm.speaker(), &text);
        }
    }

    fn launch(&mut self, workers: u32, resume: bool) -> Result<(), LabError> {
        let number = self.totals.attempts;
        self.totals.attempts += 1;
        self.totals.ledger.begin(workers);
        self.live.begin(workers, number);
        self.show();
        self.timeline.begin(workers, number);
        self.attempt = Attempt::begin(workers, self.ctx.clock.now_ns());
        let port = free_port()?;
        let launch = |rank| {
            let env = WorkerEnv::local(rank, workers, port);
            let spec = self.plan.spec(rank, workers, &self.faults, resume);
            spec.check(workers)
                .map_err(|error| LabError::Failed(format!("rank {rank}: {error}")))?;
            let mut launch = Launch::new(self.program, env, spec);
            let threads = self.plan.settings.threads.to_string();
            // Read by libtorch's OpenMP before any thread is started.
            launch.vars.push(("OMP_NUM_THREADS".into(), threads.into()));
            Ok(launch)
        };
        let launches = (0..workers).map(launch).collect::<Result<_, LabError>>()?;
        let group = WorkerGroup::start(launches, self.ctx.clock).map_err(not_started)?;
        self.attempt.group = Some(group);
        Ok(())
    }

    /// Waits for an event and deals with it.
    fn wait(&mut self) -> Result<(), LabError> {
        let Some(group) = &self.attempt.group else {
            return self.feed(Input::Over);
        };
        if let Some(event) = group.next(TICK) {
            self.handle(&event)?;
        } else if group.is_over() {
            // A rank that failed because of another, when no other is left to explain it.
            if let Some(failure) = self.attempt.root_cause.verdict(u64::MAX, 0).cloned() {
                return self.fail(&failure);
            }
            self.end_group();
            return self.feed(Input::Over);
        }
        self.tick()
    }

    fn tick(&mut self) -> Result<(), LabError> {
        let now_ns = self.ctx.clock.now_ns();
        if now_ns >= self.looked_ns + LOOK_NS {
            self.looked_ns = now_ns;
            self.look_at_ranks();
        }
        let world = self.controller.workers();
        if let Some(failure) = self.attempt.root_cause.verdict(now_ns, world).cloned() {
            return self.fail(&failure);
        }
        let limit_ns = (self.plan.settings.timeout_s * 1e9) as u64 + LENIENCE_NS;
        let overdue = |at_ns: u64| now_ns.saturating_sub(at_ns) > limit_ns;
        let stalled = self.attempt.stalled.clone();
        if let Some(stalled) = stalled.filter(|stalled| overdue(stalled.at_ns)) {
            // The others may wait for it where nothing ends their waiting, or there are no others.
            return self.fail(&stalled);
        }
        if self.controller.is_short()
            && self.controller.state() == State::Running
            && now_ns >= self.away_until_ns
        {
            self.faults.struck(None, self.controller.steps_begun());
            return self.feed(Input::Returned);
        }
        Ok(())
    }

    /// Looks at what the ranks use, and at their health.
    fn look_at_ranks(&mut self) {
        let Some(group) = &self.attempt.group else {
            return;
        };
        let usage = group.usage();
        let used_ns: u64 = usage.iter().map(|usage| usage.cpu_ns).sum();
        let progress = self.ctx.progress;
        progress.set_processes_cpu_ns(self.totals.past_cpu_ns + used_ns);
        progress.set_processes_rss(usage.iter().map(|usage| usage.rss_bytes).sum());
        for state in group.states() {
            self.live.judged(&state);
        }
        self.show();
    }

    /// Records the states of all ranks.
    pub(crate) fn show(&self) {
        for state in self.live.states(self.totals.ledger.parts()) {
            self.ctx.progress.slot(state);
        }
    }

    /// Ends what is left of a group, and keeps what it has used and printed.
    fn end_group(&mut self) {
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
            let span = self.timeline.close(rank, moment, outcome);
            if let Some(span) = span {
                (self.ctx.spans)(span);
            }
        }
        drop(group);
        let progress = self.ctx.progress;
        progress.set_processes_cpu_ns(self.totals.past_cpu_ns);
        progress.set_processes_rss(0);
    }
}

/// What it means that workers cannot be started.
fn not_started(error: GroupError) -> LabError {
    match error {
        GroupError::NotFound { program } => LabError::Environment(format!(
            "{}: there is no such program; build it with `cargo build --release -p workbench-worker` (it needs libtorch)",
            program.display()
        )),
        GroupError::NotExecutable { .. } | GroupError::Io { .. } => {
            LabError::Environment(error.to_string())
        }
        _ => LabError::Failed(error.to_string()),
    }
}

/// A port that no process listens at now. One may a moment later; then the workers say so, and
/// another port is tried.
fn free_port() -> Result<u16, LabError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| {
            LabError::Environment(format!(
                "no port is free on the loopback address ({error}); the workers cannot meet"
            ))
        })
}
