//! The engine for all data: entries of rank and row in the order of every feature, weights and
//! targets looked up by row.

use super::{BestSplit, ChildSide, Engine, Floor, Impurity, NodeRows, Spread};
use crate::column::MISSING;
use crate::data::TrainingData;

/// A row in the order of a feature.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    rank: u32,
    row: u32,
}

/// Memory that is used again for the next tree.
#[derive(Debug, Clone, Default)]
pub struct WideBuffers {
    entries: [Vec<Entry>; 2],
    right: Vec<bool>,
}

/// The engine for all data.
pub struct WideEngine<'a, C: Impurity> {
    data: &'a TrainingData,
    buffers: &'a mut WideBuffers,
    criterion: &'a mut C,
    /// Rows with a weight.
    rows: usize,
    search: Search<C::Sums>,
}

struct Search<S> {
    block: NodeRows,
    sums: S,
    floor: Floor,
    best: f64,
    split: Option<BestSplit>,
}

impl<'a, C: Impurity> WideEngine<'a, C> {
    /// Takes the rows that have a weight.
    pub fn new(data: &'a TrainingData, buffers: &'a mut WideBuffers, criterion: &'a mut C) -> Self {
        let rows = (0..data.rows() as u32)
            .filter(|row| criterion.counts(*row))
            .count();
        for entries in &mut buffers.entries {
            entries.clear();
            entries.reserve(rows * data.columns());
        }
        for column in data.sorted_columns() {
            let all = column.ranks.iter().zip(&column.order);
            let counted = all.filter(|(_, row)| criterion.counts(**row));
            let entries = counted.map(|(rank, row)| Entry {
                rank: *rank,
                row: *row,
            });
            buffers.entries[0].extend(entries);
        }
        buffers.entries[1].resize(rows * data.columns(), Entry::default());
        buffers.right.clear();
        buffers.right.resize(data.rows(), false);
        let sums = criterion.sum(std::iter::empty());
        let block = NodeRows::all(rows);
        let floor = Floor {
            samples: 1,
            weight: 0.0,
        };
        let search = Search {
            block,
            sums,
            floor,
            best: f64::NEG_INFINITY,
            split: None,
        };
        Self {
            data,
            buffers,
            criterion,
            rows,
            search,
        }
    }

    fn entries(&self, block: NodeRows, feature: u32) -> &[Entry] {
        let start = feature as usize * self.rows + block.start();
        &self.buffers.entries[block.buffer as usize][start..][..block.len()]
    }

    /// Looks at the split after `cut` rows with a value, the left side complete.
    fn judge(&mut self, feature: u32, spread: &Spread, cut: usize, side: Side) {
        let left = cut + side.missing(spread.missing);
        let right = self.search.block.len() - left;
        let Floor { samples, weight } = self.search.floor;
        if left < samples || right < samples {
            return;
        }
        if self.criterion.sides().iter().any(|side| *side < weight) {
            return;
        }
        let proxy = self.criterion.proxy();
        if proxy > self.search.best {
            let threshold = match side {
                Side::Random { threshold, .. } => threshold,
                _ => self.threshold(feature, spread, cut),
            };
            let missing_left = if spread.missing > 0 {
                side.missing(1) == 1
            } else {
                left > right
            };
            self.search.best = proxy;
            self.search.split = Some(BestSplit {
                feature,
                cut,
                left,
                threshold,
                missing_left,
            });
        }
    }

    fn threshold(&self, feature: u32, spread: &Spread, cut: usize) -> f64 {
        if cut == spread.present {
            return f64::INFINITY;
        }
        let entries = self.entries(self.search.block, feature);
        let column = self.data.column(feature as usize);
        column.middle(entries[cut - 1].rank, entries[cut].rank)
    }

    fn add_missing(&mut self, feature: u32, spread: &Spread) {
        for place in spread.present..self.search.block.len() {
            let row = self.entries(self.search.block, feature)[place].row;
            self.criterion.add(row);
        }
    }
}

/// Where missing values go in the split that is looked at.
#[derive(Debug, Clone, Copy)]
enum Side {
    MissingRight,
    MissingLeft,
    Random { threshold: f64, missing_left: bool },
}

impl Side {
    /// How many of so many missing values go left.
    fn missing(self, missing: usize) -> usize {
        match self {
            Self::MissingRight
            | Self::Random {
                missing_left: false,
                ..
            } => 0,
            Self::MissingLeft
            | Self::Random {
                missing_left: true, ..
            } => missing,
        }
    }
}

impl<C: Impurity> Engine for WideEngine<'_, C> {
    type Sums = C::Sums;

    fn root(&mut self) -> (usize, C::Sums) {
        let rows = 0..self.data.rows() as u32;
        let counted: Vec<u32> = rows.filter(|row| self.criterion.counts(*row)).collect();
        (self.rows, self.criterion.sum(counted.into_iter()))
    }

    fn total_weight(&self) -> f64 {
        self.criterion.total_weight()
    }

    fn weight(&self, sums: &C::Sums) -> f64 {
        self.criterion.weight(sums)
    }

    fn impurity(&self, sums: &C::Sums) -> f64 {
        self.criterion.impurity(sums)
    }

    fn push_value(&self, sums: &C::Sums, values: &mut Vec<f64>) {
        self.criterion.push_value(sums, values);
    }

    fn spread(&self, block: NodeRows, feature: u32) -> Spread {
        let entries = self.entries(block, feature);
        let column = self.data.column(feature as usize);
        let present = if column.has_missing() {
            entries.partition_point(|entry| entry.rank != MISSING)
        } else {
            entries.len()
        };
        let missing = entries.len() - present;
        if present == 0 {
            return Spread {
                present,
                missing,
                ends: [0.0; 2],
                constant: true,
            };
        }
        let ranks = [entries[0].rank, entries[present - 1].rank];
        Spread {
            present,
            missing,
            ends: ranks.map(|rank| column.distinct[rank as usize]),
            constant: missing == 0 && !column.splits(ranks[0], ranks[1]),
        }
    }

    fn begin(&mut self, block: NodeRows, sums: &C::Sums, floor: Floor) -> bool {
        self.search = Search {
            block,
            sums: *sums,
            floor,
            best: f64::NEG_INFINITY,
            split: None,
        };
        true
    }

    fn search_all(&mut self, _: &[u32]) {
        unreachable!("this engine never says that no feature is constant");
    }

    fn search(&mut self, feature: u32, spread: &Spread) {
        let data = self.data;
        let column = data.column(feature as usize);
        let sums = self.search.sums;
        self.criterion.start(&sums);
        for cut in 1..=spread.present {
            let entries = self.entries(self.search.block, feature);
            let entry = entries[cut - 1];
            let ends = cut == spread.present;
            let splits = if ends {
                spread.missing > 0
            } else {
                column.splits(entry.rank, entries[cut].rank)
            };
            self.criterion.add(entry.row);
            if splits {
                self.judge(feature, spread, cut, Side::MissingRight);
            }
        }
        if spread.missing == 0 {
            return;
        }
        self.criterion.start(&sums);
        self.add_missing(feature, spread);
        for cut in 1..spread.present {
            let entries = self.entries(self.search.block, feature);
            let (entry, next) = (entries[cut - 1], entries[cut]);
            self.criterion.add(entry.row);
            if column.splits(entry.rank, next.rank) {
                self.judge(feature, spread, cut, Side::MissingLeft);
            }
        }
    }

    fn try_threshold(&mut self, feature: u32, spread: &Spread, threshold: f64, missing_left: bool) {
        let distinct = &self.data.column(feature as usize).distinct;
        let present = &self.entries(self.search.block, feature)[..spread.present];
        let cut =
            present.partition_point(|entry| f64::from(distinct[entry.rank as usize]) <= threshold);
        let sums = self.search.sums;
        self.criterion.start(&sums);
        for place in 0..cut {
            let row = self.entries(self.search.block, feature)[place].row;
            self.criterion.add(row);
        }
        if missing_left {
            self.add_missing(feature, spread);
        }
        let side = Side::Random {
            threshold,
            missing_left,
        };
        self.judge(feature, spread, cut, side);
    }

    fn found(&mut self, _: &C::Sums) -> Option<BestSplit> {
        self.search.split
    }

    fn divide(&mut self, block: NodeRows, _: &C::Sums, split: &BestSplit) -> [C::Sums; 2] {
        let start = split.feature as usize * self.rows + block.start();
        let entries = &self.buffers.entries[block.buffer as usize][start..][..block.len()];
        // Missing values are last in the order, whichever side they go to.
        let missing = split.left.saturating_sub(split.cut);
        let (values, last) = entries.split_at(block.len() - missing);
        let (first, right) = values.split_at(split.cut);
        let left = || first.iter().chain(last);
        // All rows have the mark that their node's side of its parent gave them.
        if block.side == ChildSide::Right {
            for entry in left() {
                self.buffers.right[entry.row as usize] = false;
            }
        } else {
            for entry in right {
                self.buffers.right[entry.row as usize] = true;
            }
        }
        let left = self.criterion.sum(left().map(|entry| entry.row));
        [
            left,
            self.criterion.sum(right.iter().map(|entry| entry.row)),
        ]
    }

    fn partition(&mut self, block: NodeRows, split: &BestSplit, _: [bool; 2]) {
        let (from, to) = block.buffer.of_node_and_children(&mut self.buffers.entries);
        for column in 0..self.data.columns() {
            let start = column * self.rows + block.start();
            let from = &from[start..][..block.len()];
            let to = &mut to[start..][..block.len()];
            let mut left = 0;
            for (place, entry) in from.iter().enumerate() {
                let right = self.buffers.right[entry.row as usize];
                let at = if right {
                    split.left + place - left
                } else {
                    left
                };
                to[at] = *entry;
                left += usize::from(!right);
            }
        }
    }
}
