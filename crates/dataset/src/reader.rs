//! Reading tables of numbers from CSV files.
//!
//! The grammar is the CSV crate's (RFC 4180, with `\n`, `\r\n` or `\r` as line ends); this crate
//! recognises how a file is written, checks what it reads, and says what is wrong in terms of lines
//! and columns. Memory stays bounded whatever the file holds: a file is unpacked and read in
//! pieces, and rows, columns and cells beyond the limits are refused as soon as they are met.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::columns::FileColumn;
use super::error::{DataError, FileProblem};
use super::facts::TableFacts;
use super::faults::{CellFaults, TableFault};
use super::reader_options::{CsvOptions, holds_words};
use super::scan::{Scan, scan};
use super::table::Table;
use super::text::{shown_whole, tidy_name};

/// Reads a table of numbers from a CSV file with a header line. The table is named after the file,
/// without its folders.
///
/// Delimiter, decimal sign, compression (gzip, Zstandard), encoding (UTF-8, UTF-16, Windows-1252),
/// any of the usual line ends, quoted fields, quoted rows, comments, a line of units and blanks
/// around names and numbers are understood. Numbers are read to the nearest f64.
///
/// # Errors
/// [`DataError::File`], [`DataError::Target`] or [`DataError::Selection`] when the file or the
/// options are of no use, [`DataError::Line`] where reading cannot go on, and else
/// [`DataError::Faults`] with everything that is wrong with names, rows and cells.
pub fn read_csv(path: &Path, options: &CsvOptions) -> Result<Table, DataError> {
    let (source, name, file) = opened(path)?;
    table(scan(source, &name, file, options, 0)?, name, options)
}

/// Reads a table of numbers from CSV text with a header line; as [`read_csv`], with `name` in place
/// of the file's.
///
/// # Errors
/// As for [`read_csv`].
pub fn parse_csv(reader: impl Read, name: &str, options: &CsvOptions) -> Result<Table, DataError> {
    let scan = scan(reader, name, shown_whole(name), options, 0)?;
    table(scan, name.to_owned(), options)
}

/// What a file holds, whether it can be used or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// How it is written.
    pub facts: TableFacts,
    /// Its columns.
    pub columns: Vec<SurveyedColumn>,
    /// The text of the first rows, a cell for each column, shortened and escaped.
    pub first_rows: Vec<Vec<String>>,
    /// Everything that is wrong with it.
    pub faults: Vec<TableFault>,
}

/// A column of a file that was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedColumn {
    /// Its name.
    pub name: String,
    /// Cells of it that are numbers.
    pub numbers: u64,
    /// The others.
    pub faults: Vec<CellFaults>,
}

impl SurveyedColumn {
    /// Whether it holds words, and not numbers with some mistakes.
    pub fn holds_words(&self) -> bool {
        let faults = self.faults.iter().map(|cells| cells.count).sum::<u64>();
        holds_words(&self.faults, self.numbers + faults)
    }
}

/// Looks through a file without making a table of it; the text of its first `rows` rows is kept.
///
/// # Errors
/// As for [`read_csv`], except that what is wrong with names, rows and cells is in the survey.
pub fn survey_csv(path: &Path, options: &CsvOptions, rows: usize) -> Result<Survey, DataError> {
    let (source, name, file) = opened(path)?;
    let scan = scan(source, &name, file, options, rows)?;
    let faults = scan.faults(options.target.as_deref(), options.reading.drop_missing);
    let columns = scan.columns.into_iter();
    let columns = columns.map(|column| SurveyedColumn {
        numbers: column.values.len() as u64
            - column.faults.iter().map(|cells| cells.count).sum::<u64>(),
        name: column.name,
        faults: column.faults,
    });
    Ok(Survey {
        facts: scan.facts,
        columns: columns.collect(),
        first_rows: scan.first_rows,
        faults,
    })
}

/// The table that a file holds.
fn table(mut scan: Scan, name: String, options: &CsvOptions) -> Result<Table, DataError> {
    if let Some(error) = scan.refuse(options.target.as_deref(), &options.reading) {
        return Err(error);
    }
    let file = |problem| DataError::File {
        file: scan.file.clone(),
        problem,
    };
    let needed = options.min_rows.max(1);
    if scan.facts.rows == 0 {
        return Err(file(FileProblem::HeaderOnly { needed }));
    }
    let rows = scan.facts.rows as usize;
    let keeps_missing = options.keeps_missing();
    let target = options.target.as_deref().map(tidy_name);
    let may_miss = |column: &FileColumn| keeps_missing && target.as_ref() != Some(&column.name);
    let is_whole = |row: usize| {
        let mut columns = scan.columns.iter();
        columns.all(|column| {
            let value = column.values.get(row);
            value.is_some_and(|value| !value.is_nan() || may_miss(column))
        })
    };
    let whole: Vec<bool> = (0..rows).map(is_whole).collect();
    let found = whole.iter().filter(|is_whole| **is_whole).count();
    let left_out = (rows - found) as u64;
    if found < needed {
        return Err(file(FileProblem::TooFewRows {
            needed,
            found,
            left_out,
        }));
    }
    if left_out > 0 {
        for column in &mut scan.columns {
            let mut is_whole = whole.iter();
            column.values.retain(|_| is_whole.next() == Some(&true));
        }
    }
    scan.facts.rows = found as u64;
    scan.facts.left_out.rows_with_missing = left_out;
    let huge = scan.columns.iter_mut();
    let huge = huge.filter_map(|column| column.huge.take()).collect();
    let columns = scan.columns.into_iter();
    let (names, values) = columns.map(|column| (column.name, column.values)).unzip();
    let table = if keeps_missing {
        Table::with_missing(name, names, values)?
    } else {
        Table::new(name, names, values)?
    };
    Ok(table.read_from(scan.facts, huge, scan.classes))
}

fn opened(path: &Path) -> Result<(File, String, String), DataError> {
    let file = shown_whole(&path.to_string_lossy());
    let name = path.file_name().unwrap_or(path.as_os_str());
    match open(path) {
        Ok(source) => Ok((source, name.to_string_lossy().into_owned(), file)),
        Err(problem) => Err(DataError::File { file, problem }),
    }
}

fn open(path: &Path) -> Result<File, FileProblem> {
    let trouble = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileProblem::Missing,
        _ => FileProblem::Unreadable(shown_whole(&error.to_string())),
    };
    // Opening a pipe would wait for its writer, so what it is has to be asked first; and again
    // afterwards, because another file may have taken the name in between.
    regular(&fs::metadata(path).map_err(trouble)?)?;
    let file = File::open(path).map_err(trouble)?;
    regular(&file.metadata().map_err(trouble)?)?;
    Ok(file)
}

fn regular(metadata: &fs::Metadata) -> Result<(), FileProblem> {
    if metadata.is_dir() {
        Err(FileProblem::Directory)
    } else if metadata.is_file() {
        Ok(())
    } else {
        Err(FileProblem::Special)
    }
}
