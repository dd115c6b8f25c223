//! Grows and uses trees on data from a file, and says what CPU time it took as one line of JSON:
//! the part of
//! `benches/peers.py` that runs here.
//!
//! The file has, in little-endian bytes: the features as 32-bit floats, column after column, then
//! a 64-bit float for each row, its target or class. The last rows are for testing.

#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use serde::Deserialize;
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
    /// `portable`, `avx2`, or the best there is.
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
            best.is_some_and(|best| best as f64 == **class)
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
