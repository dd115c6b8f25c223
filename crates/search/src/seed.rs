//! Where all randomness comes from: a seed, a trial, and what is drawn for it. Nothing depends on
//! what was drawn before, so a search goes on after a restart as if it had not been interrupted.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::trial::TrialId;

/// What is drawn for a trial. Each has a stream of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Drawn {
    /// Its configuration.
    Configuration = 0,
    /// How its configuration differs from its parent's.
    Perturbation = 1,
    /// Whose checkpoint takes its place.
    Donor = 2,
}

/// Uniform numbers that are the same on every machine.
#[derive(Debug)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64, trial: TrialId, drawn: Drawn) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(trial.0.wrapping_mul(4).wrapping_add(drawn as u64));
        Self(stream)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `count`, which is at least 1.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(count)) >> 64) as u64
    }
}
