//! What can be wrong with data. Every message is one line: what is wrong, where, and what to
//! do about it.
//!
//! An error names the place once ([`DataError`]) and the trouble once (the `…Problem` types), so
//! that all messages about a cell, a line or a file read alike. Text from files arrives here
//! already made safe to show.

use thiserror::Error;

/// Why data cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum DataError {
    /// A file as a whole.
    #[error("{file}: {problem}")]
    File {
        /// The file, as it was named.
        file: String,
        /// The trouble.
        problem: FileProblem,
    },
    /// One line of a file.
    #[error("{file}, line {line}: {problem}")]
    Line {
        /// The file, as it was named.
        file: String,
        /// Line number, from 1.
        line: u64,
        /// The trouble.
        problem: LineProblem,
    },
    /// One cell of a file.
    #[error("{file}, line {line}, column `{column}`: {problem}")]
    Cell {
        /// The file, as it was named.
        file: String,
        /// Line number, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The trouble.
        problem: CellProblem,
    },
    /// The column to predict.
    #[error("{table}: {problem}")]
    Target {
        /// The table's name.
        table: String,
        /// The trouble.
        problem: TargetProblem,
    },
    /// Columns that do not make a table.
    #[error("{table}: {problem}")]
    Shape {
        /// The table's name.
        table: String,
        /// The trouble.
        problem: ShapeProblem,
    },
    /// A split that leaves nothing to train or to test on.
    #[error(transparent)]
    Split(#[from] SplitProblem),
    /// An embedded dataset is damaged, which only a faulty build can do.
    #[error(
        "the embedded dataset {name} cannot be decoded ({cause}); rebuild or reinstall the program"
    )]
    Embedded {
        /// The dataset.
        name: String,
        /// What the decoder says.
        cause: String,
    },
}

/// What can be wrong with a file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileProblem {
    /// Nothing has this name.
    #[error("there is no such file; check the path")]
    Missing,
    /// The path names a directory.
    #[error("this is a directory; name a CSV file in it")]
    Directory,
    /// A pipe, a device or a socket.
    #[error(
        "this is not a regular file (a pipe, device or socket); write the data to a file first"
    )]
    Special,
    /// The operating system refuses.
    #[error("cannot be read ({0}); check the permissions and the disk")]
    Unreadable(String),
    /// No row at all, not even a header.
    #[error("the file is empty; a CSV file starts with a line of column names")]
    Empty,
    /// Column names without rows.
    #[error("there is a header but no row below it; add {needed} rows or more")]
    HeaderOnly {
        /// Fewest rows that will do.
        needed: usize,
    },
    /// Not enough rows.
    #[error("{found} {} too few; {needed} or more are needed", if *found == 1 { "row is" } else { "rows are" })]
    TooFewRows {
        /// Fewest rows that will do.
        needed: usize,
        /// Rows in the file.
        found: usize,
    },
    /// UTF-16 by its first two bytes.
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineProblem {
    /// More or fewer fields than the header has.
    #[error(
        "{found} {}, but the header names {expected} {}; give every line the same number (text with commas in it needs quotes)",
        if *found == 1 { "field" } else { "fields" },
        if *expected == 1 { "column" } else { "columns" }
    )]
    Ragged {
        /// Columns of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
    /// Nothing but numbers where the names should be.
    #[error("the first row holds only numbers ({0}); put a line of column names above it")]
    Headerless(String),
    /// The header looks like one field because something else separates the columns.
    #[error("the columns are separated by {0}; save the file with commas between the columns")]
    Separator(&'static str),
    /// A column without a name.
    #[error(
        "column {0} has no name; name it or remove it (a table index is best left out when exporting)"
    )]
    Unnamed(usize),
    /// A name that no screen can show.
    #[error("the name of column {number} (`{name}`) holds a control character; rename it")]
    ControlCharacter {
        /// Column number, from 1.
        number: usize,
        /// The name, escaped.
        name: String,
    },
    /// Two columns of the same name.
    #[error("columns {first} and {second} are both named `{name}`; rename one")]
    Duplicate {
        /// Column number, from 1.
        first: usize,
        /// Column number, from 1.
        second: usize,
        /// The name.
        name: String,
    },
    /// A header name that is not text.
    #[error("the name of column {number} is not UTF-8 (byte 0x{byte:02X}); save the file as UTF-8")]
    NotUtf8 {
        /// Column number, from 1.
        number: usize,
        /// The first byte that is wrong.
        byte: u8,
    },
    /// More columns than the reader takes.
    #[error("{found} columns, more than the limit of {limit}; select the columns that are needed")]
    TooManyColumns {
        /// Columns of the header.
        found: usize,
        /// Most columns that are taken.
        limit: usize,
    },
    /// More cells than the reader takes.
    #[error(
        "the table passes {limit} cells here, the most that is read into memory; take a sample of its rows"
    )]
    TooManyCells {
        /// Most cells that are taken.
        limit: usize,
    },
    /// A row without an end.
    #[error(
        "no complete row within {limit} bytes; look for a quote that is never closed, or a file that is not CSV"
    )]
    Endless {
        /// Most bytes of a row.
        limit: u64,
    },
}

/// What can be wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CellProblem {
    /// Empty, or a word for a value that is not there.
    #[error("the value is missing ({}); fill it in or remove the row", if .0.is_empty() { "empty cell".to_owned() } else { format!("`{}`", .0) })]
    Missing(String),
    /// Infinite, or too large for f64.
    #[error("`{0}` is not a finite number; correct it or remove the row")]
    Infinite(String),
    /// Not a number.
    #[error("`{text}` is not a number; {remedy}")]
    Text {
        /// What the cell holds, shortened and escaped.
        text: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Not text at all.
    #[error("byte 0x{0:02X} is not UTF-8; save the file as UTF-8")]
    NotUtf8(u8),
}

/// What can be wrong with the column to predict.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetProblem {
    /// No column has that name.
    #[error("there is no column `{name}` to predict; {hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name, or the names there are.
        hint: String,
    },
    /// Nothing to learn.
    #[error(
        "the target `{name}` is {value} in every row, so there is nothing to learn; choose another target"
    )]
    Constant {
        /// The target.
        name: String,
        /// Its only value, as text.
        value: String,
    },
    /// Nothing to learn from.
    #[error("the target `{0}` is the only column; add columns to predict it from")]
    OnlyColumn(String),
}

/// Why columns do not make a table. Only a program that builds tables itself sees these.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeProblem {
    /// As many names as columns, and at least one, are needed.
    #[error("{names} column names for {columns} columns; give one name for each, and at least one")]
    Names {
        /// Number of names.
        names: usize,
        /// Number of columns.
        columns: usize,
    },
    /// Columns of different lengths.
    #[error("column `{column}` has {found} rows where the first has {expected}; make them equal")]
    Rows {
        /// The first column of another length.
        column: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this one.
        found: usize,
    },
    /// A name is empty or occurs twice.
    #[error("the column name `{0}` is empty or occurs twice; make the names distinct")]
    Name(String),
    /// Infinite or not a number.
    #[error("column `{column}`, row {row}: not a finite number; correct it")]
    NotFinite {
        /// The column.
        column: String,
        /// Row number, from 0.
        row: usize,
    },
}

/// Why rows cannot be split.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SplitProblem {
    /// The share is not between 0 and 1.
    #[error("test share {0}: it must be greater than 0 and less than 1, for example 0.2")]
    Share(f64),
    /// No row is left to train on.
    #[error(
        "a test share of {share} of {rows} rows leaves none to train on; give more rows or a smaller share"
    )]
    NothingToTrain {
        /// Rows in all.
        rows: usize,
        /// The share.
        share: f64,
    },
    /// Row numbers are 32 bits wide.
    #[error("{0} rows are more than can be numbered (4294967295); take a sample of them")]
    TooManyRows(usize),
}
