//! Centre, spread and outliers of one sample.
//!
//! What belongs here: statistics that look at one list of numbers. What does not: anything random,
//! and anything that compares two samples. A statistic that the sample does not define (of
//! nothing, of one value, of values that are not finite) is `None`, never a NaN that would spread
//! into a report.

/// The sum, 0 for nothing. The sum of no floating-point numbers is -0 otherwise, and a division by
/// that is minus infinity.
pub fn total(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

/// Arithmetic mean, in the sample's unit. `None` for an empty sample or one with values that
/// are not finite.
pub fn mean(sample: &[f64]) -> Option<f64> {
    is_usable(sample).then(|| sample.iter().sum::<f64>() / sample.len() as f64)
}

/// Median, in the sample's unit; the mean of the two middle values when their number is even.
/// `None` for an empty sample or one with values that are not finite.
pub fn median(sample: &[f64]) -> Option<f64> {
    is_usable(sample).then(|| median_in_place(&mut sample.to_vec()))
}

/// Median of a sample that is not empty and holds no NaN, reordering it: for callers that take many
/// medians and own a scratch buffer.
fn median_in_place(scratch: &mut [f64]) -> f64 {
    let n = scratch.len();
    let (below, &mut upper, _) = scratch.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
}

/// Quantile `q` (0 to 1) with linear interpolation between order statistics: type 7 of Hyndman and
/// Fan (1996), the default of NumPy and R. `None` for an empty sample, values that are not finite,
/// or `q` outside 0 to 1.
pub fn quantile(sample: &[f64], q: f64) -> Option<f64> {
    if !is_usable(sample) || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(quantile_of_sorted(&sorted, q))
}

fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let low = position.floor();
    let a = sorted[low as usize];
    let b = sorted[position.ceil() as usize];
    a + (b - a) * (position - low)
}

/// Standard deviation of the sample, with n − 1 in the denominator. `None` with fewer
/// than two values.
pub fn standard_deviation(sample: &[f64]) -> Option<f64> {
    let centre = mean(sample)?;
    let n = sample.len();
    (n >= 2).then(|| {
        let squares: f64 = sample.iter().map(|x| (x - centre).powi(2)).sum();
        (squares / (n - 1) as f64).sqrt()
    })
}

/// Standard deviation over the absolute mean: 0.02 is a spread of 2 %. `None` with fewer than two
/// values or a mean of 0.
pub fn coefficient_of_variation(sample: &[f64]) -> Option<f64> {
    let centre = mean(sample)?;
    let spread = standard_deviation(sample)?;
    (centre != 0.0).then(|| spread / centre.abs())
}

/// Indices, rising, of the values outside Tukey's inner fences (Tukey 1977): more than 1.5
/// interquartile ranges below the first or above the third quartile, quartiles as in [`quantile`].
///
/// An outlier is a reason to look, not to drop: every other function here keeps it. Fewer than four
/// values have no fences worth the name, so none of them is flagged.
pub fn outliers(sample: &[f64]) -> Vec<usize> {
    const FENCE: f64 = 1.5;
    if !is_usable(sample) || sample.len() < 4 {
        return Vec::new();
    }
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (first, third) = (
        quantile_of_sorted(&sorted, 0.25),
        quantile_of_sorted(&sorted, 0.75),
    );
    let reach = FENCE * (third - first);
    let inside = (first - reach)..=(third + reach);
    (0..sample.len())
        .filter(|&i| !inside.contains(&sample[i]))
        .collect()
}

fn is_usable(sample: &[f64]) -> bool {
    !sample.is_empty() && sample.iter().all(|x| x.is_finite())
}
