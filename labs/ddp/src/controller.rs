//! The launcher's controller: decides how to react to events of the workers.
//!
//! Belongs here: states, transitions, and the guard that no step is applied twice. Does not belong
//! here: processes, clocks, files. The driver passes events to the controller and carries out its
//! commands.
//!
//! ```text
//! initializing → scheduling → running → shutting down → finished
//!                    ↑           ├→ restarting ┐      └→ errored
//!                    ├───────────┼─────────────┘
//!                    └───────────┴→ resizing         any → aborted
//! ```

use std::fmt;

use workbench_experiment::lab::ControllerPhase;
use workbench_report::format::counted;

/// The state of the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing has happened yet.
    Initializing,
    /// Workers were requested and are starting.
    Scheduling,
    /// Workers train.
    Running,
    /// A worker failed; the others are being ended, and all will be restarted.
    Restarting,
    /// The workers were asked to end normally, because a lost worker can be replaced.
    Resizing,
    /// The training has ended or was given up; the last processes are ending.
    ShuttingDown,
    /// Given up.
    Errored,
    /// The training is done.
    Finished,
    /// Stopped by a person.
    Aborted,
}

impl State {
    /// Whether this is a final state.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Errored | Self::Finished | Self::Aborted)
    }

    /// The general phase, as the record has it.
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

/// The controller's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryPolicy {
    /// Workers to train with.
    pub workers: u32,
    /// The fewest workers to continue with when some are lost. Equal to `workers`: restart all at
    /// once.
    pub least: u32,
    /// Number of failures after which the training is still restarted.
    pub max_failures: u32,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Begin the training.
    Begin,
    /// A rank has done a step.
    Stepped {
        /// The rank.
        rank: u32,
        /// The step, from 0.
        step: u64,
    },
    /// The workers cannot continue.
    Failed {
        /// Whether another attempt could succeed.
        curable: bool,
    },
    /// All ranks reported the end of their training.
    Done {
        /// Whether the whole training was done.
        complete: bool,
    },
    /// A lost worker can be replaced now.
    Returned,
    /// All processes of the attempt have ended.
    Over,
    /// A person stopped the run.
    Abort,
}

/// A command to the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControllerCommand {
    /// Start this many workers, from the newest checkpoint or from the beginning.
    Launch {
        /// Workers.
        workers: u32,
        /// Whether to continue from the newest checkpoint.
        resume: bool,
    },
    /// End all workers at once, and report when they have ended.
    Kill,
    /// Ask the workers to end normally, with a checkpoint.
    Stop,
}

/// Why the controller has given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenUp {
    /// Another attempt would fail again.
    #[error("another attempt would fail in the same way")]
    Incurable,
    /// It failed too often.
    #[error("it failed {}, and max_failures is {max_failures}", counted(u64::from(*failures), "time"))]
    TooManyFailures {
        /// Failures.
        failures: u32,
        /// How many were allowed.
        max_failures: u32,
    },
    /// A rank's steps are not consecutive, so the optimizer would have applied one twice or skipped
    /// one.
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

/// The controller.
#[derive(Debug, Clone)]
pub struct Controller {
    policy: RecoveryPolicy,
    state: State,
    workers: u32,
    failures: u32,
    resizes: u32,
    resume: bool,
    /// The next step of each rank in this attempt, once it has done one.
    next: Vec<Option<u64>>,
    /// The first step of this attempt, once known.
    first: Option<u64>,
    /// Steps that the training had come to when the attempt before this one ended, all ranks
    /// together.
    reached: u64,
    repeated: u64,
    given_up: Option<GivenUp>,
}

impl Controller {
    /// A controller that waits for [`Input::Begin`].
    pub fn new(policy: RecoveryPolicy) -> Self {
        Self {
            policy,
            state: State::Initializing,
            workers: policy.workers,
            failures: 0,
            resizes: 0,
            resume: false,
            next: Vec::new(),
            first: None,
            reached: 0,
            repeated: 0,
            given_up: None,
        }
    }

    /// Its state.
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

    /// How often the number of workers was raised again.
    pub fn resizes(&self) -> u32 {
        self.resizes
    }

    /// Repeated steps: done after the last checkpoint before a failure.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether it runs with fewer workers than requested.
    pub fn is_short(&self) -> bool {
        self.workers < self.policy.workers
    }

    /// The first step of this attempt, once a rank has done it.
    pub fn first_step(&self) -> Option<u64> {
        self.first
    }

    /// The step that a rank is in, as reported in this attempt.
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

    /// Handles an event; returns the next command. Events that do not fit the state are ignored.
    pub fn take(&mut self, input: Input) -> Option<ControllerCommand> {
        if self.state.is_end() {
            return None;
        }
        match (self.state, input) {
            (_, Input::Abort) => {
                self.state = State::Aborted;
                Some(ControllerCommand::Kill)
            }
            (State::Initializing, Input::Begin) => Some(self.launch()),
            (
                State::Scheduling | State::Running | State::Resizing,
                Input::Stepped { rank, step },
            ) => self.stepped(rank, step),
            (State::Scheduling | State::Running | State::Resizing, Input::Failed { curable }) => {
                Some(self.failed(curable))
            }
            (State::Running, Input::Returned) if self.is_short() => {
                self.state = State::Resizing;
                Some(ControllerCommand::Stop)
            }
            (State::Scheduling | State::Running, Input::Done { complete }) => self.done(complete),
            // Ranks that were asked to end early may have finished.
            (State::Resizing, Input::Done { complete: true }) => self.done(true),
            (State::Scheduling | State::Running, Input::Over) => {
                // No rank failed and none finished, but no rank is left to wait for.
                let command = self.failed(true);
                self.over().or(Some(command))
            }
            (State::Restarting | State::Resizing | State::ShuttingDown, Input::Over) => self.over(),
            _ => None,
        }
    }

    fn launch(&mut self) -> ControllerCommand {
        self.reached = self.done_by_all();
        self.state = State::Scheduling;
        self.next = vec![None; self.workers as usize];
        self.first = None;
        ControllerCommand::Launch {
            workers: self.workers,
            resume: self.resume,
        }
    }

    /// Steps that every rank has done. An attempt that has done none leaves the training where it
    /// was.
    fn done_by_all(&self) -> u64 {
        let Some(first) = self.first else {
            return self.reached;
        };
        let done = self.next.iter().map(|next| next.unwrap_or(first));
        done.min().unwrap_or(first)
    }

    fn stepped(&mut self, rank: u32, step: u64) -> Option<ControllerCommand> {
        if self.state == State::Scheduling {
            self.state = State::Running;
        }
        let next = *self.next.get(rank as usize)?;
        let expected = match (next, self.first) {
            (Some(next), _) => next,
            (None, Some(first)) => first,
            // From the beginning, or from a checkpoint of the steps before. A checkpoint that was
            // being written when the ranks were lost may be one step ahead of their last report.
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

    fn failed(&mut self, curable: bool) -> ControllerCommand {
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
        ControllerCommand::Kill
    }

    fn done(&mut self, complete: bool) -> Option<ControllerCommand> {
        if !complete {
            return Some(self.give_up(GivenUp::EarlyEnd));
        }
        self.state = State::ShuttingDown;
        None
    }

    fn give_up(&mut self, why: GivenUp) -> ControllerCommand {
        self.given_up = Some(why);
        self.state = State::ShuttingDown;
        ControllerCommand::Kill
    }

    fn over(&mut self) -> Option<ControllerCommand> {
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
