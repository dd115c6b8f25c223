//! Reading tables of numbers from CSV files.
//!
//! The grammar is the CSV crate's (RFC 4180, with `\n`, `\r\n` or `\r` as line ends); this module
//! checks what it reads and says what is wrong in terms of lines and columns. Memory stays bounded
//! whatever the file holds: a file is read in pieces, and rows, columns and cells beyond the limits
//! are refused as soon as they are met.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::error::{CellProblem, DataError, FileProblem, LineProblem};
use super::feed::{BoundedRows, MAX_ROW_BYTES, line_breaks};
use super::header::check_header;
use super::supervised::find_target;
use super::table::Table;
use super::text::{CellValue, read_cell, shown, shown_whole};

/// What a CSV file has to fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// A column that must be there; a file without it is refused before its rows are read.
    pub target: Option<String>,
    /// Fewest rows that will do.
    pub min_rows: usize,
    /// Most columns that are taken.
    pub max_columns: usize,
    /// Most cells that are taken, 8 bytes each.
    pub max_cells: usize,
}

impl Default for CsvOptions {
    /// No particular target, 2 rows or more (one to train on, one to test on), at most 10,000
    /// columns and 20 million cells (160 MB).
    fn default() -> Self {
        Self {
            target: None,
            min_rows: 2,
            max_columns: 10_000,
            max_cells: 20_000_000,
        }
    }
}

/// Reads a table of numbers from a CSV file with a header line. The table is named after the file,
/// without its folders.
///
/// A UTF-8 byte order mark, any of the usual line ends, quoted fields and blanks around names and
/// numbers are understood. Numbers are read to the nearest f64.
///
/// # Errors
/// The first thing that is wrong, as [`DataError::File`], [`DataError::Line`], [`DataError::Cell`]
/// or, when [`CsvOptions::target`] is not among the columns, [`DataError::Target`].
pub fn read_csv(path: &Path, options: &CsvOptions) -> Result<Table, DataError> {
    let file = shown_whole(&path.to_string_lossy());
    let source = match open(path) {
        Ok(source) => source,
        Err(problem) => return Err(DataError::File { file, problem }),
    };
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    parse(source, name, file, options)
}

/// Reads a table of numbers from CSV text with a header line; as [`read_csv`], with `name` in place
/// of the file's.
///
/// # Errors
/// As for [`read_csv`].
pub fn parse_csv(reader: impl Read, name: &str, options: &CsvOptions) -> Result<Table, DataError> {
    parse(reader, name.to_owned(), shown_whole(name), options)
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

fn parse(
    source: impl Read,
    name: String,
    file: String,
    options: &CsvOptions,
) -> Result<Table, DataError> {
    let feed = match BoundedRows::new(source) {
        Ok(feed) => feed,
        Err(problem) => return Err(DataError::File { file, problem }),
    };
    // Rows of differing lengths are let through here, so that they can be reported with their line.
    let rows = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(feed);
    let mut parser = Parser {
        file,
        options,
        rows,
        record: ByteRecord::new(),
        line: 1,
    };
    let columns = parser.header(&name)?;
    let values = parser.body(&columns)?;
    Table::new(name, columns, values)
}

struct Parser<'a, R> {
    file: String,
    options: &'a CsvOptions,
    rows: csv::Reader<BoundedRows<R>>,
    /// The current row and the line on which it starts.
    record: ByteRecord,
    line: u64,
}

impl<R: Read> Parser<'_, R> {
    /// Moves to the next row; false at the end of the file.
    fn advance(&mut self) -> Result<bool, DataError> {
        match self.rows.read_byte_record(&mut self.record) {
            Ok(more) => {
                let end = self.rows.position().byte();
                self.line = self.rows.get_mut().end_row(end);
                Ok(more)
            }
            Err(_) if self.rows.get_ref().overran() => {
                self.line = self.rows.get_ref().open_row_line();
                Err(self.line_fault(LineProblem::Endless {
                    limit: MAX_ROW_BYTES,
                }))
            }
            Err(error) => {
                Err(self.file_fault(FileProblem::Unreadable(shown_whole(&error.to_string()))))
            }
        }
    }

    fn header(&mut self, table: &str) -> Result<Vec<String>, DataError> {
        if !self.advance()? {
            return Err(self.file_fault(FileProblem::Empty));
        }
        let columns = check_header(&self.record, self.options.max_columns)
            .map_err(|problem| self.line_fault(problem))?;
        if let Some(target) = &self.options.target {
            find_target(&columns, target).map_err(|problem| DataError::Target {
                table: shown(table),
                problem,
            })?;
        }
        Ok(columns)
    }

    fn body(&mut self, columns: &[String]) -> Result<Vec<Vec<f64>>, DataError> {
        let mut values = vec![Vec::new(); columns.len()];
        let mut rows = 0;
        while self.advance()? {
            rows += 1;
            let (expected, found) = (columns.len(), self.record.len());
            if found != expected {
                return Err(self.line_fault(LineProblem::Ragged { expected, found }));
            }
            let limit = self.options.max_cells;
            if rows > limit / expected {
                return Err(self.line_fault(LineProblem::TooManyCells { limit }));
            }
            for ((index, field), column) in self.record.iter().enumerate().zip(&mut values) {
                let value =
                    number(field).map_err(|problem| self.cell_fault(index, columns, problem))?;
                column.push(value);
            }
        }
        match rows {
            0 => Err(self.file_fault(FileProblem::HeaderOnly {
                needed: self.options.min_rows.max(1),
            })),
            found if found < self.options.min_rows => {
                Err(self.file_fault(FileProblem::TooFewRows {
                    needed: self.options.min_rows,
                    found,
                }))
            }
            _ => Ok(values),
        }
    }

    fn file_fault(&self, problem: FileProblem) -> DataError {
        DataError::File {
            file: self.file.clone(),
            problem,
        }
    }

    fn line_fault(&self, problem: LineProblem) -> DataError {
        DataError::Line {
            file: self.file.clone(),
            line: self.line,
            problem,
        }
    }

    /// The fault of a cell of the current row, on the cell's own line: quoted fields before it may
    /// hold line breaks.
    fn cell_fault(&self, index: usize, columns: &[String], problem: CellProblem) -> DataError {
        let breaks: u64 = self.record.iter().take(index).map(line_breaks).sum();
        DataError::Cell {
            file: self.file.clone(),
            line: self.line + breaks,
            column: shown(&columns[index]),
            problem,
        }
    }
}

fn number(field: &[u8]) -> Result<f64, CellProblem> {
    let text = std::str::from_utf8(field)
        .map_err(|error| CellProblem::NotUtf8(field[error.valid_up_to()]))?;
    let trimmed = || shown(text.trim());
    match read_cell(text) {
        CellValue::Number(value) => Ok(value),
        CellValue::Missing => Err(CellProblem::Missing(trimmed())),
        CellValue::Infinite => Err(CellProblem::Infinite(trimmed())),
        CellValue::Text => Err(CellProblem::Text {
            text: trimmed(),
            remedy: remedy(text.trim()),
        }),
    }
}

fn remedy(text: &str) -> &'static str {
    if text.contains(['\n', '\r']) {
        "look for a quote that is never closed"
    } else if text.contains([';', '\t']) {
        "save the file with commas between the columns"
    } else if text.contains(',') {
        "write numbers with a decimal point and without thousands separators"
    } else {
        "remove the column, or write its words as numbers"
    }
}
