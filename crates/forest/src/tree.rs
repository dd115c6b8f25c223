//! A grown tree: its nodes, and its prediction.

use crate::error::ForestError;
use crate::features::QueryRows;

/// In place of a feature: a leaf.
pub(crate) const LEAF: u32 = u32::MAX;
/// The bit of a feature's number that says where missing values go.
const MISSING_LEFT: u32 = 1 << 31;
/// Rows that walk through a tree side by side, so that their waits for memory overlap.
const LANES: usize = 16;

/// A node as it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RawNode {
    pub threshold: f64,
    pub impurity: f64,
    pub weight: f64,
    pub samples: u32,
    /// The feature and [`MISSING_LEFT`], or [`LEAF`].
    pub feature: u32,
    pub children: [u32; 2],
}

/// What a step of a prediction needs: 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WalkStep {
    /// The greatest 32-bit float that goes left.
    threshold: f32,
    /// As in [`RawNode`], but 0 for a leaf.
    feature: u32,
    /// The next steps; a leaf's are the leaf itself.
    children: [u32; 2],
}

/// A grown decision tree for regression or classification.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionTree {
    pub(crate) columns: usize,
    pub(crate) outputs: usize,
    pub(crate) nodes: Vec<RawNode>,
    /// One value per node: a number, or the shares of the classes.
    pub(crate) values: Vec<f64>,
    steps: Vec<WalkStep>,
}

/// A node of a tree, for those who look at one. The root is node 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeNode<'a> {
    /// How it is split; none for a leaf.
    pub split: Option<NodeSplit>,
    /// The mean target, or the shares of the classes.
    pub value: &'a [f64],
    /// Mean squared error, Gini impurity or entropy of its rows.
    pub impurity: f64,
    /// Distinct rows.
    pub samples: u32,
    /// Sum of the rows' weights.
    pub weight: f64,
}

/// How a node is split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeSplit {
    /// The feature.
    pub feature: usize,
    /// Rows whose value is at most this go left. Infinite where only missing values go right.
    pub threshold: f64,
    /// Whether rows whose value is missing go left.
    pub missing_left: bool,
    /// Node on the left.
    pub left: usize,
    /// Node on the right.
    pub right: usize,
}

impl RawNode {
    /// A leaf of which nothing is known yet.
    pub fn leaf(number: u32) -> Self {
        Self {
            threshold: 0.0,
            impurity: 0.0,
            weight: 0.0,
            samples: 0,
            feature: LEAF,
            children: [number; 2],
        }
    }

    /// The feature of a node that is no leaf.
    pub fn feature_number(&self) -> usize {
        (self.feature & !MISSING_LEFT) as usize
    }

    /// A node's feature with where missing values go.
    pub fn feature_of(feature: u32, missing_left: bool) -> u32 {
        feature | if missing_left { MISSING_LEFT } else { 0 }
    }
}

impl WalkStep {
    fn of(number: usize, node: &RawNode) -> Self {
        if node.feature == LEAF {
            return Self {
                threshold: 0.0,
                feature: 0,
                children: [number as u32; 2],
            };
        }
        Self {
            threshold: rounded_down(node.threshold),
            feature: node.feature,
            children: node.children,
        }
    }

    /// Where a value goes that may be missing.
    fn side(&self, value: f32) -> usize {
        let right = value > self.threshold;
        let missing_right = value.is_nan() && self.feature & MISSING_LEFT == 0;
        usize::from(right || missing_right)
    }
}

/// The greatest 32-bit float that is not above the threshold.
fn rounded_down(threshold: f64) -> f32 {
    let rounded = threshold as f32;
    if f64::from(rounded) > threshold {
        rounded.next_down()
    } else {
        rounded
    }
}

impl DecisionTree {
    pub(crate) fn new(
        columns: usize,
        outputs: usize,
        nodes: Vec<RawNode>,
        values: Vec<f64>,
    ) -> Self {
        let steps = nodes.iter().enumerate();
        let steps = steps
            .map(|(number, node)| WalkStep::of(number, node))
            .collect();
        Self {
            columns,
            outputs,
            nodes,
            values,
            steps,
        }
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: a tree has a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.nodes
            .iter()
            .filter(|node| node.feature == LEAF)
            .count()
    }

    /// Longest path from the root to a leaf, in splits.
    pub fn depth(&self) -> usize {
        let mut depths = vec![0; self.nodes.len()];
        for (number, node) in self.nodes.iter().enumerate() {
            if node.feature != LEAF {
                for child in node.children {
                    depths[child as usize] = depths[number] + 1;
                }
            }
        }
        depths.into_iter().max().unwrap_or(0)
    }

    /// Number of features of the training rows.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Numbers of a value: the number of classes, or 1 for regression.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// A node, from 0, the root.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn node(&self, number: usize) -> TreeNode<'_> {
        let node = &self.nodes[number];
        let split = (node.feature != LEAF).then(|| NodeSplit {
            feature: node.feature_number(),
            threshold: node.threshold,
            missing_left: node.feature & MISSING_LEFT != 0,
            left: node.children[0] as usize,
            right: node.children[1] as usize,
        });
        TreeNode {
            split,
            value: &self.values[number * self.outputs..][..self.outputs],
            impurity: node.impurity,
            samples: node.samples,
            weight: node.weight,
        }
    }

    /// All nodes. In a tree without `max_leaf_nodes` a node comes before its left child, and that
    /// before the right one.
    pub fn nodes(&self) -> impl Iterator<Item = TreeNode<'_>> {
        (0..self.len()).map(|number| self.node(number))
    }

    /// The leaf of every row.
    ///
    /// # Errors
    /// [`ForestError::Columns`].
    pub fn apply(&self, rows: &QueryRows) -> Result<Vec<u32>, ForestError> {
        let mut leaves = vec![0; rows.count()];
        self.walk(rows, |row, leaf| leaves[row] = leaf as u32)?;
        Ok(leaves)
    }

    /// The value of every row: its number, or the shares of its classes one after another.
    ///
    /// # Errors
    /// [`ForestError::Columns`].
    pub fn predict(&self, rows: &QueryRows) -> Result<Vec<f64>, ForestError> {
        let mut sums = vec![0.0; rows.count() * self.outputs];
        self.add_predictions(rows, &mut sums)?;
        Ok(sums)
    }

    /// Adds the value of every row to `sums`, which has room for the outputs of all rows.
    ///
    /// # Errors
    /// [`ForestError::Columns`], and [`ForestError::Length`] for sums of another length.
    pub fn add_predictions(&self, rows: &QueryRows, sums: &mut [f64]) -> Result<(), ForestError> {
        crate::data::same_length("sums", sums.len(), rows.count() * self.outputs)?;
        if self.outputs == 1 {
            return self.walk(rows, |row, leaf| sums[row] += self.values[leaf]);
        }
        self.walk(rows, |row, leaf| {
            let value = &self.values[leaf * self.outputs..][..self.outputs];
            let sums = &mut sums[row * self.outputs..][..self.outputs];
            for (sum, value) in sums.iter_mut().zip(value) {
                *sum += value;
            }
        })
    }

    fn walk(
        &self,
        rows: &QueryRows,
        mut found: impl FnMut(usize, usize),
    ) -> Result<(), ForestError> {
        if rows.columns() != self.columns {
            return Err(ForestError::Columns {
                given: rows.columns(),
                trained: self.columns,
            });
        }
        let blocks = rows.values().chunks(LANES * self.columns);
        for (block, values) in blocks.enumerate() {
            let mut at = [0; LANES];
            let lanes = values.len() / self.columns;
            if lanes == LANES && rows.has_missing() {
                self.leaves_of(values, &mut at, WalkStep::side);
            } else if lanes == LANES {
                self.leaves_of(values, &mut at, |step, value| {
                    usize::from(value > step.threshold)
                });
            } else {
                for (lane, row) in values.chunks_exact(self.columns).enumerate() {
                    at[lane] = self.leaf_of(row);
                }
            }
            for (lane, leaf) in at[..lanes].iter().enumerate() {
                found(block * LANES + lane, *leaf as usize);
            }
        }
        Ok(())
    }

    fn leaf_of(&self, row: &[f32]) -> u32 {
        let mut at = 0;
        loop {
            let step = &self.steps[at as usize];
            let value = row[(step.feature & !MISSING_LEFT) as usize];
            let next = step.children[step.side(value)];
            if next == at {
                return at;
            }
            at = next;
        }
    }

    /// The leaves of [`LANES`] rows, all together.
    fn leaves_of(
        &self,
        values: &[f32],
        at: &mut [u32; LANES],
        side: impl Fn(&WalkStep, f32) -> usize,
    ) {
        loop {
            let mut moved = 0;
            for (lane, at) in at.iter_mut().enumerate() {
                let step = &self.steps[*at as usize];
                let feature = (step.feature & !MISSING_LEFT) as usize;
                let value = values[lane * self.columns + feature];
                let next = step.children[side(step, value)];
                moved |= next ^ *at;
                *at = next;
            }
            if moved == 0 {
                return;
            }
        }
    }

    /// The decrease of impurity that each feature brought, as shares of 1 (all 0 for a tree that
    /// is one leaf). Features with many distinct values are preferred by this measure.
    pub fn importances(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        for node in self.nodes.iter().filter(|node| node.feature != LEAF) {
            let [left, right] = node.children.map(|child| &self.nodes[child as usize]);
            sums[node.feature_number()] += node.weight * node.impurity
                - left.weight * left.impurity
                - right.weight * right.impurity;
        }
        let total: f64 = sums.iter().sum();
        if total > 0.0 && total.is_finite() {
            for sum in &mut sums {
                *sum /= total;
            }
        } else {
            sums.fill(0.0);
        }
        sums
    }
}
