//! What a lab declares about itself for the readers of its runs. It is recorded with every run, so
//! that it can be shown in a report of an old run or of a lab that this program does not have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ParamValue, Params};

/// What a lab declares beyond its arms, as recorded in the first event of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LabFacts {
    /// What a slot is called: `slot`, `rank`. Empty in logs of versions that did not record it.
    pub slot: String,
    /// The parameter that says what is to go wrong on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<String>,
    /// What its items are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemFacts>,
    /// Figures, counters and metrics, in the order of reports. Undeclared ones come after these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<FigureFacts>,
    /// The folder from which the lab was read, as an absolute path, where it is not a part of
    /// workbench.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// What a lab declares about the items that its arms make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemFacts {
    /// What people call one: `forest`, `trial`.
    pub name: String,
    /// The metric that says how large an item is. Charts draw the other metrics over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
}

/// What a lab declares about one of its figures, counters or metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FigureFacts {
    /// The name by which the lab hands it over: `test_accuracy`.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What its value is measured in.
    #[serde(default)]
    pub unit: Unit,
    /// What it tells, in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Which table it belongs to.
    #[serde(default)]
    pub group: FigureGroup,
    /// The figure in whose chart it is drawn too, because the two are to be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
    /// What the steps of its curve count: the name of a figure, such as `trees`. `None` for the
    /// steps of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<String>,
}

/// What a figure is measured in, and so how its value is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A plain number or a text.
    #[default]
    Plain,
    /// Seconds.
    Seconds,
    /// Something per second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// A hash in hexadecimal.
    Hash,
}

/// Which table of a report a figure belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureGroup {
    /// How good the outcome is.
    #[default]
    Quality,
    /// How fast the work went.
    Speed,
    /// What went wrong and what that cost. The first declared figure of this group is the cause.
    Failure,
}

impl Unit {
    /// The unit that a name states by convention, for figures that are not declared:
    /// `time_to_first_step_s` is in seconds, `images_per_s` and `images/s` are rates,
    /// `bytes_reduced` is in bytes, `parameters_sha256` is a hash.
    pub fn of_name(name: &str) -> Self {
        if name.ends_with("_per_s") || name.ends_with("/s") {
            Self::PerSecond
        } else if name.ends_with("_s") {
            Self::Seconds
        } else if name.ends_with("_sha256") {
            Self::Hash
        } else if name.starts_with("bytes_") || name.ends_with("_bytes") {
            Self::Bytes
        } else {
            Self::Plain
        }
    }
}

impl LabFacts {
    /// What a slot is called.
    pub fn slot_word(&self) -> &str {
        if self.slot.is_empty() {
            "slot"
        } else {
            &self.slot
        }
    }

    /// What an item is called.
    pub fn item_word(&self) -> &str {
        let name = self.item.as_ref().map_or("", |item| item.name.as_str());
        if name.is_empty() { "item" } else { name }
    }

    /// What is declared about a figure.
    pub fn figure(&self, name: &str) -> Option<&FigureFacts> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// The unit of a figure: as declared, else as its name states.
    pub fn unit(&self, name: &str) -> Unit {
        self.figure(name)
            .map_or_else(|| Unit::of_name(name), |figure| figure.unit)
    }

    /// The table that a figure belongs to.
    pub fn group(&self, name: &str) -> FigureGroup {
        self.figure(name)
            .map_or_else(FigureGroup::default, |figure| figure.group)
    }

    /// Sorts names of figures: declared ones in declared order, then the others by name.
    pub fn sort(&self, names: &mut [&str]) {
        let place = |name: &str| {
            let declared = self.figures.iter().position(|figure| figure.name == name);
            declared.unwrap_or(usize::MAX)
        };
        names.sort_by(|a, b| (place(a), a).cmp(&(place(b), b)));
    }

    /// The faults that were asked for; `None` where nothing is to go wrong.
    pub fn asked_faults<'a>(&self, params: &'a Params) -> Option<&'a str> {
        match params.get(self.faults.as_deref()?)? {
            ParamValue::Text(faults) => Some(faults.trim()).filter(|faults| !faults.is_empty()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_wins_over_what_a_name_states() {
        let facts = LabFacts {
            figures: vec![FigureFacts {
                name: "left_s".to_owned(),
                label: "still to do".to_owned(),
                unit: Unit::Bytes,
                group: FigureGroup::Failure,
                ..FigureFacts::default()
            }],
            ..LabFacts::default()
        };
        assert_eq!(facts.unit("left_s"), Unit::Bytes);
        assert_eq!(facts.unit("took_s"), Unit::Seconds);
        assert_eq!(facts.unit("images_per_s"), Unit::PerSecond);
        assert_eq!(facts.group("left_s"), FigureGroup::Failure);
        let mut names = ["z", "a", "left_s"];
        facts.sort(&mut names);
        assert_eq!(names, ["left_s", "a", "z"]);
        assert_eq!(facts.slot_word(), "slot");
    }
}
