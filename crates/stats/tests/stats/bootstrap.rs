//! Speed-ups and their intervals.

use proptest::prelude::*;
use serde::Deserialize;
use workbench_stats::bootstrap::{BadWalls, Side, bootstrap_ci, median_ci95, speedup};
use workbench_stats::descriptive::{mean, median};

use crate::assert_close;

#[derive(Deserialize)]
struct Fixture {
    exact: Vec<Exact>,
    sampled: Vec<Sampled>,
    mean: Mean,
}

/// Intervals from all n^n resamples.
#[derive(Deserialize)]
struct Exact {
    base: Vec<f64>,
    arm: Vec<f64>,
    ratio: f64,
    ci95: [f64; 2],
    median_ci95: [f64; 2],
}

/// Where SciPy's bootstrap distribution lets the ends be (see the script for the tolerance).
#[derive(Deserialize)]
struct Sampled {
    base: Vec<f64>,
    arm: Vec<f64>,
    ratio: f64,
    lower: [f64; 2],
    upper: [f64; 2],
}

#[derive(Deserialize)]
struct Mean {
    sample: Vec<f64>,
    lower: [f64; 2],
    upper: [f64; 2],
}

fn fixture() -> serde_json::Result<Fixture> {
    serde_json::from_str(include_str!("../fixtures/stats/bootstrap.json"))
}

#[track_caller]
fn assert_between(value: f64, ends: [f64; 2]) {
    let slack = 1e-12 * value.abs();
    assert!(
        ends[0] - slack <= value && value <= ends[1] + slack,
        "{value} is not within {ends:?}"
    );
}

fn walls(n: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01..100.0_f64, n)
}

#[test]
fn few_repeats_give_the_exact_interval_whatever_the_seed() {
    for case in fixture().unwrap().exact {
        for seed in [0, 1, u64::MAX] {
            let speedup = speedup(&case.base, &case.arm, seed).unwrap();
            assert_close(speedup.ratio, case.ratio, 1e-14);
            let ci95 = speedup.ci95.unwrap();
            let median_ci95 = median_ci95(&case.base, seed).unwrap();
            for end in 0..2 {
                assert_close(ci95[end], case.ci95[end], 1e-14);
                assert_close(median_ci95[end], case.median_ci95[end], 1e-14);
            }
        }
    }
}

#[test]
fn many_repeats_agree_with_scipy() {
    for case in fixture().unwrap().sampled {
        for seed in 0..5 {
            let speedup = speedup(&case.base, &case.arm, seed).unwrap();
            assert_close(speedup.ratio, case.ratio, 1e-14);
            let [lower, upper] = speedup.ci95.unwrap();
            assert_between(lower, case.lower);
            assert_between(upper, case.upper);
        }
    }
}

#[test]
fn any_statistic_can_be_bootstrapped() {
    let Mean {
        sample,
        lower,
        upper,
    } = fixture().unwrap().mean;
    let mean_of =
        |indices: &[usize]| mean(&indices.iter().map(|&i| sample[i]).collect::<Vec<_>>()).unwrap();
    let interval = bootstrap_ci(sample.len(), mean_of, 0.95, 10_000, 7).unwrap();
    assert_between(interval[0], lower);
    assert_between(interval[1], upper);
    let narrower = bootstrap_ci(sample.len(), mean_of, 0.5, 10_000, 7).unwrap();
    assert!(interval[0] < narrower[0] && narrower[1] < interval[1]);
}

#[test]
fn two_repeats_span_their_two_ratios() {
    // Four equally likely resamples: one of each repeat alone, which are the extremes,
    // and twice both.
    let speedup = speedup(&[10.0, 12.0], &[5.0, 4.0], 1).unwrap();
    assert_close(speedup.ratio, 11.0 / 4.5, 1e-15);
    assert_eq!(speedup.ci95, Some([2.0, 3.0]));
}

#[test]
fn one_repeat_has_no_interval() {
    let one = speedup(&[10.0], &[4.0], 1).unwrap();
    assert_eq!((one.ratio, one.ci95), (2.5, None));
    assert_eq!(speedup(&[10.0, 11.0, 12.0], &[4.0], 1).unwrap().ci95, None);
    assert_eq!(median_ci95(&[3.0], 1), None);
    assert_eq!(median_ci95(&[], 1), None);
    assert_eq!(median_ci95(&[1.0, f64::NAN], 1), None);
}

#[test]
fn what_both_arms_share_cancels_out() {
    // Each block is slowed down by its own factor, the same for both arms: the ratio is 4
    // in every resample.
    let slowdown = [1.0, 1.7, 1.1, 3.0, 1.3, 1.0, 2.2, 1.9, 1.2, 1.4, 1.6, 2.5];
    let base: Vec<f64> = slowdown.iter().map(|x| 8.0 * x).collect();
    let arm: Vec<f64> = slowdown.iter().map(|x| 2.0 * x).collect();
    assert_eq!(speedup(&base, &arm, 3).unwrap().ci95, Some([4.0, 4.0]));
}

#[test]
fn an_unfinished_block_counts_for_the_ratio_only() {
    let base = [10.0, 11.0, 12.0, 40.0];
    let arm = [5.0, 5.5, 4.0];
    let uneven = speedup(&base, &arm, 1).unwrap();
    assert_close(uneven.ratio, 11.5 / 5.0, 1e-15);
    assert_eq!(uneven.ci95, speedup(&base[..3], &arm, 1).unwrap().ci95);
}

#[test]
fn impossible_walls_are_named() {
    assert_eq!(speedup(&[], &[1.0], 1), Err(BadWalls::Empty(Side::Base)));
    assert_eq!(speedup(&[1.0], &[], 1), Err(BadWalls::Empty(Side::Arm)));
    let error = speedup(&[1.0, 2.0], &[1.0, -0.5], 1).unwrap_err();
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
        assert!(speedup(&[bad, 1.0], &[1.0, 1.0], 1).is_err());
    }
}

#[test]
fn senseless_requests_have_no_interval() {
    let first = |indices: &[usize]| indices[0] as f64;
    for level in [0.0, 1.0, -0.5, f64::NAN] {
        assert_eq!(bootstrap_ci(5, first, level, 100, 1), None);
    }
    assert_eq!(bootstrap_ci(20, first, 0.95, 0, 1), None);
    assert_eq!(bootstrap_ci(0, |_| 1.0, 0.95, 100, 1), None);
    assert_eq!(bootstrap_ci(4, |_| f64::NAN, 0.95, 100, 1), None);
}

#[test]
fn a_seed_fixes_the_interval_of_many_repeats() {
    let base: Vec<f64> = (0..30).map(|i| 10.0 + f64::from(i * 37 % 30)).collect();
    let arm: Vec<f64> = (0..30)
        .map(|i| 3.0 + f64::from(i * 17 % 30) / 10.0)
        .collect();
    assert_eq!(speedup(&base, &arm, 5), speedup(&base, &arm, 5));
    let differ = (6..20).any(|seed| speedup(&base, &arm, seed) != speedup(&base, &arm, 5));
    assert!(differ, "the seed has no influence");
}

#[test]
fn intervals_shrink_as_repeats_are_added() {
    // The same spread, ever more repeats: the width of an interval falls like one over the root
    // of their number.
    let width = |n: u32| {
        let spread = |i: u32| f64::from(i * 7919 % n) / f64::from(n);
        let base: Vec<f64> = (0..n).map(|i| 10.0 + spread(i)).collect();
        let arm: Vec<f64> = (0..n).map(|i| 2.0 + spread(i * 31 + 5)).collect();
        let [low, high] = speedup(&base, &arm, 1).unwrap().ci95.unwrap();
        high - low
    };
    let widths = [5, 20, 80, 320].map(width);
    assert!(widths.is_sorted_by(|a, b| a > b), "{widths:?}");
    assert!(
        widths[3] < 0.3 * widths[1],
        "16 times the repeats should narrow the interval about 4 times: {widths:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ratios_do_not_depend_on_the_unit(
        (base, arm) in (2..14_usize).prop_flat_map(|n| (walls(n), walls(n))),
        scale in 1e-3..1e3_f64,
    ) {
        let scaled = |walls: &[f64]| walls.iter().map(|w| w * scale).collect::<Vec<_>>();
        let here = speedup(&base, &arm, 9).unwrap();
        let there = speedup(&scaled(&base), &scaled(&arm), 9).unwrap();
        assert_close(here.ratio, there.ratio, 1e-12);
        let (here, there) = (here.ci95.unwrap(), there.ci95.unwrap());
        assert_close(here[0], there[0], 1e-12);
        assert_close(here[1], there[1], 1e-12);
    }

    #[test]
    fn swapping_the_arms_inverts_the_interval(
        (base, arm) in (2..9_usize).prop_flat_map(|n| (walls(n), walls(n))),
    ) {
        let forth = speedup(&base, &arm, 1).unwrap();
        let back = speedup(&arm, &base, 1).unwrap();
        assert_close(forth.ratio * back.ratio, 1.0, 1e-12);
        let (forth, back) = (forth.ci95.unwrap(), back.ci95.unwrap());
        assert_close(forth[0] * back[1], 1.0, 1e-12);
        assert_close(forth[1] * back[0], 1.0, 1e-12);
    }

    #[test]
    fn intervals_are_ordered_and_within_reach(
        (base, arm) in (2..14_usize).prop_flat_map(|n| (walls(n), walls(n))),
    ) {
        let [low, high] = speedup(&base, &arm, 1).unwrap().ci95.unwrap();
        let least = |walls: &[f64]| walls.iter().copied().fold(f64::INFINITY, f64::min);
        let most = |walls: &[f64]| walls.iter().copied().fold(0.0, f64::max);
        prop_assert!(low <= high);
        prop_assert!(least(&base) / most(&arm) <= low && high <= most(&base) / least(&arm));
    }

    #[test]
    fn the_interval_of_a_median_contains_it(sample in walls(2..60)) {
        let centre = median(&sample).unwrap();
        let [low, high] = median_ci95(&sample, 4).unwrap();
        prop_assert!(low <= centre && centre <= high);
    }

    #[test]
    fn the_interval_of_symmetric_repeats_contains_the_ratio(
        offsets in prop::collection::vec(0.0..0.4_f64, 1..8),
        ratio in 0.1..10.0_f64,
    ) {
        // Each disturbance of the base comes once with either sign; the arm is steady.
        let pair = |x: &f64| [ratio * (1.0 + x), ratio * (1.0 - x)];
        let base: Vec<f64> = offsets.iter().flat_map(pair).collect();
        let arm = vec![1.0; base.len()];
        let speedup = speedup(&base, &arm, 2).unwrap();
        let [low, high] = speedup.ci95.unwrap();
        prop_assert!(low <= speedup.ratio && speedup.ratio <= high);
        assert_close(low + high, 2.0 * speedup.ratio, if base.len() < 10 { 1e-12 } else { 0.2 });
    }
}
