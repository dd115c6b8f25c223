//! What a CSV file has to fulfil.

use super::cell::CellFault;
use super::faults::CellFaults;
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
    /// Whether cells of a column are taken although they are no numbers. Of the column to predict
    /// it matters whether it holds words.
    pub fn allow(self, kind: CellFault, is_target: bool, holds_words: bool) -> bool {
        match (kind, is_target) {
            (CellFault::Missing, is_target) => self.missing && !is_target,
            (CellFault::OpenQuote, _) | (_, false) => false,
            (_, true) => self.text_target && holds_words,
        }
    }
}

/// Whether a column of so many cells holds words: more than half of the cells that are there. In a
/// column of numbers a word is a mistake, and so are dates, units and foreign decimal signs.
pub(super) fn holds_words(faults: &[CellFaults], cells: u64) -> bool {
    let count = |kind| {
        let of_kind = faults.iter().filter(|cells| cells.kind == kind);
        of_kind.map(|cells| cells.count).sum::<u64>()
    };
    let present = cells - count(CellFault::Missing);
    2 * count(CellFault::Text) > present
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

impl CsvOptions {
    /// Whether rows are used although features of them miss values.
    pub(super) fn keeps_missing(&self) -> bool {
        self.allowed.missing && !self.reading.drop_missing
    }
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
