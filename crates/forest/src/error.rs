//! What can be wrong with data and parameters.

/// Why no tree can be grown, or no prediction made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ForestError {
    /// There is no row or no column.
    #[error("the features have {rows} rows and {columns} columns; give at least one of each")]
    Empty {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// Values that do not make whole columns.
    #[error("{values} values do not make columns of {rows} rows each")]
    Ragged {
        /// Number of values.
        values: usize,
        /// Number of rows.
        rows: usize,
    },
    /// More rows or columns than row and node numbers can count.
    #[error("{count} {what} are more than the engine can number (at most 2^30)")]
    TooMany {
        /// How many there are.
        count: usize,
        /// Of what: rows, columns or classes.
        what: &'static str,
    },
    /// One number per row is needed.
    #[error("{given} {what} for {rows} rows; give one for each row")]
    Length {
        /// Of what: targets, weights or counts.
        what: &'static str,
        /// How many were given.
        given: usize,
        /// Number of rows.
        rows: usize,
    },
    /// A feature that is infinite. Missing values are NaN and are allowed.
    #[error("feature {column} of row {row} is infinite; leave the row out or give NaN for missing")]
    InfiniteFeature {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
    },
    /// A target or a weight that cannot be used.
    #[error("the {what} of row {row} is {value}; give {needed}")]
    Value {
        /// Which: target, weight or class.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// What was given.
        value: f64,
        /// What is needed.
        needed: &'static str,
    },
    /// The sum of squares of the targets would not be finite.
    #[error(
        "the targets are so large that their variance is not finite; divide them by {divisor:e}"
    )]
    Overflow {
        /// A divisor that helps.
        divisor: f64,
    },
    /// No row has a weight above 0.
    #[error("no row has a weight above 0; give at least one")]
    NoWeight,
    /// A parameter out of its range.
    #[error("{name} is {value}; give {needed}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is needed.
        needed: &'static str,
    },
    /// A criterion that does not fit the targets.
    #[error("{criterion} is for {fits}; the targets are for {targets}")]
    Criterion {
        /// The criterion.
        criterion: &'static str,
        /// What it is for.
        fits: &'static str,
        /// What the targets are for.
        targets: &'static str,
    },
    /// Rows to predict that have another number of columns than the training rows.
    #[error("the rows have {given} columns, the model was trained on {trained}")]
    Columns {
        /// Columns of the rows.
        given: usize,
        /// Columns of the training rows.
        trained: usize,
    },
}
