//! Where everything random in a trial comes from.

use workbench_digest::Hasher;

/// Where everything random in a trial comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialSeed {
    run: u64,
    search: u32,
    trial: u64,
}

impl TrialSeed {
    /// The seed of a trial of a search; `search` is the repeat, so that every search is another.
    pub fn new(run: u64, search: u32, trial: u64) -> Self {
        Self { run, search, trial }
    }

    /// The trial.
    pub fn trial(self) -> u64 {
        self.trial
    }

    /// The search that it belongs to.
    pub fn search(self) -> u32 {
        self.search
    }

    /// One number for everything, from 0 to 2³¹ - 1: what seeds of other programs take.
    pub fn number(self) -> u32 {
        let mut hasher = Hasher::default();
        hasher.update(self.for_epoch(0));
        let digits = hasher.finish();
        let first = digits.get(..8).unwrap_or_default();
        u32::from_str_radix(first, 16).unwrap_or_default() >> 1
    }

    /// The key of a generator for one epoch; 0 for what is drawn before the first.
    pub fn for_epoch(self, epoch: u64) -> [u8; 32] {
        let mut key = [0; 32];
        let parts = [self.run, u64::from(self.search), self.trial, epoch];
        for (place, part) in key.chunks_mut(8).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        key
    }
}
