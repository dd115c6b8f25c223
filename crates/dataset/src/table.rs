//! A table of numbers.

use std::collections::HashSet;

use workbench_digest::Hasher;

use super::columns::HugeNumbers;
use super::error::{DataError, ShapeProblem};
use super::facts::TableFacts;
use super::text::shown;

/// Named columns of finite numbers, all of the same length; at least one column. The values are
/// stored column by column. NaN stands for a missing value, in tables that may have some.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    values: Vec<Vec<f64>>,
    rows: usize,
    facts: Option<TableFacts>,
    huge: Vec<HugeNumbers>,
    classes: Option<Vec<String>>,
}

impl Table {
    /// A table of `values`, one vector per column, named by `columns`.
    ///
    /// # Errors
    /// [`DataError::Shape`] when there is no column, names and columns differ in number, a name is
    /// empty or occurs twice, columns differ in length, or a value is not finite.
    pub fn new(
        name: impl Into<String>,
        columns: Vec<String>,
        values: Vec<Vec<f64>>,
    ) -> Result<Self, DataError> {
        Self::checked(name.into(), columns, values, f64::is_finite)
    }

    /// The same, where NaN stands for a missing value.
    ///
    /// # Errors
    /// As [`Table::new`].
    pub fn with_missing(
        name: impl Into<String>,
        columns: Vec<String>,
        values: Vec<Vec<f64>>,
    ) -> Result<Self, DataError> {
        Self::checked(name.into(), columns, values, |value| !value.is_infinite())
    }

    fn checked(
        name: String,
        columns: Vec<String>,
        values: Vec<Vec<f64>>,
        is_value: fn(f64) -> bool,
    ) -> Result<Self, DataError> {
        match check(&columns, &values, is_value) {
            Some(problem) => Err(DataError::Shape {
                table: shown(&name),
                problem,
            }),
            None => Ok(Self {
                name,
                rows: values[0].len(),
                columns,
                values,
                facts: None,
                huge: Vec::new(),
                classes: None,
            }),
        }
    }

    /// The same, read from a file of which these things are known.
    pub(super) fn read_from(
        mut self,
        facts: TableFacts,
        huge: Vec<HugeNumbers>,
        classes: Option<Vec<String>>,
    ) -> Self {
        (self.facts, self.huge, self.classes) = (Some(facts), huge, classes);
        self
    }

    /// The words that the numbers of the column to predict stand for, where they are classes.
    pub fn classes(&self) -> Option<&[String]> {
        self.classes.as_deref()
    }

    /// What was found out about the file that it was read from.
    pub fn facts(&self) -> Option<&TableFacts> {
        self.facts.as_ref()
    }

    /// Columns of the file with whole numbers that f64 does not hold.
    pub fn huge_numbers(&self) -> &[HugeNumbers] {
        &self.huge
    }

    /// What a person calls the table: a file's name, or the name of an embedded dataset.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns' names, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The values of a column, by position.
    pub fn column(&self, index: usize) -> Option<&[f64]> {
        self.values.get(index).map(Vec::as_slice)
    }

    /// Where a column is.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// What identifies the values: SHA-256 in hexadecimal of all values as little-endian f64, row
    /// by row. Names do not enter.
    pub fn sha256(&self) -> String {
        let mut hash = Hasher::default();
        let mut row = Vec::with_capacity(self.values.len() * size_of::<f64>());
        for i in 0..self.rows {
            row.clear();
            row.extend(
                self.values
                    .iter()
                    .flat_map(|column| column[i].to_le_bytes()),
            );
            hash.update(&row);
        }
        hash.finish()
    }
}

fn check(
    columns: &[String],
    values: &[Vec<f64>],
    is_value: fn(f64) -> bool,
) -> Option<ShapeProblem> {
    if columns.is_empty() || columns.len() != values.len() {
        return Some(ShapeProblem::Names {
            names: columns.len(),
            columns: values.len(),
        });
    }
    let mut seen = HashSet::new();
    if let Some(name) = columns
        .iter()
        .find(|name| name.is_empty() || !seen.insert(name.as_str()))
    {
        return Some(ShapeProblem::Name(shown(name)));
    }
    let expected = values[0].len();
    columns.iter().zip(values).find_map(|(name, column)| {
        if column.len() != expected {
            return Some(ShapeProblem::Rows {
                column: shown(name),
                expected,
                found: column.len(),
            });
        }
        let row = column.iter().position(|value| !is_value(*value))?;
        Some(ShapeProblem::NotFinite {
            column: shown(name),
            row,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn problem(columns: &[&str], values: Vec<Vec<f64>>) -> ShapeProblem {
        match Table::new("t", names(columns), values) {
            Err(DataError::Shape { table, problem }) if table == "t" => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn columns_are_found_by_position_and_name() {
        let table = Table::new(
            "t",
            names(&["a", "b"]),
            vec![vec![1.0, 2.0], vec![3.0, 4.0]],
        )
        .unwrap();
        assert_eq!(
            (table.name(), table.rows(), table.columns().len()),
            ("t", 2, 2)
        );
        assert_eq!(table.column(1), Some(&[3.0, 4.0][..]));
        assert_eq!(table.position("a"), Some(0));
        assert_eq!(table.position("A"), None);
        assert_eq!(table.column(2), None);
    }

    #[test]
    fn shapes_that_are_no_table_are_refused() {
        assert_eq!(
            problem(&[], vec![]),
            ShapeProblem::Names {
                names: 0,
                columns: 0
            }
        );
        assert_eq!(
            problem(&["a"], vec![]),
            ShapeProblem::Names {
                names: 1,
                columns: 0
            }
        );
        assert_eq!(
            problem(&["a", "a"], vec![vec![], vec![]]),
            ShapeProblem::Name("a".into())
        );
        assert_eq!(
            problem(&[""], vec![vec![]]),
            ShapeProblem::Name(String::new())
        );
        assert_eq!(
            problem(&["a", "b"], vec![vec![1.0], vec![]]),
            ShapeProblem::Rows {
                column: "b".into(),
                expected: 1,
                found: 0
            }
        );
        assert_eq!(
            problem(&["a"], vec![vec![1.0, f64::NAN]]),
            ShapeProblem::NotFinite {
                column: "a".into(),
                row: 1
            }
        );
    }

    #[test]
    fn the_digest_is_over_rows_and_ignores_names() {
        // printf of 1.0, 3.0, 2.0, 4.0 as little-endian f64 through sha256sum.
        let expected = "871c41e21287349d98c4e818d7f7f8edd749ea298f6751dc58e2b6f70ae61e17";
        let table = Table::new(
            "t",
            names(&["a", "b"]),
            vec![vec![1.0, 2.0], vec![3.0, 4.0]],
        )
        .unwrap();
        assert_eq!(table.sha256(), expected);
        let renamed = Table::new(
            "u",
            names(&["c", "d"]),
            vec![vec![1.0, 2.0], vec![3.0, 4.0]],
        )
        .unwrap();
        assert_eq!(renamed.sha256(), expected);
        let turned = Table::new(
            "t",
            names(&["a", "b"]),
            vec![vec![1.0, 3.0], vec![2.0, 4.0]],
        )
        .unwrap();
        assert_ne!(turned.sha256(), expected);
    }
}
