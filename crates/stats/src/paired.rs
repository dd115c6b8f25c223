//! Whether two models that are judged on the same rows can be told apart.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How many resamples are drawn: the ends of a 95 % interval move by about 2 % of its width.
const RESAMPLES: usize = 2000;

/// The mean of paired differences with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanDifference {
    /// Mean over the rows of the second value minus the first.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The mean difference of two losses per row, with a percentile bootstrap over the rows (Efron and
/// Tibshirani 1993, chapter 13). Rows are drawn in pairs, so what makes a row hard for both cancels
/// out. The same input gives the same interval.
///
/// `None` when the lengths differ, with fewer than two rows, or when a loss is not finite.
pub fn mean_difference(first: &[f64], second: &[f64]) -> Option<MeanDifference> {
    if first.len() != second.len() || first.len() < 2 {
        return None;
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    let rows = differences.len();
    let mean = differences.iter().sum::<f64>() / rows as f64;
    if !mean.is_finite() {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = (0..rows).map(|_| differences[rng.random_range(0..rows)]);
            drawn.sum::<f64>() / rows as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((RESAMPLES as f64 * share) as usize).min(RESAMPLES - 1)];
    Some(MeanDifference {
        mean,
        low: at(0.025).min(mean),
        high: at(0.975).max(mean),
    })
}
