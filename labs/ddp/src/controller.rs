//! The launcher's controller: what is done when something happens to the workers.
//!
//! Belongs here: states, what leads from one to the next, and the guard that no step is applied
//! twice. Does not belong here: processes, clocks, files; whoever drives the controller tells it
//! what happened and does what it says.
//!
//! ```text
//! initializing → scheduling → running → shutting down → finished
//!                    ↑           ├→ restarting ┐      └→ errored
//!                    ├───────────┼─────────────┘
//!                    └───────────┴→ resizing         any → aborted
//! ```

use std::fmt;

use workbench_experiment::lab::ControllerPhase;

/// What the controller is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing was done yet.
    Initializing,
    /// Workers were asked for and are starting.
    Scheduling,
    /// Workers train.
    Running,
    /// A worker failed; the others are being ended, and all will start again.
    Restarting,
    /// The workers were asked to end in order, because there is room for more.
    Resizing,
    /// The training is over, or given up; the last processes are ending.
    ShuttingDown,
    /// Given up.
    Errored,
    /// The training is done.
    Finished,
    /// Stopped by a person.
    Aborted,
}

impl State {
    /// Whether nothing can follow.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Errored | Self::Finished | Self::Aborted)
    }

    /// What it is to a reader who knows no launcher.
    pub fn phase(self) -> ControllerPhase {
        match self {
            Self::Initializing | Self::Scheduling => ControllerPhase::Starting,
            Self::Running => ControllerPhase::Running,
            Self::Restarting | Self::Resizing => ControllerPhase::Recovering,
            Self::ShuttingDown => ControllerPhase::Stopping,
            Self::Errored => ControllerPhase::Failed,
            Self::Finished => ControllerPhase::Ended,
            Self::Aborted => ControllerPhase::Cancelled,
        }
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Scheduling => "scheduling",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Resizing => "resizing",
            Self::ShuttingDown => "shutting down",
            Self::Errored => "errored",
            Self::Finished => "finished",
            Self::Aborted => "aborted",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the controller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Workers to train with.
    pub workers: u32,
    /// Workers to go on with when some are lost; as many as `workers` to have them started anew at
    /// once.
    pub least: u32,
    /// Failures after which the training goes on.
    pub max_failures: u32,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The training is to begin.
    Begin,
    /// A rank has done a step.
    Stepped {
        /// The rank.
        rank: u32,
        /// The step, from 0.
        step: u64,
    },
    /// The workers cannot go on.
    Failed {
        /// Whether another attempt could do better.
        curable: bool,
    },
    /// What failed was the place to meet, before anybody met: another place is taken, and nothing
    /// is counted.
    Collided,
    /// All ranks said that their training is over.
    Done {
        /// Whether all was done that was to be done.
        complete: bool,
    },
    /// A lost worker's place can be filled again.
    Returned,
    /// All processes of the attempt are over.
    Over,
    /// A person wants an end.
    Abort,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Start so many workers, from the newest checkpoint or from the beginning.
    Launch {
        /// Workers.
        workers: u32,
        /// Whether to go on from the newest checkpoint.
        resume: bool,
    },
    /// End all workers at once, and say when they are over.
    Kill,
    /// Ask the workers to end in order, with a checkpoint.
    Stop,
}

/// Why the controller has given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenUp {
    /// What failed would fail again.
    #[error("another attempt would fail in the same way")]
    Incurable,
    /// It failed too often.
    #[error("it failed {failures} times, and max_failures is {max_failures}")]
    TooManyFailures {
        /// Failures.
        failures: u32,
        /// How many were allowed.
        max_failures: u32,
    },
    /// A rank's steps do not follow on each other, so the optimiser would have taken one twice or
    /// left one out.
    #[error("rank {rank} reported step {step} where step {expected} was to come")]
    OutOfOrder {
        /// The rank.
        rank: u32,
        /// What it reported.
        step: u64,
        /// What was expected.
        expected: u64,
    },
    /// The ranks ended too early.
    #[error("the workers ended before the training was done")]
    EarlyEnd,
}

/// Attempts that may collide in a row before a collision counts as a failure.
const COLLISIONS: u32 = 3;

/// The controller.
#[derive(Debug, Clone)]
pub struct Controller {
    policy: Policy,
    state: State,
    workers: u32,
    failures: u32,
    resizes: u32,
    collisions: u32,
    resume: bool,
    /// The next step of each rank in this attempt, once it has done one.
    next: Vec<Option<u64>>,
    /// The first step of this attempt, once known.
    first: Option<u64>,
    /// Steps that the training had reached before this attempt, all ranks together.
    reached: u64,
    repeated: u64,
    given_up: Option<GivenUp>,
}

impl Controller {
    /// A controller that waits for [`Input::Begin`].
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            state: State::Initializing,
            workers: policy.workers,
            failures: 0,
            resizes: 0,
            collisions: 0,
            resume: false,
            next: Vec::new(),
            first: None,
            reached: 0,
            repeated: 0,
            given_up: None,
        }
    }

    /// What it is about.
    pub fn state(&self) -> State {
        self.state
    }

    /// Workers of this attempt.
    pub fn workers(&self) -> u32 {
        self.workers
    }

    /// Failures so far.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Times that the number of workers was raised again.
    pub fn resizes(&self) -> u32 {
        self.resizes
    }

    /// Steps that were done again, because the last checkpoint before a failure was older.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether it goes on with fewer workers than it should have.
    pub fn is_short(&self) -> bool {
        self.workers < self.policy.workers
    }

    /// The first step of this attempt, once a rank has done it.
    pub fn first_step(&self) -> Option<u64> {
        self.first
    }

    /// The step that a rank is in, as far as it has told in this attempt.
    pub fn next_step(&self, rank: u32) -> Option<u64> {
        self.next.get(rank as usize).copied().flatten()
    }

    /// Steps that any rank has done so far, in this attempt or before.
    pub fn steps_begun(&self) -> u64 {
        let most = self.next.iter().flatten().copied().max();
        most.unwrap_or(0).max(self.reached)
    }

    /// Why it has given up.
    pub fn given_up(&self) -> Option<&GivenUp> {
        self.given_up.as_ref()
    }

    /// Takes in what happened; gives what is to be done. What makes no sense in a state is passed
    /// over.
    pub fn take(&mut self, input: Input) -> Option<Command> {
        if self.state.is_end() {
            return None;
        }
        match (self.state, input) {
            (_, Input::Abort) => {
                self.state = State::Aborted;
                Some(Command::Kill)
            }
            (State::Initializing, Input::Begin) => Some(self.launch()),
            (
                State::Scheduling | State::Running | State::Resizing,
                Input::Stepped { rank, step },
            ) => self.stepped(rank, step),
            (State::Scheduling | State::Running | State::Resizing, Input::Failed { curable }) => {
                Some(self.failed(curable))
            }
            (State::Scheduling, Input::Collided) => Some(self.collided()),
            (State::Running, Input::Returned) if self.is_short() => {
                self.state = State::Resizing;
                Some(Command::Stop)
            }
            (State::Scheduling | State::Running, Input::Done { complete }) => self.done(complete),
            // Those that were to end early may have been at their end.
            (State::Resizing, Input::Done { complete: true }) => self.done(true),
            (State::Scheduling | State::Running, Input::Over) => {
                // Nobody failed, nobody was done: there is nobody left to wait for.
                let command = self.failed(true);
                self.over().or(Some(command))
            }
            (State::Restarting | State::Resizing | State::ShuttingDown, Input::Over) => self.over(),
            _ => None,
        }
    }

    fn launch(&mut self) -> Command {
        self.reached = self.reached.max(self.done_by_all());
        self.state = State::Scheduling;
        self.next = vec![None; self.workers as usize];
        self.first = None;
        Command::Launch {
            workers: self.workers,
            resume: self.resume,
        }
    }

    /// Steps that every rank of this attempt has done.
    fn done_by_all(&self) -> u64 {
        let least = self.next.iter().map(|next| next.unwrap_or(0)).min();
        least.unwrap_or(0)
    }

    fn stepped(&mut self, rank: u32, step: u64) -> Option<Command> {
        if self.state == State::Scheduling {
            self.state = State::Running;
        }
        self.collisions = 0;
        let next = *self.next.get(rank as usize)?;
        let expected = match (next, self.first) {
            (Some(next), _) => next,
            (None, Some(first)) => first,
            // From the beginning, or from a checkpoint of what was done before; one that was being
            // written when the ranks were lost may be a step ahead of what they could still report.
            (None, None) if self.resume && step <= self.reached + 1 => step,
            (None, None) if self.resume => self.reached,
            (None, None) => 0,
        };
        if step != expected {
            return Some(self.give_up(GivenUp::OutOfOrder {
                rank,
                step,
                expected,
            }));
        }
        if self.first.is_none() {
            self.first = Some(step);
            self.repeated += self.reached.saturating_sub(step);
        }
        self.next[rank as usize] = Some(step + 1);
        None
    }

    fn failed(&mut self, curable: bool) -> Command {
        if !curable {
            return self.give_up(GivenUp::Incurable);
        }
        self.failures += 1;
        if self.failures > self.policy.max_failures {
            return self.give_up(GivenUp::TooManyFailures {
                failures: self.failures,
                max_failures: self.policy.max_failures,
            });
        }
        if self.workers > self.policy.least.max(1) {
            self.workers -= 1;
        }
        self.resume = true;
        self.state = State::Restarting;
        Command::Kill
    }

    fn collided(&mut self) -> Command {
        self.collisions += 1;
        if self.collisions > COLLISIONS {
            return self.failed(true);
        }
        self.state = State::Restarting;
        Command::Kill
    }

    fn done(&mut self, complete: bool) -> Option<Command> {
        if !complete {
            return Some(self.give_up(GivenUp::EarlyEnd));
        }
        self.state = State::ShuttingDown;
        None
    }

    fn give_up(&mut self, why: GivenUp) -> Command {
        self.given_up = Some(why);
        self.state = State::ShuttingDown;
        Command::Kill
    }

    fn over(&mut self) -> Option<Command> {
        match self.state {
            State::Restarting => Some(self.launch()),
            State::Resizing => {
                self.resizes += 1;
                self.workers = self.policy.workers;
                self.resume = true;
                Some(self.launch())
            }
            State::ShuttingDown => {
                self.state = if self.given_up.is_some() {
                    State::Errored
                } else {
                    State::Finished
                };
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "controller_tests.rs"]
mod tests;
