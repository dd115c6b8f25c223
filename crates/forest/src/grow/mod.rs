//! Growing a tree: the order in which nodes are split, and the features that are looked at.
//!
//! [`Builder`] decides which nodes are split and keeps the nodes; an [`Engine`] holds the rows and
//! finds the best split of one node on one feature. There are two engines: [`wide`] for all data,
//! and [`narrow`] for what fits its packed entries.

use crate::tree::RawNode;

mod best_first;
mod builder;
mod classes;
mod depth_first;
mod draw;
mod gini;
mod moments;
mod narrow;
mod payload;
mod sides;
mod simd;
mod strips;
mod sums;
mod wide;

pub(crate) use builder::Builder;
pub(crate) use classes::{Entropy, Gini};
pub(crate) use draw::FeatureOrder;
pub(crate) use gini::{GiniBuffers, PackedGini};
pub(crate) use moments::Moments;
pub(crate) use narrow::{NarrowBuffers, NarrowEngine};
pub(crate) use payload::PackedNumbers;
pub use simd::VectorPath;
pub(crate) use sums::Impurity;
pub(crate) use wide::{WideBuffers, WideEngine};

/// Where the rows of a node are: a range of one of two buffers, for every feature. All fields are
/// equally wide, so that a copy of them is one of whole words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRows {
    first: u32,
    count: u32,
    pub buffer: Buffer,
    /// The side of its parent, whose marks its rows have.
    pub side: ChildSide,
}

/// Which buffer: children lie in the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Buffer {
    First,
    Second,
}

/// A side of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum ChildSide {
    Left,
    Right,
}

/// A feature in a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Rows whose value is there.
    pub present: usize,
    /// Rows whose value is missing.
    pub missing: usize,
    /// Least and greatest value.
    pub ends: [f32; 2],
    /// Whether no split can be between the values.
    pub constant: bool,
}

/// A split of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BestSplit {
    pub feature: u32,
    /// Rows with a value on the left: the first ones in the order of the feature.
    pub cut: usize,
    /// Rows on the left in all.
    pub left: usize,
    pub threshold: f64,
    pub missing_left: bool,
}

/// Rows of a tree that is being grown.
pub(crate) trait Engine {
    /// What is known of the rows of a node together.
    type Sums: Copy;

    /// All rows with a weight: their number and sums.
    fn root(&mut self) -> (usize, Self::Sums);
    /// The total of all weights, also of rows that are left out.
    fn total_weight(&self) -> f64;
    fn weight(&self, sums: &Self::Sums) -> f64;
    fn impurity(&self, sums: &Self::Sums) -> f64;
    fn push_value(&self, sums: &Self::Sums, values: &mut Vec<f64>);

    /// How the values of a feature lie in a node.
    fn spread(&self, block: NodeRows, feature: u32) -> Spread;
    /// Begins the search for the split of a node. Gives false where no feature is constant, which
    /// is not always known.
    fn begin(&mut self, block: NodeRows, sums: &Self::Sums, floor: Floor) -> bool;
    /// Looks at every split of all features, the last one first; none is constant.
    fn search_all(&mut self, features: &[u32]);
    /// Looks at every split of a feature.
    fn search(&mut self, feature: u32, spread: &Spread);
    /// Looks at one threshold of a feature.
    fn try_threshold(&mut self, feature: u32, spread: &Spread, threshold: f64, missing_left: bool);
    /// The best split that was looked at: the first of equals.
    fn found(&mut self, sums: &Self::Sums) -> Option<BestSplit>;
    /// Completes the nodes of a tree: thresholds may have stood for something else until now.
    fn finish(&self, _: &mut [RawNode]) {}
    /// Marks the sides of the rows, and sums them. Marks stay until a child is divided.
    fn divide(&mut self, block: NodeRows, sums: &Self::Sums, split: &BestSplit) -> [Self::Sums; 2];
    /// Moves the rows, marked before, to the children's places in the other buffer. Only the
    /// children to keep have to be there afterwards.
    fn partition(&mut self, block: NodeRows, split: &BestSplit, keep: [bool; 2]);
}

/// What each side of a split needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Floor {
    pub samples: usize,
    pub weight: f64,
}

impl NodeRows {
    /// All rows, in the first buffer.
    pub fn all(len: usize) -> Self {
        Self {
            first: 0,
            count: len as u32,
            buffer: Buffer::First,
            side: ChildSide::Left,
        }
    }

    pub fn start(self) -> usize {
        self.first as usize
    }

    pub fn len(self) -> usize {
        self.count as usize
    }

    /// The rows of the children in the other buffer.
    pub fn children(self, left: usize) -> [Self; 2] {
        let buffer = self.buffer.other();
        let left = left as u32;
        let right = Self {
            first: self.first + left,
            count: self.count - left,
            buffer,
            side: ChildSide::Right,
        };
        let left = Self {
            first: self.first,
            count: left,
            buffer,
            side: ChildSide::Left,
        };
        [left, right]
    }
}

impl Buffer {
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// The buffer of a node and that of its children.
    pub fn of_node_and_children<T>(self, [first, second]: &mut [T; 2]) -> (&mut T, &mut T) {
        match self {
            Self::First => (first, second),
            Self::Second => (second, first),
        }
    }
}
