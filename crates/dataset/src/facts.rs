//! What was found out about a file while it was read: how it is written, and what was left out of
//! the table. It is recorded with a run.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::magic::Packing;
use super::options::{DecimalSign, Delimiter};
use super::unpack::TextEncoding;

/// What a file turned out to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableFacts {
    /// Rows of the table.
    pub rows: u64,
    /// Columns of the table, with the one to predict.
    pub columns: u64,
    /// The compression of the file, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packing: Option<Packing>,
    /// The encoding of its text.
    pub encoding: TextEncoding,
    /// Whether it starts with a byte order mark.
    #[serde(default)]
    pub byte_order_mark: bool,
    /// What stands between its columns.
    pub delimiter: Delimiter,
    /// Its decimal sign.
    pub decimal: DecimalSign,
    /// Whether its rows stand in quotes as a whole.
    #[serde(default)]
    pub quoted_rows: bool,
    /// The line of the columns' names, from 1; 0 where the file has none and the columns are called
    /// `x1`, `x2`, ….
    pub header_line: u64,
    /// Cells with thousands separators.
    #[serde(default)]
    pub grouped_cells: u64,
    /// What of the file is not in the table.
    #[serde(default)]
    pub left_out: LeftOut,
}

/// What of a file is not in the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LeftOut {
    /// Rows with a missing value in a column that is used, left out on request.
    pub rows_with_missing: u64,
    /// Columns that were not asked for.
    pub columns: u64,
    /// Rows without any value.
    pub empty_rows: u64,
    /// Lines that begin with `#` or `%`.
    pub comment_lines: u64,
    /// The line below the names, where it holds units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_line: Option<u64>,
    /// Columns without a name and without any value.
    pub empty_columns: u64,
    /// Whether the first column had no name and numbered the rows.
    pub row_numbers: bool,
}

impl LeftOut {
    /// What was left out, one phrase each.
    pub fn phrases(&self) -> Vec<String> {
        let counted = |count: u64, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let line = |line: u64| format!("line {line}, which holds units");
        let numbers = self
            .row_numbers
            .then(|| "the first column, which has no name and numbers the rows".to_owned());
        [
            counted(
                self.rows_with_missing,
                "row with a missing value",
                "rows with missing values",
            ),
            counted(
                self.columns,
                "column that is not used",
                "columns that are not used",
            ),
            counted(self.empty_rows, "row without values", "rows without values"),
            counted(self.comment_lines, "comment line", "comment lines"),
            self.unit_line.map(line),
            numbers,
            counted(
                self.empty_columns,
                "column without a name and values",
                "columns without names and values",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl TableFacts {
    /// How the file is written: `gzip, UTF-8 with byte order mark, semicolons, decimal commas`.
    pub fn format(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.packing.map(|packing| packing.name().to_owned()));
        let mark = if self.byte_order_mark {
            " with byte order mark"
        } else {
            ""
        };
        parts.push(format!("{}{mark}", self.encoding.name()));
        parts.push(format!("{}s between columns", self.delimiter));
        parts.push(format!("decimal {}s", self.decimal));
        if self.grouped_cells > 0 {
            parts.push("thousands separators".to_owned());
        }
        if self.quoted_rows {
            parts.push("every row in quotes".to_owned());
        }
        parts.push(match self.header_line {
            0 => "no line of names, so columns are called x1, x2, …".to_owned(),
            line => format!("names on line {line}"),
        });
        parts.join(", ")
    }
}

impl fmt::Display for TableFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.rows, self.columns);
        write!(f, "{rows} rows × {columns} columns; {}", self.format())?;
        let left_out = self.left_out.phrases();
        if !left_out.is_empty() {
            write!(f, "; left out: {}", left_out.join(", "))?;
        }
        Ok(())
    }
}
