//! The best split so far, in lanes that vector instructions fill side by side.

/// Lanes of the widest instructions.
pub const LANES: usize = 8;

/// The best splits that each lane saw. Among equal scores the lower key is better: keys ascend in
/// the order in which splits are looked at.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Lanes {
    pub scores: [f64; LANES],
    pub keys: [u64; LANES],
}

/// What is scanned: one feature of a node.
#[derive(Debug, Clone, Copy)]
pub struct ScanSpan<'a> {
    /// The entries, from the node's first one to the end of the buffer, which is
    /// [`PADDING`] entries behind the last one of any node.
    pub entries: &'a [u64],
    /// The first and the one behind the last entry after which a split can be.
    pub places: [usize; 2],
    /// The least difference of codes that a split can be between.
    pub step: u64,
    /// The key of a split after the first entry.
    pub key: u64,
    /// Weight and sum of the node.
    pub weight: u64,
    pub sum: u64,
    /// What a target of 0 stands for.
    pub least: f64,
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

/// An entry's code.
pub fn code_of(entry: u64) -> u64 {
    entry & 0xffff
}

/// How good a split is, in the very operations of every path. `RAW` is scikit-learn's own
/// expression, for targets that are integers; otherwise the decrease of the squared error, with
/// one division and no cancellation: the sums and their products are integers and exact.
pub fn score<const RAW: bool>(span: &ScanSpan, weight: u64, sum: u64) -> f64 {
    let (left, all) = (weight as f64, span.weight as f64);
    let right = all - left;
    if RAW {
        let sum_left = sum as f64 + span.least * left;
        let sum_right = (span.sum as f64 + span.least * all) - sum_left;
        sum_left * sum_left / left + sum_right * sum_right / right
    } else {
        let apart = sum as f64 * all - span.sum as f64 * left;
        apart * apart / (left * right)
    }
}

/// Looks at every split of a feature, one after another.
pub fn scan_portable<const RAW: bool>(span: &ScanSpan, lanes: &mut Lanes) {
    let [first, end] = span.places;
    let (mut weight, mut sum) = (0, 0);
    for place in 0..end {
        let entry = span.entries[place];
        weight += weight_of(entry);
        sum += product_of(entry);
        let next = code_of(span.entries[place + 1]);
        if place >= first && next.wrapping_sub(code_of(entry)) & 0xffff >= span.step {
            let score = score::<RAW>(span, weight, sum);
            if score > lanes.scores[0] {
                lanes.scores[0] = score;
                lanes.keys[0] = span.key + place as u64;
            }
        }
    }
}
