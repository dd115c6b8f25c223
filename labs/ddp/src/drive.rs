//! Driving one arm: a crew of workers after the other, as the controller says, until the training is done or given up.
//!
//! Belongs here: what connects the controller with processes, files and the clock. Does not belong here: what news mean
//! ([`crate::hear`]), and what is decided ([`crate::controller`]).

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use workbench_experiment::lab::{ArmContext, LabError};
use workbench_pool::Outcome;
use workbench_protocol::WorkerEnv;
use workbench_workers::{By, Crew, CrewError, Launch, ProcessState};

use crate::blame::{Blame, Sort, Trouble, explains};
use crate::controller::{Command, Controller, Input, Policy, State};
use crate::incident::Incident;
use crate::late::Latecomers;
use crate::ledger::Ledger;
use crate::live::Live;
use crate::plan::{Faults, Plan};
use crate::slow::Stragglers;
use crate::startup::StartUp;
use crate::timeline::{Moment, Timeline};

/// Longest wait for news before the time is looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long workers may take to end in order, checkpoint included.
const GRACE: Duration = Duration::from_secs(30);
/// How often the workers' CPU time is looked at.
const LOOK_NS: u64 = 100_000_000;

/// A rank that gave a sign of life so long ago or less is not silent: they come five times a second.
const ALIVE_NS: u64 = 700_000_000;

/// How much later than the workers themselves a rank that stands still is given up.
const LENIENCE_NS: u64 = 2_000_000_000;

/// One arm under way.
pub struct Drive<'a> {
    pub(crate) plan: &'a Plan,
    program: &'a Path,
    pub(crate) ctx: &'a ArmContext<'a>,
    pub(crate) controller: Controller,
    pub(crate) ledger: Ledger,
    pub(crate) live: Live,
    pub(crate) timeline: Timeline,
    pub(crate) stragglers: Stragglers,
    latecomers: Latecomers,
    pub(crate) blame: Blame,
    /// A rank that stands still, in an arm where nobody does anything about it.
    pub(crate) standing: Option<Trouble>,
    /// The start-up of this attempt, and of the first.
    pub(crate) start: StartUp,
    pub(crate) first_start: Option<StartUp>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) checkpoints: u32,
    pub(crate) bytes_reduced: u64,
    /// Ranks that said that their training is over, or has failed.
    pub(crate) finished: Vec<bool>,
    /// When each rank was last heard of.
    pub(crate) heard_ns: Vec<u64>,
    pub(crate) crew: Option<Crew>,
    pub(crate) attempts: u32,
    faults: Faults,
    /// A rank that the others wait for outside of steps.
    pub(crate) late: Option<Trouble>,
    /// CPU time of processes that are over.
    past_cpu_ns: u64,
    looked_ns: u64,
    away_until_ns: u64,
    pub(crate) last_words: Option<String>,
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
            ledger: Ledger::default(),
            live: Live::default(),
            timeline: Timeline::default(),
            stragglers: Stragglers::default(),
            latecomers: Latecomers::default(),
            blame: Blame::default(),
            standing: None,
            start: StartUp::default(),
            first_start: None,
            incidents: Vec::new(),
            checkpoints: 0,
            bytes_reduced: 0,
            finished: Vec::new(),
            heard_ns: Vec::new(),
            crew: None,
            attempts: 0,
            faults: plan.faults(),
            late: None,
            past_cpu_ns: 0,
            looked_ns: 0,
            away_until_ns: 0,
            last_words: None,
        }
    }

    /// Trains to the end.
    ///
    /// # Errors
    /// [`LabError::Cancelled`] on request, [`LabError::Environment`] when workers cannot be started, and
    /// [`LabError::Failed`] with who failed, where, and what the others did.
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
                self.listen()?;
            }
        }
        self.tell_recoveries();
        self.tell_shortage();
        match self.controller.state() {
            State::Finished => Ok(()),
            State::Aborted => Err(LabError::Cancelled),
            _ => Err(LabError::Failed(self.epitaph())),
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
                self.end_crew();
                self.feed(Input::Over)
            }
            Some(Command::Stop) => {
                self.crew.iter().for_each(|crew| crew.stop(GRACE));
                Ok(())
            }
            None if after == State::ShuttingDown && before != after => {
                // They have nothing left to do; who hangs on the way out is killed.
                self.crew.iter().for_each(|crew| crew.stop(GRACE));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn launch(&mut self, workers: u32, resume: bool) -> Result<(), LabError> {
        let attempt = self.attempts;
        self.attempts += 1;
        self.ledger.begin(workers);
        self.live.begin(workers, attempt);
        self.show();
        self.timeline.begin(workers, attempt);
        self.stragglers.begin(workers);
        self.blame = Blame::default();
        self.standing = None;
        self.late = None;
        self.finished = vec![false; workers as usize];
        let now_ns = self.ctx.clock.now_ns();
        self.heard_ns = vec![now_ns; workers as usize];
        self.latecomers.begin(workers, now_ns);
        self.start = StartUp::begin(workers, now_ns);
        let port = free_port()?;
        let launches = (0..workers)
            .map(|rank| {
                let env = WorkerEnv::local(rank, workers, port);
                let spec = self.plan.spec(rank, workers, &self.faults, resume);
                let mut launch = Launch::new(self.program, env, spec);
                let threads = self.plan.settings.threads.to_string();
                // Read by libtorch's OpenMP before any thread is started.
                launch.vars.push(("OMP_NUM_THREADS".into(), threads.into()));
                launch
            })
            .collect();
        let crew = Crew::start(launches, self.ctx.clock).map_err(|error| match error {
            CrewError::NotFound { .. } | CrewError::NotExecutable { .. } | CrewError::Io { .. } => {
                LabError::Environment(error.to_string())
            }
            _ => LabError::Failed(error.to_string()),
        })?;
        self.crew = Some(crew);
        Ok(())
    }

    /// Waits for news and deals with them.
    fn listen(&mut self) -> Result<(), LabError> {
        let Some(crew) = &self.crew else {
            return self.feed(Input::Over);
        };
        if let Some(news) = crew.next(TICK) {
            self.hear(&news)?;
        } else if crew.is_over() {
            // A rank that failed because of another, when there is no other left to explain it.
            if let Some(trouble) = self.blame.verdict(u64::MAX, 0).cloned() {
                return self.fail(&trouble);
            }
            self.end_crew();
            return self.feed(Input::Over);
        }
        self.tick()
    }

    fn tick(&mut self) -> Result<(), LabError> {
        let now_ns = self.ctx.clock.now_ns();
        if now_ns >= self.looked_ns + LOOK_NS {
            self.looked_ns = now_ns;
            self.look_at_ranks(now_ns);
            self.show();
        }
        let world = self.controller.workers();
        if let Some(trouble) = self.blame.verdict(now_ns, world).cloned() {
            return self.fail(&trouble);
        }
        let limit_ns = (self.plan.settings.timeout_s * 1e9) as u64 + LENIENCE_NS;
        if let Some(standing) = &self.standing
            && now_ns.saturating_sub(standing.at_ns) > limit_ns
        {
            // The others may wait for it where nothing ends their waiting, or there are no others.
            let standing = standing.clone();
            return self.fail(&standing);
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

    /// Looks at what the ranks use and whether they get on, and names one that the others wait for outside of steps.
    fn look_at_ranks(&mut self, now_ns: u64) {
        let Some(crew) = &self.crew else {
            return;
        };
        let (states, usage) = (crew.states(), crew.usage());
        let used_ns: u64 = usage.iter().map(|usage| usage.cpu_ns).sum();
        let progress = self.ctx.progress;
        progress.set_processes_cpu_ns(self.past_cpu_ns + used_ns);
        progress.set_processes_rss(usage.iter().map(|usage| usage.rss_bytes).sum());
        for state in &states {
            let own = usage.iter().find(|usage| usage.rank == state.rank);
            let stopped = own.is_some_and(|usage| usage.state == ProcessState::Stopped);
            self.live.found(state.rank, state.condition, stopped);
        }
        let heard_ns = &self.heard_ns;
        let is_heard = |rank: u32| {
            let heard = heard_ns.get(rank as usize);
            heard.is_some_and(|heard| now_ns.saturating_sub(*heard) < ALIVE_NS)
        };
        if let Some(late) = self.latecomers.look(&states, now_ns, is_heard) {
            self.tell_slow(&late.to_string());
            // Should one of the others give up waiting, this is why.
            self.late = Some(Trouble {
                rank: late.rank,
                at_ns: now_ns,
                sort: Sort::Own,
                word: "slowness",
                text: format!("was too slow in {}", late.phase),
            });
        }
        self.live.wait_for(self.latecomers.late());
    }

    /// Says how all ranks stand.
    fn show(&self) {
        for state in self.live.states(self.ledger.parts()) {
            self.ctx.progress.slot(state);
        }
    }

    /// What a rank has used by now.
    pub(crate) fn moment(&self, rank: u32, at_ns: u64) -> Moment {
        let usage = self.crew.iter().flat_map(Crew::usage);
        let cpu_ns = usage
            .filter(|usage| usage.rank == rank)
            .map(|usage| usage.cpu_ns)
            .sum();
        Moment { at_ns, cpu_ns }
    }

    /// Says who is to blame and what the others do, and leaves the rest to the controller.
    fn fail(&mut self, trouble: &Trouble) -> Result<(), LabError> {
        self.blame = Blame::default();
        if trouble.sort == Sort::Meeting
            && trouble.text.contains("in use")
            && !self.start.any(workbench_protocol::Stage::Rendezvous)
            && self.controller.state() == State::Scheduling
        {
            return self.feed(Input::Collided);
        }
        // Who waited in vain is not to blame.
        let standing = self.standing.take().or_else(|| self.late.take());
        let (gave_up, trouble) = match &standing {
            Some(standing) if trouble.sort == Sort::Echo && standing.rank != trouble.rank => {
                (Some(trouble), standing)
            }
            _ => (None, trouble),
        };
        let mut what = self.sentence(trouble);
        if let Some(other) = gave_up {
            let seconds = self.plan.settings.timeout_s;
            let _ = write!(what, "; rank {} gave up after {seconds} s", other.rank);
        }
        let faults = self.faults.of(self.controller.workers());
        let cause = faults.iter().find(|fault| explains(fault, trouble));
        if let Some(fault) = cause {
            what = what.replace(&format!(", {}", By::Outside), "");
            let _ = write!(what, " (as asked for: {fault})");
        }
        self.faults
            .struck(cause.copied(), self.controller.steps_begun());
        // Where nothing goes on, the arm's own failure says it.
        if self.plan.arm.is_supervised() {
            self.ctx.progress.output(self.plan.arm.speaker(), &what);
        }
        let heard_ns = self.heard_ns.get(trouble.rank as usize).copied();
        self.incidents.push(Incident {
            what: what.clone(),
            heard_ns: heard_ns.unwrap_or(trouble.at_ns).min(trouble.at_ns),
            noticed_ns: trouble.at_ns,
            next_step_ns: None,
            new_step_ns: None,
            again: 0,
        });
        self.away_until_ns = trouble.at_ns + (self.plan.settings.away_s * 1e9) as u64;
        self.last_words = Some(what);
        self.show();
        let curable = trouble.sort != Sort::Incurable;
        self.feed(Input::Failed { curable })
    }

    /// Ends what is left of a crew, and keeps what it has used and printed.
    fn end_crew(&mut self) {
        let Some(crew) = self.crew.take() else {
            return;
        };
        self.live.end_all();
        self.show();
        while let Some(news) = crew.next(Duration::ZERO) {
            self.keep_line(&news);
        }
        let at_ns = self.ctx.clock.now_ns();
        let mut used_ns = 0;
        for usage in crew.usage() {
            used_ns += usage.cpu_ns;
            let rank = usage.rank;
            let done = self.finished.get(rank as usize).copied().unwrap_or(false);
            let outcome = if done && self.controller.state() == State::ShuttingDown {
                Outcome::Done
            } else {
                Outcome::Cancelled
            };
            let moment = Moment {
                at_ns,
                cpu_ns: usage.cpu_ns,
            };
            let span = self.timeline.close(rank, moment, outcome);
            if let Some(span) = span {
                (self.ctx.spans)(span);
            }
        }
        drop(crew);
        self.past_cpu_ns += used_ns;
        self.ctx.progress.set_processes_cpu_ns(self.past_cpu_ns);
        self.ctx.progress.set_processes_rss(0);
    }
}

/// A port that nobody listens at now. Somebody may a moment later; then the workers say so, and another is tried.
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
