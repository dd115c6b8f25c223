//! What a reader of a result has to know about its data, although the data can be used.

use std::fmt;

use super::columns::HugeNumbers;
use super::facts::LeftOut;
use super::text::shown;

/// Names that a sentence lists.
const LISTED: usize = 5;

/// Something that is odd about a table, or that is not in it.
#[derive(Debug, Clone, PartialEq)]
pub enum DataWarning {
    /// Features with the same value in every row.
    ConstantFeatures(Vec<String>),
    /// A feature that is the target, or the target in another unit.
    CopiesTarget {
        /// The feature.
        feature: String,
        /// The target.
        target: String,
        /// feature = factor × target + offset.
        factor: f64,
        /// See `factor`.
        offset: f64,
    },
    /// One value that stands far apart from all others and occurs often, as values do that stand
    /// for missing ones.
    Sentinel {
        /// The column.
        column: String,
        /// The value.
        value: f64,
        /// Rows with it.
        count: u64,
        /// Rows of the table.
        rows: u64,
        /// The smallest of the others.
        low: f64,
        /// The largest of the others.
        high: f64,
    },
    /// Whole numbers that f64 does not tell apart.
    HugeNumbers(HugeNumbers),
    /// Features miss values, and the rows are used nevertheless.
    Missing {
        /// The columns' names.
        columns: Vec<String>,
        /// Cells without a value.
        cells: u64,
    },
    /// The file has no line of names, so its columns are called `x1`, `x2`, ….
    NoNames {
        /// The table's name.
        table: String,
        /// Columns of the table.
        columns: u64,
    },
    /// What of the file is not in the table.
    LeftOut {
        /// The table's name.
        table: String,
        /// What.
        what: LeftOut,
    },
}

impl DataWarning {
    /// Whether it only says what was done, and puts no number in doubt.
    pub fn is_note(&self) -> bool {
        matches!(
            self,
            Self::LeftOut { .. } | Self::Missing { .. } | Self::NoNames { .. }
        )
    }

    /// What it is, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConstantFeatures(_) => "constant_features",
            Self::CopiesTarget { .. } => "feature_copies_target",
            Self::Sentinel { .. } => "sentinel_values",
            Self::HugeNumbers(_) => "huge_numbers",
            Self::Missing { .. } => "missing_values",
            Self::LeftOut { .. } => "data_left_out",
            Self::NoNames { .. } => "data_without_names",
        }
    }

    /// Its numbers by name.
    pub fn numbers(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::ConstantFeatures(names) => vec![("features", names.len() as f64)],
            Self::CopiesTarget { factor, offset, .. } => {
                vec![("factor", *factor), ("offset", *offset)]
            }
            Self::Sentinel {
                value, count, rows, ..
            } => vec![
                ("value", *value),
                ("count", *count as f64),
                ("rows", *rows as f64),
            ],
            Self::HugeNumbers(huge) => {
                vec![("count", huge.count as f64), ("line", huge.line as f64)]
            }
            Self::Missing { columns, cells } => {
                vec![("columns", columns.len() as f64), ("cells", *cells as f64)]
            }
            Self::NoNames { columns, .. } => vec![("columns", *columns as f64)],
            Self::LeftOut { what, .. } => vec![
                ("rows_with_missing", what.rows_with_missing as f64),
                ("columns", what.columns as f64),
                ("empty_rows", what.empty_rows as f64),
                ("comment_lines", what.comment_lines as f64),
            ],
        }
    }
}

impl fmt::Display for DataWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConstantFeatures(names) => constant(f, names),
            Self::CopiesTarget {
                feature,
                target,
                factor,
                offset,
            } => {
                let (feature, target) = (shown(feature), shown(target));
                let how = if (factor - 1.0).abs() < 1e-9 && *offset == 0.0 {
                    format!("equals the target `{target}` in every row")
                } else {
                    format!("is {factor} × the target `{target}` + {offset} in every row")
                };
                write!(
                    f,
                    "The feature `{feature}` {how}, so predicting is copying; leave it out with \
                     --drop-columns."
                )
            }
            Self::Sentinel {
                column,
                value,
                count,
                rows,
                low,
                high,
            } => write!(
                f,
                "The column `{}` is {value} in {count} of {rows} rows, far from its other values \
                 ({low} to {high}): if that stands for a missing value, write it as an empty cell \
                 and give --drop-missing.",
                shown(column)
            ),
            Self::HugeNumbers(HugeNumbers {
                column,
                count,
                line,
                value,
            }) => write!(
                f,
                "The column `{}` has {count} whole numbers from 2^53 on (first line {line}: \
                 `{value}`), where neighbours become the same number: ids are best left out with \
                 --drop-columns.",
                shown(column)
            ),
            Self::Missing { columns, cells } => missing(f, columns, *cells),
            Self::NoNames { table, columns } => no_names(f, table, *columns),
            Self::LeftOut { table, what } => {
                let what = what.phrases().join(", ");
                write!(
                    f,
                    "Not everything in {} is used; left out: {what}.",
                    shown(table)
                )
            }
        }
    }
}

/// The first of some columns' names.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(LISTED);
    let shown: Vec<String> = shown
        .map(|name| format!("`{}`", self::shown(name)))
        .collect();
    let more = if names.len() > LISTED {
        " and others"
    } else {
        ""
    };
    shown.join(", ") + more
}

fn missing(f: &mut fmt::Formatter<'_>, columns: &[String], cells: u64) -> fmt::Result {
    let values = if cells == 1 { "value is" } else { "values are" };
    let listed = listed(columns);
    write!(
        f,
        "{cells} {values} missing, in {listed}; the rows are used without them."
    )
}

fn no_names(f: &mut fmt::Formatter<'_>, table: &str, columns: u64) -> fmt::Result {
    write!(
        f,
        "{} has no line of column names (--no-header), so its {columns} columns are called after \
         their place: x1, x2, ….",
        shown(table)
    )
}

fn constant(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    let listed = listed(names);
    if names.len() == 1 {
        return write!(
            f,
            "The feature {listed} has the same value in every row, so nothing can be learnt from \
             it."
        );
    }
    write!(
        f,
        "{} features have the same value in every row, so nothing can be learnt from them: \
         {listed}.",
        names.len()
    )
}

/// The value that stands far apart in a column, with its count and the range of the others.
pub(super) fn sentinel(column: &str, values: &[f64]) -> Option<DataWarning> {
    let extremes = Extremes::of(values)?;
    let rows = values.len() as u64;
    [extremes.lowest(), extremes.highest()]
        .into_iter()
        .find(|(value, count, low, high)| {
            let spread = high - low;
            let gap = (low - value).max(value - high);
            // A negative number where all others are not: even a small distance is one.
            let is_alien = *value <= -9.0 && *low >= 0.0 && gap > spread * 0.1;
            *count >= 3 && count * 100 >= rows && *value != 0.0 && (gap > spread * 0.5 || is_alien)
        })
        .map(|(value, count, low, high)| DataWarning::Sentinel {
            column: column.to_owned(),
            value,
            count,
            rows,
            low,
            high,
        })
}

/// The two smallest and the two largest different values of a column, and how often the outer ones
/// occur.
struct Extremes {
    low: [f64; 2],
    high: [f64; 2],
    lowest_count: u64,
    highest_count: u64,
}

impl Extremes {
    /// `None` for columns with fewer than six different values, which may be codes.
    fn of(values: &[f64]) -> Option<Self> {
        const CODES: usize = 5;
        let mut distinct: Vec<f64> = Vec::new();
        let mut this = Self {
            low: [f64::INFINITY; 2],
            high: [f64::NEG_INFINITY; 2],
            lowest_count: 0,
            highest_count: 0,
        };
        for &value in values {
            if distinct.len() <= CODES && !distinct.contains(&value) {
                distinct.push(value);
            }
            let low = |a: &f64, b: &f64| a < b;
            note(value, &mut this.low, &mut this.lowest_count, low);
            note(value, &mut this.high, &mut this.highest_count, |a, b| a > b);
        }
        (distinct.len() > CODES).then_some(this)
    }

    fn lowest(&self) -> (f64, u64, f64, f64) {
        (self.low[0], self.lowest_count, self.low[1], self.high[0])
    }

    fn highest(&self) -> (f64, u64, f64, f64) {
        (self.high[0], self.highest_count, self.low[0], self.high[1])
    }
}

/// Takes a value into the outermost one, its count, and the next.
#[expect(
    clippy::float_cmp,
    reason = "the question is whether it is the same value"
)]
fn note(
    value: f64,
    outer: &mut [f64; 2],
    count: &mut u64,
    is_further: impl Fn(&f64, &f64) -> bool,
) {
    if is_further(&value, &outer[0]) {
        *outer = [value, outer[0]];
        *count = 1;
    } else if value == outer[0] {
        *count += 1;
    } else if is_further(&value, &outer[1]) {
        outer[1] = value;
    }
}

/// The factor and the offset by which a feature is made from the target, if it is.
pub(super) fn copy_of(feature: &[f64], target: &[f64]) -> Option<(f64, f64)> {
    const LEAST_ROWS: usize = 3;
    if feature == target {
        return Some((1.0, 0.0));
    }
    let by_value = |a: &usize, b: &usize| target[*a].total_cmp(&target[*b]);
    let low = (0..target.len()).min_by(by_value)?;
    let high = (0..target.len()).max_by(by_value)?;
    let factor = (feature[high] - feature[low]) / (target[high] - target[low]);
    let offset = feature[low] - factor * target[low];
    let largest = feature[low].abs().max(feature[high].abs());
    let spread = (feature[high] - feature[low]).abs();
    let tolerance = 1e-9 * spread + 2.0 * f64::EPSILON * largest;
    let is_on_line = |(x, y): (&f64, &f64)| (x - (factor * y + offset)).abs() <= tolerance;
    let is_copy = target.len() >= LEAST_ROWS
        && factor.is_finite()
        && factor != 0.0
        && feature.iter().zip(target).all(is_on_line);
    is_copy.then_some((factor, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Option<(f64, u64)> {
        match sentinel("a", values) {
            Some(DataWarning::Sentinel { value, count, .. }) => Some((value, count)),
            _ => None,
        }
    }

    #[test]
    fn values_that_stand_apart_and_occur_often_are_sentinels() {
        let readings = || (0..200).map(|i| f64::from(i % 40) / 2.0 + 1.0);
        let with = |value: f64, count: usize| {
            let values: Vec<f64> = std::iter::repeat_n(value, count)
                .chain(readings())
                .collect();
            of(&values)
        };
        assert_eq!(with(-200.0, 10), Some((-200.0, 10)));
        assert_eq!(with(-999.0, 3), Some((-999.0, 3)));
        assert_eq!(with(9999.0, 5), Some((9999.0, 5)));
        // Once is an outlier; zeros are counts; values within reach are values.
        assert_eq!(with(-999.0, 1), None);
        assert_eq!(with(0.0, 50), None);
        assert_eq!(with(25.0, 50), None);
        // Negative where all else is not, as in a column whose range is wide.
        let wide = (0..100).map(|i| f64::from(i) * 11.0 + 7.0);
        let wide: Vec<f64> = std::iter::repeat_n(-200.0, 900).chain(wide).collect();
        assert_eq!(of(&wide), Some((-200.0, 900)));
        // Codes of categories are no sentinels.
        let codes: Vec<f64> = (0..100).map(|i| [1.0, 2.0, 3.0, 99.0][i % 4]).collect();
        assert_eq!(of(&codes), None);
    }

    #[test]
    fn the_target_in_another_unit_is_a_copy() {
        let target: Vec<f64> = (0..50).map(|i| f64::from(i * i % 37) / 10.0).collect();
        let of = |f: fn(f64) -> f64| {
            let feature: Vec<f64> = target.iter().map(|y| f(*y)).collect();
            copy_of(&feature, &target)
        };
        assert_eq!(of(|y| y), Some((1.0, 0.0)));
        let (factor, offset) = of(|y| y * 1.8 + 32.0).unwrap();
        assert!((factor - 1.8).abs() < 1e-9 && (offset - 32.0).abs() < 1e-9);
        assert_eq!(of(f64::sqrt), None);
        // Large numbers that differ little are not near a line for that.
        assert_eq!(of(|y| 9e15 + (y * 7919.0) % 300.0), None);
        assert_eq!(of(|_| 5.0), None);
        assert_eq!(copy_of(&[1.0, 3.0], &[1.0, 2.0]), None);
    }
}
