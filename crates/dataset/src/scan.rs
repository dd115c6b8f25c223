//! Reads a whole file once: recognises how it is written, and notes everything that is wrong with
//! it and everything that is left out.

use std::io::Read;

use csv::ByteRecord;

use super::cell::{CellFault, CellValue, NumberStyle, read_cell};
use super::columns::{FileColumn, name_faults, names, numbered, select};
use super::error::{DataError, FileProblem, LineProblem, SelectionProblem};
use super::facts::TableFacts;
use super::faults::{TableFault, TableFaults};
use super::labels::ColumnLabels;
use super::options::ReadOptions;
use super::reader_options::CsvOptions;
use super::rows::{FileRow, FileRows, decoded};
use super::sniff::dialect;
use super::supervised::find_target;
use super::text::{shown, shown_whole, tidy_name};
use super::unpack::unpack;

/// What a file holds.
pub(super) struct Scan {
    /// The file, as messages name it.
    pub file: String,
    pub columns: Vec<FileColumn>,
    pub facts: TableFacts,
    /// The first rows as text, cell by cell.
    pub first_rows: Vec<Vec<String>>,
    /// The words of the column to predict, where they are classes.
    pub classes: Option<Vec<String>>,
    ragged: Option<TableFault>,
}

/// Reads a file; keeps the text of its first `kept_rows` rows.
pub(super) fn scan(
    source: impl Read,
    name: &str,
    file: String,
    options: &CsvOptions,
    kept_rows: usize,
) -> Result<Scan, DataError> {
    let reading = &options.reading;
    let unpacked = unpack(source, options.max_bytes).map_err(|problem| DataError::File {
        file: file.clone(),
        problem,
    })?;
    let dialect = dialect(&unpacked.sample, unpacked.is_whole, reading);
    let style = NumberStyle {
        decimal: dialect.decimal,
        stated: reading.decimal.is_some(),
    };
    let mut rows = FileRows::new(unpacked.text, dialect, file.clone());
    let header = header(&mut rows, style, options)?;
    let header_line = header.line;
    let names = match &header.first {
        Some(first) if reading.no_header => numbered(&first.record),
        _ => names(&header.record),
    };
    let least = names.iter().rposition(|(_, is_named)| *is_named);
    let mut body = Body {
        width: names.len(),
        least: least.map_or(0, |last| last + 1),
        columns: columns(names, options, name)?,
        style,
        rows: 0,
        max_cells: options.max_cells,
        ragged: None,
        extra: 0,
        first_rows: Vec::new(),
        kept_rows,
        may_have_units: !reading.no_header,
    };
    let unit_line = body.read(&mut rows, header.first)?;
    let mut facts = TableFacts {
        rows: body.rows,
        packing: unpacked.packing,
        encoding: unpacked.encoding,
        byte_order_mark: unpacked.byte_order_mark,
        delimiter: dialect.delimiter,
        decimal: dialect.decimal,
        quoted_rows: dialect.quoted_rows,
        header_line,
        grouped_cells: body.columns.iter().map(|column| column.grouped).sum(),
        ..TableFacts::default()
    };
    facts.left_out.unit_line = unit_line;
    facts.left_out.empty_rows = rows.without_values;
    facts.left_out.comment_lines = rows.comment_lines - u64::from(header.is_comment);
    facts.left_out.columns = (body.width - body.columns.len()) as u64;
    let mut scan = body.finish(file, facts);
    scan.allow(options);
    Ok(scan)
}

fn columns(
    names: Vec<(String, bool)>,
    options: &CsvOptions,
    table: &str,
) -> Result<Vec<FileColumn>, DataError> {
    let target = options.target.as_deref();
    let all: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    let target_problem = |problem| DataError::Target {
        table: shown(table),
        problem,
    };
    if let Some(target) = target {
        find_target(&all, target).map_err(target_problem)?;
    }
    let mut columns =
        select(names, &options.reading, target).map_err(|problem: SelectionProblem| {
            DataError::Selection {
                table: shown(table),
                problem,
            }
        })?;
    if let Some(target) = target {
        let used: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let position = find_target(&used, target).map_err(target_problem)?;
        columns[position].labels = options.allowed.text_target.then(ColumnLabels::default);
    }
    Ok(columns)
}

/// The row with the columns' names.
struct Header {
    /// Empty where the file has no names.
    record: ByteRecord,
    /// 0 where the file has no names.
    line: u64,
    /// Whether it is a comment, as numpy writes it.
    is_comment: bool,
    /// The row below it, where it has been read already.
    first: Option<FileRow>,
}

fn header(
    rows: &mut FileRows<'_>,
    style: NumberStyle,
    options: &CsvOptions,
) -> Result<Header, DataError> {
    let limit = options.max_columns;
    if !rows.advance()? {
        return Err(rows.file_problem(FileProblem::Empty));
    }
    let found = rows.row.record.len();
    if found > limit {
        return Err(rows.line_problem(LineProblem::TooManyColumns { found, limit }));
    }
    if options.reading.no_header {
        return Ok(Header {
            record: ByteRecord::new(),
            line: 0,
            is_comment: false,
            first: Some(rows.row.clone()),
        });
    }
    let Some(numbers) = only_numbers(&rows.row.record, style) else {
        return Ok(Header {
            record: rows.row.record.clone(),
            line: rows.row.line,
            is_comment: false,
            first: None,
        });
    };
    match commented(&rows.comment.record) {
        Some(record) if record.len() == found && only_numbers(&record, style).is_none() => {
            Ok(Header {
                record,
                line: rows.comment.line,
                is_comment: true,
                first: Some(rows.row.clone()),
            })
        }
        _ => Err(rows.line_problem(LineProblem::Headerless(numbers))),
    }
}

/// The fields of a comment without its mark.
fn commented(record: &ByteRecord) -> Option<ByteRecord> {
    let (first, rest) = (record.get(0)?, record.iter().skip(1));
    let is_mark = |byte: &u8| matches!(byte, b'#' | b'%');
    let first = first.trim_ascii();
    let at = first.iter().position(|byte| !is_mark(byte));
    let first = at.map_or(&[][..], |at| first[at..].trim_ascii());
    let first = (!first.is_empty()).then_some(first);
    Some(first.into_iter().chain(rest).collect())
}

/// The first numbers of a row that holds nothing else.
fn only_numbers(record: &ByteRecord, style: NumberStyle) -> Option<String> {
    let mut numbers = Vec::new();
    for field in record.iter().filter(|field| !field.trim_ascii().is_empty()) {
        let cell = decoded(field);
        if matches!(read_cell(&cell, style), CellValue::Fault(_)) {
            return None;
        }
        numbers.push(shown(cell.trim()));
    }
    let more = if numbers.len() > 3 { ", …" } else { "" };
    numbers.truncate(3);
    (!numbers.is_empty()).then(|| numbers.join(", ") + more)
}

/// The rows below the header.
struct Body {
    /// Fields of the header.
    width: usize,
    /// Fields up to the last one with a name.
    least: usize,
    columns: Vec<FileColumn>,
    style: NumberStyle,
    rows: u64,
    max_cells: usize,
    ragged: Option<TableFault>,
    /// Most empty fields of a row beyond the header's.
    extra: usize,
    first_rows: Vec<Vec<String>>,
    kept_rows: usize,
    /// Whether a line of units may stand below the names.
    may_have_units: bool,
}

impl Body {
    /// Reads all rows; gives the line of the units, where there is one below the names.
    fn read(
        &mut self,
        rows: &mut FileRows<'_>,
        first: Option<FileRow>,
    ) -> Result<Option<u64>, DataError> {
        let mut unit_line = None;
        let first = match first {
            Some(first) => Some(first),
            None if rows.advance()? => Some(rows.row.clone()),
            None => None,
        };
        if let Some(first) = first {
            let more = rows.advance()?;
            let units = more && self.may_have_units;
            if units && holds_units(&first.record, &rows.row.record, self.style) {
                unit_line = Some(first.line);
            } else {
                self.row(&first, rows)?;
            }
            if more {
                self.row(&rows.row, rows)?;
            }
        }
        while rows.advance()? {
            self.row(&rows.row, rows)?;
        }
        Ok(unit_line)
    }

    fn row(&mut self, row: &FileRow, rows: &FileRows<'_>) -> Result<(), DataError> {
        self.rows += 1;
        let found = row.record.len();
        let is_empty = |field: &[u8]| field.trim_ascii().is_empty();
        if found > self.width && row.record.iter().skip(self.width).all(is_empty) {
            self.extra = self.extra.max(found - self.width);
        } else if !(self.least..=self.width).contains(&found) {
            self.ragged(found, row.line);
            return Ok(());
        }
        let limit = self.max_cells;
        if self.rows > (limit / self.columns.len().max(1)) as u64 {
            return Err(rows.line_problem(LineProblem::TooManyCells { limit }));
        }
        for column in &mut self.columns {
            column.push(row, self.style);
        }
        if self.first_rows.len() < self.kept_rows {
            let cell =
                |column: &FileColumn| decoded(row.record.get(column.position).unwrap_or_default());
            let cells = self.columns.iter().map(|column| shown(cell(column).trim()));
            self.first_rows.push(cells.collect());
        }
        Ok(())
    }

    fn ragged(&mut self, fields: usize, at: u64) {
        let width = self.width;
        match &mut self.ragged {
            Some(TableFault::Ragged {
                count,
                all_one_more,
                ..
            }) => {
                *count += 1;
                *all_one_more &= fields == width + 1;
            }
            _ => {
                self.ragged = Some(TableFault::Ragged {
                    expected: width,
                    found: fields,
                    line: at,
                    count: 1,
                    all_one_more: fields == width + 1,
                });
            }
        }
    }

    /// Decides about columns without a name, now that all of their cells are known.
    fn finish(mut self, file: String, mut facts: TableFacts) -> Scan {
        let read = self.columns.first().map_or(0, |column| column.values.len()) as u64;
        let is_left_out = |column: &FileColumn, facts: &mut TableFacts| {
            if column.is_named || read == 0 {
                return false;
            }
            let (is_empty, is_index) = (column.missing() == read, column.numbers_rows());
            facts.left_out.empty_columns += u64::from(is_empty);
            facts.left_out.row_numbers |= is_index;
            is_empty || is_index
        };
        let left_out: Vec<bool> = self
            .columns
            .iter()
            .map(|column| is_left_out(column, &mut facts))
            .collect();
        let mut is_out = left_out.iter();
        self.columns.retain(|_| is_out.next() != Some(&true));
        for cells in &mut self.first_rows {
            let mut is_out = left_out.iter();
            cells.retain(|_| is_out.next() != Some(&true));
        }
        facts.left_out.empty_columns += self.extra as u64;
        facts.columns = self.columns.len() as u64;
        if let Some(TableFault::Ragged {
            count,
            all_one_more,
            ..
        }) = &mut self.ragged
        {
            *all_one_more &= *count == self.rows && self.rows > 1;
        }
        Scan {
            file,
            columns: self.columns,
            facts,
            first_rows: self.first_rows,
            classes: None,
            ragged: self.ragged,
        }
    }
}

/// Whether the first row below the names holds units: no number, and words above numbers.
fn holds_units(first: &ByteRecord, second: &ByteRecord, style: NumberStyle) -> bool {
    let kind = |field: &[u8]| match read_cell(&decoded(field), style) {
        CellValue::Fault(CellFault::Missing) => None,
        CellValue::Fault(_) => Some(false),
        _ => Some(true),
    };
    let (mut above_numbers, mut above_words) = (0, 0);
    for (first, second) in first.iter().zip(second) {
        match (kind(first), kind(second)) {
            (Some(true), _) => return false,
            (Some(false), Some(true)) => above_numbers += 1,
            (Some(false), Some(false)) => above_words += 1,
            _ => {}
        }
    }
    first.len() > 1 && first.len() == second.len() && above_numbers > above_words
}

impl Scan {
    /// Takes words as classes, and counts no cell as a fault that may be as it is.
    fn allow(&mut self, options: &CsvOptions) {
        let target = options.target.as_deref().map(tidy_name);
        for column in &mut self.columns {
            let is_target = target.as_ref() == Some(&column.name);
            if is_target {
                self.classes = column.classify(options.allowed);
            } else if options.keeps_missing() {
                column
                    .faults
                    .retain(|cells| cells.kind != CellFault::Missing);
            }
        }
    }

    /// Everything that is wrong with the file. Missing values are no fault where the rows that
    /// have them are left out.
    pub(super) fn faults(&self, target: Option<&str>, drop_missing: bool) -> Vec<TableFault> {
        let target = target.map(tidy_name);
        let mut faults = name_faults(&self.columns);
        faults.extend(self.ragged.clone());
        for column in &self.columns {
            let cells = column.faults.iter();
            let cells = cells.filter(|cells| !(drop_missing && cells.kind == CellFault::Missing));
            faults.extend(cells.map(|cells| TableFault::Cells {
                column: column.name.clone(),
                is_target: target.as_ref() == Some(&column.name),
                cells: cells.clone(),
            }));
        }
        faults
    }

    /// The faults as an error, if there are any.
    pub(super) fn refuse(&self, target: Option<&str>, reading: &ReadOptions) -> Option<DataError> {
        let faults = self.faults(target, reading.drop_missing);
        (!faults.is_empty()).then(|| {
            DataError::Faults(Box::new(TableFaults {
                file: shown_whole(&self.file),
                rows: self.facts.rows,
                format: self.facts.format(),
                faults,
            }))
        })
    }
}
