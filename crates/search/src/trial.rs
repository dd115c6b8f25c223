//! Trials, and places in their training.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a trial: 0, 1, 2 and so on, in the order in which they are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrialId(pub u64);

impl fmt::Display for TrialId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A state of training that was saved, and from which training can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Whose.
    pub trial: TrialId,
    /// After how many units of budget: epochs, trees, steps.
    pub budget: u64,
}
