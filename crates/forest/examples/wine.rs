//! Classifies made-up wines, and says which features matter.
//!
//!     cargo run --release -p workbench-forest --example wine

#![allow(clippy::print_stdout, reason = "an example")]

use workbench_forest::{
    Features, Forest, ForestError, GrowParams, GrowSeed, QueryRows, TrainingData,
};

fn main() -> Result<(), ForestError> {
    // Three kinds of wine. Alcohol and colour depend on the kind, the label's width does not, and
    // some colours are missing.
    let rows = 300_usize;
    let noise = |row: usize, salt: usize| ((row * 7919 + salt * 104_729) % 1000) as f32 / 1000.0;
    let kind = |row: usize| row % 3;
    let alcohol = (0..rows).map(|row| 11.0 + kind(row) as f32 + 1.6 * noise(row, 1));
    let colour = (0..rows).map(|row| match noise(row, 2) {
        ..0.1 => f32::NAN,
        other => 2.0 * f32::from(u8::from(kind(row) == 1)) + 1.5 * other,
    });
    let label = (0..rows).map(|row| noise(row, 3));
    let values = alcohol.chain(colour).chain(label).collect();
    let features = Features::from_columns(values, rows)?;
    let kinds = (0..rows).map(|row| kind(row) as u32).collect();
    let data = TrainingData::classification(&features, kinds)?;

    let params = GrowParams::forest_classification();
    let seed = GrowSeed::new(7, 0, 0);
    let forest = Forest::grow(&data, &params, 100, seed, 2)?;
    let all = QueryRows::from(&features);
    let out = forest.out_of_bag(&data, &all, &params, seed)?;
    if let Some(accuracy) = out.score(&data) {
        println!("out-of-bag accuracy: {accuracy:.3}");
    }
    for (name, importance) in ["alcohol", "colour", "label"]
        .iter()
        .zip(forest.importances())
    {
        println!("{name}: {importance:.3}");
    }
    Ok(())
}
