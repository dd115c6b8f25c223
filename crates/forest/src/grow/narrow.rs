//! The packed engine: 8-byte entries that hold all that scan and partition need, so that both
//! stream through memory.
//!
//! An entry is code | row << 16 | weight << 32 | load << 40, with 16, 16, 8 and 24 bits; the load
//! is weight × target, or the class. Codes of values ascend in the order of a feature. Entries of
//! eight features lie side by side in a [`Strip`].

use std::ops::Range;

use super::payload::Payload;
use super::sides::{NUMBERED, SideBits, Sides, learn_numbers, mark_bit, put_numbers};
use super::simd::{VectorPath, load, partition};
use super::strips::{
    LANES, LaneBest, MissingLeft, NOWHERE, ROWS, Strip, StripScan, code_of, row_of,
};
use super::{BestSplit, ChildSide, Engine, Floor, NodeRows, Spread};
use crate::column::middle;
use crate::data::TrainingData;
use crate::packed::PackedRows;
use crate::params::GrowLimits;
use crate::tree::{LEAF, RawNode};

/// Memory that is used again for the next tree.
#[derive(Debug, Clone, Default)]
pub struct NarrowBuffers {
    strips: [Vec<Strip>; 2],
    /// 1 for rows that go right. As many as the number of a row can say, so that looking one up
    /// needs no check.
    right: Vec<u8>,
    /// When each feature is looked at in the node.
    turns: Vec<u32>,
    /// For every eight features: those that are looked at in the node.
    looked: Vec<u8>,
    /// For every eight features: bits of a difference of codes that a split can be between.
    far: Vec<[u64; LANES]>,
    /// For every eight features: those that are constant in the node.
    constant: Vec<u8>,
    /// Numbers of the rows of a small node. As many as the number of a row can say.
    numbers: Vec<u16>,
}

/// The packed engine.
pub struct NarrowEngine<'a, P> {
    packed: &'a PackedRows,
    payload: P,
    buffers: &'a mut NarrowBuffers,
    path: VectorPath,
    rows: usize,
    /// All ones where every feature that is not constant is looked at, so that the search need not
    /// wait for the order in which they are.
    all: u8,
    /// Whether the rows of small nodes are numbered: where this brings something, and nodes are
    /// taken path by path.
    numbers_rows: bool,
    /// The places whose rows are numbered: those of a small node, while the tree below it grows.
    numbered: Range<usize>,
    /// The sides of their rows.
    bits: SideBits,
    search: NarrowSearch,
}

/// The node that is being looked at.
struct NarrowSearch {
    node: NodeRows,
    least_rows: usize,
    seen: u32,
    found: Option<Found>,
}

/// The best split so far.
#[derive(Clone, Copy)]
struct Found {
    score: f64,
    turn: u32,
    feature: u32,
    place: usize,
    /// Rows whose value is missing, where they go left.
    missing: usize,
}

impl<'a, P: Payload> NarrowEngine<'a, P> {
    /// Takes the rows that have a weight. `loads` are their weights and loads: weight | load << 8.
    pub fn new(
        data: &'a TrainingData,
        packed: &'a PackedRows,
        payload: P,
        loads: &[u32],
        limits: &GrowLimits,
        path: VectorPath,
        buffers: &'a mut NarrowBuffers,
    ) -> Self {
        let path = path.or_lower();
        let rows = loads.iter().filter(|load| **load != 0).count();
        let groups = data.columns().div_ceil(LANES);
        for strips in &mut buffers.strips {
            // One more for the entry that is not taken.
            strips.resize(rows * groups + 1, Strip::default());
        }
        buffers.right.clear();
        buffers.right.resize(ROWS, 0);
        buffers.turns.resize(data.columns(), 0);
        buffers.looked.clear();
        buffers.looked.resize(groups, 0);
        buffers.constant.resize(groups, 0);
        buffers.numbers.resize(ROWS, 0);
        buffers.far.clear();
        buffers.far.resize(groups, [0; LANES]);
        for (feature, codes) in packed.codes.iter().enumerate() {
            let far = 0xffff & u64::from(codes.step).wrapping_neg();
            buffers.far[feature / LANES][feature % LANES] = far;
        }
        for (group, templates) in packed.templates.chunks_exact(data.rows()).enumerate() {
            let to = &mut buffers.strips[0][group * rows..][..=rows];
            let width = (data.columns() - group * LANES).min(LANES);
            load(path, width, templates, loads, to);
        }
        let search = NarrowSearch {
            node: NodeRows::all(rows),
            least_rows: 1,
            seen: 0,
            found: None,
        };
        Self {
            packed,
            payload,
            buffers,
            path,
            rows,
            all: if limits.max_features as usize >= data.columns() {
                u8::MAX
            } else {
                0
            },
            numbers_rows: path == VectorPath::Avx512 && limits.max_leaves.is_none(),
            numbered: 0..0,
            bits: SideBits::default(),
            search,
        }
    }

    fn is_numbered(&self, node: NodeRows) -> bool {
        self.numbered.start <= node.start() && node.start() + node.len() <= self.numbered.end
    }

    /// Numbers the rows of a small node.
    fn number(&mut self, node: NodeRows) {
        self.numbered = node.start()..node.start() + node.len();
        let Some(numbers) = self.buffers.numbers.first_chunk_mut() else {
            return;
        };
        let strips = &mut self.buffers.strips[node.buffer as usize];
        learn_numbers(&strips[self.numbered.clone()], numbers);
        for group in 0..self.buffers.far.len() {
            let start = group * self.rows + node.start();
            put_numbers(&mut strips[start..][..node.len()], numbers);
        }
    }

    fn strips(&self, node: NodeRows, group: usize) -> &[Strip] {
        let start = group * self.rows + node.start();
        &self.buffers.strips[node.buffer as usize][start..][..node.len()]
    }

    /// A feature's entries in a node.
    fn entries(&self, node: NodeRows, feature: u32) -> (&[Strip], usize) {
        let (group, lane) = place_of(feature);
        (self.strips(node, group), lane)
    }

    /// Scans eight features.
    fn scan(&mut self, group: usize, sums: &P::Sums) {
        let node = self.search.node;
        let looked = self.buffers.looked[group];
        let start = group * self.rows + node.start();
        let mut scan = StripScan {
            strips: &self.buffers.strips[node.buffer as usize][start..][..node.len()],
            looked,
            many_values: self.packed.many_values,
            far: &self.buffers.far[group],
            places: [
                self.search.least_rows - 1,
                node.len() - self.search.least_rows,
            ],
            missing_left: None,
        };
        let known = self.search.known();
        let best = self.payload.scan(self.path, &scan, sums, known);
        let turns = &self.buffers.turns[group * LANES..];
        self.search.fold(group, &best, turns, None);
        if !self.packed.has_missing {
            return;
        }
        let Some(missing) = self.missing(group, scan.strips) else {
            return;
        };
        scan.looked = missing.lanes;
        scan.missing_left = Some(&missing);
        let known = self.search.known();
        let best = self.payload.scan(self.path, &scan, sums, known);
        self.search.fold(group, &best, turns, Some(&missing));
    }

    /// Where values are missing in the node, and where splits can then be.
    fn missing(&self, group: usize, strips: &[Strip]) -> Option<MissingLeft> {
        let codes = &self.packed.codes[group * LANES..];
        let mut missing = MissingLeft::default();
        let least = self.search.least_rows;
        for (lane, codes) in codes.iter().take(LANES).enumerate() {
            let Some(code) = codes.missing else { continue };
            let is_there = |strip: &Strip| code_of(strip.0[lane]) != u64::from(code);
            if self.buffers.looked[group] >> lane & 1 == 0 || strips.last().is_none_or(is_there) {
                continue;
            }
            let present = strips.partition_point(is_there);
            let count = strips.len() - present;
            missing.lanes |= 1 << lane;
            missing.count[lane] = count;
            missing.first[lane] = least.saturating_sub(count).max(1) as u64 - 1;
            let end = (strips.len() - least).saturating_sub(count);
            missing.end[lane] = end.min(present.saturating_sub(1)) as u64;
        }
        (missing.lanes != 0).then_some(missing)
    }
}

/// Where a feature lies: eight features, and which of them.
fn place_of(feature: u32) -> (usize, usize) {
    (feature as usize / LANES, feature as usize % LANES)
}

impl NarrowSearch {
    /// How good the best split so far is.
    fn known(&self) -> f64 {
        self.found.map_or(f64::NEG_INFINITY, |found| found.score)
    }

    /// Takes the best split of the lanes if it is better; of equals, the one looked at first.
    fn fold(
        &mut self,
        group: usize,
        best: &LaneBest,
        turns: &[u32],
        missing: Option<&MissingLeft>,
    ) {
        let LaneBest { most, equal, .. } = *best;
        let mut lane = equal.trailing_zeros() as usize;
        // Without any split all are equal, also those beyond the last feature.
        let mut others = equal & equal.wrapping_sub(1);
        while others != 0 {
            let other = others.trailing_zeros() as usize;
            if turns.get(other).is_some_and(|turn| *turn < turns[lane]) {
                lane = other;
            }
            others &= others - 1;
        }
        let turn = turns[lane];
        let better = self
            .found
            .as_ref()
            .is_none_or(|found| most > found.score || most == found.score && turn < found.turn);
        if better && best.place[lane] != NOWHERE {
            self.found = Some(Found {
                score: most,
                turn,
                feature: (group * LANES + lane) as u32,
                place: best.place[lane] as usize,
                missing: missing.map_or(0, |missing| missing.count[lane]),
            });
        }
    }
}

fn mark<'a>(
    entries: impl Iterator<Item = &'a Strip>,
    lane: usize,
    side: u8,
    right: &mut [u8; ROWS],
) {
    for entry in entries {
        right[row_of(entry.0[lane])] = side;
    }
}

impl<P: Payload> Engine for NarrowEngine<'_, P> {
    type Sums = P::Sums;

    fn root(&mut self) -> (usize, P::Sums) {
        let strips = &self.buffers.strips[0][..self.rows];
        (
            self.rows,
            self.payload.sum(strips.iter().map(|strip| strip.0[0])),
        )
    }

    fn total_weight(&self) -> f64 {
        self.payload.total_weight()
    }

    fn weight(&self, sums: &P::Sums) -> f64 {
        self.payload.weight(sums)
    }

    fn impurity(&self, sums: &P::Sums) -> f64 {
        self.payload.impurity(sums)
    }

    fn push_value(&self, sums: &P::Sums, values: &mut Vec<f64>) {
        self.payload.push_value(sums, values);
    }

    fn spread(&self, node: NodeRows, feature: u32) -> Spread {
        let (group, lane) = place_of(feature);
        Spread {
            // Only the other engine and random thresholds need these.
            present: node.len(),
            missing: 0,
            ends: [0.0; 2],
            constant: self.buffers.constant[group] >> lane & 1 == 1,
        }
    }

    fn begin(&mut self, node: NodeRows, _: &P::Sums, floor: Floor) -> bool {
        self.search = NarrowSearch {
            node,
            least_rows: floor.samples,
            seen: 0,
            found: None,
        };
        if self.numbers_rows && node.len() <= NUMBERED && !self.is_numbered(node) {
            self.number(node);
        }
        let buffers = &mut *self.buffers;
        let strips = buffers.strips[node.buffer as usize][node.start()..].chunks(self.rows);
        let groups = buffers.constant.iter_mut().zip(&mut buffers.looked);
        let (mut some, mut width) = (0, self.packed.codes.len());
        for (((constant, looked), far), strips) in groups.zip(&buffers.far).zip(strips) {
            let (first, last) = (&strips[0].0, &strips[node.len() - 1].0);
            let mut same = 0;
            for lane in 0..LANES {
                let is_same = last[lane].wrapping_sub(first[lane]) & far[lane] == 0;
                same |= u8::from(is_same) << lane;
            }
            (*constant, *looked) = (same, !same & self.all);
            some |= same & u8::MAX >> LANES.saturating_sub(width);
            width = width.saturating_sub(LANES);
        }
        some != 0
    }

    fn search_all(&mut self, features: &[u32]) {
        for (turn, feature) in (0..).zip(features.iter().rev()) {
            self.buffers.turns[*feature as usize] = turn;
        }
    }

    fn search(&mut self, feature: u32, _: &Spread) {
        let (group, lane) = place_of(feature);
        self.buffers.looked[group] |= (1 << lane) & !self.all;
        self.buffers.turns[feature as usize] = self.search.seen;
        self.search.seen += 1;
    }

    fn try_threshold(&mut self, _: u32, _: &Spread, _: f64, _: bool) {
        unreachable!("random thresholds are for the other engine");
    }

    fn found(&mut self, sums: &P::Sums) -> Option<BestSplit> {
        for group in 0..self.buffers.looked.len() {
            if self.buffers.looked[group] != 0 {
                self.scan(group, sums);
            }
        }
        let found = self.search.found?;
        let node = self.search.node;
        let (strips, lane) = self.entries(node, found.feature);
        let codes = &self.packed.codes[found.feature as usize];
        let cut = found.place + 1;
        let left = cut + found.missing;
        let [lower, upper] = [cut - 1, cut].map(|place| code_of(strips[place].0[lane]));
        let last = code_of(strips[node.len() - 1].0[lane]);
        let missing = codes.missing.map(u64::from) == Some(last);
        Some(BestSplit {
            feature: found.feature,
            cut,
            left,
            // The codes it is between, until all are looked up at once.
            threshold: f64::from_bits(lower << 16 | upper),
            missing_left: if missing {
                found.missing > 0
            } else {
                left > node.len() - left
            },
        })
    }

    fn finish(&self, nodes: &mut [RawNode]) {
        for node in nodes.iter_mut().filter(|node| node.feature != LEAF) {
            let between = node.threshold.to_bits();
            let values = &self.packed.codes[node.feature_number()].values;
            let value = |code: u64| values.get(code as usize);
            // Only missing values go right where the next value is missing.
            node.threshold = match (value(between >> 16), value(between & 0xffff)) {
                (Some(lower), Some(upper)) => middle(*lower, *upper),
                _ => f64::INFINITY,
            };
        }
    }

    fn divide(&mut self, node: NodeRows, sums: &P::Sums, split: &BestSplit) -> [P::Sums; 2] {
        let is_numbered = self.is_numbered(node);
        let (group, lane) = place_of(split.feature);
        let start = group * self.rows + node.start();
        let buffers = &mut *self.buffers;
        let strips = &buffers.strips[node.buffer as usize][start..][..node.len()];
        // Missing values are last in the order, whichever side they go to.
        let (values, last) = strips.split_at(node.len() + split.cut - split.left);
        let (first, right) = values.split_at(split.cut);
        let left_is_smaller = split.left * 2 <= node.len();
        let smaller = if left_is_smaller {
            first.iter().chain(last)
        } else {
            right.iter().chain(&[])
        };
        let smaller = smaller.map(|strip| strip.0[lane]);
        // The sums of the smaller side, and of the other what is left.
        let smaller = if is_numbered {
            self.bits = SideBits::default();
            let marked = smaller.inspect(|entry| mark_bit(&mut self.bits, *entry));
            let sums = self.payload.sum(marked);
            if left_is_smaller {
                self.bits = self.bits.map(|bits| !bits);
            }
            sums
        } else {
            if let Some(sides) = buffers.right.as_mut_slice().first_chunk_mut() {
                // All rows have the mark that their node's side of its parent gave them.
                if node.side == ChildSide::Right {
                    mark(first.iter().chain(last), lane, 0, sides);
                } else {
                    mark(right.iter(), lane, 1, sides);
                }
            }
            self.payload.sum(smaller)
        };
        let rest = self.payload.rest(sums, &smaller);
        if left_is_smaller {
            [smaller, rest]
        } else {
            [rest, smaller]
        }
    }

    fn partition(&mut self, node: NodeRows, split: &BestSplit, _: [bool; 2]) {
        let is_numbered = self.is_numbered(node);
        let (from, to) = node.buffer.of_node_and_children(&mut self.buffers.strips);
        let Some(right) = self.buffers.right.first_chunk::<ROWS>() else {
            return;
        };
        let sides = if is_numbered {
            Sides::Bits(&self.bits)
        } else {
            Sides::Rows(right)
        };
        for group in 0..self.buffers.far.len() {
            let start = group * self.rows + node.start();
            let buffers = (&from[start..][..node.len()], &mut to[start..][..node.len()]);
            let width = self.packed.codes.len() - group * LANES;
            partition(self.path, width, buffers, split.left, sides);
        }
    }
}
