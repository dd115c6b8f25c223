//! Centre, spread and outliers.

use proptest::prelude::*;
use serde::Deserialize;
use workbench_stats::descriptive::{
    coefficient_of_variation, mean, median, outliers, quantile, standard_deviation,
};

use crate::assert_close;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    sample: Vec<f64>,
    mean: f64,
    median: f64,
    sd: Option<f64>,
    cv: Option<f64>,
    outliers: Vec<usize>,
    quantiles: Vec<(f64, f64)>,
}

#[track_caller]
fn assert_same(actual: Option<f64>, expected: Option<f64>) {
    match (actual, expected) {
        (Some(actual), Some(expected)) => assert_close(actual, expected, 1e-12),
        (actual, expected) => assert_eq!(actual, expected),
    }
}

#[test]
fn agrees_with_numpy_and_scipy() {
    let fixture: Fixture =
        serde_json::from_str(include_str!("../fixtures/stats/descriptive.json")).unwrap();
    assert!(fixture.cases.iter().any(|case| !case.outliers.is_empty()));
    for case in fixture.cases {
        let sample = case.sample.as_slice();
        assert_same(mean(sample), Some(case.mean));
        assert_same(median(sample), Some(case.median));
        assert_same(standard_deviation(sample), case.sd);
        assert_same(coefficient_of_variation(sample), case.cv);
        assert_eq!(outliers(sample), case.outliers);
        for (q, expected) in case.quantiles {
            assert_same(quantile(sample, q), Some(expected));
        }
    }
}

#[test]
fn undefined_statistics_are_none() {
    for sample in [
        &[][..],
        &[f64::NAN],
        &[1.0, f64::INFINITY],
        &[1.0, 2.0, 3.0, 4.0, f64::NAN],
    ] {
        assert_eq!(mean(sample), None);
        assert_eq!(median(sample), None);
        assert_eq!(quantile(sample, 0.5), None);
        assert_eq!(standard_deviation(sample), None);
        assert_eq!(coefficient_of_variation(sample), None);
        assert!(outliers(sample).is_empty());
    }
    assert_eq!(standard_deviation(&[7.0]), None);
    assert_eq!(coefficient_of_variation(&[-1.0, 1.0]), None);
    assert_eq!(quantile(&[1.0], -0.01), None);
    assert_eq!(quantile(&[1.0], f64::NAN), None);
}

#[test]
fn outliers_are_flagged_and_kept() {
    let sample = [10.0, 10.1, 9.9, 10.0, 30.0, 10.2, 1.0];
    assert_eq!(outliers(&sample), [4, 6]);
    assert_close(mean(&sample).unwrap(), 81.2 / 7.0, 1e-12);
    assert!(
        outliers(&[1.0, 1.0, 50.0]).is_empty(),
        "three values have no fences"
    );
}

#[test]
fn fences_are_one_and_a_half_interquartile_ranges_away() {
    // Whatever the last value, from 8 on: quartiles 3 and 7, so the fences are at -3 and 13.
    let with_last = |last| [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, last];
    assert!(outliers(&with_last(13.0)).is_empty());
    assert_eq!(outliers(&with_last(13.01)), [8]);
}

proptest! {
    #[test]
    fn quantiles_rise_and_stay_within_the_sample(
        sample in prop::collection::vec(-1e6..1e6_f64, 1..40),
        a in 0.0..=1.0_f64,
        b in 0.0..=1.0_f64,
    ) {
        let low = quantile(&sample, a.min(b)).unwrap();
        let high = quantile(&sample, a.max(b)).unwrap();
        prop_assert!(low <= high);
        prop_assert_eq!(quantile(&sample, 0.0), sample.iter().copied().reduce(f64::min));
        prop_assert_eq!(quantile(&sample, 1.0), sample.iter().copied().reduce(f64::max));
        // Two values of opposite sign leave a small one between them, as exact as they are.
        let error = quantile(&sample, 0.5).unwrap() - median(&sample).unwrap();
        prop_assert!(error.abs() <= 1e-12 * 1e6, "{error}");
    }

    #[test]
    fn spread_ignores_shifts_and_follows_scale(
        sample in prop::collection::vec(1.0..100.0_f64, 2..30),
        shift in -50.0..50.0_f64,
        scale in 0.1..10.0_f64,
    ) {
        let moved: Vec<f64> = sample.iter().map(|x| scale * x + shift).collect();
        let spread = standard_deviation(&sample).unwrap();
        assert_close(standard_deviation(&moved).unwrap(), scale * spread, 1e-9);
        let stretched: Vec<f64> = sample.iter().map(|x| scale * x).collect();
        let variation = coefficient_of_variation(&sample).unwrap();
        assert_close(coefficient_of_variation(&stretched).unwrap(), variation, 1e-9);
    }

    #[test]
    fn order_of_the_sample_does_not_matter(sample in prop::collection::vec(-1e3..1e3_f64, 1..30)) {
        let reversed: Vec<f64> = sample.iter().rev().copied().collect();
        prop_assert_eq!(median(&sample), median(&reversed));
        let mirror = |i: &usize| sample.len() - 1 - i;
        let mut mirrored: Vec<usize> = outliers(&reversed).iter().map(mirror).collect();
        mirrored.reverse();
        prop_assert_eq!(outliers(&sample), mirrored);
    }
}
