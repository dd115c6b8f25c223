//! Tables of features: by columns for training, by rows for prediction.

use crate::error::ForestError;

/// The most rows, columns or classes: node numbers go to twice as many.
pub const MOST: usize = 1 << 30;

/// Features as 32-bit floats, column after column. NaN is a missing value.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    values: Vec<f32>,
    rows: usize,
}

impl Features {
    /// Takes `rows` rows, column after column. −0.0 is 0.0.
    ///
    /// # Errors
    /// [`ForestError::Empty`], [`ForestError::Ragged`], [`ForestError::TooMany`] and
    /// [`ForestError::InfiniteFeature`].
    pub fn from_columns(mut values: Vec<f32>, rows: usize) -> Result<Self, ForestError> {
        let columns = values.len().checked_div(rows).unwrap_or(0);
        if rows == 0 || columns == 0 {
            return Err(ForestError::Empty { rows, columns });
        }
        if columns * rows != values.len() {
            let values = values.len();
            return Err(ForestError::Ragged { values, rows });
        }
        for (count, what) in [(rows, "rows"), (columns, "columns")] {
            if count > MOST {
                return Err(ForestError::TooMany { count, what });
            }
        }
        if let Some(place) = values.iter().position(|value| value.is_infinite()) {
            let (row, column) = (place % rows, place / rows);
            return Err(ForestError::InfiniteFeature { row, column });
        }
        for value in &mut values {
            *value += 0.0;
        }
        Ok(Self { values, rows })
    }

    /// Takes `columns` columns, row after row, rounded to 32 bits as scikit-learn does.
    ///
    /// # Errors
    /// As [`Features::from_columns`]; a value that rounds to infinity counts as infinite.
    pub fn from_rows(values: &[f64], columns: usize) -> Result<Self, ForestError> {
        let rows = values.len().checked_div(columns).unwrap_or(0);
        if rows * columns != values.len() {
            let values = values.len();
            return Err(ForestError::Ragged { values, rows });
        }
        let by_columns = (0..columns)
            .flat_map(|column| (0..rows).map(move |row| values[row * columns + column] as f32));
        Self::from_columns(by_columns.collect(), rows)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.values.len() / self.rows
    }

    /// The values of a column.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn column(&self, column: usize) -> &[f32] {
        &self.values[column * self.rows..][..self.rows]
    }

    pub(crate) fn column_mut(&mut self, column: usize) -> &mut [f32] {
        &mut self.values[column * self.rows..][..self.rows]
    }
}

/// Rows to predict, row after row, made once for all trees.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryRows {
    values: Vec<f32>,
    columns: usize,
    missing: bool,
}

impl QueryRows {
    /// Number of rows.
    pub fn count(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Some of the rows, in the order of `rows`.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * self.columns);
        for row in rows {
            values.extend_from_slice(&self.values[*row as usize * self.columns..][..self.columns]);
        }
        Self {
            values,
            columns: self.columns,
            missing: self.missing,
        }
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn has_missing(&self) -> bool {
        self.missing
    }
}

impl From<&Features> for QueryRows {
    fn from(features: &Features) -> Self {
        let columns = features.columns();
        let mut values = vec![0.0; features.values.len()];
        for column in 0..columns {
            for (row, value) in features.column(column).iter().enumerate() {
                values[row * columns + column] = *value;
            }
        }
        let missing = values.iter().any(|value: &f32| value.is_nan());
        Self {
            values,
            columns,
            missing,
        }
    }
}
