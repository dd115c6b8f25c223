//! What an arm gives: how much work it did, what came out, and how good that is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::{Floats, Text};

use super::breakdown::Breakdown;
use super::lab_facts::LabFacts;
use workbench_machine::monitor::ResourceUse;

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
    /// When its work began and ended, in nanoseconds on the run's clock, where what came before and
    /// after belongs to the instrument; `None` where the arm was at work all the time.
    pub worked_ns: Option<[u64; 2]>,
    /// The CPU time of its work in nanoseconds, where its processes did other things besides.
    pub work_cpu_ns: Option<u64>,
    /// What its processes used, where they did the work; what the processor counted and the
    /// frequency are measured all the same.
    pub usage: Option<Box<ResourceUse>>,
}

/// One of the things that an arm made, for the rf lab one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// What a person calls it, for example `n_estimators=340`.
    pub name: String,
    /// SHA-256 of its output's bytes (for the rf lab: the predictions as little-endian f64), in
    /// hexadecimal.
    pub sha256: String,
    /// Its figures, for example `mse` and `r2`.
    #[serde(with = "Floats::<BTreeMap<String, f64>>")]
    pub metrics: BTreeMap<String, f64>,
}

/// A number or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Quantity {
    /// A number.
    Number(#[serde(with = "Floats::<f64>")] f64),
    /// A word.
    Text(#[serde(with = "Text")] String),
}

/// How the arms of a run are compared. The default is the strictest: equal work and equal outputs.
///
/// The aliases are the names of versions before this one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ArmComparison {
    /// What has to hold for a speed-up to be stated.
    #[serde(alias = "outputs")]
    pub basis: Basis,
    /// What a reader has to know about every speed-up, as a part of a sentence: `strong scaling:
    /// …`.
    #[serde(alias = "comparison")]
    pub note: Option<String>,
    /// How near arms of other engines have to come; all other arms are compared by the basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<NearPeers>,
    /// The slots of the parallel arms do one work in step with each other. Its tasks cannot be done
    /// in another order or on other slots, so no schedule is computed from them.
    pub lockstep: bool,
}

/// How near the outputs of another engine have to come to those of the base: items that have this
/// figure may differ in it by so much.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NearPeers {
    /// The figure, one of [`Item::metrics`].
    pub metric: String,
    /// The greatest difference, in the figure's own unit.
    #[serde(with = "Floats::<f64>")]
    pub tolerance: f64,
}

/// What has to hold for a speed-up between two arms to be stated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Equal counters of work, and outputs that are equal item by item, bit for bit.
    #[default]
    #[serde(alias = "exact")]
    EqualOutputs,
    /// Equal counters of work. Items that have this figure may differ in it by so much at most, and
    /// in all else; the other items are not compared. For work whose floating-point sums depend on
    /// how many slots share them.
    #[serde(alias = "near")]
    NearOutputs {
        /// The figure, one of [`Item::metrics`].
        metric: String,
        /// The greatest difference, in the figure's own unit.
        #[serde(with = "Floats::<f64>")]
        tolerance: f64,
    },
    /// Equal counters of work. Items that have one of these figures may differ in it by so much at
    /// most, and in all else; all other items are equal, bit for bit.
    EqualOrNear {
        /// Figures, some of [`Item::metrics`], with the greatest differences in their own units.
        #[serde(with = "Floats::<BTreeMap<String, f64>>")]
        tolerances: BTreeMap<String, f64>,
    },
    /// Nothing but that every arm did its work to the end: nobody told how outputs are compared.
    OutputsNotCompared,
    /// Every arm reached a target; the work done on the way may differ. An arm ends as soon as it
    /// has reached the target, so that its wall time is the time to the target.
    TimeToTarget {
        /// The figure that says how far an arm came, one of [`ArmOutput::quality`].
        metric: String,
        /// The value to reach, in the figure's own unit.
        #[serde(with = "Floats::<f64>")]
        target: f64,
        /// From which side.
        direction: Direction,
    },
    /// The time until a curve of a repeat first reached a target. Every arm works to its end, so
    /// that they can be compared at any time; the work may differ. An arm of which a repeat never
    /// reaches the target has no speed-up.
    TimeOnCurve {
        /// The curve.
        metric: String,
        /// The value to reach, in the curve's own unit; null for what every repeat of the base has
        /// reached at its end.
        #[serde(default, with = "Floats::<Option<f64>>")]
        target: Option<f64>,
        /// From which side.
        direction: Direction,
    },
}

/// On which side of a target the good values lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The target or more, as for an accuracy.
    #[default]
    AtLeast,
    /// The target or less, as for an error.
    AtMost,
}

impl Direction {
    /// Whether a value has reached a target. What is no number has reached none.
    pub fn reached(self, value: f64, target: f64) -> bool {
        match self {
            Self::AtLeast => value >= target,
            Self::AtMost => value <= target,
        }
    }

    /// As it stands in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
        }
    }
}

impl Basis {
    /// Whether arms have to do the same amount of work.
    pub fn needs_equal_work(&self) -> bool {
        !matches!(self, Self::TimeToTarget { .. } | Self::TimeOnCurve { .. })
    }

    /// What a speed-up compares where that is not the time for equal work: `time to a score of at
    /// least 0.9`. Figures are called as the lab calls them.
    pub fn words(&self, lab: &LabFacts) -> Option<String> {
        match self {
            Self::EqualOutputs | Self::NearOutputs { .. } | Self::EqualOrNear { .. } => None,
            Self::OutputsNotCompared => Some("outputs were not compared".to_owned()),
            Self::TimeToTarget {
                metric,
                target,
                direction,
            } => Some(format!(
                "time to reach a {} of {} {target}",
                lab.called(metric),
                direction.words()
            )),
            Self::TimeOnCurve {
                metric,
                target: Some(target),
                direction,
            } => Some(format!(
                "time until the {} was {} {target}",
                lab.called(metric),
                direction.words()
            )),
            Self::TimeOnCurve { metric, .. } => Some(format!(
                "time to the {} that the base reaches at its end",
                lab.called(metric)
            )),
        }
    }
}

impl ArmComparison {
    /// What a reader has to know about every speed-up, as a part of a sentence; empty where
    /// nothing.
    pub fn words(&self, lab: &LabFacts) -> Option<String> {
        let parts: Vec<String> = self
            .basis
            .words(lab)
            .into_iter()
            .chain(self.note.clone())
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_of_older_logs_are_read() {
        let read = |text: &str| serde_json::from_str::<ArmComparison>(text).ok();
        let near = r#"{"comparison":"weak scaling","lockstep":true,
            "outputs":{"near":{"metric":"test_accuracy","tolerance":0.02}}}"#;
        let expected = ArmComparison {
            basis: Basis::NearOutputs {
                metric: "test_accuracy".to_owned(),
                tolerance: 0.02,
            },
            note: Some("weak scaling".to_owned()),
            peers: None,
            lockstep: true,
        };
        assert_eq!(read(near), Some(expected));
        let exact = r#"{"comparison":null,"outputs":"exact","lockstep":false}"#;
        assert_eq!(read(exact), Some(ArmComparison::default()));
    }

    #[test]
    fn a_target_is_reached_from_its_own_side() {
        assert!(Direction::AtLeast.reached(0.9, 0.9) && !Direction::AtLeast.reached(0.8, 0.9));
        assert!(Direction::AtMost.reached(0.8, 0.9) && !Direction::AtMost.reached(f64::NAN, 0.9));
    }
}
