//! What an arm gives: how much work it did, what came out, and how good that is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one repeat of an arm gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmOutput {
    /// How much work was done, by counter; all arms of a lab use the same counters.
    pub work: BTreeMap<String, u64>,
    /// What came out, in the lab's order.
    pub items: Vec<Item>,
    /// How good it is.
    pub quality: BTreeMap<String, Quantity>,
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
