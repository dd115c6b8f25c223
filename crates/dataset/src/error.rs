//! Why data cannot be used. A message says what is wrong, where, and what to do about it.
//!
//! An error names the place once ([`DataError`]) and the trouble once (the `…Problem` types), so
//! that all messages about a line or a file read alike. Text from files arrives here already made
//! safe to show. What is wrong with rows and cells is in [`super::faults`].

use thiserror::Error;

use super::faults::TableFaults;
use super::magic::{ForeignFormat, Packing};

/// Why data cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum DataError {
    /// A file as a whole.
    #[error("{file}: {problem}{}", remedy(file, problem))]
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
    /// Names, rows and cells of a file: everything that is wrong with them.
    #[error("{0}")]
    Faults(Box<TableFaults>),
    /// Columns that are to be used or left out.
    #[error("{table}: {problem}")]
    Selection {
        /// The table's name.
        table: String,
        /// The trouble.
        problem: SelectionProblem,
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
    #[error(
        "{found} {} too few{}; {needed} or more are needed",
        if *found == 1 { "row is" } else { "rows are" },
        without(*left_out)
    )]
    TooFewRows {
        /// Fewest rows that will do.
        needed: usize,
        /// Rows that were left.
        found: usize,
        /// Rows that were left out, for values that are missing in them.
        left_out: u64,
    },
    /// UTF-32 by its first bytes.
    #[error("the file is UTF-32; save it as UTF-8")]
    Utf32,
    /// Another format, recognised by its first bytes.
    #[error("this is {0}")]
    Foreign(ForeignFormat),
    /// No text.
    #[error("this is not a text file (it holds zero bytes); export the table as CSV")]
    Binary,
    /// Compressed, and the compressed bytes are wrong.
    #[error("the {} data is damaged or incomplete ({cause}); get the file again", packing.name())]
    Damaged {
        /// The compression.
        packing: Packing,
        /// What the decoder says.
        cause: String,
    },
    /// Compressed, and too large when it is not.
    #[error("it unpacks to more than {} GB; take a sample of its rows", limit >> 30)]
    TooLarge {
        /// Most bytes that are unpacked.
        limit: u64,
    },
}

/// How to get a file that can be read from one that is of another format.
fn remedy(file: &str, problem: &FileProblem) -> String {
    match problem {
        FileProblem::Foreign(format) => format!("; {}", format.remedy(file)),
        _ => String::new(),
    }
}

/// What rows are left without.
fn without(left_out: u64) -> String {
    match left_out {
        0 => String::new(),
        1 => " after 1 with a missing value was left out".to_owned(),
        _ => format!(" after {left_out} with missing values were left out"),
    }
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineProblem {
    /// Nothing but numbers where the names should be.
    #[error(
        "the first row holds only numbers ({0}); give --no-header if the file has no names, \
         or put a line of column names above it"
    )]
    Headerless(String),
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

/// Which option names columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selecting {
    /// `--columns`.
    Columns,
    /// `--drop-columns`.
    DropColumns,
}

impl std::fmt::Display for Selecting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Columns => "--columns",
            Self::DropColumns => "--drop-columns",
        })
    }
}

/// What can be wrong with the columns that are to be used or left out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SelectionProblem {
    /// No columns have these names.
    #[error("{option} names what is no column: {}", listed(unknown))]
    Unknown {
        /// The option.
        option: Selecting,
        /// The names, each with the nearest name or the names there are.
        unknown: Vec<(String, String)>,
    },
    /// The column to predict is to be left out.
    #[error("--drop-columns leaves out `{0}`, the column to predict; choose another --target")]
    Target(String),
    /// Both used and left out.
    #[error("`{0}` is both in --columns and in --drop-columns; take it out of one")]
    Both(String),
}

impl SelectionProblem {
    /// The option to blame.
    pub fn option(&self) -> Selecting {
        match self {
            Self::Unknown { option, .. } => *option,
            Self::Target(_) | Self::Both(_) => Selecting::DropColumns,
        }
    }
}

fn listed(unknown: &[(String, String)]) -> String {
    let each = unknown
        .iter()
        .map(|(name, hint)| format!("`{name}` ({hint})"));
    each.collect::<Vec<_>>().join(", ")
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
