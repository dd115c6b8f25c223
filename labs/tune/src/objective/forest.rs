//! A random forest as an objective: a unit of budget is one more tree. A tree depends on the seed,
//! the trial and its number alone, so what has to be kept of a forest that still grows are the sums
//! of its trees' predictions.

use std::cell::RefCell;

use serde_json::{Value, json};
use workbench_forest::{
    Bootstrap, DecisionTree, Features, ForestError, GrowParams, GrowSeed, MaxFeatures, QueryRows,
    TrainingData, TreeNode, Workspace,
};

use super::bytes::{StateReader, StateWriter};
use super::data::{SampleRows, SearchData};
use super::error::TrialError;
use super::seed::TrialSeed;

/// What a trial chooses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeParams {
    /// Longest path from the root to a leaf, in splits.
    pub max_depth: u32,
    /// SampleRows that each side of a split needs.
    pub min_samples_leaf: usize,
    /// Share of the features that are looked at for a split.
    pub max_features: f64,
}

/// The sorted training rows, and the rows to predict.
pub struct Trees {
    data: TrainingData,
    validation: QueryRows,
    test: QueryRows,
}

thread_local! {
    /// Memory for growing, used again for every tree of a thread.
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl From<ForestError> for TrialError {
    fn from(error: ForestError) -> Self {
        Self::Engine(error.to_string())
    }
}

impl Trees {
    /// Sorts the training rows.
    ///
    /// # Errors
    /// When the engine does not take them.
    pub fn new(data: &SearchData) -> Result<Self, TrialError> {
        let targets = data.train.y.iter().map(|y| f64::from(*y)).collect();
        Ok(Self {
            data: TrainingData::regression(&features(&data.train)?, targets)?,
            validation: (&features(&data.validation)?).into(),
            test: (&features(&data.test)?).into(),
        })
    }
}

fn features(rows: &SampleRows) -> Result<Features, ForestError> {
    let values: Vec<f64> = rows.x.iter().map(|x| f64::from(*x)).collect();
    Features::from_rows(&values, rows.columns)
}

/// A forest that still grows.
#[derive(Debug, Clone, PartialEq)]
pub struct Growing {
    params: TreeParams,
    seed: TrialSeed,
    trees: u64,
    /// Sums of the predictions of the validation rows.
    validation: Vec<f32>,
    /// Sums of those of the test rows.
    test: Vec<f32>,
}

impl Growing {
    /// Without trees.
    pub fn new(params: TreeParams, data: &SearchData, seed: TrialSeed) -> Self {
        Self {
            params,
            seed,
            trees: 0,
            validation: vec![0.0; data.validation.count()],
            test: vec![0.0; data.test.count()],
        }
    }

    /// Trees grown.
    pub fn trees(&self) -> u64 {
        self.trees
    }

    /// Grows one tree.
    ///
    /// # Errors
    /// The engine's.
    pub fn grow(&mut self, on: &Trees) -> Result<(), TrialError> {
        let tree = self.tree(on, self.trees as u32)?;
        add(&mut self.validation, &tree.predict(&on.validation)?);
        add(&mut self.test, &tree.predict(&on.test)?);
        self.trees += 1;
        Ok(())
    }

    /// One of its trees, grown again.
    fn tree(&self, on: &Trees, number: u32) -> Result<DecisionTree, TrialError> {
        let params = GrowParams {
            max_depth: Some(self.params.max_depth),
            min_samples_leaf: self.params.min_samples_leaf,
            max_features: MaxFeatures::Share(self.params.max_features),
            bootstrap: Bootstrap::Rows,
            ..GrowParams::regression()
        };
        let seed = self.tree_seed(number);
        let tree = WORKSPACE.with_borrow_mut(|workspace| {
            DecisionTree::grow_in(workspace, &on.data, &params, seed)
        })?;
        Ok(tree)
    }

    /// Its trees, node by node: the feature, the threshold up to which rows go left, the nodes on
    /// both sides, and the value of a leaf. The forest predicts their mean.
    pub fn export(&self, on: &Trees) -> Value {
        let trees = (0..self.trees as u32).filter_map(|number| self.tree(on, number).ok());
        let node = |node: TreeNode<'_>| match node.split {
            Some(split) => json!([split.feature, split.threshold, split.left, split.right]),
            None => json!([node.value.first()]),
        };
        let trees = trees.map(|tree| tree.nodes().map(node).collect::<Vec<_>>());
        json!(trees.collect::<Vec<_>>())
    }

    fn tree_seed(&self, number: u32) -> GrowSeed {
        let key = self.seed.for_epoch(0);
        let (words, _) = key.as_chunks::<8>();
        let mixed = words.iter().fold(0_u64, |mixed, word| {
            mixed.rotate_left(21).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from_le_bytes(*word)
        });
        GrowSeed::new(mixed, 0, number)
    }

    /// Mean squared error on the validation rows.
    pub fn validation_error(&self, rows: &SampleRows) -> f64 {
        self.error(&self.validation, rows)
    }

    /// Mean squared error on the test rows.
    pub fn test_error(&self, rows: &SampleRows) -> f64 {
        self.error(&self.test, rows)
    }

    fn error(&self, sums: &[f32], rows: &SampleRows) -> f64 {
        let trees = self.trees.max(1) as f64;
        let errors = sums.iter().zip(&rows.y).map(|(sum, y)| {
            let error = f64::from(*sum) / trees - f64::from(*y);
            error * error
        });
        errors.sum::<f64>() / rows.count().max(1) as f64
    }

    /// The trees and their sums.
    pub fn save(&self, to: &mut StateWriter) {
        to.count(self.trees);
        for sums in [&self.validation, &self.test] {
            to.count(sums.len() as u64);
            to.floats(sums);
        }
    }

    /// What [`save`](Self::save) wrote; `None` where it is something else.
    pub fn load(from: &mut StateReader<'_>, params: TreeParams, seed: TrialSeed) -> Option<Self> {
        let trees = from.count()?;
        let mut sums = || {
            let count = usize::try_from(from.count()?).ok()?;
            from.floats(count)
        };
        Some(Self {
            params,
            seed,
            trees,
            validation: sums()?,
            test: sums()?,
        })
    }
}

fn add(sums: &mut [f32], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += *value as f32;
    }
}
