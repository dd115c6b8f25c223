//! Repeats that are left out because something spoiled them, and which of them run again.

use crate::{RepeatFinished, RepeatId};

/// A repeat that was spoiled runs again at most this often. All repeats together run again at most
/// as often as repeats were planned, so a disturbance that does not end at most doubles a run.
pub const MOST_RERUNS: usize = 3;

/// The repeats of a run that are left out, in the order in which they ran. A repeat that was
/// spoiled several times is here as often.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LeftOut {
    planned: usize,
    repeats: Vec<RepeatFinished>,
}

impl LeftOut {
    /// None so far, in a run of this many planned repeats.
    pub fn new(planned: u32) -> Self {
        Self {
            planned: planned as usize,
            repeats: Vec::new(),
        }
    }

    /// Adds one that was spoiled.
    pub fn add(&mut self, finished: RepeatFinished) {
        self.repeats.push(finished);
    }

    /// All of them.
    pub fn repeats(&self) -> &[RepeatFinished] {
        &self.repeats
    }

    /// Whether a repeat runs again whenever it is missing: it has not done so too often, and
    /// neither have all together.
    pub fn runs_again(&self, id: &RepeatId) -> bool {
        let spoiled = self
            .repeats
            .iter()
            .filter(|repeat| repeat.id == *id)
            .count();
        spoiled == 0 || (spoiled <= MOST_RERUNS && self.repeats.len() <= self.planned)
    }
}
