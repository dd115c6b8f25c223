//! Everything that is wrong with a file as a table of numbers, counted by column and kind, each
//! with its first place and what can be done about it.

use std::fmt;

use super::cell::CellFault;
use super::options::{ReadOptions, column_list, shell_word};
use super::text::shown;

/// Faults that a message lists one by one.
const LISTED: usize = 40;

/// Cells of one column that cannot be used for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFaults {
    /// Why.
    pub kind: CellFault,
    /// How many.
    pub count: u64,
    /// The line of the first, from 1.
    pub line: u64,
    /// What the first holds, shortened and escaped.
    pub value: String,
}

/// One thing that is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableFault {
    /// Two columns of the same name.
    DuplicateName {
        /// Column number, from 1.
        first: usize,
        /// Column number, from 1.
        second: usize,
        /// The name.
        name: String,
    },
    /// A name that no screen can show.
    ControlCharacter {
        /// Column number, from 1.
        number: usize,
        /// The name, as it is.
        name: String,
    },
    /// Rows with another number of fields than there are columns.
    Ragged {
        /// Columns of the header.
        expected: usize,
        /// Fields of the first such row.
        found: usize,
        /// The line of the first, from 1.
        line: u64,
        /// How many.
        count: u64,
        /// Whether all rows have one field more, as R writes the names of rows.
        all_one_more: bool,
    },
    /// Cells of a column that is used.
    Cells {
        /// The column's name.
        column: String,
        /// Whether it is the column to predict.
        is_target: bool,
        /// Which cells.
        cells: CellFaults,
    },
}

/// All that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFaults {
    /// The file, as it was named.
    pub file: String,
    /// Rows that were read.
    pub rows: u64,
    /// How the file is written, as far as it was recognised or stated.
    pub format: String,
    /// The faults, those of names and rows first, then by column.
    pub faults: Vec<TableFault>,
}

impl TableFaults {
    /// The options with which the file could be read, on top of those that were given; `None` when
    /// options alone do not help.
    pub fn cure(&self) -> Option<ReadOptions> {
        let mut cure = ReadOptions::default();
        for fault in &self.faults {
            let TableFault::Cells {
                column,
                is_target,
                cells,
            } = fault
            else {
                return None;
            };
            match cells.kind {
                CellFault::Missing => cure.drop_missing = true,
                CellFault::OpenQuote => return None,
                _ if *is_target => return None,
                _ if cure.drop_columns.contains(column) => {}
                _ => cure.drop_columns.push(column.clone()),
            }
        }
        let left = self.faults.iter().any(|fault| match fault {
            TableFault::Cells { column, cells, .. } => {
                cells.kind == CellFault::Missing && !cure.drop_columns.contains(column)
            }
            _ => false,
        });
        cure.drop_missing &= left;
        Some(cure)
    }
}

impl fmt::Display for TableFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        if let [fault] = self.faults.as_slice() {
            let place = match fault {
                TableFault::Ragged { line, count: 1, .. } => format!(", line {line}"),
                TableFault::Cells { cells, .. } if cells.count == 1 => {
                    format!(", line {}", cells.line)
                }
                _ => String::new(),
            };
            return match fault {
                TableFault::Cells { .. } => {
                    write!(
                        f,
                        "{file}{place}, {}; {}",
                        fault.what(self.rows, false),
                        fault.remedy()
                    )
                }
                _ => write!(
                    f,
                    "{file}{place}: {}; {}",
                    fault.what(self.rows, false),
                    fault.remedy()
                ),
            };
        }
        write!(
            f,
            "{file}: {} things are wrong in {} rows ({})",
            self.faults.len(),
            self.rows,
            self.format
        )?;
        for fault in self.faults.iter().take(LISTED) {
            write!(f, "\n- {}; {}", fault.what(self.rows, true), fault.remedy())?;
        }
        let more = self.faults.len().saturating_sub(LISTED);
        if more > 0 {
            write!(f, "\n- and {more} more")?;
        }
        match self.cure() {
            Some(cure) => write!(f, "\nAll of it is left out with: {}", cure.command_words()),
            None => Ok(()),
        }
    }
}

impl TableFault {
    /// What is wrong, in the table's rows; `placed` says where, too, when it is a single place.
    pub fn what(&self, rows: u64, placed: bool) -> String {
        let at = |line: u64| {
            if placed {
                format!("line {line}: ")
            } else {
                String::new()
            }
        };
        match self {
            Self::DuplicateName {
                first,
                second,
                name,
            } => format!(
                "columns {first} and {second} are both named `{}`",
                shown(name)
            ),
            Self::ControlCharacter { number, name } => format!(
                "the name of column {number} (`{}`) holds a control character",
                shown(name)
            ),
            Self::Ragged {
                expected,
                found,
                line,
                count,
                ..
            } => {
                let named = format!("the header names {}", counted(*expected, "column"));
                let fields = counted(*found, "field");
                if *count == 1 {
                    format!("{}{fields}, but {named}", at(*line))
                } else {
                    format!(
                        "{named}, and {count} rows have another number of fields (first line {line}: {fields})"
                    )
                }
            }
            Self::Cells { column, cells, .. } => {
                let column = format!("column `{}`", shown(column));
                if cells.count == 1 {
                    format!("{}{column}: {}", at(cells.line), cells.one())
                } else {
                    format!("{column}: {}", cells.several(rows))
                }
            }
        }
    }

    /// What can be done about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::DuplicateName { .. } => "rename one".to_owned(),
            Self::ControlCharacter { .. } => "rename it".to_owned(),
            Self::Ragged {
                all_one_more: true, ..
            } => "the rows seem to have names: name their column, too (R: write.csv, or col.names=NA)"
                .to_owned(),
            Self::Ragged { .. } => {
                "give every line the same number (text with commas in it needs quotes)".to_owned()
            }
            Self::Cells {
                column,
                is_target,
                cells,
            } => cells.remedy(column, *is_target),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

impl CellFaults {
    fn one(&self) -> String {
        let value = &self.value;
        match self.kind {
            CellFault::Missing => format!("the value is missing ({})", self.quoted()),
            CellFault::Infinite => format!("`{value}` is not a finite number"),
            CellFault::Thousands => {
                format!(
                    "`{value}` has a thousands separator, or another decimal sign than the file"
                )
            }
            CellFault::OtherDecimal => format!("`{value}` has another decimal sign than the file"),
            CellFault::DateOrTime => format!("`{value}` is a date or a time, not a number"),
            CellFault::WithUnit => format!("`{value}` is a number with a unit or a sign"),
            CellFault::OpenQuote | CellFault::Text => format!("`{value}` is not a number"),
        }
    }

    fn several(&self, rows: u64) -> String {
        let what = match self.kind {
            CellFault::Missing => "values are missing",
            CellFault::Infinite => "numbers are not finite",
            CellFault::Thousands => {
                "numbers have thousands separators, or another decimal sign than the file"
            }
            CellFault::OtherDecimal => "numbers have another decimal sign than the file",
            CellFault::DateOrTime => "values are dates or times",
            CellFault::WithUnit => "numbers have a unit or a sign",
            CellFault::OpenQuote => "values hold line breaks",
            CellFault::Text => "values are not numbers",
        };
        let (count, line) = (self.count, self.line);
        format!(
            "{count} of {rows} {what} (first line {line}: {})",
            self.quoted()
        )
    }

    fn quoted(&self) -> String {
        if self.value.is_empty() {
            "empty cell".to_owned()
        } else {
            format!("`{}`", self.value)
        }
    }

    fn remedy(&self, column: &str, is_target: bool) -> String {
        let list = shell_word(&column_list([column]));
        let leave = if is_target {
            "choose another --target".to_owned()
        } else {
            format!("leave the column out with --drop-columns {}", shown(&list))
        };
        match self.kind {
            CellFault::Missing if is_target => {
                "fill it in, or leave the rows out with --drop-missing".to_owned()
            }
            CellFault::Missing => {
                format!("fill it in, leave the rows out with --drop-missing, or {leave}")
            }
            CellFault::Infinite => format!("correct it or remove the row, or {leave}"),
            CellFault::Thousands | CellFault::OtherDecimal => {
                format!("say which sign it is with --decimal point or --decimal comma, or {leave}")
            }
            CellFault::DateOrTime => format!("write it as a number, or {leave}"),
            CellFault::WithUnit => format!("write the number alone, or {leave}"),
            CellFault::OpenQuote => "look for a quote that is never closed".to_owned(),
            CellFault::Text => format!("write its words as numbers, or {leave}"),
        }
    }
}
