//! What a tree is grown by, in scikit-learn's words and with its meaning.

use crate::data::TrainingData;
use crate::error::ForestError;

/// How good a split is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// Mean squared error, for regression.
    SquaredError,
    /// Gini impurity, for classification.
    Gini,
    /// Entropy in bits, for classification.
    Entropy,
}

/// How the threshold of a feature is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splitter {
    /// The best of all thresholds.
    Best,
    /// A random one between the least and the greatest value, as extra-trees do.
    Random,
}

/// How many features are looked at for a split. Features that are constant in a node do not
/// count, and at least one that is not is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxFeatures {
    /// Every feature.
    All,
    /// ⌊√features⌋, at least 1.
    Sqrt,
    /// ⌊log₂ features⌋, at least 1.
    Log2,
    /// This many, from 1.
    Count(usize),
    /// This share of the features, rounded down, at least 1.
    Share(f64),
}

/// Which rows a tree is grown on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bootstrap {
    /// All rows, with the weights of the data.
    Off,
    /// Rows drawn with replacement, as many as there are rows.
    Rows,
    /// This many rows drawn with replacement, from 1.
    Count(usize),
    /// Rows drawn with replacement, this share of the number of rows, rounded, at least 1.
    Share(f64),
}

/// What a tree is grown by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GrowParams {
    /// How good a split is.
    pub criterion: Criterion,
    /// How thresholds are chosen.
    pub splitter: Splitter,
    /// Longest path from the root to a leaf, in splits; none for no limit.
    pub max_depth: Option<u32>,
    /// Distinct rows that a node needs to be split, from 2.
    pub min_samples_split: usize,
    /// Distinct rows that each side of a split needs, from 1.
    pub min_samples_leaf: usize,
    /// Share of the total weight that each side of a split needs, 0 to 0.5.
    pub min_weight_fraction_leaf: f64,
    /// How many features are looked at for a split.
    pub max_features: MaxFeatures,
    /// Most leaves; the nodes with the greatest decrease of impurity are split first.
    pub max_leaf_nodes: Option<usize>,
    /// Least decrease of impurity of a split, weighted by the node's share of the total weight.
    pub min_impurity_decrease: f64,
    /// Which rows the tree is grown on.
    pub bootstrap: Bootstrap,
}

impl GrowParams {
    /// scikit-learn's defaults of a tree for regression.
    pub fn regression() -> Self {
        Self {
            criterion: Criterion::SquaredError,
            splitter: Splitter::Best,
            max_depth: None,
            min_samples_split: 2,
            min_samples_leaf: 1,
            min_weight_fraction_leaf: 0.0,
            max_features: MaxFeatures::All,
            max_leaf_nodes: None,
            min_impurity_decrease: 0.0,
            bootstrap: Bootstrap::Off,
        }
    }

    /// scikit-learn's defaults of a tree for classification.
    pub fn classification() -> Self {
        Self {
            criterion: Criterion::Gini,
            ..Self::regression()
        }
    }

    /// scikit-learn's defaults of a random forest for regression.
    pub fn forest_regression() -> Self {
        Self {
            bootstrap: Bootstrap::Rows,
            ..Self::regression()
        }
    }

    /// scikit-learn's defaults of a random forest for classification.
    pub fn forest_classification() -> Self {
        Self {
            bootstrap: Bootstrap::Rows,
            max_features: MaxFeatures::Sqrt,
            ..Self::classification()
        }
    }

    /// Makes extra-trees of a forest: random thresholds, on all rows.
    #[must_use]
    pub fn extra(self) -> Self {
        Self {
            splitter: Splitter::Random,
            bootstrap: Bootstrap::Off,
            ..self
        }
    }

    /// How many rows are drawn from so many; none where all rows are taken.
    pub(crate) fn draws(&self, rows: usize) -> Option<usize> {
        match self.bootstrap {
            Bootstrap::Off => None,
            Bootstrap::Rows => Some(rows),
            Bootstrap::Count(count) => Some(count),
            Bootstrap::Share(share) => {
                Some(((rows as f64 * share).round_ties_even() as usize).max(1))
            }
        }
    }

    /// What the parameters mean for this data.
    pub(crate) fn limits(&self, data: &TrainingData) -> Result<GrowLimits, ForestError> {
        self.check(data)?;
        let columns = data.columns();
        let max_features = match self.max_features {
            MaxFeatures::All => columns,
            MaxFeatures::Sqrt => columns.isqrt(),
            MaxFeatures::Log2 => columns.ilog2() as usize,
            MaxFeatures::Count(count) => count.min(columns),
            MaxFeatures::Share(share) => (share * columns as f64) as usize,
        };
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let leaf = count(self.min_samples_leaf);
        Ok(GrowLimits {
            splitter: self.splitter,
            max_depth: self.max_depth.unwrap_or(u32::MAX),
            min_split: count(self.min_samples_split).max(leaf.saturating_mul(2)),
            min_leaf: leaf,
            weight_fraction: self.min_weight_fraction_leaf,
            max_features: max_features.max(1) as u32,
            max_leaves: self.max_leaf_nodes.map(count),
            min_decrease: self.min_impurity_decrease,
        })
    }

    /// Whether the parameters can be used for this data.
    pub(crate) fn check(&self, data: &TrainingData) -> Result<(), ForestError> {
        let parameter = |name, value, needed, fits| {
            let refused = ForestError::Parameter {
                name,
                value,
                needed,
            };
            if fits { Ok(()) } else { Err(refused) }
        };
        let (split, leaf) = (self.min_samples_split, self.min_samples_leaf);
        parameter("min_samples_split", split as f64, "2 or more", split >= 2)?;
        parameter("min_samples_leaf", leaf as f64, "1 or more", leaf >= 1)?;
        let share = self.min_weight_fraction_leaf;
        let fits = (0.0..=0.5).contains(&share);
        parameter("min_weight_fraction_leaf", share, "0 to 0.5", fits)?;
        let least = self.min_impurity_decrease;
        let fits = least >= 0.0 && least.is_finite();
        parameter("min_impurity_decrease", least, "0 or more", fits)?;
        if let Some(leaves) = self.max_leaf_nodes {
            parameter("max_leaf_nodes", leaves as f64, "2 or more", leaves >= 2)?;
        }
        match self.max_features {
            MaxFeatures::Count(count) => {
                parameter("max_features", count as f64, "1 or more", count >= 1)?;
            }
            MaxFeatures::Share(share) => {
                let fits = share > 0.0 && share <= 1.0;
                parameter("max_features", share, "a share above 0, at most 1", fits)?;
            }
            MaxFeatures::All | MaxFeatures::Sqrt | MaxFeatures::Log2 => {}
        }
        match self.bootstrap {
            Bootstrap::Count(count) => {
                let fits = (1..=crate::features::MOST).contains(&count);
                parameter("bootstrap", count as f64, "1 to 2^30", fits)?;
            }
            Bootstrap::Share(share) => {
                let fits = share > 0.0 && share <= 1.0;
                parameter("bootstrap", share, "a share above 0, at most 1", fits)?;
            }
            Bootstrap::Off | Bootstrap::Rows => {}
        }
        self.check_criterion(data)
    }

    fn check_criterion(&self, data: &TrainingData) -> Result<(), ForestError> {
        let (criterion, fits_classes) = match self.criterion {
            Criterion::SquaredError => ("squared error", false),
            Criterion::Gini => ("gini", true),
            Criterion::Entropy => ("entropy", true),
        };
        let task = |classes| {
            if classes {
                "classification"
            } else {
                "regression"
            }
        };
        let has_classes = data.classes().is_some();
        if fits_classes == has_classes {
            return Ok(());
        }
        let (fits, targets) = (task(fits_classes), task(has_classes));
        Err(ForestError::Criterion {
            criterion,
            fits,
            targets,
        })
    }
}

/// The parameters, resolved for the data.
#[derive(Debug, Clone, Copy)]
pub struct GrowLimits {
    pub splitter: Splitter,
    pub max_depth: u32,
    pub min_split: u32,
    pub min_leaf: u32,
    pub weight_fraction: f64,
    pub max_features: u32,
    pub max_leaves: Option<u32>,
    pub min_decrease: f64,
}

impl GrowLimits {
    /// Whether every split of so many features is looked at.
    pub fn looks_at_all(&self, features: u32) -> bool {
        self.splitter == Splitter::Best && self.max_features >= features
    }
}
