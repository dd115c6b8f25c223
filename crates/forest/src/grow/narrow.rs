//! The packed engine: 8-byte entries that hold all that scan and partition need, so that both
//! stream through memory.
//!
//! An entry is code | row << 16 | weight << 32 | weight × target << 40, with 16, 16, 8 and 24 bits.
//! Codes of values ascend in the order of a feature. Sums are integers.

use super::lanes::{
    Lanes, NodeScan, PADDING, SMALL, ScanColumn, SmallMove, code_of, keep_left, keep_right,
    move_both, product_of, row_of, weight_of, with_row,
};
use super::simd::{VectorPath, move_small, scan};
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
    /// The numbers of rows in the small node that is being divided.
    labels: Vec<u16>,
    /// Targets by number in the small node.
    above: Vec<u32>,
    starts: Vec<usize>,
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
    /// Features in the order in which they were looked at.
    seen: Vec<ScanColumn>,
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
        buffers.labels.resize(ROWS, 0);
        buffers.above.resize(SMALL, 0);
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
            node: NodeRows::all(rows),
            sums: IntegerSums::default(),
            least_rows: 1,
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

    /// The sum of the targets as they are, scaled.
    fn sum_of_targets(&self, sums: &IntegerSums) -> i64 {
        sums.sum.cast_signed() + self.targets.fixed.least * sums.weight.cast_signed()
    }
}

impl IntegerSums {
    /// The sums of entries; `above` has the targets by row.
    fn of(entries: &[u64], above: &[u32]) -> Self {
        let mut sums = Self::default();
        for entry in entries {
            sums.weight += weight_of(*entry);
            sums.sum += product_of(*entry);
            sums.squares += product_of(*entry) * u64::from(above[row_of(*entry)]);
        }
        sums
    }
}

fn mark(entries: &[u64], side: u8, right: &mut [u8; ROWS]) {
    for entry in entries {
        right[row_of(*entry)] = side;
    }
}

impl Engine for NarrowEngine<'_> {
    type Sums = IntegerSums;

    fn root(&mut self) -> (usize, IntegerSums) {
        let all = NodeRows::all(self.rows);
        (
            self.rows,
            IntegerSums::of(self.entries(all, 0), &self.targets.fixed.above),
        )
    }

    fn total_weight(&self) -> f64 {
        self.targets.weight as f64
    }

    fn weight(&self, sums: &IntegerSums) -> f64 {
        sums.weight as f64
    }

    fn impurity(&self, sums: &IntegerSums) -> f64 {
        let weight = sums.weight as f64;
        if self.integers {
            // As scikit-learn computes it; the sums are those of the targets as they stand.
            let least = self.targets.fixed.least;
            let sum = self.sum_of_targets(sums);
            let squares = sums.squares.cast_signed() + least * (sums.sum.cast_signed() + sum);
            let mean = sum as f64 / weight;
            return (squares as f64 / weight - mean * mean).max(0.0);
        }
        let (squares, sum) = (sums.squares, sums.sum);
        let above = if let (Some(squares), Some(square)) =
            (squares.checked_mul(sums.weight), sum.checked_mul(sum))
        {
            (squares - square) as f64
        } else {
            let squares = u128::from(squares) * u128::from(sums.weight);
            (squares - u128::from(sum) * u128::from(sum)) as f64
        };
        let scale = self.targets.fixed.scale;
        above / (weight * weight) / (scale * scale)
    }

    fn push_value(&self, sums: &IntegerSums, values: &mut Vec<f64>) {
        let weight = sums.weight as f64 * self.targets.fixed.scale;
        values.push(self.sum_of_targets(sums) as f64 / weight);
    }

    fn settle(&mut self, node: NodeRows) -> NodeRows {
        if node.small || node.len > SMALL || self.path != VectorPath::Avx512 {
            return node;
        }
        let buffers = &mut *self.buffers;
        let entries = &mut buffers.entries[node.parity];
        for (label, entry) in entries[node.start..][..node.len].iter().enumerate() {
            let row = row_of(*entry);
            buffers.labels[row] = label as u16;
            buffers.above[label] = self.targets.fixed.above[row];
        }
        let Some(labels) = buffers.labels.as_slice().first_chunk::<ROWS>() else {
            return node;
        };
        for entries in entries.chunks_exact_mut(self.stride) {
            for entry in &mut entries[node.start..][..node.len] {
                *entry = with_row(*entry, labels[row_of(*entry)]);
            }
        }
        NodeRows {
            small: true,
            ..node
        }
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
        self.search.seen.clear();
    }

    fn search(&mut self, feature: u32, _: &Spread) {
        self.search.seen.push(ScanColumn {
            feature,
            start: feature as usize * self.stride + self.search.node.start,
            step: u64::from(self.targets.rows.steps[feature as usize]),
        });
    }

    fn try_threshold(&mut self, _: u32, _: &Spread, _: f64, _: bool) {
        unreachable!("random thresholds are for the other engine");
    }

    fn found(&mut self) -> Option<BestSplit> {
        let search = &mut self.search;
        let scanned = NodeScan {
            entries: &self.buffers.entries[search.node.parity],
            columns: &search.seen,
            places: [search.least_rows - 1, search.node.len - search.least_rows],
            weight: search.sums.weight,
            sum: search.sums.sum,
            least: self.targets.fixed.least as f64,
        };
        let mut lanes = Lanes::EMPTY;
        if self.integers {
            scan::<true>(self.path, &scanned, &mut lanes);
        } else {
            scan::<false>(self.path, &scanned, &mut lanes);
        }
        let key = lanes.best()?;
        let feature = search.seen[(key >> 32) as usize].feature;
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
        let buffers = &mut *self.buffers;
        let entries = &buffers.entries[node.parity][start..][..node.len];
        let sides = entries.split_at(split.cut);
        if let Some(right) = buffers.right.as_mut_slice().first_chunk_mut() {
            mark(sides.0, 0, right);
            mark(sides.1, 1, right);
        }
        let above = if node.small {
            &buffers.above
        } else {
            &self.targets.fixed.above
        };
        // The sums of the smaller side, and of the other what is left.
        let left_is_smaller = split.cut * 2 <= node.len;
        let smaller = if left_is_smaller { sides.0 } else { sides.1 };
        let smaller = IntegerSums::of(smaller, above);
        let larger = IntegerSums {
            weight: sums.weight - smaller.weight,
            sum: sums.sum - smaller.sum,
            squares: sums.squares - smaller.squares,
        };
        if left_is_smaller {
            [smaller, larger]
        } else {
            [larger, smaller]
        }
    }

    fn partition(&mut self, node: NodeRows, split: &BestSplit, keep: [bool; 2]) {
        let [a, b] = &mut self.buffers.entries;
        let (from, to) = if node.parity == 0 { (a, b) } else { (b, a) };
        if node.small
            && let Some(right) = self.buffers.right.first_chunk::<SMALL>()
        {
            self.buffers.starts.clear();
            let columns = 0..self.data.columns();
            let moved = columns.filter(|column| *column != split.feature as usize);
            let starts = moved.map(|column| column * self.stride + node.start);
            self.buffers.starts.extend(starts);
            let job = SmallMove {
                starts: &self.buffers.starts,
                len: node.len,
                left: split.left,
                keep,
                right,
            };
            move_small(&job, from, to);
            let start = split.feature as usize * self.stride + node.start;
            to[start..][..node.len].copy_from_slice(&from[start..][..node.len]);
            return;
        }
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
