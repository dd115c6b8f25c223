//! What nodes are split, whatever the order: their splits, their children, their places.

use super::{BestSplit, Engine, FeatureOrder, Floor, NodeRows};
use crate::params::GrowLimits;
use crate::seed::FeatureDraws;
use crate::tree::RawNode;

/// Impurity up to which a node counts as pure, as for scikit-learn.
const PURE: f64 = f64::EPSILON;

/// A tree that is being grown.
pub struct Builder<'a, E: Engine> {
    pub engine: E,
    pub limits: &'a GrowLimits,
    pub order: &'a mut FeatureOrder,
    pub draws: FeatureDraws,
    pub nodes: &'a mut Vec<RawNode>,
    pub values: &'a mut Vec<f64>,
    floor: Floor,
    total_weight: f64,
}

/// A node before it is looked at; of whole words as [`NodeRows`].
#[derive(Debug, Clone, Copy)]
pub struct NodeStart<S> {
    pub block: NodeRows,
    pub sums: S,
    pub depth: u32,
    /// Where its number goes.
    parent: ParentLink,
    /// Features known to be constant.
    pub constant: u32,
    pub impurity: f64,
    pub kind: NodeKind,
}

/// What is known of a node before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum NodeKind {
    /// It may have a split.
    Open,
    /// Nothing can be gained by looking for a split.
    Leaf,
}

/// The parent and the side that a node is on: twice the parent's number, and 1 for the right side.
#[derive(Debug, Clone, Copy)]
struct ParentLink(u32);

impl ParentLink {
    const ROOT: Self = Self(u32::MAX);

    fn of(parent: u32, side: usize) -> Self {
        Self(parent * 2 + side as u32)
    }
}

/// A split that is good enough, and its children.
pub struct Divided<S> {
    pub split: BestSplit,
    pub children: [NodeStart<S>; 2],
    pub decrease: f64,
}

impl<'a, E: Engine> Builder<'a, E> {
    /// Begins a tree.
    pub fn new(
        engine: E,
        limits: &'a GrowLimits,
        draws: FeatureDraws,
        order: &'a mut FeatureOrder,
        (nodes, values): (&'a mut Vec<RawNode>, &'a mut Vec<f64>),
    ) -> Self {
        let total_weight = engine.total_weight();
        let floor = Floor {
            samples: limits.min_leaf as usize,
            weight: limits.weight_fraction * total_weight,
        };
        nodes.clear();
        values.clear();
        Self {
            engine,
            limits,
            order,
            draws,
            nodes,
            values,
            floor,
            total_weight,
        }
    }

    /// The node with all rows.
    pub fn root(&mut self) -> NodeStart<E::Sums> {
        let (len, sums) = self.engine.root();
        self.start(NodeRows::all(len), sums, 0, ParentLink::ROOT, 0)
    }

    /// A node with these rows.
    fn start(
        &self,
        block: NodeRows,
        sums: E::Sums,
        depth: u32,
        parent: ParentLink,
        constant: u32,
    ) -> NodeStart<E::Sums> {
        let impurity = self.engine.impurity(&sums);
        let limits = self.limits;
        let leaf = depth >= limits.max_depth
            || block.len() < limits.min_split as usize
            || self.engine.weight(&sums) < 2.0 * self.floor.weight
            || impurity <= PURE;
        NodeStart {
            block,
            sums,
            depth,
            parent,
            constant,
            impurity,
            kind: if leaf { NodeKind::Leaf } else { NodeKind::Open },
        }
    }

    /// Finds the split of a node and marks its rows; none when it becomes a leaf.
    #[allow(
        clippy::inline_always,
        reason = "once for each node: handing the result on costs 2 % of a tree"
    )]
    #[inline(always)]
    pub fn divide(&mut self, start: &NodeStart<E::Sums>, number: u32) -> Option<Divided<E::Sums>> {
        if start.kind == NodeKind::Leaf {
            return None;
        }
        let node = (start.block, &start.sums, self.floor);
        let (split, constant) = self.order.search(
            &mut self.engine,
            &mut self.draws,
            self.limits,
            node,
            start.constant,
        );
        let split = split?;
        let sums = self.engine.divide(start.block, &start.sums, &split);
        let blocks = start.block.children(split.left);
        let depth = start.depth + 1;
        let child = |side: usize| {
            self.start(
                blocks[side],
                sums[side],
                depth,
                ParentLink::of(number, side),
                constant,
            )
        };
        let children = [child(0), child(1)];
        let decrease = self.decrease(start, &children);
        (decrease + PURE >= self.limits.min_decrease).then_some(Divided {
            split,
            children,
            decrease,
        })
    }

    /// The decrease of impurity, weighted by the node's share of the total weight.
    fn decrease(&self, node: &NodeStart<E::Sums>, children: &[NodeStart<E::Sums>; 2]) -> f64 {
        let weight = self.engine.weight(&node.sums);
        let [left, right] = children
            .each_ref()
            .map(|child| self.engine.weight(&child.sums) / weight * child.impurity);
        weight / self.total_weight * (node.impurity - right - left)
    }

    /// Adds a node as a leaf; gives its number.
    pub fn push(&mut self, start: &NodeStart<E::Sums>) -> u32 {
        let number = self.nodes.len() as u32;
        self.nodes.push(RawNode {
            impurity: start.impurity,
            weight: self.engine.weight(&start.sums),
            samples: start.block.len() as u32,
            ..RawNode::leaf(number)
        });
        self.engine.push_value(&start.sums, self.values);
        let ParentLink(link) = start.parent;
        if let Some(parent) = self.nodes.get_mut(link as usize / 2) {
            parent.children[link as usize % 2] = number;
        }
        number
    }

    /// Makes a leaf an inner node; its children come later.
    pub fn split(&mut self, number: u32, split: &BestSplit) {
        let node = &mut self.nodes[number as usize];
        node.feature = RawNode::feature_of(split.feature, split.missing_left);
        node.threshold = split.threshold;
    }
}
