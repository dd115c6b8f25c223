//! The rows of a file, one after another, without those that hold no values: comments and rows of
//! nothing but delimiters.

use std::borrow::Cow;
use std::io::Read;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use super::cell::{CellFault, CellValue, NumberStyle, read_cell};
use super::error::{DataError, FileProblem, LineProblem};
use super::feed::{BoundedRows, MAX_ROW_BYTES};
use super::lines::{Blanks, Unwrapped};
use super::options::Delimiter;
use super::sniff::Dialect;
use super::unpack::unreadable;

/// A row and the line on which it starts.
#[derive(Debug, Clone, Default)]
pub(super) struct FileRow {
    pub record: ByteRecord,
    pub line: u64,
}

/// The rows of a file.
pub(super) struct FileRows<'a> {
    file: String,
    reader: csv::Reader<BoundedRows<Box<dyn Read + 'a>>>,
    has_comments: bool,
    /// The current row.
    pub row: FileRow,
    /// The last comment, while no other row has been read.
    pub comment: FileRow,
    pub comment_lines: u64,
    pub without_values: u64,
}

impl<'a> FileRows<'a> {
    /// The rows of `text`, of a file that is called `file` in messages.
    pub(super) fn new(text: Box<dyn Read + 'a>, dialect: Dialect, file: String) -> Self {
        let text = if dialect.quoted_rows {
            Box::new(Unwrapped::new(text))
        } else {
            text
        };
        let text = if dialect.delimiter == Delimiter::Blank {
            Box::new(Blanks::new(text))
        } else {
            text
        };
        // Rows of differing lengths are let through here, so that they can be reported with
        // their line.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter.byte())
            .buffer_capacity(64 << 10)
            .from_reader(BoundedRows::new(text));
        Self {
            file,
            reader,
            has_comments: dialect.has_comments,
            row: FileRow::default(),
            comment: FileRow::default(),
            comment_lines: 0,
            without_values: 0,
        }
    }

    /// Moves to the next row with values; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, DataError> {
        while self.read()? {
            let first = self.row.record.get(0).unwrap_or_default().trim_ascii();
            match first.first() {
                Some(b'#' | b'%') if self.has_comments && !is_missing(first) => {
                    self.comment_lines += 1;
                    std::mem::swap(&mut self.comment, &mut self.row);
                }
                None if self
                    .row
                    .record
                    .iter()
                    .all(|field| field.trim_ascii().is_empty()) =>
                {
                    self.without_values += 1;
                }
                _ => return Ok(true),
            }
        }
        Ok(false)
    }

    fn read(&mut self) -> Result<bool, DataError> {
        match self.reader.read_byte_record(&mut self.row.record) {
            Ok(more) => {
                let end = self.reader.position().byte();
                self.row.line = self.reader.get_mut().end_row(end);
                Ok(more)
            }
            Err(_) if self.reader.get_ref().overran() => {
                self.row.line = self.reader.get_ref().open_row_line();
                let limit = MAX_ROW_BYTES;
                Err(self.line_problem(LineProblem::Endless { limit }))
            }
            Err(error) => {
                let text = error.to_string();
                Err(self.file_problem(match error.into_kind() {
                    ErrorKind::Io(error) => unreadable(error),
                    _ => FileProblem::Unreadable(text),
                }))
            }
        }
    }

    /// A problem of the file.
    pub(super) fn file_problem(&self, problem: FileProblem) -> DataError {
        DataError::File {
            file: self.file.clone(),
            problem,
        }
    }

    /// A problem of the current row.
    pub(super) fn line_problem(&self, problem: LineProblem) -> DataError {
        DataError::Line {
            file: self.file.clone(),
            line: self.row.line,
            problem,
        }
    }
}

fn is_missing(field: &[u8]) -> bool {
    let value = read_cell(&decoded(field), NumberStyle::default());
    value == CellValue::Fault(CellFault::Missing)
}

/// The text of a field. What is not UTF-8 is taken as Windows-1252, in which every byte is a
/// character.
pub(super) fn decoded(field: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(field) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => field.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

/// The character of a byte in Windows-1252; bytes without one are control characters, as the
/// WHATWG's encoding standard has it.
fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let place = usize::from(byte).checked_sub(0x80);
    let moved = place.and_then(|place| FROM_80.get(place));
    moved.copied().unwrap_or(char::from(byte))
}
