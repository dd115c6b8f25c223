//! Random search.

use crate::searcher::Searcher;
use crate::seed::{Drawn, Draws};
use crate::space::Space;
use crate::trial::TrialId;
use crate::value::Configuration;

/// Draws every configuration independently of all others (Bergstra and Bengio 2012): the base that
/// others are compared with. The configuration of a trial depends on seed and number alone.
#[derive(Debug, Clone)]
pub struct RandomSearch {
    space: Space,
    seed: u64,
}

impl RandomSearch {
    /// Random search of a space.
    pub const fn new(space: Space, seed: u64) -> Self {
        Self { space, seed }
    }

    /// The configuration of a trial.
    pub fn configuration(&self, trial: TrialId) -> Configuration {
        let mut draws = Draws::new(self.seed, trial, Drawn::Configuration);
        self.space
            .fill(|_, dimension| dimension.domain.draw(&mut draws))
    }
}

impl Searcher for RandomSearch {
    fn ask(&self, trial: TrialId) -> Option<Configuration> {
        Some(self.configuration(trial))
    }
}
