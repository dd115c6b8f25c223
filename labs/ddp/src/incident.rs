//! A failure and what it cost: when it was noticed, when training went on, and what had to be done again.

use workbench_engine::clock::seconds;

/// A failure that the controller dealt with.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// What happened, in a sentence without its end.
    pub what: String,
    /// When the rank was last heard of, on the run's clock.
    pub heard_ns: u64,
    /// When its failure was noticed.
    pub noticed_ns: u64,
    /// When the next step was done.
    pub next_step_ns: Option<u64>,
    /// When the first step was done that had not been done before.
    pub new_step_ns: Option<u64>,
}

impl Incident {
    /// Seconds from the last sign of life until it was noticed: what detection took at most.
    pub fn detection_s(&self) -> f64 {
        seconds(self.noticed_ns.saturating_sub(self.heard_ns))
    }

    /// Seconds until any step was done again.
    pub fn to_next_step_s(&self) -> Option<f64> {
        Some(seconds(self.next_step_ns?.saturating_sub(self.noticed_ns)))
    }

    /// Seconds until training was further than it had been.
    pub fn to_new_step_s(&self) -> Option<f64> {
        Some(seconds(self.new_step_ns?.saturating_sub(self.noticed_ns)))
    }
}
