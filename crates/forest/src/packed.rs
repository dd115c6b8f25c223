//! Training rows in the form that the packed engine copies its entries from.

use crate::column::{MISSING, SortedColumn};

/// Rows that the number of a row has room for.
pub const ROWS: usize = 1 << 16;
/// Features that lie side by side.
pub const LANES: usize = 8;

/// For one place of the orders of eight features: code | row << 16 of each.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct TemplateStrip(pub [u32; LANES]);

/// What an entry of the packed engine says besides the weight, for all rows and features.
#[derive(Debug, Clone)]
pub struct PackedRows {
    /// For every eight features and every place of their orders. Lanes without a feature have the
    /// rows of the first feature and codes of 0.
    pub templates: Vec<TemplateStrip>,
    /// Whether some feature has more than a value for every eight rows.
    pub many_values: bool,
    /// Whether a value is missing.
    pub has_missing: bool,
    /// For every feature: how its values are coded.
    pub codes: Vec<FeatureCodes>,
}

/// The codes of a feature's values: they ascend with the values, missing ones last.
#[derive(Debug, Clone)]
pub struct FeatureCodes {
    /// The least difference of codes that a split can be between.
    pub step: u16,
    /// The value of every code.
    pub values: Vec<f32>,
    /// The code of missing values, where there are any.
    pub missing: Option<u16>,
}

impl PackedRows {
    /// Packs the rows where they fit: at most 65,536 rows and codes of values.
    pub fn of(rows: usize, columns: &[SortedColumn]) -> Option<Self> {
        if rows > ROWS {
            return None;
        }
        let groups = columns.len().div_ceil(LANES);
        let mut packed = Self {
            templates: vec![TemplateStrip([0; LANES]); rows * groups],
            many_values: columns
                .iter()
                .any(|column| column.distinct.len() > rows / 8),
            has_missing: columns.iter().any(SortedColumn::has_missing),
            codes: Vec::with_capacity(columns.len()),
        };
        for lane in 0..groups * LANES {
            let strips = &mut packed.templates[lane / LANES * rows..][..rows];
            let Some(column) = columns.get(lane) else {
                for (strip, row) in strips.iter_mut().zip(&columns[0].order) {
                    strip.0[lane % LANES] = row << 16;
                }
                continue;
            };
            let (codes, step) = column.codes()?;
            let missing = codes.last().map_or(0, |most| most + step);
            if column.has_missing() && missing >= ROWS as u32 || codes.len() > ROWS {
                return None;
            }
            let most = codes.last().map_or(0, |most| *most as usize);
            if most >= ROWS {
                return None;
            }
            let mut values = vec![0.0; most + 1];
            for (value, code) in column.distinct.iter().zip(&codes) {
                values[*code as usize] = *value;
            }
            let entries = column.ranks.iter().zip(&column.order);
            for (strip, (rank, row)) in strips.iter_mut().zip(entries) {
                let code = if *rank == MISSING {
                    missing
                } else {
                    codes[*rank as usize]
                };
                strip.0[lane % LANES] = code | row << 16;
            }
            packed.codes.push(FeatureCodes {
                step: step as u16,
                values,
                missing: column.has_missing().then_some(missing as u16),
            });
        }
        Some(packed)
    }
}
