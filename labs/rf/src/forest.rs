//! The interface to the library that grows trees. Only this file knows which library it is:
//! smartcore.
//!
//! The unit is one tree, not one forest, so that every arm grows exactly the same trees in any
//! order: a tree depends only on the training rows, the parameters and its own seed.
//!
//! How scikit-learn's parameters are mapped to smartcore's:
//! - `max_depth`: smartcore counts levels with the root as 1, scikit-learn counts splits along a
//!   path: one more.
//! - `min_samples_split`, `min_samples_leaf`: scikit-learn draws the bootstrap as weights and
//!   counts distinct rows. This code passes the bootstrap to smartcore as weights too, so it counts
//!   in the same way; smartcore's own forest counts copies.
//! - `max_features`: all features at every split, the default of scikit-learn's regressor, is what
//!   a single tree does.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::tree::decision_tree_regressor::{
    DecisionTreeRegressor, DecisionTreeRegressorParameters,
};

/// Rows of features, in the library's format.
pub struct Rows {
    matrix: DenseMatrix<f64>,
    rows: usize,
}

/// The training data of a tree.
pub struct TrainingSet {
    x: Rows,
    y: Vec<f64>,
}

/// What limits a tree, in scikit-learn's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeParams {
    /// Longest path from the root to a leaf, in splits.
    pub max_depth: u16,
    /// Distinct rows that a node needs to be split.
    pub min_samples_split: usize,
    /// Distinct rows that each side of a split needs.
    pub min_samples_leaf: usize,
}

/// Identifies a tree: the run's seed, the model's index and the tree's index in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeSeed {
    /// The run's seed.
    pub run: u64,
    /// Index of the model.
    pub model: u32,
    /// Index of the tree in its model.
    pub tree: u32,
}

/// A grown regression tree.
pub struct Tree(DecisionTreeRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>);

impl Rows {
    /// Takes `rows` rows, column after column.
    ///
    /// # Errors
    /// When the number of values is no multiple of `rows`.
    pub fn from_columns(values: Vec<f64>, rows: usize) -> Result<Self, String> {
        let columns = values.len().checked_div(rows).unwrap_or(0);
        let matrix =
            DenseMatrix::new(rows, columns, values, true).map_err(|error| error.to_string())?;
        Ok(Self { matrix, rows })
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.rows
    }
}

impl TrainingSet {
    /// Features and targets, row by row the same length.
    pub fn new(x: Rows, y: Vec<f64>) -> Self {
        Self { x, y }
    }
}

impl TreeSeed {
    fn rng(self) -> ChaCha8Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.run.to_le_bytes());
        seed[8..12].copy_from_slice(&self.model.to_le_bytes());
        seed[12..16].copy_from_slice(&self.tree.to_le_bytes());
        ChaCha8Rng::from_seed(seed)
    }
}

impl Tree {
    /// Grows a tree on a bootstrap sample (as many draws with replacement as there are rows).
    ///
    /// # Errors
    /// The library's error, for example on an empty training set.
    pub fn grow(set: &TrainingSet, params: TreeParams, seed: TreeSeed) -> Result<Self, String> {
        let rows = set.x.count();
        let mut rng = seed.rng();
        let mut counts = vec![0.0; rows];
        for _ in 0..rows {
            counts[rng.random_range(0..rows)] += 1.0;
        }
        let parameters = DecisionTreeRegressorParameters {
            max_depth: Some(params.max_depth.saturating_add(1)),
            min_samples_leaf: params.min_samples_leaf,
            min_samples_split: params.min_samples_split,
            // The library shuffles the features before it tries all of them: the order decides
            // ties.
            seed: Some(rng.random()),
        };
        DecisionTreeRegressor::fit_with_weights(&set.x.matrix, &set.y, &counts, parameters)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Adds the tree's prediction for every row to `sums`.
    ///
    /// # Errors
    /// The library's error.
    pub fn predict(&self, rows: &Rows) -> Result<Vec<f64>, String> {
        self.0
            .predict(&rows.matrix)
            .map_err(|error| error.to_string())
    }
}
