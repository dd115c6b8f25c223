//! Speed-ups from interleaved repeats, and intervals that hold what they say.
//!
//! What belongs here: everything that states an uncertainty. What does not: statistics of one
//! sample without uncertainty (`descriptive`) and models over the number of workers (`scaling`).
//!
//! Intervals are made from the logarithms of the values, because noise of wall times is
//! multiplicative. From [`FEWEST`] to [`MOST_FOR_T`] values they are Student's t interval of the
//! mean. With more values they invert a rank test, which needs no normal distribution, so that a
//! few disturbed repeats do not make them as wide as the disturbance: Wilcoxon's signed-rank test
//! for ratios, which scatter equally to both sides, and the sign test for wall times, which do not.
//! All of them use 96 % where they say 95 %, so that real noise may cost a point.
//! `docs/statistics.md` has the simulation that this choice comes from.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

use super::descriptive::{mean, standard_deviation};

/// The fewest repeats that have a confidence interval.
pub const FEWEST: usize = 3;

/// The most values whose interval is Student's: with fewer than 8, the signed-rank test has too few
/// steps to come near the level.
pub const MOST_FOR_T: usize = 7;

/// The fewest values of which the sign test can reject a median at all.
const FEWEST_FOR_SIGNS: usize = 6;

/// The share of all runs in which the true value may lie beyond one end of an interval.
const TAIL: f64 = 0.02;

/// Student's t with 2 to 6 degrees of freedom exceeds these with the probability [`TAIL`].
const T_QUANTILES: [f64; MOST_FOR_T + 1 - FEWEST] = [
    4.848_732_213_850_3,
    3.481_908_760_321_15,
    2.998_527_873_206_55,
    2.756_508_521_909_7,
    2.612_241_847_061_25,
];

/// A standard normal number exceeds this with the probability [`TAIL`].
const NORMAL_QUANTILE: f64 = 2.053_748_910_631_82;

/// The most values for which the rank sum's distribution is computed and not approximated.
const MOST_FOR_EXACT_SUM: usize = 60;

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// In 95 of 100 runs it holds the true value.
    Confidence95,
    /// It goes from the least to the greatest of the values that were seen, which are too few for
    /// a confidence interval. No conclusion may be drawn from it.
    Range,
}

/// An interval of a positive quantity, in the unit of the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// What it says.
    pub kind: IntervalKind,
    /// Its lower end.
    #[serde(with = "Floats::<f64>")]
    pub low: f64,
    /// Its upper end.
    #[serde(with = "Floats::<f64>")]
    pub high: f64,
}

impl Interval {
    /// An interval of a kind, from its lower to its upper end.
    pub fn new(kind: IntervalKind, [low, high]: [f64; 2]) -> Self {
        Self { kind, low, high }
    }

    /// The two ends, the lower one first.
    pub fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }

    /// The two ends, as far as they are between others: what there is room to draw.
    pub fn within(&self, least: f64, most: f64) -> [f64; 2] {
        self.ends().map(|end| end.max(least).min(most))
    }

    /// The two ends of a confidence interval; `None` for a range.
    pub fn confidence(&self) -> Option<[f64; 2]> {
        (self.kind == IntervalKind::Confidence95).then_some(self.ends())
    }

    /// What the interval of a ratio says about it; `None` for a range, which allows no verdict.
    pub fn verdict(&self) -> Option<Verdict> {
        let [low, high] = self.confidence()?;
        Some(if low > 1.0 {
            Verdict::Above
        } else if high < 1.0 {
            Verdict::Below
        } else {
            Verdict::NoDifference
        })
    }
}

/// On which side of 1 a ratio is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Above 1: a speed-up that is one.
    Above,
    /// Below 1: a slow-down.
    Below,
    /// The interval holds 1, so the values do not show a difference.
    NoDifference,
}

/// How many times faster an arm is than its base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speedup {
    /// Median of the blocks' ratios, base over arm; above 1 the arm is faster.
    pub ratio: f64,
    /// Its interval, which always holds `ratio`; `None` with fewer than two pairs of repeats.
    pub interval: Option<Interval>,
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

/// The speed-up of an arm, from the two arms' wall times (any unit, the same for both): the median
/// of the ratios of their blocks (the geometric mean of the middle two), and its interval.
///
/// Repeat i of the base and repeat i of the arm ran in the same interleaved block and met the same
/// disturbances: what both share cancels out of their ratio. Where one arm has more repeats than
/// the other (a run that was cut short), the blocks that both arms finished count. Outliers stay
/// in.
///
/// # Errors
/// [`BadWalls`] when a side is empty or holds a wall time that is not finite and positive.
pub fn speedup(base_wall: &[f64], arm_wall: &[f64]) -> Result<Speedup, BadWalls> {
    checked(base_wall, Side::Base)?;
    checked(arm_wall, Side::Arm)?;
    let blocks = base_wall.iter().zip(arm_wall);
    let ratios = sorted(blocks.map(|(base, arm)| base / arm));
    let interval = of_sample(&ratios, |logs| {
        if logs.len() <= MOST_FOR_T {
            student(logs)
        } else {
            Some(hodges_lehmann(logs))
        }
    });
    Ok(Speedup {
        ratio: middle(&ratios).ok_or(BadWalls::Empty(Side::Arm))?,
        interval,
    })
}

/// The interval of the median of one arm's wall times, in their unit. Two values have a range and
/// three or more a confidence interval; `None` with fewer, or with one that is not finite and
/// positive.
pub fn median_interval(wall: &[f64]) -> Option<Interval> {
    checked(wall, Side::Arm).ok()?;
    of_sample(&sorted(wall.iter().copied()), |logs| {
        if logs.len() < FEWEST_FOR_SIGNS {
            student(logs)
        } else {
            Some(between_order_statistics(logs))
        }
    })
}

fn checked(wall: &[f64], side: Side) -> Result<(), BadWalls> {
    if wall.is_empty() {
        return Err(BadWalls::Empty(side));
    }
    match wall.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
        None => Ok(()),
        Some(repeat) => Err(BadWalls::NotPositive {
            side,
            repeat,
            value: wall[repeat],
        }),
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The median of positive values, rising: the geometric mean of the middle two where their number
/// is even, so that the median of their inverses is its inverse.
fn middle(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    let upper = sorted.get(n / 2)?;
    Some(if n % 2 == 1 {
        *upper
    } else {
        (sorted[n / 2 - 1] * upper).sqrt()
    })
}

/// The interval of positive values, rising, with `confidence` for three or more of them: from their
/// logarithms to those of its ends. It is widened to hold the middle two where it does not, as with
/// two clusters of values.
fn of_sample(sorted: &[f64], confidence: impl Fn(&[f64]) -> Option<[f64; 2]>) -> Option<Interval> {
    let (kind, [low, high]) = match sorted {
        [] | [_] => return None,
        [low, high] => (IntervalKind::Range, [*low, *high]),
        many => {
            let logs: Vec<f64> = many.iter().map(|x| x.ln()).collect();
            (IntervalKind::Confidence95, confidence(&logs)?.map(f64::exp))
        }
    };
    Some(Interval {
        kind,
        low: low.min(sorted[(sorted.len() - 1) / 2]),
        high: high.max(sorted[sorted.len() / 2]),
    })
}

/// Student's interval of the mean (1908).
fn student(sample: &[f64]) -> Option<[f64; 2]> {
    let mean = mean(sample)?;
    let quantile = T_QUANTILES.get(sample.len().checked_sub(FEWEST)?)?;
    let half = quantile * standard_deviation(sample)? / (sample.len() as f64).sqrt();
    Some([mean - half, mean + half])
}

/// The interval of a median that inverts the sign test (Thompson 1936): between two of the values.
fn between_order_statistics(sorted: &[f64]) -> [f64; 2] {
    let first = rejected_sign_counts(sorted.len()).saturating_sub(1);
    [sorted[first], sorted[sorted.len() - 1 - first]]
}

/// How many of the counts 0, 1, 2, … of values below the median the sign test of `n` rejects.
fn rejected_sign_counts(n: usize) -> usize {
    let values = n as f64;
    if n > MOST_FOR_EXACT_SUM {
        return ((values - NORMAL_QUANTILE * values.sqrt()) / 2.0) as usize;
    }
    let (mut rejected, mut below, mut probability) = (0.0, 0.0, 0.5_f64.powf(values));
    while below + probability <= TAIL {
        below += probability;
        probability *= (values - rejected) / (rejected + 1.0);
        rejected += 1.0;
    }
    rejected as usize
}

/// The interval of Hodges and Lehmann (1963), which inverts Wilcoxon's signed-rank test (1945): the
/// k-th least and the k-th greatest of the means of all pairs of values.
fn hodges_lehmann(sorted: &[f64]) -> [f64; 2] {
    let rank = rejected_rank_sums(sorted.len()).max(1);
    let mirrored: Vec<f64> = sorted.iter().rev().map(|x| -x).collect();
    [pair_mean(sorted, rank), -pair_mean(&mirrored, rank)]
}

/// How many of the rank sums 0, 1, 2, … the signed-rank test of `n` values rejects.
fn rejected_rank_sums(n: usize) -> u64 {
    let most = n * (n + 1) / 2;
    if n > MOST_FOR_EXACT_SUM {
        let (most, n) = (most as f64, n as f64);
        let spread = (most * (2.0 * n + 1.0) / 12.0).sqrt();
        return (most / 2.0 - NORMAL_QUANTILE * spread) as u64;
    }
    let mut probabilities = vec![0.0; most + 1];
    probabilities[0] = 1.0;
    // Each rank is in the sum or not, with equal probability.
    for rank in 1..=n {
        for sum in (0..=most).rev() {
            let without = sum
                .checked_sub(rank)
                .map_or(0.0, |rest| probabilities[rest]);
            probabilities[sum] = f64::midpoint(probabilities[sum], without);
        }
    }
    let mut below = 0.0;
    let rejected = probabilities.iter().take_while(|probability| {
        below += **probability;
        below <= TAIL
    });
    rejected.count() as u64
}

/// The `rank`-th least (from 1) of the means of all pairs of values, each value with itself too.
/// The pairs are counted, not listed: their number grows with the square of the sample.
fn pair_mean(sorted: &[f64], rank: u64) -> f64 {
    let at_most = |mean: f64| -> u64 {
        let mut end = sorted.len();
        let mut pairs = 0;
        for (start, low) in sorted.iter().enumerate() {
            while end > start && f64::midpoint(*low, sorted[end - 1]) > mean {
                end -= 1;
            }
            pairs += (end.saturating_sub(start)) as u64;
        }
        pairs
    };
    let (mut below, mut found) = (sorted[0], sorted[sorted.len() - 1]);
    if at_most(below) >= rank {
        return below;
    }
    loop {
        let middle = f64::midpoint(below, found);
        if middle <= below || middle >= found {
            return found;
        }
        if at_most(middle) >= rank {
            found = middle;
        } else {
            below = middle;
        }
    }
}
