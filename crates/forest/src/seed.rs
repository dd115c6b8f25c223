//! Where randomness comes from: everything random in a tree depends on its seed alone.

/// Identifies a tree. Trees with different seeds are independent, whatever the differences are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct GrowSeed {
    /// The run's seed.
    pub run: u64,
    /// Number of the model in the run.
    pub model: u32,
    /// Number of the tree in its model.
    pub tree: u32,
}

/// xoshiro256++ (Blackman and Vigna, 2019), seeded by SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub struct Generator([u64; 4]);

impl GrowSeed {
    /// The seed of a tree.
    pub fn new(run: u64, model: u32, tree: u32) -> Self {
        Self { run, model, tree }
    }

    pub(crate) fn generator(self) -> Generator {
        let model_and_tree = u64::from(self.model) << 32 | u64::from(self.tree);
        let mut state = mixed(mixed(self.run) ^ model_and_tree);
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mixed(state)
        };
        Generator([next(), next(), next(), next()])
    }
}

/// The finaliser of SplitMix64: a bijection that spreads every bit over all.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Generator {
    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        let state = &mut self.0;
        let result = state[0]
            .wrapping_add(state[3])
            .rotate_left(23)
            .wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        result
    }

    /// A number from 0 to `bound` − 1, each equally likely up to 2⁻³² (Lemire, 2019, without
    /// its rejection, which would cost more than the bias is worth below 2³⁰ rows).
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in [0, 1) with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * 2_f64.powi(-53)
    }

    /// A start for the draws of features, never 0.
    pub fn feature_state(&mut self) -> u32 {
        (self.next() >> 33) as u32 | 1
    }
}

/// scikit-learn's generator for features and thresholds: Marsaglia's xorshift of 32 bits (2003).
#[derive(Debug, Clone, Copy)]
pub struct FeatureDraws(u32);

/// 2⁶⁴ / `span`, rounded up.
pub fn reciprocal(span: u32) -> u64 {
    (u64::MAX / u64::from(span)).wrapping_add(1)
}

impl FeatureDraws {
    const MOST: u32 = i32::MAX as u32;

    /// Starts at a state; 0 stands for 1, as for scikit-learn.
    pub fn new(state: u32) -> Self {
        Self(state)
    }

    fn next(&mut self) -> u32 {
        let mut state = self.0.max(1);
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        self.0 = state;
        state & Self::MOST
    }

    /// A number from `low` to `high` − 1.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.next() % (high - low)
    }

    /// The same for a known [`reciprocal`] of `high` − `low`, without a division (Lemire, Kaser
    /// and Kurz, 2019).
    pub fn between_by(&mut self, low: u32, span: u32, reciprocal: u64) -> u32 {
        let fraction = reciprocal.wrapping_mul(u64::from(self.next()));
        low + ((u128::from(fraction) * u128::from(span)) >> 64) as u32
    }

    /// A number from `low` to `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        (high - low) * f64::from(self.next()) / f64::from(Self::MOST) + low
    }
}

/// How often `draws` draws with replacement take each of `rows` rows.
pub fn bootstrap(generator: &mut Generator, rows: usize, draws: usize, counts: &mut Vec<u32>) {
    counts.clear();
    counts.resize(rows, 0);
    for _ in 0..draws {
        counts[generator.below(rows as u32) as usize] += 1;
    }
}

/// The same with probabilities in proportion to the weights, by inversion of their sums.
pub fn weighted_bootstrap(
    generator: &mut Generator,
    weights: &[f64],
    draws: usize,
    counts: &mut Vec<u32>,
) {
    counts.clear();
    counts.resize(weights.len(), 0);
    let mut sum = 0.0;
    let sums: Vec<f64> = weights
        .iter()
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect();
    let last = weights.iter().rposition(|weight| *weight > 0.0);
    for _ in 0..draws {
        let drawn = generator.unit() * sum;
        let row = sums.partition_point(|sum| *sum <= drawn);
        counts[row.min(last.unwrap_or(0))] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reciprocal_gives_what_a_division_gives() {
        let (mut divided, mut multiplied) = (FeatureDraws::new(7), FeatureDraws::new(7));
        let spans = (1..2_000).chain([1 << 20, (1 << 20) + 1, 1 << 30, FeatureDraws::MOST]);
        for span in spans {
            for _ in 0..20 {
                let drawn = multiplied.between_by(3, span, reciprocal(span));
                assert_eq!(drawn, divided.between(3, 3 + span), "{span}");
            }
        }
    }
}
