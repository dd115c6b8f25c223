//! What an arm gives: how much work it did, what came out, and how good that is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::breakdown::Breakdown;

/// What one repeat of an arm gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmOutput {
    /// How much work was done, by counter; all arms of a lab use the same counters.
    pub work: BTreeMap<String, u64>,
    /// What came out, in the lab's order.
    pub items: Vec<Item>,
    /// How good it is.
    pub quality: BTreeMap<String, Quantity>,
    /// What it consisted of, for labs that tell.
    pub breakdown: Breakdown,
}

/// One of the things that an arm made, for the rf lab one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// What a person calls it, for example `n_estimators=340`.
    pub name: String,
    /// SHA-256 of its output's bytes (for the rf lab: the predictions as little-endian f64), in hexadecimal.
    pub sha256: String,
    /// Its figures, for example `mse` and `r2`.
    pub metrics: BTreeMap<String, f64>,
}

/// A number or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Quantity {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

/// On what terms the arms of a run are compared. The default is the strictest: equal outputs bit for bit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Terms {
    /// What a reader has to know about every speed-up, as a part of a sentence: `strong scaling: …`.
    pub comparison: Option<String>,
    /// How alike the arms' outputs have to be.
    pub outputs: Agreement,
    /// The slots of the parallel arms do one work in step with each other. Its tasks cannot be done in another order or on
    /// other slots, so no schedule is computed from them.
    pub lockstep: bool,
}

/// How alike the outputs of two arms have to be to count as the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Item by item, bit for bit.
    #[default]
    Exact,
    /// Items that have this figure may differ in it by so much at most, and in all else; the other items are not compared.
    /// For work whose floating-point sums depend on how many slots share them.
    Near {
        /// The figure, one of [`Item::metrics`].
        metric: String,
        /// The greatest difference, in the figure's own unit.
        tolerance: f64,
    },
}
