//! Training rows in the form that the packed engine copies its entries from.

use crate::column::SortedColumn;

/// Rows that the number of a row has room for.
pub const ROWS: usize = 1 << 16;

/// What an entry of the packed engine says besides the weight, for all rows and features.
#[derive(Debug, Clone)]
pub struct PackedRows {
    /// For every feature and place of its order: code | row << 16.
    pub templates: Vec<u32>,
    /// For every feature: the least difference of codes that a split can be between.
    pub steps: Vec<u16>,
    /// For every feature: the rank of every code.
    pub ranks: Vec<Vec<u32>>,
}

impl PackedRows {
    /// Packs the rows where they fit: at most 65,536 rows and codes of values, none missing.
    pub fn of(rows: usize, columns: &[SortedColumn]) -> Option<Self> {
        if rows > ROWS {
            return None;
        }
        let mut packed = Self {
            templates: Vec::with_capacity(rows * columns.len()),
            steps: Vec::with_capacity(columns.len()),
            ranks: Vec::with_capacity(columns.len()),
        };
        for column in columns {
            let (codes, step) = column.codes()?;
            let most = *codes.last()?;
            if column.has_missing() || most >= ROWS as u32 {
                return None;
            }
            let mut ranks = vec![0; most as usize + 1];
            for (rank, code) in (0..).zip(&codes) {
                ranks[*code as usize] = rank;
            }
            let entries = column.ranks.iter().zip(&column.order);
            let entries = entries.map(|(rank, row)| codes[*rank as usize] | row << 16);
            packed.templates.extend(entries);
            packed.steps.push(step as u16);
            packed.ranks.push(ranks);
        }
        Some(packed)
    }
}
