//! How good a model is: out-of-bag predictions, and what a feature is worth to it.

use crate::data::{Targets, TrainingData, same_length};
use crate::error::ForestError;
use crate::features::{Features, QueryRows};
use crate::seed::GrowSeed;
use crate::tree::DecisionTree;

/// Predictions of training rows by the trees that were not grown on them.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfBag {
    outputs: usize,
    sums: Vec<f64>,
    trees: Vec<u32>,
}

impl OutOfBag {
    /// Without any tree.
    pub fn new(data: &TrainingData) -> Self {
        Self {
            outputs: data.outputs(),
            sums: vec![0.0; data.rows() * data.outputs()],
            trees: vec![0; data.rows()],
        }
    }

    /// Adds the predictions of a tree for the rows whose count is 0. `rows` are the training rows.
    ///
    /// # Errors
    /// [`ForestError::Columns`] and [`ForestError::Length`].
    pub fn add(
        &mut self,
        tree: &DecisionTree,
        rows: &QueryRows,
        counts: &[u32],
    ) -> Result<(), ForestError> {
        same_length("counts", counts.len(), self.trees.len())?;
        same_length("rows", rows.count(), self.trees.len())?;
        let leaves = tree.apply(rows)?;
        for (row, leaf) in leaves.into_iter().enumerate() {
            if counts[row] == 0 {
                let sums = &mut self.sums[row * self.outputs..][..self.outputs];
                let value = tree.node(leaf as usize).value;
                sums.iter_mut()
                    .zip(value)
                    .for_each(|(sum, value)| *sum += value);
                self.trees[row] += 1;
            }
        }
        Ok(())
    }

    /// The prediction for a row: a number, or the shares of the classes. None where every tree
    /// was grown on the row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn prediction(&self, row: usize) -> Option<Vec<f64>> {
        let trees = self.trees[row];
        let sums = &self.sums[row * self.outputs..][..self.outputs];
        (trees > 0).then(|| sums.iter().map(|sum| sum / f64::from(trees)).collect())
    }

    /// Rows that have a prediction.
    pub fn rows(&self) -> usize {
        self.trees.iter().filter(|trees| **trees > 0).count()
    }

    /// R² for regression, accuracy for classification, over the rows that have a prediction; none
    /// where no row has one, or where R² is not defined because all targets are the same.
    pub fn score(&self, data: &TrainingData) -> Option<f64> {
        let rows = (0..self.trees.len()).filter(|row| self.trees[*row] > 0);
        match data.targets() {
            Targets::Numbers { y, .. } => {
                let pairs = rows.map(|row| {
                    let prediction = self.sums[row] / f64::from(self.trees[row]);
                    (y[row], prediction)
                });
                r2(pairs)
            }
            Targets::Classes { class, .. } => {
                let right = |row: &usize| {
                    let sums = &self.sums[row * self.outputs..][..self.outputs];
                    greatest(sums) == class[*row]
                };
                let hits = rows.clone().filter(right).count();
                let all = rows.count();
                (all > 0).then(|| hits as f64 / all as f64)
            }
        }
    }
}

/// The place of the greatest value, the first of equals.
pub(crate) fn greatest(values: &[f64]) -> u32 {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best as u32
}

/// The coefficient of determination of pairs of target and prediction.
fn r2(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let count = pairs.clone().count() as f64;
    let mean = pairs.clone().map(|(target, _)| target).sum::<f64>() / count;
    let total: f64 = pairs
        .clone()
        .map(|(target, _)| (target - mean).powi(2))
        .sum();
    let rest: f64 = pairs
        .map(|(target, prediction)| (target - prediction).powi(2))
        .sum();
    (total > 0.0).then(|| 1.0 - rest / total)
}

/// How much a score falls when the values of one feature are shuffled among the rows: the mean
/// over the repeats, for every feature (Breiman, 2001). `score` judges a model on the rows that it
/// is given; the greater the better.
///
/// # Errors
/// What `score` gives.
pub fn permutation_importance<E>(
    features: &Features,
    repeats: u32,
    seed: u64,
    mut score: impl FnMut(&QueryRows) -> Result<f64, E>,
) -> Result<Vec<f64>, E> {
    let base = score(&QueryRows::from(features))?;
    let mut shuffled = features.clone();
    let mut importances = Vec::with_capacity(features.columns());
    for column in 0..features.columns() {
        let mut sum = 0.0;
        for repeat in 0..repeats {
            let mut generator = GrowSeed::new(seed, column as u32, repeat).generator();
            let values = shuffled.column_mut(column);
            for last in (1..values.len()).rev() {
                values.swap(last, generator.below(last as u32 + 1) as usize);
            }
            sum += base - score(&QueryRows::from(&shuffled))?;
        }
        shuffled
            .column_mut(column)
            .copy_from_slice(features.column(column));
        importances.push(sum / f64::from(repeats.max(1)));
    }
    Ok(importances)
}
