//! One feature, sorted.

/// Values that are no more than this apart are equal, as for scikit-learn; the sum is rounded to
/// 32 bits.
const GAP: f32 = 1e-7;
/// The rank of a missing value, above all others.
pub const MISSING: u32 = u32::MAX;

/// A feature: its rows in ascending order, missing ones last, equal ones by their number.
#[derive(Debug, Clone)]
pub struct SortedColumn {
    /// Rows in order.
    pub order: Vec<u32>,
    /// For every place of the order the rank of its value among the distinct ones, or [`MISSING`].
    pub ranks: Vec<u32>,
    /// The distinct values, ascending.
    pub distinct: Vec<f32>,
    /// Which distinct values are too near to each other to be split.
    pub near: Near,
}

/// Whether distinct values can be too near to each other to be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Near {
    /// No two are.
    Never,
    /// Some neighbours are, but never three in a row.
    Pairs,
    /// Three and more values in a row may be.
    Runs,
}

/// Whether a split can be between two values, the second not less than the first.
pub fn apart(lower: f32, upper: f32) -> bool {
    upper > lower + GAP
}

/// The middle between two values; exact, as the sum of two halves of 32-bit floats is.
pub fn middle(lower: f32, upper: f32) -> f64 {
    f64::from(lower) / 2.0 + f64::from(upper) / 2.0
}

impl SortedColumn {
    /// Sorts a column. NaN is missing; −0.0 must not be in it.
    pub fn sort(values: &[f32]) -> Self {
        let mut keys: Vec<u64> = values
            .iter()
            .zip(0_u64..)
            .map(|(value, row)| (u64::from(ordered(*value)) << 32) | row)
            .collect();
        keys.sort_unstable();
        let mut distinct: Vec<f32> = Vec::new();
        let mut order = Vec::with_capacity(keys.len());
        let mut ranks = Vec::with_capacity(keys.len());
        for key in keys {
            let row = key as u32;
            let value = values[row as usize];
            if !value.is_nan() && distinct.last() != Some(&value) {
                distinct.push(value);
            }
            let rank = distinct.len().wrapping_sub(1) as u32;
            order.push(row);
            ranks.push(if value.is_nan() { MISSING } else { rank });
        }
        let near = Near::of(&distinct);
        Self {
            order,
            ranks,
            distinct,
            near,
        }
    }

    /// Whether a split can be between two ranks, the second not less than the first.
    pub fn splits(&self, lower: u32, upper: u32) -> bool {
        lower != upper
            && (self.near == Near::Never
                || apart(self.distinct[lower as usize], self.distinct[upper as usize]))
    }

    /// Whether values are missing.
    pub fn has_missing(&self) -> bool {
        self.ranks.last() == Some(&MISSING)
    }

    /// The middle between two distinct values.
    pub fn middle(&self, lower: u32, upper: u32) -> f64 {
        middle(self.distinct[lower as usize], self.distinct[upper as usize])
    }

    /// For every rank a code, such that a split can be between two of them when they differ by
    /// at least the step that comes with them. None where no such codes exist.
    pub fn codes(&self) -> Option<(Vec<u32>, u32)> {
        let step = match self.near {
            Near::Never => 1,
            Near::Pairs => 2,
            Near::Runs => return None,
        };
        let mut code = 0;
        let mut codes = Vec::with_capacity(self.distinct.len());
        codes.extend(self.distinct.first().map(|_| 0));
        for pair in self.distinct.windows(2) {
            code += if apart(pair[0], pair[1]) { step } else { 1 };
            codes.push(code);
        }
        Some((codes, step))
    }
}

impl Near {
    fn of(distinct: &[f32]) -> Self {
        let near = |pair: &[f32]| !apart(pair[0], pair[1]);
        if distinct.windows(3).any(|three| !apart(three[0], three[2])) {
            Self::Runs
        } else if distinct.windows(2).any(near) {
            Self::Pairs
        } else {
            Self::Never
        }
    }
}

/// Bits that sort as the numbers do, NaN last.
fn ordered(value: f32) -> u32 {
    let bits = value.to_bits();
    if value.is_nan() {
        u32::MAX
    } else if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    }
}
