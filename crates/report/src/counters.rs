//! Counters of several arms side by side.

use std::collections::{BTreeMap, BTreeSet};

use workbench_record::LabFacts;
use workbench_result::ArmResult;

use super::{format, label};

/// A counter of several arms.
pub struct Counter {
    /// Its name, for people.
    pub label: String,
    /// Its value in each arm.
    pub values: Vec<String>,
    /// Whether all arms have the same value.
    pub equal: bool,
}

/// The counters of arms by name; `of` gives those of one arm.
pub fn counters<'a>(
    arms: &[&'a ArmResult],
    facts: &LabFacts,
    of: impl Fn(&'a ArmResult) -> &'a BTreeMap<String, u64>,
) -> Vec<Counter> {
    let arms: Vec<_> = arms.iter().map(|arm| of(arm)).collect();
    let names: BTreeSet<&String> = arms.iter().flat_map(|arm| arm.keys()).collect();
    let counter = |name: &String| {
        let counts = arms.iter().map(|arm| arm.get(name).copied());
        let text = |n| format::or_missing(n, |n| label::count(facts, name, n));
        Counter {
            label: label::label(facts, name),
            values: counts.clone().map(text).collect(),
            equal: counts.clone().zip(counts.skip(1)).all(|(a, b)| a == b),
        }
    };
    names.into_iter().map(counter).collect()
}
