//! The columns of a file: their names, which of them are used, and what their cells hold.

use std::collections::HashMap;

use csv::ByteRecord;

use super::cell::{CellFault, CellValue, NumberStyle, read_cell};
use super::error::{Selecting, SelectionProblem};
use super::faults::{CellFaults, TableFault};
use super::feed::line_breaks;
use super::labels::ColumnLabels;
use super::options::ReadOptions;
use super::reader_options::{AllowedCells, holds_words};
use super::rows::{FileRow, decoded};
use super::text::{nearest, shown, tidy_name};

/// Whole numbers of a column beyond 2^53, where several of them are the same f64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HugeNumbers {
    /// The column's name.
    pub column: String,
    /// How many.
    pub count: u64,
    /// The line of the first, from 1.
    pub line: u64,
    /// The first, as it is written.
    pub value: String,
}

/// A column that is used, and its cells so far.
#[derive(Debug)]
pub(super) struct FileColumn {
    pub name: String,
    /// Whether the file names it; otherwise it is named after its place.
    pub is_named: bool,
    pub position: usize,
    /// A value for each row; NaN where there is none.
    pub values: Vec<f64>,
    pub faults: Vec<CellFaults>,
    pub huge: Option<HugeNumbers>,
    pub grouped: u64,
    /// The words of its cells, where they may be classes.
    pub labels: Option<ColumnLabels>,
}

/// The names in a header, each with whether it is in the file. A column without a name is called
/// `unnamed_1` after its place.
pub(super) fn names(record: &ByteRecord) -> Vec<(String, bool)> {
    let fields = record.iter().zip(1..);
    let name = |(field, number): (&[u8], u32)| {
        let name = tidy_name(&decoded(field));
        if name.is_empty() {
            (format!("unnamed_{number}"), false)
        } else {
            (name, true)
        }
    };
    fields.map(name).collect()
}

/// Names for the columns of a file without names: `x1`, `x2`, …. A column that is empty in the
/// first row may be what a delimiter at the end of the line leaves, so it counts as one without a
/// name.
pub(super) fn numbered(first: &ByteRecord) -> Vec<(String, bool)> {
    let fields = first.iter().zip(1_u32..);
    fields
        .map(|(field, number)| (format!("x{number}"), !field.trim_ascii().is_empty()))
        .collect()
}

/// The columns that are to be read.
pub(super) fn select(
    names: Vec<(String, bool)>,
    options: &ReadOptions,
    target: Option<&str>,
) -> Result<Vec<FileColumn>, SelectionProblem> {
    let known: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    let wanted = wanted(Selecting::Columns, &options.columns, &known)?;
    let dropped = wanted_not(options, &known, &wanted, target)?;
    let target = target.map(tidy_name);
    let is_used = |name: &String| {
        let is_wanted = wanted.is_empty() || wanted.contains(name) || Some(name) == target.as_ref();
        is_wanted && !dropped.contains(name)
    };
    let columns = names.into_iter().enumerate();
    let columns = columns.filter(|(_, (name, _))| is_used(name));
    Ok(columns
        .map(|(position, (name, is_named))| FileColumn {
            name,
            is_named,
            position,
            values: Vec::new(),
            faults: Vec::new(),
            huge: None,
            grouped: 0,
            labels: None,
        })
        .collect())
}

fn wanted(
    option: Selecting,
    given: &[String],
    known: &[String],
) -> Result<Vec<String>, SelectionProblem> {
    let given: Vec<String> = given.iter().map(|name| tidy_name(name)).collect();
    let unknown = given.iter().filter(|name| !known.contains(name));
    let unknown: Vec<(String, String)> = unknown
        .map(|name| (shown(name), nearest(name, known)))
        .collect();
    if unknown.is_empty() {
        Ok(given)
    } else {
        Err(SelectionProblem::Unknown { option, unknown })
    }
}

fn wanted_not(
    options: &ReadOptions,
    known: &[String],
    wanted: &[String],
    target: Option<&str>,
) -> Result<Vec<String>, SelectionProblem> {
    let dropped = self::wanted(Selecting::DropColumns, &options.drop_columns, known)?;
    let target = target.map(tidy_name);
    if let Some(target) = target.filter(|target| dropped.contains(target)) {
        return Err(SelectionProblem::Target(shown(&target)));
    }
    if let Some(both) = dropped.iter().find(|name| wanted.contains(name)) {
        return Err(SelectionProblem::Both(shown(both)));
    }
    Ok(dropped)
}

/// What is wrong with the names of the columns that are used.
pub(super) fn name_faults(columns: &[FileColumn]) -> Vec<TableFault> {
    let mut faults = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for column in columns {
        let number = column.position + 1;
        let name = column.name.clone();
        if name.contains(char::is_control) {
            faults.push(TableFault::ControlCharacter { number, name });
        } else if let Some(first) = seen.insert(&column.name, number) {
            faults.push(TableFault::DuplicateName {
                first,
                second: number,
                name,
            });
        }
    }
    faults
}

impl FileColumn {
    /// Takes in the column's cell of a row; a cell that the row does not have is empty.
    pub(super) fn push(&mut self, row: &FileRow, style: NumberStyle) {
        let cell = decoded(row.record.get(self.position).unwrap_or_default());
        let read = read_cell(&cell, style);
        if let Some(labels) = &mut self.labels {
            let is_missing = read == CellValue::Fault(CellFault::Missing);
            labels.push((!is_missing).then(|| cell.trim()));
        }
        let value = match read {
            CellValue::Number(value) => value,
            CellValue::Grouped(value) => {
                self.grouped += 1;
                value
            }
            CellValue::Huge(value) => {
                let column = &self.name;
                let huge = self.huge.get_or_insert_with(|| HugeNumbers {
                    column: column.clone(),
                    count: 0,
                    line: line_of(row, self.position),
                    value: shown(cell.trim()),
                });
                huge.count += 1;
                value
            }
            CellValue::Fault(kind) => {
                self.fault(kind, row, cell.trim());
                f64::NAN
            }
        };
        self.values.push(value);
    }

    fn fault(&mut self, kind: CellFault, row: &FileRow, text: &str) {
        match self.faults.iter_mut().find(|cells| cells.kind == kind) {
            Some(cells) => cells.count += 1,
            None => self.faults.push(CellFaults {
                kind,
                count: 1,
                line: line_of(row, self.position),
                value: shown(text),
            }),
        }
    }

    /// Takes the words of the cells as classes, where the column holds words; gives the words.
    pub(super) fn classify(&mut self, allowed: AllowedCells) -> Option<Vec<String>> {
        let labels = self.labels.take()?;
        let holds_words = holds_words(&self.faults, self.values.len() as u64);
        if !holds_words {
            return None;
        }
        let (words, values) = labels.classes()?;
        self.values = values;
        self.faults
            .retain(|cells| !allowed.allow(cells.kind, true, holds_words));
        Some(words)
    }

    /// Cells without a value.
    pub(super) fn missing(&self) -> u64 {
        let missing = self
            .faults
            .iter()
            .filter(|cells| cells.kind == CellFault::Missing);
        missing.map(|cells| cells.count).sum()
    }

    /// Whether it has no name and numbers the rows: whole numbers, none of them twice.
    pub(super) fn numbers_rows(&self) -> bool {
        let mut numbers = self.values.clone();
        numbers.sort_by(f64::total_cmp);
        self.position == 0
            && !self.is_named
            && self.faults.is_empty()
            && numbers
                .iter()
                .all(|number| *number >= 0.0 && number.fract() == 0.0)
            && numbers.windows(2).all(|pair| pair[0] < pair[1])
    }
}

/// The line of a cell: quoted fields before it may hold line breaks.
fn line_of(row: &FileRow, position: usize) -> u64 {
    let before = row.record.iter().take(position);
    row.line + before.map(line_breaks).sum::<u64>()
}
