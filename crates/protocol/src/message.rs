//! The messages, generic over what one lab adds to them.
//!
//! A worker says [`FromWorker::Hello`] first, is told [`ToWorker::Start`] once, reports, and ends
//! with [`FromWorker::Done`] or [`FromWorker::Failed`] and the end of its process. Durations are
//! nanoseconds of the worker's monotonic clock; moments are those of the [clocks](crate::Clocks)
//! that go with every message.

use std::fmt::{Debug, Display};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::VERSION;

/// What the workers of one lab say beyond what all workers do. Implemented by an empty type.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use workbench_protocol::{PhaseName, Protocol};
///
/// #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
/// enum Doing { Starting, Searching }
///
/// impl std::fmt::Display for Doing {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str(match self { Self::Starting => "start-up", Self::Searching => "search" })
///     }
/// }
///
/// impl PhaseName for Doing {
///     const ALL: &'static [Self] = &[Self::Starting, Self::Searching];
/// }
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct Search;
///
/// impl Protocol for Search {
///     type Order = u64;
///     type Phase = Doing;
///     type Report = f64;
///     type Outcome = f64;
///     type Failure = String;
/// }
/// ```
pub trait Protocol: Debug + Clone + PartialEq + Send + Sync + 'static {
    /// What a worker is to do. Sent once, first.
    type Order: Body;
    /// What a worker may be doing, in the order of its work.
    type Phase: PhaseName;
    /// What a worker reports while it works.
    type Report: Body;
    /// What a worker reports at its end, when all went well.
    type Outcome: Body;
    /// Why a worker cannot go on.
    type Failure: Body;

    /// What a step cost, where a report tells of one: workers that wait for each other in every
    /// step are judged by it. `None` where workers do not wait for each other.
    fn step_times(report: &Self::Report) -> Option<StepTimes> {
        let _ = report;
        None
    }
}

/// What a part of a message has to be.
pub trait Body:
    Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Body
    for T
{
}

/// What a worker is doing. The order is that of its work: within a step, or from begin to end where
/// there are no steps. Shown as its name within a sentence.
pub trait PhaseName: Body + Copy + Ord + Display {
    /// All phases, at most 256, in order. The first is that of a process that has just begun.
    const ALL: &'static [Self];

    /// Whether a worker in this phase may be waiting for the others rather than working.
    fn is_waiting(self) -> bool {
        false
    }

    /// Whether this phase is over before the first step begins.
    fn is_start_up(self) -> bool {
        false
    }

    /// The stretch of work that this phase belongs to, in this step. By default there are only the
    /// start-up and steps.
    fn stretch(self, step: u64) -> Stretch {
        let _ = step;
        if self.is_start_up() {
            Stretch::StartUp
        } else {
            Stretch::Steps
        }
    }

    /// The phase of a worker that said this one and whose thread sleeps. One that calls a library
    /// which works first and then waits for others cannot say itself when it begins to wait.
    #[must_use]
    fn while_asleep(self) -> Self {
        self
    }
}

/// A stretch of work. In each of them, workers that wait for each other are compared in its own
/// way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// Everything before the first step.
    StartUp,
    /// Steps, which are compared by their [`StepTimes`].
    Steps,
    /// Work between two steps, such as an evaluation; of several kinds, which have a number each.
    Between(u8),
    /// What comes after the last step. Nobody waits for anybody there.
    Closing,
}

/// Where a worker is in its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Position<P: PhaseName> {
    /// What it is doing.
    pub phase: P,
    /// The step that it works on, from 0; 0 where there are no steps.
    pub step: u64,
}

impl<P: PhaseName> Position<P> {
    /// The position of a process that has just begun.
    pub fn start() -> Self {
        let phase = P::ALL[0];
        Self { phase, step: 0 }
    }

    /// Orders positions by how far the work has come. Phases of the start-up are before the first
    /// step, whatever step they name.
    pub fn progress(self) -> (u64, P) {
        let step = if self.phase.is_start_up() {
            0
        } else {
            self.step
        };
        (step, self.phase)
    }
}

/// What one step of one worker cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepTimes {
    /// Its own work, in nanoseconds.
    pub work_ns: u64,
    /// What it waited for the others, in nanoseconds.
    pub wait_ns: u64,
}

/// What a supervisor tells a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum ToWorker<P: Protocol> {
    /// What to do. First, and once.
    Start {
        /// The supervisor's [`VERSION`].
        version: u32,
        /// What to do.
        order: Box<P::Order>,
    },
    /// End in order after the current step.
    Stop,
}

impl<P: Protocol> ToWorker<P> {
    /// The order to start, with this program's version.
    pub fn start(order: P::Order) -> Self {
        Self::Start {
            version: VERSION,
            order: Box::new(order),
        }
    }
}

/// What a worker tells its supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", bound = "")]
pub enum FromWorker<P: Protocol> {
    /// First of all.
    Hello {
        /// The worker's [`VERSION`].
        version: u32,
        /// The worker's process.
        pid: u32,
    },
    /// A sign of life, five times a second from a thread of its own, also while the work is stuck.
    Heartbeat {
        /// Where the working thread is.
        position: Position<P::Phase>,
        /// How long ago the working thread last said where it is.
        since_ns: u64,
    },
    /// What the lab's workers report beside this.
    Report(P::Report),
    /// The work is over, as it should be.
    Done(P::Outcome),
    /// The work cannot go on; the process ends after this.
    Failed(P::Failure),
}

impl<P: Protocol> FromWorker<P> {
    /// This process' first message.
    pub fn hello() -> Self {
        Self::Hello {
            version: VERSION,
            pid: std::process::id(),
        }
    }
}
