//! A table seen as a question: predict one column from the others.

use workbench_digest::Hasher;

use super::error::{DataError, TargetProblem};
use super::table::Table;
use super::text::{nearest, shown, tidy_name};
use super::warning::{DataWarning, copy_of, sentinel};

/// Features and a target, ready for learning.
#[derive(Debug, Clone, PartialEq)]
pub struct Supervised {
    /// The features' names, in the table's order.
    pub feature_names: Vec<String>,
    /// The name of the column to predict.
    pub target_name: String,
    /// The features, column by column: feature `f` of row `i` is at `f * rows + i`.
    pub x: Vec<f64>,
    /// The target, one value per row.
    pub y: Vec<f64>,
    /// The words that the target's numbers stand for, where it holds words.
    pub classes: Option<Vec<String>>,
    /// Number of rows.
    pub rows: usize,
    /// Number of features, at least 1.
    pub features: usize,
    /// What a reader of the result has to know about the data.
    pub warnings: Vec<DataWarning>,
}

impl Supervised {
    /// Takes the column `target` as what is to be predicted and all others as features.
    ///
    /// # Errors
    /// [`DataError::Target`] when no column has that name (the message suggests the nearest), it is
    /// the only column, or its value is the same in every row.
    pub fn from_table(table: &Table, target: &str) -> Result<Self, DataError> {
        let position =
            find_target(table.columns(), target).map_err(|problem| fault(table, problem))?;
        let y = table.column(position).unwrap_or_default().to_vec();
        if let Some(value) = constant_value(&y) {
            let problem = TargetProblem::Constant {
                name: shown(target),
                value: value.to_string(),
            };
            return Err(fault(table, problem));
        }
        let mut feature_names = table.columns().to_vec();
        let target_name = feature_names.remove(position);
        let mut x = Vec::with_capacity(feature_names.len() * table.rows());
        for index in (0..table.columns().len()).filter(|index| *index != position) {
            x.extend_from_slice(table.column(index).unwrap_or_default());
        }
        Ok(Self {
            features: feature_names.len(),
            rows: table.rows(),
            warnings: warnings(table, position, &y),
            classes: table.classes().map(<[String]>::to_vec),
            feature_names,
            target_name,
            x,
            y,
        })
    }

    /// SHA-256 of names and numbers, in hexadecimal: equal for equal questions, whatever file they
    /// came from.
    pub fn sha256(&self) -> String {
        let mut hasher = Hasher::default();
        for name in self.feature_names.iter().chain([&self.target_name]) {
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name);
        }
        for class in self.classes.iter().flatten() {
            hasher.update((class.len() as u64).to_le_bytes());
            hasher.update(class);
        }
        for value in self.x.iter().chain(&self.y) {
            hasher.update(value.to_le_bytes());
        }
        hasher.finish()
    }

    /// The values of one feature, in row order.
    ///
    /// # Panics
    /// When `feature` is not less than [`Supervised::features`].
    pub fn feature(&self, feature: usize) -> &[f64] {
        &self.x[feature * self.rows..][..self.rows]
    }
}

/// Where the target is among the columns.
pub(super) fn find_target(columns: &[String], target: &str) -> Result<usize, TargetProblem> {
    let wanted = tidy_name(target);
    let Some(position) = columns.iter().position(|name| *name == wanted) else {
        return Err(TargetProblem::Unknown {
            name: shown(target),
            hint: nearest(&wanted, columns),
        });
    };
    if columns.len() == 1 {
        return Err(TargetProblem::OnlyColumn(shown(target)));
    }
    Ok(position)
}

fn fault(table: &Table, problem: TargetProblem) -> DataError {
    DataError::Target {
        table: shown(table.name()),
        problem,
    }
}

/// The value of a column that has only one; zero and negative zero count as the same.
#[expect(
    clippy::float_cmp,
    reason = "the question is whether the values are the same, not whether they are near"
)]
fn constant_value(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    values.iter().all(|value| *value == first).then_some(first)
}

/// What is odd about a table, whose target is in column `position`.
fn warnings(table: &Table, position: usize, target: &[f64]) -> Vec<DataWarning> {
    let mut constant = Vec::new();
    let mut warnings = Vec::new();
    let (mut incomplete, mut missing) = (Vec::new(), 0);
    for (index, name) in table.columns().iter().enumerate() {
        let mut values = table.column(index).unwrap_or_default();
        let present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        if present.len() < values.len() {
            incomplete.push(name.clone());
            missing += (values.len() - present.len()) as u64;
            values = &present;
        }
        if values.is_empty() || constant_value(values).is_some() {
            constant.push(name.clone());
            continue;
        }
        warnings.extend(sentinel(name, values));
        if index != position
            && values.len() == target.len()
            && let Some((factor, offset)) = copy_of(values, target)
        {
            warnings.push(DataWarning::CopiesTarget {
                feature: name.clone(),
                target: table.columns()[position].clone(),
                factor,
                offset,
            });
        }
    }
    if !constant.is_empty() {
        warnings.insert(0, DataWarning::ConstantFeatures(constant));
    }
    if missing > 0 {
        warnings.push(DataWarning::Missing {
            columns: incomplete,
            cells: missing,
        });
    }
    let huge = table.huge_numbers().iter().cloned();
    warnings.extend(huge.map(DataWarning::HugeNumbers));
    let nameless = table.facts().filter(|facts| facts.header_line == 0);
    if let Some(facts) = nameless {
        let (table, columns) = (table.name().to_owned(), facts.columns);
        warnings.push(DataWarning::NoNames { table, columns });
    }
    let left_out = table.facts().map(|facts| facts.left_out.clone());
    if let Some(what) = left_out.filter(|what| !what.phrases().is_empty()) {
        let table = table.name().to_owned();
        warnings.push(DataWarning::LeftOut { table, what });
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, &[f64])]) -> Table {
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let values = columns.iter().map(|(_, values)| values.to_vec()).collect();
        Table::new("houses.csv", names, values).unwrap()
    }

    fn message(table: &Table, target: &str) -> String {
        Supervised::from_table(table, target)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn features_keep_their_order_around_the_target() {
        let table = table(&[
            ("a", &[1.0, 2.0]),
            ("price", &[5.0, 6.0]),
            ("b", &[3.0, 4.0]),
        ]);
        let data = Supervised::from_table(&table, "price").unwrap();
        assert_eq!(data.feature_names, ["a", "b"]);
        assert_eq!(data.x, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(data.y, [5.0, 6.0]);
        assert_eq!((data.rows, data.features), (2, 2));
        assert_eq!(data.feature(1), [3.0, 4.0]);
        assert!(data.warnings.is_empty());
    }

    #[test]
    fn an_unknown_target_is_answered_with_the_nearest_name() {
        let table = table(&[("MedInc", &[1.0, 2.0]), ("MedHouseVal", &[1.0, 2.0])]);
        assert_eq!(
            message(&table, "MedHouseVl"),
            "houses.csv: there is no column `MedHouseVl` to predict; did you mean `MedHouseVal`?"
        );
    }

    #[test]
    fn a_constant_target_and_a_lonely_target_are_refused() {
        let constant = table(&[("a", &[1.0, 2.0]), ("b", &[0.0, -0.0])]);
        assert_eq!(
            message(&constant, "b"),
            "houses.csv: the target `b` is 0 in every row, so there is nothing to learn; choose another target"
        );
        let lonely = table(&[("a", &[1.0, 2.0])]);
        assert_eq!(
            message(&lonely, "a"),
            "houses.csv: the target `a` is the only column; add columns to predict it from"
        );
    }

    #[test]
    fn constant_features_are_kept_with_a_warning() {
        let one = table(&[("a", &[7.0, 7.0]), ("y", &[1.0, 2.0])]);
        let data = Supervised::from_table(&one, "y").unwrap();
        assert_eq!(data.features, 1);
        let texts: Vec<String> = data.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["The feature `a` has the same value in every row, so nothing can be learnt from it."]
        );
        let two = table(&[("a", &[7.0, 7.0]), ("y", &[1.0, 2.0]), ("b", &[0.0, 0.0])]);
        let warnings = Supervised::from_table(&two, "y").unwrap().warnings;
        assert_eq!(warnings.len(), 1);
        let text = warnings[0].to_string();
        assert!(
            text.starts_with("2 features") && text.ends_with("`a`, `b`."),
            "{warnings:?}"
        );
    }
}
