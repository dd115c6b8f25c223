//! What a lab finds out about an arm's outputs after the clock has stopped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// What a lab found out about the outputs of one repeat, off the clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Analysis {
    /// The best item, where items can be ranked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<BestItem>,
    /// How much the best item depends on each input, the most important first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub importances: Vec<Importance>,
    /// What depends on them.
    #[serde(skip_serializing_if = "Dependent::is_best_item")]
    pub dependent: Dependent,
}

/// What depends on inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dependent {
    /// What the best item has learnt.
    #[default]
    BestItem,
    /// What each item came to, by what it was made with.
    Items,
}

impl Dependent {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_best_item(&self) -> bool {
        *self == Self::BestItem
    }
}

/// The best item of an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BestItem {
    /// The item's name.
    pub item: String,
    /// The figure by which it is best.
    pub metric: String,
    /// Its value.
    #[serde(with = "Floats::<f64>")]
    pub value: f64,
    /// The next best item; null where there is one item only.
    #[serde(default)]
    pub next: Option<NextBest>,
}

/// How much worse the next best item is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextBest {
    /// The item's name.
    pub item: String,
    /// Its value of the figure minus that of the best.
    #[serde(with = "Floats::<f64>")]
    pub difference: f64,
    /// Lower end of the difference's 95 % interval, by a bootstrap over the test rows.
    #[serde(with = "Floats::<f64>")]
    pub low: f64,
    /// Upper end of the interval.
    #[serde(with = "Floats::<f64>")]
    pub high: f64,
}

impl NextBest {
    /// Whether the interval leaves out zero: the two items can be told apart.
    pub fn is_told_apart(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How much an item depends on one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Importance {
    /// The input's name.
    pub input: String,
    /// Its share; all inputs together have 1.
    #[serde(with = "Floats::<f64>")]
    pub share: f64,
    /// The least and the greatest share of the repeats, where these differ.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<[f64; 2]>>"
    )]
    pub range: Option<[f64; 2]>,
}
