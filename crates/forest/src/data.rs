//! Training data: checked once, sorted once, and shared by all trees of all models.

use crate::column::SortedColumn;
use crate::error::ForestError;
use crate::features::{Features, MOST};
use crate::fixed::FixedTargets;
use crate::packed::PackedRows;

/// Training rows. Every feature is sorted here, once; any number of threads can grow trees from
/// the same data at the same time.
#[derive(Debug, Clone)]
pub struct TrainingData {
    rows: usize,
    columns: Vec<SortedColumn>,
    packed: Option<PackedRows>,
    targets: Targets,
    weights: Option<Vec<f64>>,
}

/// What is to be predicted.
#[derive(Debug, Clone)]
pub(crate) enum Targets {
    Numbers {
        y: Vec<f64>,
        fixed: Option<FixedTargets>,
    },
    Classes {
        class: Vec<u32>,
        classes: u32,
    },
}

impl TrainingData {
    /// Features with a number for each row.
    ///
    /// # Errors
    /// [`ForestError::Length`], [`ForestError::Value`] for a target that is not finite, and
    /// [`ForestError::Overflow`] for targets whose squares cannot be summed.
    pub fn regression(features: &Features, targets: Vec<f64>) -> Result<Self, ForestError> {
        let rows = features.rows();
        same_length("targets", targets.len(), rows)?;
        let (what, needed) = ("target", "a finite number");
        all(what, needed, &targets, f64::is_finite)?;
        squares_are_finite(targets.iter().map(|y| y.abs()))?;
        let fixed = FixedTargets::of(&targets);
        let targets = Targets::Numbers { y: targets, fixed };
        Ok(Self::sorted(features, targets))
    }

    /// Features with a class for each row, counted from 0. The number of classes is one more than
    /// the greatest.
    ///
    /// # Errors
    /// [`ForestError::Length`] and [`ForestError::TooMany`].
    pub fn classification(features: &Features, classes: Vec<u32>) -> Result<Self, ForestError> {
        same_length("classes", classes.len(), features.rows())?;
        let most = classes.iter().max().map_or(0, |most| *most as usize);
        if most >= MOST / features.rows() {
            let (count, what) = (most, "classes");
            return Err(ForestError::TooMany { count, what });
        }
        let targets = Targets::Classes {
            class: classes,
            classes: most as u32 + 1,
        };
        Ok(Self::sorted(features, targets))
    }

    fn sorted(features: &Features, targets: Targets) -> Self {
        let columns = 0..features.columns();
        let columns = columns.map(|column| SortedColumn::sort(features.column(column)));
        let columns: Vec<_> = columns.collect();
        let fits = match targets {
            Targets::Numbers { ref fixed, .. } => fixed.is_some(),
            Targets::Classes { classes, .. } => classes <= 1 << 24,
        };
        let packed = fits.then(|| PackedRows::of(features.rows(), &columns));
        Self {
            rows: features.rows(),
            packed: packed.flatten(),
            columns,
            targets,
            weights: None,
        }
    }

    /// Gives every row a weight. A forest that draws bootstrap samples draws rows with
    /// probabilities in proportion to their weights; otherwise the weights count in the trees.
    ///
    /// # Errors
    /// [`ForestError::Length`], [`ForestError::Value`] for a weight that is negative or not finite,
    /// [`ForestError::NoWeight`] and [`ForestError::Overflow`].
    pub fn with_weights(mut self, weights: Vec<f64>) -> Result<Self, ForestError> {
        self.check_weights(&weights)?;
        self.weights = Some(weights);
        Ok(self)
    }

    /// Whether weights can be used for these rows.
    pub(crate) fn check_weights(&self, weights: &[f64]) -> Result<(), ForestError> {
        same_length("weights", weights.len(), self.rows)?;
        all("weight", "0 or more, finite", weights, |weight| {
            weight >= 0.0 && weight.is_finite()
        })?;
        if !weights.iter().any(|weight| *weight > 0.0) {
            return Err(ForestError::NoWeight);
        }
        squares_are_finite(weights.iter().copied())?;
        if let Targets::Numbers { y, .. } = &self.targets {
            let weighted = y.iter().zip(weights).map(|(y, weight)| y.abs() * weight);
            squares_are_finite(weighted)?;
            let squares = y.iter().zip(weights).map(|(y, weight)| y * y * weight);
            squares_are_finite(squares.map(f64::sqrt))?;
        }
        Ok(())
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of features.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Number of classes; none for regression.
    pub fn classes(&self) -> Option<u32> {
        match self.targets {
            Targets::Numbers { .. } => None,
            Targets::Classes { classes, .. } => Some(classes),
        }
    }

    /// Numbers of a value: the number of classes, or 1 for regression.
    pub fn outputs(&self) -> usize {
        self.classes().map_or(1, |classes| classes as usize)
    }

    /// The weights of the rows, where they were given.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    pub(crate) fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The rows for the packed engine, where they fit.
    pub(crate) fn packed(&self) -> Option<&PackedRows> {
        self.packed.as_ref()
    }

    pub(crate) fn column(&self, column: usize) -> &SortedColumn {
        &self.columns[column]
    }

    pub(crate) fn sorted_columns(&self) -> &[SortedColumn] {
        &self.columns
    }
}

pub(crate) fn same_length(
    what: &'static str,
    given: usize,
    rows: usize,
) -> Result<(), ForestError> {
    if given == rows {
        Ok(())
    } else {
        Err(ForestError::Length { what, given, rows })
    }
}

fn all(
    what: &'static str,
    needed: &'static str,
    values: &[f64],
    fits: impl Fn(f64) -> bool,
) -> Result<(), ForestError> {
    match values.iter().position(|value| !fits(*value)) {
        None => Ok(()),
        Some(row) => Err(ForestError::Value {
            what,
            row,
            value: values[row],
            needed,
        }),
    }
}

/// Whether the square of the sum is finite with room to spare, so that no sum, product or
/// difference of what a tree computes overflows.
fn squares_are_finite(values: impl Iterator<Item = f64>) -> Result<(), ForestError> {
    const MOST: f64 = 1e150;
    let sum: f64 = values.sum();
    if sum <= MOST {
        return Ok(());
    }
    let divisor = if sum.is_finite() { sum / MOST } else { 1e200 };
    let divisor = 10_f64.powf(divisor.log10().ceil());
    Err(ForestError::Overflow { divisor })
}
