//! The lab's parameters as types.

use workbench_dataset::AllowedCells;
use workbench_experiment::lab::{LabError, Opt, ParamValue, Params, Refusal};
use workbench_forest::{Bootstrap, Criterion, GrowParams, MaxFeatures};

/// Which library grows the trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineChoice {
    /// The workspace's own.
    Forest,
    /// smartcore.
    Smartcore,
}

/// What the forests predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A number.
    Regression,
    /// One of several classes.
    Classification,
}

/// What limits each tree, in scikit-learn's meaning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeLimits {
    /// Longest path from the root to a leaf, in splits.
    pub max_depth: u16,
    /// Distinct rows that a node needs to be split.
    pub min_samples_split: usize,
    /// Distinct rows that each side of a split needs.
    pub min_samples_leaf: usize,
    /// Features that are looked at for a split.
    pub max_features: MaxFeatures,
    /// Whether each tree is grown on rows that are drawn with replacement.
    pub bootstrap: bool,
}

/// All parameters of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Which library grows the trees.
    pub engine: EngineChoice,
    /// What the forests predict; `None` where the target decides.
    pub task: Option<Task>,
    /// Number of trees of each model.
    pub n_estimators: Vec<u32>,
    /// What limits each tree.
    pub limits: TreeLimits,
    /// Share of the rows held back for testing.
    pub test_share: f64,
    /// Whether the pool starts the longest model first.
    pub longest_first: bool,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// When a parameter is missing, or `max_features` is no number of features.
    pub fn new(params: &Params) -> Result<Self, LabError> {
        let [models, first, step] =
            ["models", "n_estimators_first", "n_estimators_step"].map(|name| integer(params, name));
        let (models, first, step) = (models?, first?, step?);
        let settings = Self {
            // Runs from before there was a choice used smartcore, on all features.
            engine: match text(params, "engine").unwrap_or("smartcore") {
                "smartcore" => EngineChoice::Smartcore,
                _ => EngineChoice::Forest,
            },
            task: match text(params, "task").unwrap_or("auto") {
                "regression" => Some(Task::Regression),
                "classification" => Some(Task::Classification),
                _ => None,
            },
            n_estimators: (0..models)
                .map(|model| (first + model * step) as u32)
                .collect(),
            limits: TreeLimits {
                max_depth: integer(params, "max_depth")? as u16,
                min_samples_split: integer(params, "min_samples_split")? as usize,
                min_samples_leaf: integer(params, "min_samples_leaf")? as usize,
                max_features: max_features(text(params, "max_features").unwrap_or("all"))?,
                bootstrap: params.get("bootstrap") != Some(&ParamValue::Boolean(false)),
            },
            test_share: number(params, "test_share")?,
            longest_first: text(params, "order") == Some("longest-first"),
        };
        settings.check()?;
        Ok(settings)
    }

    /// The cells of a table that the engine takes although they are no numbers.
    pub fn allowed_cells(&self) -> AllowedCells {
        let is_forest = self.engine == EngineChoice::Forest;
        AllowedCells {
            missing: is_forest,
            text_target: is_forest && self.task != Some(Task::Regression),
        }
    }

    /// Whether the engine can do it.
    fn check(&self) -> Result<(), LabError> {
        if self.engine == EngineChoice::Forest {
            return Ok(());
        }
        let refused = |name: &str, given: &str, reason: &str| {
            let option = Opt::Set(name.to_owned());
            Err(LabError::Refused(Refusal::new(option, given, reason)))
        };
        if self.limits.max_features != MaxFeatures::All {
            let reason = "smartcore's trees look at all features; use engine=forest";
            return refused("max_features", "other than all", reason);
        }
        if self.task == Some(Task::Classification) {
            let reason = "with engine=smartcore the lab does regression only; use engine=forest";
            return refused("task", "classification", reason);
        }
        Ok(())
    }

    /// The parameters of the workspace's own engine.
    pub fn grow_params(&self, task: Task) -> GrowParams {
        GrowParams {
            criterion: match task {
                Task::Regression => Criterion::SquaredError,
                Task::Classification => Criterion::Gini,
            },
            max_depth: Some(u32::from(self.limits.max_depth)),
            min_samples_split: self.limits.min_samples_split,
            min_samples_leaf: self.limits.min_samples_leaf,
            max_features: self.limits.max_features,
            bootstrap: if self.limits.bootstrap {
                Bootstrap::Rows
            } else {
                Bootstrap::Off
            },
            ..GrowParams::regression()
        }
    }
}

/// `all`, `sqrt`, `log2`, a number of features, or a share of them below 1.
fn max_features(given: &str) -> Result<MaxFeatures, LabError> {
    let parsed = match given.trim() {
        "all" => Some(MaxFeatures::All),
        "sqrt" => Some(MaxFeatures::Sqrt),
        "log2" => Some(MaxFeatures::Log2),
        number => {
            let count = number.parse::<usize>().ok();
            let share = number.parse::<f64>().ok().filter(|_| count.is_none());
            let share = share.filter(|share| *share > 0.0 && *share <= 1.0);
            let count = count.filter(|count| *count > 0);
            count
                .map(MaxFeatures::Count)
                .or(share.map(MaxFeatures::Share))
        }
    };
    parsed.ok_or_else(|| {
        LabError::Refused(Refusal::new(
            Opt::Set("max_features".to_owned()),
            given,
            "give all, sqrt, log2, a number of features such as 3, or a share of them such as 0.5",
        ))
    })
}

fn missing(name: &str) -> LabError {
    LabError::Config(format!("the parameter `{name}` is missing"))
}

/// The value of a whole-number parameter.
pub fn integer(params: &Params, name: &str) -> Result<i64, LabError> {
    match params.get(name) {
        Some(ParamValue::Integer(value)) => Ok(*value),
        _ => Err(missing(name)),
    }
}

/// The value of a parameter that is a number.
///
/// # Errors
/// When it is missing.
pub fn number(params: &Params, name: &str) -> Result<f64, LabError> {
    match params.get(name) {
        Some(ParamValue::Float(value)) => Ok(*value),
        Some(ParamValue::Integer(value)) => Ok(*value as f64),
        _ => Err(missing(name)),
    }
}

fn text<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    match params.get(name) {
        Some(ParamValue::Text(value)) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use super::*;

    #[test]
    fn the_number_of_features_is_read_as_people_write_it() {
        let read = |text: &str| max_features(text).unwrap();
        assert_eq!(read("all"), MaxFeatures::All);
        assert_eq!(read(" sqrt "), MaxFeatures::Sqrt);
        assert_eq!(read("3"), MaxFeatures::Count(3));
        assert_eq!(read("1"), MaxFeatures::Count(1));
        assert_eq!(read("0.5"), MaxFeatures::Share(0.5));
        assert_eq!(read("1.0"), MaxFeatures::Share(1.0));
        for wrong in ["", "0", "-1", "1.5", "0.0", "nan", "most"] {
            let error = max_features(wrong).unwrap_err().to_string();
            assert!(error.contains("max_features"), "{wrong}: {error}");
        }
    }
}
