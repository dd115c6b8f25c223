//! The best split so far, in lanes that vector instructions fill side by side.

/// Lanes of the widest instructions.
pub const LANES: usize = 8;
/// Rows that the number of a row has room for.
pub use crate::packed::ROWS;

/// The best splits that each lane saw. Among equal scores the lower key is better: keys ascend in
/// the order in which splits are looked at.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Lanes {
    pub scores: [f64; LANES],
    pub keys: [u64; LANES],
}

/// What is scanned: some features of a node.
#[derive(Debug, Clone, Copy)]
pub struct NodeScan<'a> {
    /// The entries of all features.
    pub entries: &'a [u64],
    /// The features, in the order in which they are looked at. Behind the last entry of each that
    /// is looked at are [`PADDING`] entries more that may be read.
    pub columns: &'a [ScanColumn],
    /// The first and the one behind the last entry after which a split can be.
    pub places: [usize; 2],
    /// Weight and sum of the node.
    pub weight: u64,
    pub sum: u64,
    /// What a target of 0 stands for.
    pub least: f64,
}

/// A feature to scan.
#[derive(Debug, Clone, Copy)]
pub struct ScanColumn {
    pub feature: u32,
    /// Where the node's entries start.
    pub start: usize,
    /// The least difference of codes that a split can be between.
    pub step: u64,
}

/// The most rows of a small node: its rows are numbered anew, so that their sides fit a register.
pub const SMALL: usize = 512;

/// What is moved: the rows of a small node.
#[derive(Debug, Clone, Copy)]
pub struct SmallMove<'a> {
    /// Where the node's entries start, for every feature.
    pub starts: &'a [usize],
    pub len: usize,
    /// Rows that go left.
    pub left: usize,
    /// Which sides are kept.
    pub keep: [bool; 2],
    /// 1 for rows that go right.
    pub right: &'a [u8; SMALL],
}

/// Entries behind the last one that may be read.
pub const PADDING: usize = 2 * LANES;

impl Lanes {
    /// Nothing seen.
    pub const EMPTY: Self = Self {
        scores: [f64::NEG_INFINITY; LANES],
        keys: [u64::MAX; LANES],
    };

    /// The key of the best split.
    pub fn best(&self) -> Option<u64> {
        let mut best = (f64::NEG_INFINITY, u64::MAX);
        for (score, key) in self.scores.iter().zip(&self.keys) {
            if *score > best.0 || (*score == best.0 && *key < best.1) {
                best = (*score, *key);
            }
        }
        (best.1 != u64::MAX).then_some(best.1)
    }
}

/// An entry's weight.
pub fn weight_of(entry: u64) -> u64 {
    entry >> 32 & 0xff
}

/// An entry's weight × target.
pub fn product_of(entry: u64) -> u64 {
    entry >> 40
}

/// An entry's row.
pub fn row_of(entry: u64) -> usize {
    usize::from((entry >> 16) as u16)
}

/// The entry with another row.
pub fn with_row(entry: u64, row: u16) -> u64 {
    entry & !0xffff_0000 | u64::from(row) << 16
}

/// An entry's code.
pub fn code_of(entry: u64) -> u64 {
    entry & 0xffff
}

/// How good a split is, in the very operations of every path. `RAW` is scikit-learn's own
/// expression, for targets that are integers; otherwise the decrease of the squared error, with
/// one division and no cancellation: the sums and their products are integers and exact.
pub fn score<const RAW: bool>(node: &NodeScan, weight: u64, sum: u64) -> f64 {
    let (left, all) = (weight as f64, node.weight as f64);
    let right = all - left;
    if RAW {
        let sum_left = sum as f64 + node.least * left;
        let sum_right = (node.sum as f64 + node.least * all) - sum_left;
        sum_left * sum_left / left + sum_right * sum_right / right
    } else {
        let apart = sum as f64 * all - node.sum as f64 * left;
        apart * apart / (left * right)
    }
}

/// The key of a split after the first entry of the feature that is looked at as the n-th.
pub fn first_key(n: usize) -> u64 {
    (n as u64) << 32
}

/// Looks at every split, one after another.
pub fn scan_portable<const RAW: bool>(node: &NodeScan, lanes: &mut Lanes) {
    let [first, end] = node.places;
    for (n, column) in node.columns.iter().enumerate() {
        let entries = &node.entries[column.start..][..=end];
        let (mut weight, mut sum) = (0, 0);
        for place in 0..end {
            let entry = entries[place];
            weight += weight_of(entry);
            sum += product_of(entry);
            let further = code_of(entries[place + 1]).wrapping_sub(code_of(entry)) & 0xffff;
            if place >= first && further >= column.step {
                let score = score::<RAW>(node, weight, sum);
                if score > lanes.scores[0] {
                    lanes.scores[0] = score;
                    lanes.keys[0] = first_key(n) + place as u64;
                }
            }
        }
    }
}

/// Puts the entries of all features that go left before those that go right, both in their order:
/// one store for each entry and no branch.
pub fn move_both(from: &[u64], to: &mut [u64], left: usize, right: &[u8; ROWS]) {
    let mut ends = [0, left];
    for entry in from {
        let side = right[row_of(*entry)];
        let place = if side == 0 { ends[0] } else { ends[1] };
        to[place] = *entry;
        ends[0] += usize::from(side ^ 1);
        ends[1] += usize::from(side);
    }
}

/// The same for the entries that go left alone.
pub fn keep_left(from: &[u64], to: &mut [u64], right: &[u8; ROWS]) {
    let mut place = 0;
    for entry in from {
        to[place] = *entry;
        place += usize::from(right[row_of(*entry)] ^ 1);
    }
}

/// The same for the entries that go right alone; from the end, so that no entry is stored behind
/// the node.
pub fn keep_right(from: &[u64], to: &mut [u64], right: &[u8; ROWS]) {
    let mut place = to.len() - 1;
    for entry in from.iter().rev() {
        to[place] = *entry;
        place -= usize::from(right[row_of(*entry)]);
    }
}
