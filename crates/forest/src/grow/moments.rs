//! Mean squared error: weights, sums and squares of the targets in 64-bit floats.
//!
//! Everything here is summed by one thread in one order, row after row in the order of a feature,
//! so the result does not depend on the machine.

use super::Impurity;
use crate::data::TrainingData;

/// Targets and weights of the rows.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    /// What was taken off every target: 0 where sums are exact integers.
    offset: f64,
    rows: Vec<Weighted>,
    total_weight: f64,
    node: MomentSums,
    left: [f64; 2],
}

#[derive(Debug, Clone, Copy, Default)]
struct Weighted {
    weight: f64,
    target: f64,
}

/// Sums of a node's rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct MomentSums {
    weight: f64,
    sum: f64,
    squares: f64,
    /// All targets are the same.
    pure: bool,
}

impl Moments {
    /// Reads targets and weights; a missing weight is 1.
    pub fn load(&mut self, data: &TrainingData, y: &[f64], weight: impl Fn(usize) -> f64) {
        let _ = data;
        self.total_weight = (0..y.len()).map(&weight).sum();
        let weighted = y.iter().enumerate();
        let sum: f64 = weighted.map(|(row, y)| weight(row) * y).sum();
        let whole = |value: f64| value.fract() == 0.0;
        let exact = (0..y.len()).all(|row| whole(y[row]) && whole(weight(row)))
            && (0..y.len())
                .map(|row| weight(row) * y[row] * y[row])
                .sum::<f64>()
                < 2_f64.powi(53);
        self.offset = if exact { 0.0 } else { sum / self.total_weight };
        self.rows.clear();
        self.rows
            .extend(y.iter().enumerate().map(|(row, y)| Weighted {
                weight: weight(row),
                target: y - self.offset,
            }));
    }
}

impl Impurity for Moments {
    type Sums = MomentSums;

    fn sum(&mut self, rows: impl Iterator<Item = u32>) -> MomentSums {
        let mut sums = MomentSums {
            pure: true,
            ..MomentSums::default()
        };
        let mut first = None;
        for row in rows {
            let Weighted { weight, target } = self.rows[row as usize];
            sums.weight += weight;
            sums.sum += weight * target;
            sums.squares += weight * target * target;
            sums.pure &= *first.get_or_insert(target) == target;
        }
        sums
    }

    fn total_weight(&self) -> f64 {
        self.total_weight
    }

    fn counts(&self, row: u32) -> bool {
        self.rows[row as usize].weight > 0.0
    }

    fn weight(&self, sums: &MomentSums) -> f64 {
        sums.weight
    }

    fn impurity(&self, sums: &MomentSums) -> f64 {
        if sums.pure {
            return 0.0;
        }
        let mean = sums.sum / sums.weight;
        (sums.squares / sums.weight - mean * mean).max(0.0)
    }

    fn push_value(&self, sums: &MomentSums, values: &mut Vec<f64>) {
        values.push(self.offset + sums.sum / sums.weight);
    }

    fn start(&mut self, node: &MomentSums) {
        self.node = *node;
        self.left = [0.0, 0.0];
    }

    fn add(&mut self, row: u32) {
        let Weighted { weight, target } = self.rows[row as usize];
        self.left[0] += weight;
        self.left[1] += weight * target;
    }

    fn sides(&self) -> [f64; 2] {
        [self.left[0], self.node.weight - self.left[0]]
    }

    fn proxy(&self) -> f64 {
        let [left, right] = self.sides();
        let rest = self.node.sum - self.left[1];
        self.left[1] * self.left[1] / left + rest * rest / right
    }
}
