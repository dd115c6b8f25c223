//! The interface to smartcore. Only this file knows the library.
//!
//! How scikit-learn's parameters are mapped to smartcore's:
//! - `max_depth`: smartcore counts levels with the root as 1, scikit-learn counts splits along a
//!   path: one more.
//! - `min_samples_split`, `min_samples_leaf`: scikit-learn draws the bootstrap as weights and
//!   counts distinct rows. This code passes the bootstrap to smartcore as weights too, so it counts
//!   in the same way; smartcore's own forest counts copies.
//! - `max_features`: a single tree looks at all features at every split, which is the default of
//!   scikit-learn's regressor.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::tree::decision_tree_regressor::{
    DecisionTreeRegressor, DecisionTreeRegressorParameters,
};
use workbench_forest::GrowSeed;

use crate::settings::TreeLimits;

/// smartcore's regression trees with their data, which the library sorts anew for every tree.
pub struct Smartcore {
    train_x: DenseMatrix<f64>,
    train_y: Vec<f64>,
    test_x: DenseMatrix<f64>,
    limits: TreeLimits,
}

impl Smartcore {
    /// Takes features column after column, and the training rows' targets.
    ///
    /// # Errors
    /// When the numbers of values and rows do not fit.
    pub fn new(
        [train_x, test_x]: [&[f64]; 2],
        train_y: Vec<f64>,
        test_rows: usize,
        limits: TreeLimits,
    ) -> Result<Self, String> {
        let matrix = |values: &[f64], rows: usize| {
            let columns = values.len().checked_div(rows).unwrap_or(0);
            DenseMatrix::new(rows, columns, values.to_vec(), true).map_err(|e| e.to_string())
        };
        Ok(Self {
            train_x: matrix(train_x, train_y.len())?,
            test_x: matrix(test_x, test_rows)?,
            train_y,
            limits,
        })
    }

    /// Grows a tree and predicts the test rows.
    ///
    /// # Errors
    /// The library's error, for example on an empty training set.
    pub fn grow(&self, seed: GrowSeed) -> Result<Vec<f64>, String> {
        let rows = self.train_y.len();
        let mut rng = generator(seed);
        let mut counts = vec![0.0; rows];
        for _ in 0..rows {
            counts[rng.random_range(0..rows)] += 1.0;
        }
        if !self.limits.bootstrap {
            counts.fill(1.0);
        }
        let parameters = DecisionTreeRegressorParameters {
            max_depth: Some(self.limits.max_depth.saturating_add(1)),
            min_samples_leaf: self.limits.min_samples_leaf,
            min_samples_split: self.limits.min_samples_split,
            // The library shuffles the features before it tries all of them: the order decides
            // ties.
            seed: Some(rng.random()),
        };
        DecisionTreeRegressor::fit_with_weights(&self.train_x, &self.train_y, &counts, parameters)
            .and_then(|tree| tree.predict(&self.test_x))
            .map_err(|error| error.to_string())
    }
}

fn generator(tree: GrowSeed) -> ChaCha8Rng {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&tree.run.to_le_bytes());
    seed[8..12].copy_from_slice(&tree.model.to_le_bytes());
    seed[12..16].copy_from_slice(&tree.tree.to_le_bytes());
    ChaCha8Rng::from_seed(seed)
}
