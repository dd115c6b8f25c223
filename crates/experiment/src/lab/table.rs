//! The data of labs that learn from a table: read once, in the same way for all of them.

use workbench_dataset::{
    AllowedCells, CsvOptions, DataError, DataWarning, Supervised, Table, read_csv,
};
use workbench_record::{DataSource, Finding, Severity};

use super::contract::LabError;
use super::option::{Opt, Refusal};

/// A table to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct TableData {
    /// Features and target.
    pub table: Supervised,
    /// What a reader of the result has to know about it.
    pub findings: Vec<Finding>,
    /// Where it came from, and what was found there.
    pub source: DataSource,
}

/// Reads the table of a run, in which cells may be `allowed` that are no numbers; `own` makes the
/// lab's own, and names the column to predict.
///
/// # Errors
/// When the file cannot be used as it is read, or the source is none that has a table.
pub fn read_table(
    source: &DataSource,
    allowed: AllowedCells,
    own: impl FnOnce() -> Result<(Table, &'static str), DataError>,
) -> Result<TableData, LabError> {
    let (table, target, source) = match source {
        DataSource::Embedded => {
            let (table, target) = own()?;
            (table, target.to_owned(), DataSource::Embedded)
        }
        DataSource::File {
            path,
            target,
            reading,
            ..
        } => {
            let options = CsvOptions {
                target: Some(target.clone()),
                reading: reading.clone(),
                allowed,
                ..CsvOptions::default()
            };
            let table = read_csv(path.as_ref(), &options)?;
            let source = DataSource::File {
                path: path.clone(),
                target: target.clone(),
                reading: reading.clone(),
                facts: table.facts().cloned().map(Box::new),
            };
            (table, target.clone(), source)
        }
        DataSource::Folder { path, .. } => {
            return Err(LabError::Refused(Refusal::new(
                Opt::Data,
                path,
                "the lab learns from a table; give a CSV file and --target",
            )));
        }
    };
    let table = Supervised::from_table(&table, &target)?;
    Ok(TableData {
        findings: table.warnings.iter().map(finding).collect(),
        table,
        source,
    })
}

fn finding(warning: &DataWarning) -> Finding {
    let severity = if warning.is_note() {
        Severity::Note
    } else {
        Severity::Warning
    };
    let finding = Finding::new(warning.kind(), severity, warning.to_string());
    let numbers = warning.numbers().into_iter();
    numbers.fold(finding, |finding, (name, value)| {
        finding.number(name, value)
    })
}
