//! Speed-ups with intervals: the percentile bootstrap (Efron 1979) over interleaved repeats.
//!
//! What belongs here: everything that resamples. What does not: statistics of one sample without
//! uncertainty (`descriptive`) and models over the number of workers (`scaling`).
//!
//! Few repeats are the normal case, and then sampling is the wrong tool: the bootstrap distribution
//! of a statistic that does not care about order has only C(2n − 1, n) distinct resamples. Wherever
//! that is at most [`ENUMERATION_LIMIT`] (n ≤ 9), all of them are visited with their exact
//! multinomial weights, so the interval has no Monte-Carlo noise and does not depend on the seed.
//! Larger samples are resampled at random.
//!
//! An interval from very few repeats is honest about what was seen and optimistic about the rest:
//! it never reaches beyond the observed values, so with two or three repeats it covers the truth
//! less often than its level says.

use std::fmt;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::descriptive::{median, median_in_place};

/// Resamples drawn when there are too many to visit all.
pub const RESAMPLES: usize = 10_000;

/// The most distinct resamples that are visited one by one instead of drawn at random.
pub const ENUMERATION_LIMIT: u64 = 50_000;

const LEVEL: f64 = 0.95;

/// How many times faster an arm is than its base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speedup {
    /// Median wall time of the base over median wall time of the arm; above 1 the arm is faster.
    pub ratio: f64,
    /// 95 % interval of the ratio, lower end first; `None` with fewer than two pairs of repeats.
    pub ci95: Option<[f64; 2]>,
}

/// Which of the two arms of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The arm that the speed-up is stated against.
    Base,
    /// The arm whose speed-up is stated.
    Arm,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Arm => "arm",
        })
    }
}

/// Why two lists of wall times have no speed-up.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BadWalls {
    /// One side has no repeats at all.
    #[error("the {0} has no repeats, so there is no speed-up; run it at least once")]
    Empty(Side),
    /// A wall time that no clock can have measured.
    #[error(
        "wall time {value} s of repeat {repeat} of the {side} is not a positive number; measure that repeat again"
    )]
    NotPositive {
        /// Whose repeat.
        side: Side,
        /// Number of the repeat, from 0.
        repeat: usize,
        /// The wall time, in seconds.
        value: f64,
    },
}

/// The speed-up of an arm: the ratio of the medians of the two arms' wall times (any unit, the same
/// for both), with a 95 % percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).
///
/// Repeat i of the base and repeat i of the arm ran in the same interleaved block and met the same
/// disturbances, so blocks are resampled, not single repeats: what both arms share cancels out of
/// the interval. Where one arm has more repeats than the other (a run that was cut short), the
/// ratio uses all of them and the interval the blocks that both arms finished. Outliers stay in.
///
/// The result depends on nothing but the arguments, and on `seed` only with ten blocks or more.
///
/// # Errors
/// [`BadWalls`] when a side is empty or holds a wall time that is not finite and positive.
pub fn speedup(base_wall: &[f64], arm_wall: &[f64], seed: u64) -> Result<Speedup, BadWalls> {
    let base = checked_median(base_wall, Side::Base)?;
    let arm = checked_median(arm_wall, Side::Arm)?;
    let blocks = base_wall.len().min(arm_wall.len());
    let mut base_scratch = vec![0.0; blocks];
    let mut arm_scratch = vec![0.0; blocks];
    let ratio_of_blocks = |indices: &[usize]| {
        for (slot, &i) in indices.iter().enumerate() {
            base_scratch[slot] = base_wall[i];
            arm_scratch[slot] = arm_wall[i];
        }
        median_in_place(&mut base_scratch) / median_in_place(&mut arm_scratch)
    };
    let ci95 = bootstrap_ci(blocks, ratio_of_blocks, LEVEL, RESAMPLES, seed);
    Ok(Speedup {
        ratio: base / arm,
        ci95,
    })
}

fn checked_median(wall: &[f64], side: Side) -> Result<f64, BadWalls> {
    if let Some(repeat) = wall.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
        return Err(BadWalls::NotPositive {
            side,
            repeat,
            value: wall[repeat],
        });
    }
    median(wall).ok_or(BadWalls::Empty(side))
}

/// 95 % percentile bootstrap interval of the median of one sample, in the sample's unit. `None`
/// with fewer than two values or with values that are not finite.
pub fn median_ci95(sample: &[f64], seed: u64) -> Option<[f64; 2]> {
    median(sample)?;
    let mut scratch = vec![0.0; sample.len()];
    let median_of = |indices: &[usize]| {
        for (slot, &i) in indices.iter().enumerate() {
            scratch[slot] = sample[i];
        }
        median_in_place(&mut scratch)
    };
    bootstrap_ci(sample.len(), median_of, LEVEL, RESAMPLES, seed)
}

/// Percentile bootstrap interval at `level` (0.95 for 95 %) of a statistic of `n` observations.
///
/// `statistic` gets `n` indices below `n`, drawn with replacement, and must not depend on their
/// order. With a tail of α = (1 − level)/2, the interval runs from the smallest value whose
/// cumulative probability in the bootstrap distribution is at least α to its mirror image at the
/// top. The distribution is the exact one up to [`ENUMERATION_LIMIT`] distinct resamples, and
/// `resamples` draws from ChaCha8 seeded with `seed` beyond.
///
/// `None` with fewer than two observations, a level that is not between 0 and 1, no resamples, or a
/// statistic that is NaN for some resample.
pub fn bootstrap_ci(
    n: usize,
    mut statistic: impl FnMut(&[usize]) -> f64,
    level: f64,
    resamples: usize,
    seed: u64,
) -> Option<[f64; 2]> {
    if n < 2 || resamples == 0 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let mut distribution = if distinct_resamples(n).is_some_and(|count| count <= ENUMERATION_LIMIT)
    {
        every_resample(n, &mut statistic)
    } else {
        random_resamples(n, &mut statistic, resamples, seed)
    };
    if distribution.iter().any(|(value, _)| value.is_nan()) {
        return None;
    }
    distribution.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = distribution.iter().map(|(_, weight)| weight).sum();
    // The nudge keeps a tail that is a whole number on paper (0.025 × 10,000) from being rounded up
    // to the next one.
    let tail = (1.0 - level) / 2.0 * total as f64 * (1.0 - 1e-12);
    let rank = tail.ceil().max(1.0) as u64;
    let lower = value_at_rank(distribution.iter(), rank)?;
    let upper = value_at_rank(distribution.iter().rev(), rank)?;
    Some([lower, upper])
}

fn value_at_rank<'a>(weighted: impl Iterator<Item = &'a (f64, u64)>, rank: u64) -> Option<f64> {
    let mut seen = 0;
    for &(value, weight) in weighted {
        seen += weight;
        if seen >= rank {
            return Some(value);
        }
    }
    None
}

/// C(2n − 1, n): how many resamples of `n` observations differ in more than their order. `None`
/// when it overflows.
fn distinct_resamples(n: usize) -> Option<u64> {
    let n = n as u64;
    // Multiplying before dividing keeps every intermediate value a binomial
    // coefficient, hence whole.
    (1..=n).try_fold(1_u64, |product, k| {
        Some(product.checked_mul(n - 1 + k)? / k)
    })
}

/// Every distinct resample's statistic, weighted with the number of orders in which it
/// can be drawn.
fn every_resample(n: usize, statistic: &mut impl FnMut(&[usize]) -> f64) -> Vec<(f64, u64)> {
    let factorial: Vec<u64> = (0..=n as u64)
        .scan(1_u64, |product, k| {
            *product *= k.max(1);
            Some(*product)
        })
        .collect();
    let mut distribution = Vec::new();
    let mut indices = vec![0; n];
    loop {
        let orders_of_ties: u64 = indices
            .chunk_by(|a, b| a == b)
            .map(|tied| factorial[tied.len()])
            .product();
        distribution.push((statistic(&indices), factorial[n] / orders_of_ties));
        // Next non-decreasing sequence: raise the last index that still can be, and level
        // everything after it.
        let Some(last) = indices.iter().rposition(|&i| i + 1 < n) else {
            return distribution;
        };
        let raised = indices[last] + 1;
        indices[last..].fill(raised);
    }
}

fn random_resamples(
    n: usize,
    statistic: &mut impl FnMut(&[usize]) -> f64,
    resamples: usize,
    seed: u64,
) -> Vec<(f64, u64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut indices = vec![0; n];
    (0..resamples)
        .map(|_| {
            indices.fill_with(|| rng.random_range(0..n));
            (statistic(&indices), 1)
        })
        .collect()
}
