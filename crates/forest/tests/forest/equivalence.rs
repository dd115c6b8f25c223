//! Forests with generators of their own predict as well as scikit-learn 1.9.1's do, over 60 seeds:
//! the means are equivalent within 0.5 % (two one-sided tests, Schuirmann 1987, with variances that
//! may differ, Welch 1947), and the distributions cannot be told apart (Kolmogorov and Smirnov).
//!
//! `tests/fixtures/equivalence.py` made scikit-learn's scores. All seeds are fixed, so the tests
//! give the same result every time.

#![allow(
    clippy::print_stdout,
    reason = "the figures are part of the documentation"
)]

use serde::Deserialize;
use workbench_dataset::{Supervised, california_housing, train_test_split};
use workbench_forest::{
    Features, Forest, GrowParams, GrowSeed, MaxFeatures, QueryRows, TrainingData,
};

/// Means may differ by this share of scikit-learn's.
const MARGIN: f64 = 0.005;
/// The 95 % quantile of Student's t with 59 degrees of freedom: the fewest that Welch's test can
/// have with 60 values on each side.
const QUANTILE: f64 = 1.671;
/// The distance of two empirical distributions of 60 values each that is exceeded with a
/// probability of 5 % where they are the same: 1.358 √(2/60).
const DISTANCE: f64 = 0.2479;

#[derive(Deserialize)]
struct Theirs {
    trees: usize,
    deciles: Vec<f64>,
    squared_error: Vec<f64>,
    accuracy: Vec<f64>,
}

struct Part {
    features: Features,
    y: Vec<f64>,
}

fn theirs() -> Theirs {
    serde_json::from_str(include_str!("../fixtures/equivalence.json")).unwrap()
}

/// Training and test rows.
fn california() -> [Part; 2] {
    let housing = Supervised::from_table(&california_housing().unwrap(), "MedHouseVal").unwrap();
    let split = train_test_split(housing.rows, 0.2, 42).unwrap();
    [split.train, split.test].map(|rows| {
        let columns = housing.x.chunks_exact(housing.rows);
        let values = columns.flat_map(|column| rows.iter().map(|row| column[*row as usize] as f32));
        Part {
            features: Features::from_columns(values.collect(), rows.len()).unwrap(),
            y: rows.iter().map(|row| housing.y[*row as usize]).collect(),
        }
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance of the mean.
fn variance_of_mean(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (values.len() - 1) as f64 / values.len() as f64
}

/// The greatest distance of the empirical distributions.
fn distance(ours: &[f64], theirs: &[f64]) -> f64 {
    let share = |values: &[f64], most: f64| {
        values.iter().filter(|value| **value <= most).count() as f64 / values.len() as f64
    };
    let all = ours.iter().chain(theirs);
    all.map(|value| (share(ours, *value) - share(theirs, *value)).abs())
        .fold(0.0, f64::max)
}

fn assert_equivalent(name: &str, ours: &[f64], theirs: &[f64]) {
    assert!(ours.len() == 60 && ours.len() == theirs.len());
    let (base, difference) = (mean(theirs), mean(ours) - mean(theirs));
    let error = (variance_of_mean(ours) + variance_of_mean(theirs)).sqrt();
    let furthest = difference.abs() + QUANTILE * error;
    let distance = distance(ours, theirs);
    println!(
        "{name}: {:.5} and {base:.5}, difference {:+.3} %, 90 % interval ±{:.3} %, KS {distance:.3}",
        mean(ours),
        100.0 * difference / base,
        100.0 * QUANTILE * error / base,
    );
    assert!(
        furthest < MARGIN * base,
        "{name}: {difference} ± {error} of {base}"
    );
    assert!(distance < DISTANCE, "{name}: {distance}");
}

fn grow(data: &TrainingData, params: &GrowParams, trees: usize, seed: usize) -> Forest {
    Forest::grow(data, params, trees, GrowSeed::new(seed as u64, 0, 0), 2).unwrap()
}

#[test]
fn squared_errors_are_those_of_scikit_learn() {
    let theirs = theirs();
    let [train, test] = california();
    let data = TrainingData::regression(&train.features, train.y).unwrap();
    let rows = QueryRows::from(&test.features);
    let params = GrowParams {
        max_depth: Some(20),
        min_samples_split: 5,
        ..GrowParams::forest_regression()
    };
    let errors = (0..theirs.squared_error.len()).map(|seed| {
        let predicted = grow(&data, &params, theirs.trees, seed)
            .predict(&rows)
            .unwrap();
        let pairs = predicted.iter().zip(&test.y);
        pairs.map(|(ours, y)| (ours - y).powi(2)).sum::<f64>() / test.y.len() as f64
    });
    let errors: Vec<f64> = errors.collect();
    assert_equivalent("mean squared error", &errors, &theirs.squared_error);
}

#[test]
fn accuracies_are_those_of_scikit_learn() {
    let theirs = theirs();
    let [train, test] = california();
    let class = |y: &f64| theirs.deciles.partition_point(|decile| decile <= y);
    let classes = train.y.iter().map(|y| class(y) as u32).collect();
    let data = TrainingData::classification(&train.features, classes).unwrap();
    let rows = QueryRows::from(&test.features);
    let params = GrowParams {
        max_features: MaxFeatures::Count(3),
        min_samples_leaf: 2,
        ..GrowParams::forest_classification()
    };
    let shares = (0..theirs.accuracy.len()).map(|seed| {
        let shares = grow(&data, &params, theirs.trees, seed)
            .predict(&rows)
            .unwrap();
        let right = shares
            .chunks_exact(data.outputs())
            .zip(&test.y)
            .filter(|(shares, y)| {
                // The first of equals, as scikit-learn takes it.
                let best = (0..shares.len())
                    .rev()
                    .max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
                best == Some(class(y))
            });
        right.count() as f64 / test.y.len() as f64
    });
    let shares: Vec<f64> = shares.collect();
    assert_equivalent("accuracy", &shares, &theirs.accuracy);
}
