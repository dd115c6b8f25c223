//! Models as they are written and read: node by node, checked when read.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tree::{DecisionTree, NodeSplit, RawNode};

/// A tree as it is written.
#[derive(Serialize, Deserialize)]
struct WrittenTree {
    columns: usize,
    outputs: usize,
    nodes: Vec<WrittenNode>,
}

#[derive(Serialize, Deserialize)]
struct WrittenNode {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    split: Option<WrittenSplit>,
    value: Vec<Number>,
    impurity: Number,
    samples: u32,
    weight: Number,
}

#[derive(Serialize, Deserialize)]
struct WrittenSplit {
    feature: u32,
    /// None where only missing values go right.
    threshold: Option<Number>,
    missing_left: bool,
    children: [u32; 2],
}

/// A number that is finite.
#[derive(Clone, Copy)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        let finite = number.is_finite().then_some(Self(number));
        finite.ok_or_else(|| D::Error::custom("a number of a tree is not finite"))
    }
}

impl Serialize for DecisionTree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenTree::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DecisionTree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(WrittenTree::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl From<&DecisionTree> for WrittenTree {
    fn from(tree: &DecisionTree) -> Self {
        let split = |split: NodeSplit| WrittenSplit {
            feature: split.feature as u32,
            threshold: split
                .threshold
                .is_finite()
                .then_some(Number(split.threshold)),
            missing_left: split.missing_left,
            children: [split.left as u32, split.right as u32],
        };
        let nodes = tree.nodes().map(|node| WrittenNode {
            split: node.split.map(split),
            value: node.value.iter().map(|value| Number(*value)).collect(),
            impurity: Number(node.impurity),
            samples: node.samples,
            weight: Number(node.weight),
        });
        Self {
            columns: tree.columns(),
            outputs: tree.outputs(),
            nodes: nodes.collect(),
        }
    }
}

impl TryFrom<WrittenTree> for DecisionTree {
    type Error = String;

    /// Refuses what is no tree: every node but the root is the child of exactly one before it.
    fn try_from(tree: WrittenTree) -> Result<Self, String> {
        let count = tree.nodes.len();
        if count == 0 || tree.columns == 0 || tree.outputs == 0 {
            return Err("a tree has a node, a feature and an output".to_owned());
        }
        let mut parents = vec![0_u32; count];
        let mut nodes = Vec::with_capacity(count);
        let mut values = Vec::with_capacity(count * tree.outputs);
        for (number, node) in tree.nodes.into_iter().enumerate() {
            if node.value.len() != tree.outputs {
                return Err(format!("node {number} has {} values", node.value.len()));
            }
            values.extend(node.value.iter().map(|value| value.0));
            let mut raw = RawNode::leaf(number as u32);
            raw.impurity = node.impurity.0;
            raw.weight = node.weight.0;
            raw.samples = node.samples;
            if let Some(split) = node.split {
                if split.feature as usize >= tree.columns {
                    return Err(format!("node {number} asks for feature {}", split.feature));
                }
                for child in split.children.map(|child| child as usize) {
                    if child <= number || child >= count {
                        return Err(format!("node {number} has the child {child}"));
                    }
                    parents[child] += 1;
                }
                raw.feature = RawNode::feature_of(split.feature, split.missing_left);
                raw.threshold = split.threshold.map_or(f64::INFINITY, |number| number.0);
                raw.children = split.children;
            }
            nodes.push(raw);
        }
        if let Some(number) = (1..count).find(|number| parents[*number] != 1) {
            return Err(format!("node {number} has {} parents", parents[number]));
        }
        Ok(Self::new(tree.columns, tree.outputs, nodes, values))
    }
}
