//! Grows and uses trees on data from a file, and says what CPU time it took as one line of JSON:
//! the part of `benches/peers.py` that runs here.
//!
//! The file has, in little-endian bytes: the features as 32-bit floats, column after column, then
//! a 64-bit float for each row, its target or class. The last rows are for testing.

#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use serde::Deserialize;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;
use workbench_clock::thread_cpu_ns;
use workbench_forest::{
    DecisionTree, Features, GrowParams, GrowSeed, MaxFeatures, QueryRows, TrainingData, VectorPath,
    Workspace,
};

#[derive(Deserialize)]
struct Job {
    file: String,
    rows: usize,
    test: usize,
    columns: usize,
    classes: bool,
    trees: u32,
    seed: u64,
    max_depth: Option<u32>,
    min_samples_split: usize,
    max_features: Option<usize>,
    /// `general` (the engine for all data), `portable`, `avx2`, the best there is, or `smartcore`.
    path: Option<String>,
}

struct Table {
    features: Features,
    y: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = std::env::args().nth(1).ok_or("give a job as JSON")?;
    let job: Job = serde_json::from_str(&job)?;
    let bytes = std::fs::read(&job.file)?;
    let train = part(&bytes, &job, 0..job.rows - job.test)?;
    let test = part(&bytes, &job, job.rows - job.test..job.rows)?;
    drop(bytes);
    if job.path.as_deref() == Some("smartcore") {
        return smartcore(&job, &train, &test);
    }
    let start = thread_cpu_ns();
    let data = if job.classes {
        let classes = train.y.iter().map(|class| *class as u32).collect();
        TrainingData::classification(&train.features, classes)?
    } else {
        TrainingData::regression(&train.features, train.y)?
    };
    let sorting = seconds_since(start);
    let params = GrowParams {
        max_depth: job.max_depth,
        min_samples_split: job.min_samples_split,
        // Any limit on weights is for the general engine.
        min_weight_fraction_leaf: match job.path.as_deref() {
            Some("general") => 1e-12,
            _ => 0.0,
        },
        max_features: job
            .max_features
            .map_or(MaxFeatures::All, MaxFeatures::Count),
        ..if job.classes {
            GrowParams::forest_classification()
        } else {
            GrowParams::forest_regression()
        }
    };
    let mut workspace = match job.path.as_deref() {
        Some("portable") => Workspace::with_path(VectorPath::Portable),
        Some("avx2") => Workspace::with_path(VectorPath::Avx2),
        _ => Workspace::new(),
    };
    let rows = QueryRows::from(&test.features);
    let mut sums = vec![0.0; rows.count() * data.outputs()];
    let (mut nodes, mut fit, mut predict) = (0, 0.0, 0.0);
    for tree in 0..job.trees {
        let start = thread_cpu_ns();
        let seed = GrowSeed::new(job.seed, 0, tree);
        let tree = DecisionTree::grow_in(&mut workspace, &data, &params, seed)?;
        fit += seconds_since(start);
        let start = thread_cpu_ns();
        tree.add_predictions(&rows, &mut sums)?;
        predict += seconds_since(start);
        nodes += tree.len();
    }
    let score = score(&sums, &test.y, data.outputs(), f64::from(job.trees));
    println!(
        r#"{{"sorting":{sorting},"fit":{fit},"predict":{predict},"nodes":{nodes},"score":{score}}}"#
    );
    Ok(())
}

/// The same with the forests of smartcore, which count copies of a row, and the root as a level.
fn smartcore(job: &Job, train: &Table, test: &Table) -> Result<(), Box<dyn Error>> {
    let matrix = |table: &Table| {
        let columns = 0..job.columns;
        let values = columns.flat_map(|column| table.features.column(column).iter().copied());
        DenseMatrix::new(table.y.len(), job.columns, values.collect(), true)
    };
    let (rows, queries) = (matrix(train)?, matrix(test)?);
    let max_depth = job.max_depth.map(|depth| depth as u16 + 1);
    let m = Some(job.max_features.unwrap_or(job.columns));
    let start = thread_cpu_ns();
    let (fit, predict, score) = if job.classes {
        let classes = |y: &[f64]| y.iter().map(|class| *class as u32).collect::<Vec<_>>();
        let params = RandomForestClassifierParameters {
            max_depth,
            min_samples_split: job.min_samples_split,
            n_trees: job.trees as u16,
            m,
            seed: job.seed,
            ..Default::default()
        };
        let y = classes(&train.y);
        let forest = RandomForestClassifier::fit(&rows, &y, params)?;
        let fit = seconds_since(start);
        let said = forest.predict(&queries)?;
        let predict = seconds_since(start) - fit;
        let pairs = said.iter().zip(classes(&test.y));
        let right = pairs.filter(|(said, class)| *said == class).count();
        (fit, predict, right as f64 / said.len() as f64)
    } else {
        let params = RandomForestRegressorParameters {
            max_depth,
            min_samples_split: job.min_samples_split,
            n_trees: job.trees as usize,
            m,
            seed: job.seed,
            ..Default::default()
        };
        let forest = RandomForestRegressor::fit(&rows, &train.y, params)?;
        let fit = seconds_since(start);
        let said = forest.predict(&queries)?;
        let predict = seconds_since(start) - fit;
        (fit, predict, score(&said, &test.y, 1, 1.0))
    };
    println!(r#"{{"fit":{fit},"predict":{predict},"score":{score}}}"#);
    Ok(())
}

fn seconds_since(start: u64) -> f64 {
    (thread_cpu_ns() - start) as f64 / 1e9
}

fn part(bytes: &[u8], job: &Job, rows: std::ops::Range<usize>) -> Result<Table, Box<dyn Error>> {
    let (features, y) = bytes.split_at(4 * job.rows * job.columns);
    let value = |place: usize| {
        let bytes = features[4 * place..]
            .first_chunk()
            .copied()
            .unwrap_or_default();
        f32::from_le_bytes(bytes)
    };
    let columns = 0..job.columns;
    let values =
        columns.flat_map(|column| rows.clone().map(move |row| value(column * job.rows + row)));
    let target = |row: usize| {
        let bytes = y[8 * row..].first_chunk().copied().unwrap_or_default();
        f64::from_le_bytes(bytes)
    };
    Ok(Table {
        features: Features::from_columns(values.collect(), rows.len())?,
        y: rows.map(target).collect(),
    })
}

/// R², or the accuracy.
fn score(sums: &[f64], y: &[f64], outputs: usize, trees: f64) -> f64 {
    if outputs > 1 {
        let right = sums.chunks_exact(outputs).zip(y).filter(|(shares, class)| {
            let best = (0..outputs).max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
            best == Some(**class as usize)
        });
        return right.count() as f64 / y.len() as f64;
    }
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let rest: f64 = y
        .iter()
        .zip(sums)
        .map(|(y, sum)| (y - sum / trees).powi(2))
        .sum();
    1.0 - rest / y.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
}
