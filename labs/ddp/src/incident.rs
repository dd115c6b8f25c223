//! A failure and its cost: when it was detected, when training continued, and which steps were
//! repeated.

use workbench_clock::seconds;
use workbench_ddp_protocol::{Fault, Phase};
use workbench_protocol::Position;
use workbench_workers::RankState;

use crate::root_cause::RankFailure;

/// The root cause, and the states of the other ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureReport {
    /// The root cause.
    pub failure: RankFailure,
    /// The position of its rank, if the rank could not report it.
    pub place: Option<FailurePlace>,
    /// The states of the other ranks.
    pub others: Vec<RankState<Phase>>,
    /// Other ranks that have made progress since their last report, and the step of each.
    pub ahead: Vec<(u32, u64)>,
    /// A rank whose wait for it timed out, and after how many seconds.
    pub gave_up: Option<(u32, f64)>,
    /// The injected fault that explains it.
    pub fault: Option<Fault>,
}

/// Where a rank was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailurePlace {
    /// In a step, at an unknown place.
    Step(u64),
    /// At its last reported position.
    Position(Position<Phase>),
}

impl FailurePlace {
    /// The step.
    pub fn step(self) -> u64 {
        match self {
            Self::Step(step) => step,
            Self::Position(at) => at.step,
        }
    }
}

/// A failure that the controller handled.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// What failed.
    pub report: FailureReport,
    /// When the last message of the rank came, on the run's clock.
    pub heard_ns: u64,
    /// When the next step was done.
    pub next_step_ns: Option<u64>,
    /// When the first new step was done.
    pub new_step_ns: Option<u64>,
    /// Repeated steps.
    pub repeated: u64,
}

impl Incident {
    /// A failure of a rank whose last message came at that time.
    pub fn new(report: FailureReport, heard_ns: Option<u64>) -> Self {
        let noticed_ns = report.failure.at_ns;
        Self {
            heard_ns: heard_ns.unwrap_or(noticed_ns).min(noticed_ns),
            report,
            next_step_ns: None,
            new_step_ns: None,
            repeated: 0,
        }
    }

    /// Records that a rank has done the first step after it, before which so many steps were lost.
    /// Later attempts begin for other reasons.
    pub fn resumed(&mut self, repeated: u64) {
        if self.next_step_ns.is_none() {
            self.repeated = repeated;
        }
    }

    /// Records that all ranks have done a step, with which the training is further than ever before
    /// if it `is_new`. Returns whether it is the first after the failure.
    pub fn stepped(&mut self, at_ns: u64, is_new: bool) -> bool {
        let is_first = self.next_step_ns.is_none();
        self.next_step_ns.get_or_insert(at_ns);
        if is_new {
            self.new_step_ns.get_or_insert(at_ns);
        }
        is_first
    }

    /// When the failure was detected, on the run's clock.
    fn noticed_ns(&self) -> u64 {
        self.report.failure.at_ns
    }

    /// Seconds from the last heartbeat until detection: the upper bound of the time to detect.
    pub fn detection_s(&self) -> f64 {
        seconds(self.noticed_ns().saturating_sub(self.heard_ns))
    }

    /// Seconds until the next step of any number.
    pub fn to_next_step_s(&self) -> Option<f64> {
        let next_ns = self.next_step_ns?;
        Some(seconds(next_ns.saturating_sub(self.noticed_ns())))
    }

    /// Seconds until the first new step.
    pub fn to_new_step_s(&self) -> Option<f64> {
        let new_ns = self.new_step_ns?;
        Some(seconds(new_ns.saturating_sub(self.noticed_ns())))
    }
}

/// Checkpoints that could not be written. The first is reported at once, the others at the end: a
/// full disk refuses all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// How many.
    pub count: u64,
    /// Steps done before the last of them.
    pub last: u64,
}

impl Unwritten {
    /// One more, after so many steps. Returns whether it is the first.
    pub fn add(&mut self, step: u64) -> bool {
        self.count += 1;
        self.last = step;
        self.count == 1
    }
}
