//! Exact decision trees and random forests: CART as scikit-learn defines it, at the speed of the
//! machine.
//!
//! - **Belongs here:** growing trees and forests, predicting with them, judging them: importance
//!   of features, out-of-bag predictions.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** reading tables, running labs, reports.
#![doc = include_str!("../README.md")]
#![allow(
    clippy::float_cmp,
    reason = "ties, equal targets and equal values are exact by design"
)]

mod column;
mod data;
mod error;
mod features;
mod fixed;
mod forest;
mod grow;
mod judge;
mod packed;
mod packed_targets;
mod params;
pub mod scikit;
mod seed;
mod tree;
mod workspace;
#[cfg(feature = "serde")]
mod written;

pub use data::TrainingData;
pub use error::ForestError;
pub use features::{Features, QueryRows};
pub use forest::Forest;
pub use grow::VectorPath;
pub use judge::{OutOfBag, permutation_importance};
pub use params::{Bootstrap, Criterion, GrowParams, MaxFeatures, Splitter};
pub use seed::GrowSeed;
pub use tree::{DecisionTree, NodeSplit, TreeNode};
pub use workspace::{RowWeights, Workspace, bootstrap_counts};
