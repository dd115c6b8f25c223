//! What a CSV file has to fulfil.

use super::cell::CellFault;
use super::options::ReadOptions;

/// Cells that hold no number and are taken nevertheless.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AllowedCells {
    /// Features may miss values, which are NaN in the table.
    pub missing: bool,
    /// The target may be words: then each is a class, numbered in alphabetical order.
    pub text_target: bool,
}

impl AllowedCells {
    /// Whether cells are taken although they are no numbers.
    pub fn allow(self, kind: CellFault, is_target: bool) -> bool {
        match (kind, is_target) {
            (CellFault::Missing, is_target) => self.missing && !is_target,
            (CellFault::OpenQuote, _) | (_, false) => false,
            (_, true) => self.text_target,
        }
    }
}

/// What a CSV file has to fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// A column that must be there; a file without it is refused before its rows are read.
    pub target: Option<String>,
    /// How it is to be read.
    pub reading: ReadOptions,
    /// Cells that are taken although they are no numbers.
    pub allowed: AllowedCells,
    /// Fewest rows that will do.
    pub min_rows: usize,
    /// Most columns that are taken.
    pub max_columns: usize,
    /// Most cells that are taken, 8 bytes each.
    pub max_cells: usize,
    /// Most bytes that a compressed file may unpack to.
    pub max_bytes: u64,
}

impl Default for CsvOptions {
    /// No particular target, 2 rows or more (one to train on, one to test on), at most 10,000
    /// columns, 20 million cells (160 MB), and 8 GB from a compressed file.
    fn default() -> Self {
        Self {
            target: None,
            reading: ReadOptions::default(),
            allowed: AllowedCells::default(),
            min_rows: 2,
            max_columns: 10_000,
            max_cells: 20_000_000,
            max_bytes: 8 << 30,
        }
    }
}
