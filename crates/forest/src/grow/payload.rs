//! What packed entries carry besides the weight, and how good a split of it is.

use super::simd::{VectorPath, scan};
use super::strips::{
    LANES, LaneBest, MissingLeft, NodeTotals, Strip, StripScan, product_of, sum_part, weight_of,
};
use crate::packed_targets::PackedTargets;

/// Sums of entries, and scans of them.
pub trait Payload {
    /// What is known of the rows of a node together.
    type Sums: Copy;

    fn total_weight(&self) -> f64;
    /// The sums of entries.
    fn sum(&mut self, entries: impl Iterator<Item = u64>) -> Self::Sums;
    /// The sums of what is left.
    fn rest(&mut self, all: &Self::Sums, part: &Self::Sums) -> Self::Sums;
    fn weight(&self, sums: &Self::Sums) -> f64;
    fn impurity(&self, sums: &Self::Sums) -> f64;
    fn push_value(&self, sums: &Self::Sums, values: &mut Vec<f64>);
    /// Finds the best split of every lane. Worse ones than `known` may be left out.
    fn scan(
        &mut self,
        path: VectorPath,
        scan: &StripScan,
        sums: &Self::Sums,
        known: f64,
    ) -> LaneBest;
}

/// Numbers: mean squared error in integers.
pub struct PackedNumbers<'a> {
    pub targets: PackedTargets<'a>,
    integers: bool,
    scratch: Vec<Strip>,
}

/// Sums of a node's rows: weights, weight × target, weight × target².
#[derive(Debug, Clone, Copy, Default)]
pub struct IntegerSums {
    weight: u64,
    sum: u64,
    squares: u64,
}

/// 2³² / weight, rounded up, for every weight: times a product of the weight and a number, which is
/// below 2²⁴, it has the number in its high bits.
const SHARES: [u64; 256] = {
    let mut shares = [0; 256];
    let mut weight = 1;
    while weight < 256 {
        shares[weight] = (1_u64 << 32).div_ceil(weight as u64);
        weight += 1;
    }
    shares
};

impl<'a> PackedNumbers<'a> {
    pub fn new(targets: PackedTargets<'a>) -> Self {
        Self {
            targets,
            integers: targets.are_integers(),
            scratch: Vec::new(),
        }
    }

    /// The sum of the targets as they are, scaled.
    fn sum_of_targets(&self, sums: &IntegerSums) -> i64 {
        sums.sum.cast_signed() + self.targets.fixed.least * sums.weight.cast_signed()
    }
}

impl Payload for PackedNumbers<'_> {
    type Sums = IntegerSums;

    fn total_weight(&self) -> f64 {
        self.targets.weight as f64
    }

    fn sum(&mut self, entries: impl Iterator<Item = u64>) -> IntegerSums {
        let mut sums = IntegerSums::default();
        for entry in entries {
            let (weight, product) = (weight_of(entry), product_of(entry));
            sums.weight += weight;
            sums.sum += product;
            // The product is a multiple of the weight, so that this is the target exactly.
            let above = (product * SHARES[weight as usize]) >> 32;
            sums.squares += product * above;
        }
        sums
    }

    fn rest(&mut self, all: &IntegerSums, part: &IntegerSums) -> IntegerSums {
        IntegerSums {
            weight: all.weight - part.weight,
            sum: all.sum - part.sum,
            squares: all.squares - part.squares,
        }
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

    fn scan(
        &mut self,
        path: VectorPath,
        node: &StripScan,
        sums: &IntegerSums,
        known: f64,
    ) -> LaneBest {
        let sum = self.sum_of_targets(sums) as f64;
        let totals = NodeTotals {
            weight: sums.weight,
            sum: sums.sum,
            least: self.targets.fixed.least as f64,
            base: sum * sum / sums.weight as f64,
            known,
            before: node
                .missing_left
                .map_or([0; LANES], |missing| sums_of_missing(node.strips, missing)),
        };
        if self.integers {
            scan::<true>(path, node, &totals, &mut self.scratch)
        } else {
            scan::<false>(path, node, &totals, &mut self.scratch)
        }
    }
}

/// For every lane the sums of the entries whose value is missing.
fn sums_of_missing(strips: &[Strip], missing: &MissingLeft) -> [u64; LANES] {
    std::array::from_fn(|lane| {
        let tail = &strips[strips.len() - missing.count[lane]..];
        tail.iter().map(|strip| sum_part(strip.0[lane])).sum()
    })
}
