//! Wall times of two arms whose true speed-up is known, under the kinds of noise that machines
//! have.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What disturbs the wall times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Log-normal, 3 % around each arm's own time.
    LogNormal,
    /// Log-normal, 30 %.
    Wild,
    /// 2 %, and 4 % of all repeats of both arms take 2 to 10 times as long.
    Spikes,
    /// 2 %, and 4 % of the repeats of the arm alone take 2 to 10 times as long.
    SpikesOfOneArm,
    /// 2 %, and the machine gets 30 % slower from the first repeat to the last. Arms run in random
    /// order, and every second block in the reverse order of the one before, as runs are planned.
    Drift,
    /// 2 %, 10 % slower from the first repeat to the last, every block in an order of its own.
    DriftInRandomOrder,
    /// 2 %, and half of all repeats take 1.25 times as long.
    TwoModes,
    /// 2 %, and one repeat in five takes 1.5 times as long.
    RareMode,
}

impl Noise {
    pub const ALL: [Self; 8] = [
        Self::LogNormal,
        Self::Wild,
        Self::Spikes,
        Self::SpikesOfOneArm,
        Self::Drift,
        Self::DriftInRandomOrder,
        Self::TwoModes,
        Self::RareMode,
    ];

    /// Wall times of `repeats` blocks, base and arm, whose true speed-up is `truth`.
    pub fn walls(self, repeats: usize, truth: f64, rng: &mut ChaCha8Rng) -> (Vec<f64>, Vec<f64>) {
        let last = (2 * repeats).saturating_sub(1).max(1) as f64;
        let mut order = 0;
        (0..repeats)
            .map(|block| {
                let reversed = self == Self::Drift && block % 2 == 1;
                order = if reversed {
                    1 - order
                } else {
                    rng.random_range(0..2)
                };
                let at = |offset: usize| (2 * block + offset) as f64 / last;
                let base = 10.0 * self.factor(at(order), false, rng);
                let arm = 10.0 / truth * self.factor(at(1 - order), true, rng);
                (base, arm)
            })
            .unzip()
    }

    /// What disturbs one repeat at a moment of the run (0 to 1).
    fn factor(self, at: f64, is_arm: bool, rng: &mut ChaCha8Rng) -> f64 {
        let scatter = match self {
            Self::LogNormal => 0.03,
            Self::Wild => 0.3,
            _ => 0.02,
        };
        let noise = (scatter * normal(rng)).exp();
        let chance: f64 = rng.random();
        let slowdown = match self {
            Self::Spikes if chance < 0.04 => rng.random_range(2.0..10.0),
            Self::SpikesOfOneArm if is_arm && chance < 0.04 => rng.random_range(2.0..10.0),
            Self::Drift => 1.0 + 0.3 * at,
            Self::DriftInRandomOrder => 1.0 + 0.1 * at,
            Self::TwoModes if chance < 0.5 => 1.25,
            Self::RareMode if chance < 0.2 => 1.5,
            _ => 1.0,
        };
        noise * slowdown
    }
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
