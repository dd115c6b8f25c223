//! A failure and what it cost: when it was noticed, when training went on, and what had to be done
//! again.

use workbench_clock::seconds;
use workbench_ddp_protocol::{Fault, Phase};
use workbench_protocol::Position;
use workbench_workers::RankState;

use crate::root_cause::RankFailure;

/// What failed, and what the others did meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureReport {
    /// The failure that explains the others.
    pub failure: RankFailure,
    /// Where its rank was, when it could not say so itself.
    pub place: Option<FailurePlace>,
    /// The states of the other ranks.
    pub others: Vec<RankState<Phase>>,
    /// Other ranks that have gone on since they last said where they are, and the step of each.
    pub ahead: Vec<(u32, u64)>,
    /// A rank that waited for it in vain, and for how many seconds.
    pub gave_up: Option<(u32, f64)>,
    /// The fault that was asked for and explains it.
    pub fault: Option<Fault>,
}

/// Where a rank was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailurePlace {
    /// In a step, somewhere.
    Step(u64),
    /// Where it last said.
    Position(Position<Phase>),
}

/// A failure that the controller dealt with.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// What failed.
    pub report: FailureReport,
    /// When the rank was last heard of, on the run's clock.
    pub heard_ns: u64,
    /// When the next step was done.
    pub next_step_ns: Option<u64>,
    /// When the first step was done that had not been done before.
    pub new_step_ns: Option<u64>,
    /// Steps that had been done and were done again.
    pub repeated: u64,
}

impl Incident {
    /// A failure of a rank that was last heard of then.
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

    /// All ranks have done a step, for the first time if it `is_new`. Returns whether it is the
    /// first after the failure.
    pub fn stepped(&mut self, at_ns: u64, is_new: bool) -> bool {
        let is_first = self.next_step_ns.is_none();
        self.next_step_ns.get_or_insert(at_ns);
        if is_new {
            self.new_step_ns.get_or_insert(at_ns);
        }
        is_first
    }

    /// When the failure was noticed, on the run's clock.
    fn noticed_ns(&self) -> u64 {
        self.report.failure.at_ns
    }

    /// Seconds from the last sign of life until it was noticed: what detection took at most.
    pub fn detection_s(&self) -> f64 {
        seconds(self.noticed_ns().saturating_sub(self.heard_ns))
    }

    /// Seconds until any step was done again.
    pub fn to_next_step_s(&self) -> Option<f64> {
        let next_ns = self.next_step_ns?;
        Some(seconds(next_ns.saturating_sub(self.noticed_ns())))
    }

    /// Seconds until training was further than it had been.
    pub fn to_new_step_s(&self) -> Option<f64> {
        let new_ns = self.new_step_ns?;
        Some(seconds(new_ns.saturating_sub(self.noticed_ns())))
    }
}
