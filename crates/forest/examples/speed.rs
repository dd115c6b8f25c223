//! Time per tree on the California Housing training rows, fit and predict apart.
//!
//!     cargo run --release -p workbench-forest --example speed -- 100

#![allow(clippy::print_stdout, reason = "an example")]

use std::time::Instant;

use workbench_dataset::{Supervised, california_housing, train_test_split};
use workbench_forest::{
    DecisionTree, Features, GrowParams, GrowSeed, QueryRows, TrainingData, Workspace,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let trees: u32 = std::env::args()
        .nth(1)
        .map_or(Ok(100), |trees| trees.parse())?;
    let housing = Supervised::from_table(&california_housing()?, "MedHouseVal")?;
    let split = train_test_split(housing.rows, 0.2, 42)?;
    let take = |rows: &[u32]| {
        let columns = housing.x.chunks_exact(housing.rows);
        let values = columns.flat_map(|column| rows.iter().map(|row| column[*row as usize] as f32));
        Features::from_columns(values.collect(), rows.len())
    };
    let targets = |rows: &[u32]| {
        rows.iter()
            .map(|row| housing.y[*row as usize])
            .collect::<Vec<_>>()
    };
    let start = Instant::now();
    let data = TrainingData::regression(&take(&split.train)?, targets(&split.train))?;
    println!("sorting: {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    let rows = QueryRows::from(&take(&split.test)?);
    let params = GrowParams {
        max_depth: Some(20),
        min_samples_split: 5,
        ..GrowParams::forest_regression()
    };
    let mut workspace = Workspace::new();
    let mut sums = vec![0.0; rows.count()];
    let (mut fits, mut predictions) = (Vec::new(), Vec::new());
    let mut nodes = 0;
    for number in 0..trees {
        let seed = GrowSeed::new(42, 0, number);
        let start = Instant::now();
        let tree = DecisionTree::grow_in(&mut workspace, &data, &params, seed)?;
        fits.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        tree.add_predictions(&rows, &mut sums)?;
        predictions.push(start.elapsed().as_secs_f64() * 1e3);
        nodes += tree.len();
    }
    let y = targets(&split.test);
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let rest: f64 = y
        .iter()
        .zip(&sums)
        .map(|(y, sum)| (y - sum / f64::from(trees)).powi(2))
        .sum();
    let total: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    for (name, times) in [("fit", &mut fits), ("predict", &mut predictions)] {
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: median {:.3} ms, best {:.3} ms per tree",
            times[times.len() / 2],
            times[0]
        );
    }
    println!(
        "{} nodes per tree, R2 {:.4}",
        nodes / trees as usize,
        1.0 - rest / total
    );
    Ok(())
}
