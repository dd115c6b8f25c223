//! Repeats that are left out because something spoiled them, and which of them run again.

use std::collections::BTreeMap;

use crate::{RepeatFinished, RepeatId};

/// A repeat that was spoiled runs again at most this often. All repeats together run again at most
/// as often as repeats were planned, so a disturbance that does not end at most doubles a run.
pub const MOST_RERUNS: usize = 3;

/// The repeats of a run that are left out, in the order in which they ran. A repeat that was
/// spoiled several times is here as often.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpoiledRepeats {
    planned: usize,
    repeats: Vec<RepeatFinished>,
    /// How often each of them is there.
    times: BTreeMap<RepeatId, usize>,
}

impl SpoiledRepeats {
    /// None so far, in a run of this many planned repeats.
    pub fn new(planned: u32) -> Self {
        Self {
            planned: planned as usize,
            ..Self::default()
        }
    }

    /// From now on the run has this many planned repeats.
    pub fn plan(&mut self, planned: u32) {
        self.planned = planned as usize;
    }

    /// Adds one that was spoiled.
    pub fn add(&mut self, finished: RepeatFinished) {
        *self.times.entry(finished.id.clone()).or_default() += 1;
        self.repeats.push(finished);
    }

    /// All of them.
    pub fn repeats(&self) -> &[RepeatFinished] {
        &self.repeats
    }

    /// Whether a repeat runs again whenever it is missing: it has not done so too often, and
    /// neither have all together.
    pub fn runs_again(&self, id: &RepeatId) -> bool {
        let spoiled = self.times.get(id).copied().unwrap_or(0);
        spoiled == 0 || (spoiled <= MOST_RERUNS && self.repeats.len() <= self.planned)
    }
}
