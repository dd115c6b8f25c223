//! The packed engine: 8-byte entries that hold all that scan and partition need, so that both
//! stream through memory.
//!
//! An entry is code | row << 16 | weight << 32 | weight × target << 40, with 16, 16, 8 and 24 bits.
//! Codes of values ascend in the order of a feature. Sums are integers.

use super::lanes::{Lanes, PADDING, ScanSpan, code_of, product_of, row_of, weight_of};
use super::simd::{VectorPath, scan};
use super::{BestSplit, Engine, Floor, NodeRows, Spread};
use crate::data::TrainingData;
use crate::packed::ROWS;
use crate::packed_targets::PackedTargets;

/// Memory that is used again for the next tree.
#[derive(Debug, Clone, Default)]
pub struct NarrowBuffers {
    entries: [Vec<u64>; 2],
    /// 1 for rows that go right. As many as the number of a row can say, so that looking one up
    /// needs no check.
    right: Vec<u8>,
}

/// The packed engine.
pub struct NarrowEngine<'a> {
    data: &'a TrainingData,
    targets: PackedTargets<'a>,
    buffers: &'a mut NarrowBuffers,
    path: VectorPath,
    integers: bool,
    rows: usize,
    /// Entries from one feature to the next.
    stride: usize,
    search: NarrowSearch,
}

/// Sums of a node's rows: weights, weight × target, weight × target².
#[derive(Debug, Clone, Copy, Default)]
pub struct IntegerSums {
    weight: u64,
    sum: u64,
    squares: u64,
}

struct NarrowSearch {
    node: NodeRows,
    sums: IntegerSums,
    least_rows: usize,
    lanes: Lanes,
    /// Features in the order in which they were looked at.
    seen: Vec<u32>,
}

impl<'a> NarrowEngine<'a> {
    /// Takes the rows that have a weight. `loads` are their weights and targets, as
    /// [`PackedTargets::load`] gives them.
    pub fn new(
        data: &'a TrainingData,
        targets: PackedTargets<'a>,
        loads: &[u32],
        path: VectorPath,
        buffers: &'a mut NarrowBuffers,
    ) -> Self {
        let rows = loads.iter().filter(|load| **load != 0).count();
        let stride = rows + PADDING;
        for entries in &mut buffers.entries {
            entries.resize(stride * data.columns(), 0);
        }
        buffers.right.resize(ROWS, 0);
        let columns = buffers.entries[0].chunks_exact_mut(stride);
        let templates = targets.rows.templates.chunks_exact(data.rows());
        for (entries, templates) in columns.zip(templates) {
            let mut place = 0;
            for template in templates {
                let load = loads[(template >> 16) as usize];
                entries[place] = u64::from(*template) | u64::from(load) << 32;
                place += usize::from(load != 0);
            }
        }
        let search = NarrowSearch {
            node: NodeRows {
                start: 0,
                len: rows,
                parity: 0,
            },
            sums: IntegerSums::default(),
            least_rows: 1,
            lanes: Lanes::EMPTY,
            seen: Vec::with_capacity(data.columns()),
        };
        Self {
            data,
            targets,
            buffers,
            path: path.or_lower(),
            integers: targets.are_integers(),
            rows,
            stride,
            search,
        }
    }

    fn entries(&self, node: NodeRows, feature: u32) -> &[u64] {
        let start = feature as usize * self.stride + node.start;
        &self.buffers.entries[node.parity][start..][..node.len]
    }

    fn sum(&self, entries: &[u64]) -> IntegerSums {
        let mut sums = IntegerSums::default();
        for entry in entries {
            sums.weight += weight_of(*entry);
            sums.sum += product_of(*entry);
            sums.squares +=
                product_of(*entry) * u64::from(self.targets.fixed.above[row_of(*entry)]);
        }
        sums
    }
}

impl Engine for NarrowEngine<'_> {
    type Sums = IntegerSums;

    fn root(&mut self) -> (usize, IntegerSums) {
        let all = NodeRows {
            start: 0,
            len: self.rows,
            parity: 0,
        };
        (self.rows, self.sum(self.entries(all, 0)))
    }

    fn total_weight(&self) -> f64 {
        self.targets.weight as f64
    }

    fn weight(&self, sums: &IntegerSums) -> f64 {
        sums.weight as f64
    }

    fn impurity(&self, sums: &IntegerSums) -> f64 {
        let least = self.targets.fixed.least;
        let weight = sums.weight as f64;
        if self.integers {
            // As scikit-learn computes it; the sums are those of the targets as they stand.
            let sum = i128::from(sums.sum) + i128::from(least) * i128::from(sums.weight);
            let squares =
                i128::from(sums.squares) + i128::from(least) * (i128::from(sums.sum) + sum);
            let mean = sum as f64 / weight;
            return (squares as f64 / weight - mean * mean).max(0.0);
        }
        let squares = u128::from(sums.squares) * u128::from(sums.weight);
        let above = squares - u128::from(sums.sum) * u128::from(sums.sum);
        above as f64 / (weight * weight) / (self.targets.fixed.scale * self.targets.fixed.scale)
    }

    fn push_value(&self, sums: &IntegerSums, values: &mut Vec<f64>) {
        let fixed = self.targets.fixed;
        let sum = i128::from(sums.sum) + i128::from(fixed.least) * i128::from(sums.weight);
        values.push(sum as f64 / (sums.weight as f64 * fixed.scale));
    }

    fn spread(&self, node: NodeRows, feature: u32) -> Spread {
        let entries = self.entries(node, feature);
        let ends = [entries[0], entries[entries.len() - 1]].map(code_of);
        Spread {
            present: node.len,
            missing: 0,
            // Only random thresholds need them, and this engine does not try any.
            ends: [0.0; 2],
            constant: ends[1] - ends[0] < u64::from(self.targets.rows.steps[feature as usize]),
        }
    }

    fn begin(&mut self, node: NodeRows, sums: &IntegerSums, floor: Floor) {
        self.search.node = node;
        self.search.sums = *sums;
        self.search.least_rows = floor.samples;
        self.search.lanes = Lanes::EMPTY;
        self.search.seen.clear();
    }

    fn search(&mut self, feature: u32, _: &Spread) {
        let NarrowSearch {
            node,
            sums,
            least_rows,
            ..
        } = self.search;
        let start = feature as usize * self.stride + node.start;
        let span = ScanSpan {
            entries: &self.buffers.entries[node.parity][start..],
            places: [least_rows - 1, node.len - least_rows],
            step: u64::from(self.targets.rows.steps[feature as usize]),
            key: (self.search.seen.len() as u64) << 32,
            weight: sums.weight,
            sum: sums.sum,
            least: self.targets.fixed.least as f64,
        };
        self.search.seen.push(feature);
        if self.integers {
            scan::<true>(self.path, &span, &mut self.search.lanes);
        } else {
            scan::<false>(self.path, &span, &mut self.search.lanes);
        }
    }

    fn try_threshold(&mut self, _: u32, _: &Spread, _: f64, _: bool) {
        unreachable!("random thresholds are for the other engine");
    }

    fn found(&mut self) -> Option<BestSplit> {
        let key = self.search.lanes.best()?;
        let feature = self.search.seen[(key >> 32) as usize];
        let cut = key as u32 as usize + 1;
        let entries = self.entries(self.search.node, feature);
        let ranks = &self.targets.rows.ranks[feature as usize];
        let [lower, upper] =
            [entries[cut - 1], entries[cut]].map(|entry| ranks[code_of(entry) as usize]);
        Some(BestSplit {
            feature,
            cut,
            left: cut,
            threshold: self.data.column(feature as usize).middle(lower, upper),
            missing_left: cut > entries.len() - cut,
        })
    }

    fn divide(
        &mut self,
        node: NodeRows,
        sums: &IntegerSums,
        split: &BestSplit,
    ) -> [IntegerSums; 2] {
        let start = split.feature as usize * self.stride + node.start;
        let entries = &self.buffers.entries[node.parity][start..][..node.len];
        let (left, right) = entries.split_at(split.cut);
        for entry in left {
            self.buffers.right[row_of(*entry)] = 0;
        }
        for entry in right {
            self.buffers.right[row_of(*entry)] = 1;
        }
        let left = self.sum(self.entries(node, split.feature).split_at(split.cut).0);
        let right = IntegerSums {
            weight: sums.weight - left.weight,
            sum: sums.sum - left.sum,
            squares: sums.squares - left.squares,
        };
        [left, right]
    }

    fn partition(&mut self, node: NodeRows, split: &BestSplit, keep: [bool; 2]) {
        let [a, b] = &mut self.buffers.entries;
        let (from, to) = if node.parity == 0 { (a, b) } else { (b, a) };
        let right = self.buffers.right.as_slice().first_chunk::<ROWS>();
        let Some(right) = right else { return };
        for feature in 0..self.data.columns() {
            let start = feature * self.stride + node.start;
            let from = &from[start..][..node.len];
            let to = &mut to[start..][..node.len];
            if feature == split.feature as usize {
                to.copy_from_slice(from);
                continue;
            }
            match keep {
                [true, true] => move_both(from, to, split.left, right),
                [true, false] => keep_left(from, to, right),
                [false, _] => keep_right(from, to, right),
            }
        }
    }
}

/// Puts the entries that go left before those that go right, both in their order: one store for
/// each entry and no branch.
fn move_both(from: &[u64], to: &mut [u64], left: usize, right: &[u8; ROWS]) {
    let mut ends = [0, left];
    for entry in from {
        let side = right[row_of(*entry)];
        let place = if side == 0 { ends[0] } else { ends[1] };
        to[place] = *entry;
        ends[0] += usize::from(side ^ 1);
        ends[1] += usize::from(side);
    }
}

fn keep_left(from: &[u64], to: &mut [u64], right: &[u8; ROWS]) {
    let mut place = 0;
    for entry in from {
        to[place] = *entry;
        place += usize::from(right[row_of(*entry)] ^ 1);
    }
}

/// From the end, so that no entry is stored behind the node.
fn keep_right(from: &[u64], to: &mut [u64], right: &[u8; ROWS]) {
    let mut place = to.len() - 1;
    for entry in from.iter().rev() {
        to[place] = *entry;
        place -= usize::from(right[row_of(*entry)]);
    }
}
