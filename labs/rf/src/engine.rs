//! The engines that grow trees, behind one seam: the workspace's own, and smartcore as an oracle
//! and for comparison.
//!
//! The unit is one tree, not one forest, so that every arm grows exactly the same trees in any
//! order: a tree depends only on the training rows, the parameters and its own seed.

use std::cell::RefCell;

use workbench_forest::{
    DecisionTree, Features, ForestError, GrowParams, GrowSeed, QueryRows, TrainingData, Workspace,
    bootstrap_counts,
};

use crate::smartcore::Smartcore;

/// What one tree gives to its forest.
#[derive(Debug, Clone, PartialEq)]
pub struct Grown {
    /// Its value for every test row: a number, or the shares of the classes.
    pub test: Vec<f64>,
    /// Its values for the training rows that it was not grown on; `None` where it saw all of them,
    /// or the engine does not tell.
    pub out_of_bag: Option<OutOfBagValues>,
    /// How much each feature brought, as shares of 1; empty where the engine does not tell.
    pub importances: Vec<f64>,
}

/// The values of a tree for training rows that it was not grown on.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfBagValues {
    /// The rows, rising.
    pub rows: Vec<u32>,
    /// Their values, as many for each row as there are outputs.
    pub values: Vec<f64>,
}

/// Grows trees on training rows and predicts the test rows with them.
pub enum TreeEngine {
    /// The workspace's own.
    Forest(Box<ForestEngine>),
    /// smartcore.
    Smartcore(Smartcore),
}

impl TreeEngine {
    /// Grows one tree and predicts with it.
    ///
    /// # Errors
    /// The engine's error.
    pub fn grow(&self, seed: GrowSeed) -> Result<Grown, String> {
        match self {
            Self::Forest(engine) => engine.grow(seed).map_err(|error| error.to_string()),
            Self::Smartcore(engine) => engine.grow(seed).map(|test| Grown {
                test,
                out_of_bag: None,
                importances: Vec::new(),
            }),
        }
    }
}

/// The workspace's own engine with its data, sorted once for all trees of a run.
pub struct ForestEngine {
    data: TrainingData,
    params: GrowParams,
    /// The training rows, for the predictions of rows that a tree was not grown on.
    train: QueryRows,
    test: QueryRows,
}

thread_local! {
    /// Memory for growing, used again for every tree of a thread. Threads live for one repeat.
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl ForestEngine {
    /// Takes sorted training data and the rows that were sorted.
    ///
    /// # Errors
    /// [`ForestError::Parameter`] and [`ForestError::Criterion`].
    pub fn new(
        data: TrainingData,
        params: GrowParams,
        [train, test]: [&Features; 2],
    ) -> Result<Self, ForestError> {
        // What is wrong with the parameters is known before the first tree.
        bootstrap_counts(&data, &params, GrowSeed::default())?;
        Ok(Self {
            data,
            params,
            train: train.into(),
            test: test.into(),
        })
    }

    fn grow(&self, seed: GrowSeed) -> Result<Grown, ForestError> {
        let tree = WORKSPACE.with_borrow_mut(|workspace| {
            DecisionTree::grow_in(workspace, &self.data, &self.params, seed)
        })?;
        Ok(Grown {
            test: tree.predict(&self.test)?,
            out_of_bag: self.out_of_bag(&tree, seed)?,
            importances: tree.importances(),
        })
    }

    fn out_of_bag(
        &self,
        tree: &DecisionTree,
        seed: GrowSeed,
    ) -> Result<Option<OutOfBagValues>, ForestError> {
        let Some(counts) = bootstrap_counts(&self.data, &self.params, seed)? else {
            return Ok(None);
        };
        let rows = (0..).zip(&counts).filter(|(_, count)| **count == 0);
        let rows: Vec<u32> = rows.map(|(row, _)| row).collect();
        let values = tree.predict(&self.train.select(&rows))?;
        Ok(Some(OutOfBagValues { rows, values }))
    }
}
