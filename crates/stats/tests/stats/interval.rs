//! Speed-ups, wall times and their intervals.

use proptest::prelude::*;
use workbench_stats::descriptive::median;
use workbench_stats::interval::{
    BadWalls, FEWEST, Interval, IntervalKind, MOST_FOR_T, Side, Verdict, median_interval, speedup,
};

use crate::assert_close;

fn walls(n: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01..100.0_f64, n)
}

fn blocks(n: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    n.prop_flat_map(|n| (walls(n), walls(n)))
}

fn of(base: &[f64], arm: &[f64]) -> Interval {
    speedup(base, arm).unwrap().interval.unwrap()
}

/// The speed-up and its interval from ratios, as logarithms.
fn of_logs(logs: &[f64]) -> (f64, [f64; 2]) {
    let base: Vec<f64> = logs.iter().map(|x| x.exp()).collect();
    let found = speedup(&base, &vec![1.0; logs.len()]).unwrap();
    let ends = found.interval.unwrap().confidence().unwrap();
    (found.ratio.ln(), ends.map(f64::ln))
}

#[test]
fn three_to_seven_blocks_have_students_interval() {
    // Mean 2, standard deviation 1; 4.8487 is the 98 % quantile with two degrees of freedom.
    let (estimate, [low, high]) = of_logs(&[1.0, 3.0, 2.0]);
    let half = 4.848_732_213_850_3 / 3.0_f64.sqrt();
    assert_close(estimate, 2.0, 1e-12);
    assert_close(low, 2.0 - half, 1e-12);
    assert_close(high, 2.0 + half, 1e-12);
    // The estimate is the median, 2; the interval lies about the mean, 2.5.
    let (estimate, [low, high]) = of_logs(&[1.0, 2.0, 2.0, 2.0, 3.0, 5.0]);
    assert_close(estimate, 2.0, 1e-12);
    assert_close(f64::midpoint(low, high), 2.5, 1e-12);
}

/// The k-th least of the means of all pairs, counted out, with k from the table of the signed-rank
/// test: P(W ≤ k − 1) is at most 0.02.
#[test]
fn more_blocks_have_the_interval_of_hodges_and_lehmann() {
    for (n, k) in [(8, 4), (9, 6), (10, 8), (12, 13), (15, 24), (20, 51)] {
        let logs: Vec<f64> = (0..n).map(|i| f64::from(i * i * 37 % 101) / 10.0).collect();
        let mut means: Vec<f64> = (0..logs.len())
            .flat_map(|i| logs[i..].iter().map(move |b| (i, b)))
            .map(|(i, b)| f64::midpoint(logs[i], *b))
            .collect();
        means.sort_by(f64::total_cmp);
        let (_, [low, high]) = of_logs(&logs);
        assert_close(low, means[k - 1], 1e-9);
        assert_close(high, means[means.len() - k], 1e-9);
    }
}

#[test]
fn medians_of_many_wall_times_lie_between_two_of_them() {
    let walls: Vec<f64> = (1..=20_u32).map(f64::from).collect();
    // P(fewer than 5 of n below the median): 20 values give 0.0059 + …, so the sixth is the last
    // that may stay inside. Binomial tables: P(≤ 4 of 20) = 0.0059, P(≤ 5 of 20) = 0.0207.
    for (n, first) in [(6, 1), (8, 1), (9, 2), (12, 3), (20, 5)] {
        let found = median_interval(&walls[..n]).unwrap();
        assert_eq!(found.kind, IntervalKind::Confidence95);
        assert_close(found.low, first as f64, 1e-12);
        assert_close(found.high, (n + 1 - first) as f64, 1e-12);
    }
}

#[test]
fn two_repeats_have_a_range_and_no_verdict() {
    let found = speedup(&[10.0, 12.0], &[5.0, 4.0]).unwrap();
    assert_close(found.ratio, 6.0_f64.sqrt(), 1e-12);
    let range = found.interval.unwrap();
    assert_eq!(range.kind, IntervalKind::Range);
    assert_close(range.low, 2.0, 1e-12);
    assert_close(range.high, 3.0, 1e-12);
    assert_eq!((range.confidence(), range.verdict()), (None, None));
    let wall = median_interval(&[5.0, 4.0]).unwrap();
    assert_eq!(wall.kind, IntervalKind::Range);
}

#[test]
fn one_repeat_has_no_interval() {
    let one = speedup(&[10.0], &[4.0]).unwrap();
    assert_close(one.ratio, 2.5, 1e-12);
    assert_eq!(one.interval, None);
    assert_eq!(speedup(&[10.0, 11.0, 12.0], &[4.0]).unwrap().interval, None);
    assert_eq!(median_interval(&[3.0]), None);
    assert_eq!(median_interval(&[]), None);
    assert_eq!(median_interval(&[1.0, f64::NAN, 2.0]), None);
}

#[test]
fn a_verdict_needs_an_interval_without_one() {
    let verdict = |low, high| {
        let kind = IntervalKind::Confidence95;
        Interval { kind, low, high }.verdict()
    };
    assert_eq!(verdict(1.01, 1.2), Some(Verdict::Above));
    assert_eq!(verdict(0.8, 0.99), Some(Verdict::Below));
    assert_eq!(verdict(0.8, 1.2), Some(Verdict::NoDifference));
    assert_eq!(verdict(1.0, 1.2), Some(Verdict::NoDifference));
}

#[test]
fn what_both_arms_share_cancels_out() {
    // Each block is slowed down by its own factor, the same for both arms.
    let slowdown = [1.0, 1.7, 1.1, 3.0, 1.3, 1.0, 2.2, 1.9, 1.2, 1.4, 1.6, 2.5];
    let base: Vec<f64> = slowdown.iter().map(|x| 8.0 * x).collect();
    let arm: Vec<f64> = slowdown.iter().map(|x| 2.0 * x).collect();
    for n in FEWEST..=slowdown.len() {
        let found = speedup(&base[..n], &arm[..n]).unwrap();
        assert_close(found.ratio, 4.0, 1e-12);
        for end in found.interval.unwrap().ends() {
            assert_close(end, 4.0, 1e-12);
        }
    }
}

#[test]
fn an_unfinished_block_does_not_count() {
    let base = [10.0, 11.0, 12.0, 40.0];
    let arm = [5.0, 5.5, 4.0];
    assert_eq!(speedup(&base, &arm), speedup(&base[..3], &arm));
}

#[test]
fn impossible_walls_are_named() {
    assert_eq!(speedup(&[], &[1.0]), Err(BadWalls::Empty(Side::Base)));
    assert_eq!(speedup(&[1.0], &[]), Err(BadWalls::Empty(Side::Arm)));
    let error = speedup(&[1.0, 2.0], &[1.0, -0.5]).unwrap_err();
    assert_eq!(
        error,
        BadWalls::NotPositive {
            side: Side::Arm,
            repeat: 1,
            value: -0.5
        }
    );
    assert_eq!(
        error.to_string(),
        "wall time -0.5 s of repeat 1 of the arm is not a positive number; measure that repeat again"
    );
    for bad in [0.0, f64::NAN, f64::INFINITY] {
        assert!(speedup(&[bad, 1.0], &[1.0, 1.0]).is_err());
    }
}

#[test]
fn intervals_shrink_as_repeats_are_added() {
    // The same spread, ever more repeats: the width falls like one over the root of their number.
    let widths = |n: u32| {
        let spread = |i: u32| f64::from(i * 7919 % n) / f64::from(n);
        let base: Vec<f64> = (0..n).map(|i| 10.0 + spread(i)).collect();
        let arm: Vec<f64> = (0..n).map(|i| 2.0 + spread(i * 31 + 5)).collect();
        let width = |interval: Interval| interval.high - interval.low;
        [
            width(of(&base, &arm)),
            width(median_interval(&base).unwrap()),
        ]
    };
    let at: Vec<[f64; 2]> = [5, 20, 80, 320, 5120].map(widths).to_vec();
    for of in 0..2 {
        let widths: Vec<f64> = at.iter().map(|widths| widths[of]).collect();
        assert!(widths.is_sorted_by(|a, b| a > b), "{widths:?}");
        assert!(widths[3] < 0.32 * widths[1], "{widths:?}");
        assert!(widths[4] < 0.32 * widths[3], "{widths:?}");
    }
}

/// The exact distribution ends at 60 values; the normal approximation goes on without a step.
#[test]
fn the_approximation_for_many_repeats_begins_where_the_exact_values_end() {
    let width = |n: u32| {
        let base: Vec<f64> = (0..n)
            .map(|i| 1.0 + f64::from(i) / f64::from(n - 1))
            .collect();
        let [ratio, wall] = [
            of(&base, &vec![1.0; n as usize]),
            median_interval(&base).unwrap(),
        ];
        [ratio, wall].map(|i| i.high - i.low)
    };
    let (before, after) = (width(60), width(61));
    for of in 0..2 {
        let step = before[of] / after[of];
        assert!((0.96..1.06).contains(&step), "{before:?} and {after:?}");
    }
}

#[test]
fn an_outlier_widens_the_interval_and_hardly_moves_the_estimate() {
    for n in FEWEST..=20 {
        let base: Vec<f64> = (0..n).map(|i| 10.0 + 0.1 * (i % 3) as f64).collect();
        let arm = vec![5.0; n];
        let mut disturbed = arm.clone();
        disturbed[0] *= 10.0;
        let (before, after) = (speedup(&base, &arm), speedup(&base, &disturbed));
        let (before, after) = (before.unwrap(), after.unwrap());
        let moved = (after.ratio / before.ratio - 1.0).abs();
        assert!(moved < 0.015, "{n} repeats: {before:?} became {after:?}");
        let width = |interval: Option<Interval>| {
            let [low, high] = interval.unwrap().ends();
            high / low
        };
        assert!(width(before.interval) <= width(after.interval), "{n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn ratios_do_not_depend_on_the_unit(
        (base, arm) in blocks(2..14),
        scale in 1e-3..1e3_f64,
    ) {
        let scaled = |walls: &[f64]| walls.iter().map(|w| w * scale).collect::<Vec<_>>();
        let here = speedup(&base, &arm).unwrap();
        let there = speedup(&scaled(&base), &scaled(&arm)).unwrap();
        assert_close(here.ratio, there.ratio, 1e-9);
        let (here, there) = (here.interval.unwrap(), there.interval.unwrap());
        assert_close(here.low, there.low, 1e-9);
        assert_close(here.high, there.high, 1e-9);
    }

    #[test]
    fn swapping_the_arms_inverts_the_interval((base, arm) in blocks(2..24)) {
        let forth = speedup(&base, &arm).unwrap();
        let back = speedup(&arm, &base).unwrap();
        assert_close(forth.ratio * back.ratio, 1.0, 1e-9);
        let (forth, back) = (forth.interval.unwrap(), back.interval.unwrap());
        assert_close(forth.low * back.high, 1.0, 1e-9);
        assert_close(forth.high * back.low, 1.0, 1e-9);
    }

    #[test]
    fn the_interval_holds_the_stated_speedup((base, arm) in blocks(2..90)) {
        let found = speedup(&base, &arm).unwrap();
        let Interval { low, high, .. } = found.interval.unwrap();
        prop_assert!(low > 0.0 && low <= found.ratio && found.ratio <= high);
    }

    /// Two clusters of values are the worst case: ranks see the middle between them, the median one
    /// of them.
    #[test]
    fn it_holds_it_between_two_clusters(
        n in 2..90_usize,
        share in 0.0..1.0_f64,
        apart in 0.0..3.0_f64,
    ) {
        let slow = (share * n as f64) as usize;
        let base: Vec<f64> = (0..n).map(|i| if i < slow { 1.0 + apart } else { 1.0 }).collect();
        let found = speedup(&base, &vec![1.0; n]).unwrap();
        let Interval { low, high, .. } = found.interval.unwrap();
        prop_assert!(low <= found.ratio && found.ratio <= high);
        let walls = median_interval(&base).unwrap();
        let centre = median(&base).unwrap();
        prop_assert!(walls.low <= centre * (1.0 + 1e-12) && centre <= walls.high * (1.0 + 1e-12));
    }

    #[test]
    fn many_blocks_never_reach_beyond_what_was_seen((base, arm) in blocks(MOST_FOR_T + 1..40)) {
        let ratios: Vec<f64> = base.iter().zip(&arm).map(|(b, a)| b / a).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let found = of(&base, &arm);
        prop_assert!(least <= found.low * (1.0 + 1e-12) && found.high <= most * (1.0 + 1e-12));
    }
}
