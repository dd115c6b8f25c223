//! Where everything random in a trial comes from.

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
