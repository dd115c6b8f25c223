//! Many trees together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::data::TrainingData;
use crate::error::ForestError;
use crate::features::QueryRows;
use crate::judge::{OutOfBag, greatest};
use crate::params::GrowParams;
use crate::seed::GrowSeed;
use crate::tree::DecisionTree;
use crate::workspace::{Workspace, bootstrap_counts};

/// A forest: it predicts the mean of its trees.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<DecisionTree>", into = "Vec<DecisionTree>")
)]
pub struct Forest {
    trees: Vec<DecisionTree>,
}

impl Forest {
    /// Grows `trees` trees, numbered from `first.tree` on, on `threads` threads. The forest is the
    /// same for any number of threads.
    ///
    /// # Errors
    /// As [`DecisionTree::grow`], and [`ForestError::Parameter`] for a forest without trees.
    pub fn grow(
        data: &TrainingData,
        params: &GrowParams,
        trees: usize,
        first: GrowSeed,
        threads: usize,
    ) -> Result<Self, ForestError> {
        params.check(data)?;
        if trees == 0 {
            return Err(no_trees());
        }
        let next = AtomicUsize::new(0);
        let grow = || {
            let mut workspace = Workspace::new();
            let mut grown = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= trees {
                    return grown;
                }
                let seed = nth(first, number);
                let tree = DecisionTree::grow_in(&mut workspace, data, params, seed);
                grown.push((number, tree));
            }
        };
        let mut grown = if threads <= 1 {
            grow()
        } else {
            thread::scope(|scope| {
                let helpers: Vec<_> = (1..threads.min(trees)).map(|_| scope.spawn(grow)).collect();
                let mut grown = grow();
                for helper in helpers {
                    match helper.join() {
                        Ok(trees) => grown.extend(trees),
                        Err(panic) => std::panic::resume_unwind(panic),
                    }
                }
                grown
            })
        };
        grown.sort_by_key(|(number, _)| *number);
        let trees: Result<Vec<_>, _> = grown.into_iter().map(|(_, tree)| tree).collect();
        Self::from_trees(trees?)
    }

    /// Makes a forest of trees that were grown one by one.
    ///
    /// # Errors
    /// [`ForestError::Parameter`] for no trees, [`ForestError::Columns`] for trees of different
    /// data.
    pub fn from_trees(trees: Vec<DecisionTree>) -> Result<Self, ForestError> {
        let first = trees.first().ok_or_else(no_trees)?;
        let (columns, outputs) = (first.columns(), first.outputs());
        let same = |tree: &&DecisionTree| tree.columns() == columns && tree.outputs() == outputs;
        if let Some(other) = trees.iter().find(|tree| !same(tree)) {
            return Err(ForestError::Columns {
                given: other.columns(),
                trained: columns,
            });
        }
        Ok(Self { trees })
    }

    /// The trees.
    pub fn trees(&self) -> &[DecisionTree] {
        &self.trees
    }

    /// The mean of the trees' values for every row: a number, or the shares of the classes.
    ///
    /// # Errors
    /// [`ForestError::Columns`].
    pub fn predict(&self, rows: &QueryRows) -> Result<Vec<f64>, ForestError> {
        let mut sums = vec![0.0; rows.count() * self.trees[0].outputs()];
        for tree in &self.trees {
            tree.add_predictions(rows, &mut sums)?;
        }
        let trees = self.trees.len() as f64;
        for sum in &mut sums {
            *sum /= trees;
        }
        Ok(sums)
    }

    /// The class with the greatest share for every row; the first of equals.
    ///
    /// # Errors
    /// [`ForestError::Columns`].
    pub fn predict_classes(&self, rows: &QueryRows) -> Result<Vec<u32>, ForestError> {
        let shares = self.predict(rows)?;
        let outputs = self.trees[0].outputs();
        Ok(shares.chunks_exact(outputs).map(greatest).collect())
    }

    /// The mean of the trees' importances of every feature; trees of a single leaf do not count.
    pub fn importances(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.trees[0].columns()];
        for tree in &self.trees {
            for (sum, importance) in sums.iter_mut().zip(tree.importances()) {
                *sum += importance;
            }
        }
        let total: f64 = sums.iter().sum();
        if total > 0.0 {
            for sum in &mut sums {
                *sum /= total;
            }
        }
        sums
    }

    /// Predicts every training row by the trees that were not grown on it. The data, parameters
    /// and first seed are those that the forest was grown with.
    ///
    /// # Errors
    /// As [`DecisionTree::grow`], and [`ForestError::Columns`].
    pub fn out_of_bag(
        &self,
        data: &TrainingData,
        rows: &QueryRows,
        params: &GrowParams,
        first: GrowSeed,
    ) -> Result<OutOfBag, ForestError> {
        let mut out = OutOfBag::new(data);
        for (number, tree) in self.trees.iter().enumerate() {
            if let Some(counts) = bootstrap_counts(data, params, nth(first, number))? {
                out.add(tree, rows, &counts)?;
            }
        }
        Ok(out)
    }
}

fn nth(first: GrowSeed, number: usize) -> GrowSeed {
    GrowSeed {
        tree: first.tree.wrapping_add(number as u32),
        ..first
    }
}

fn no_trees() -> ForestError {
    ForestError::Parameter {
        name: "trees",
        value: 0.0,
        needed: "1 or more",
    }
}

impl TryFrom<Vec<DecisionTree>> for Forest {
    type Error = ForestError;

    fn try_from(trees: Vec<DecisionTree>) -> Result<Self, ForestError> {
        Self::from_trees(trees)
    }
}

impl From<Forest> for Vec<DecisionTree> {
    fn from(forest: Forest) -> Self {
        forest.trees
    }
}
