//! Targets and weights of one tree in the form that the packed engine copies its entries from.

use crate::data::{Targets, TrainingData};
use crate::fixed::FixedTargets;
use crate::packed::PackedRows;

/// Targets and weights of a tree, where they fit into packed entries.
#[derive(Debug, Clone, Copy)]
pub struct PackedTargets<'a> {
    pub rows: &'a PackedRows,
    pub fixed: &'a FixedTargets,
    /// All weights together.
    pub weight: u64,
}

impl<'a> PackedTargets<'a> {
    /// Reads the weights of the rows into `loads`: weight | weight × target << 8. None where
    /// something does not fit; a weight that is not whole is given as `u32::MAX`.
    pub fn load(
        data: &'a TrainingData,
        weight: impl Fn(usize) -> u32,
        loads: &mut Vec<u32>,
    ) -> Option<Self> {
        let Targets::Numbers { fixed, .. } = data.targets() else {
            return None;
        };
        let (rows, fixed) = (data.packed()?, fixed.as_ref()?);
        let (mut weights, mut sum, mut squares, mut beyond) = (0_u64, 0_u64, 0_u64, 0_u64);
        loads.clear();
        loads.extend(fixed.above.iter().enumerate().map(|(row, above)| {
            let (weight, above) = (u64::from(weight(row)), u64::from(*above));
            let product = weight * above;
            beyond |= weight >> 8 | product >> 24;
            weights += weight;
            sum = sum.wrapping_add(product);
            // At most 65,536 products of 48 bits, where they fit.
            squares = squares.wrapping_add(product.wrapping_mul(above));
            (weight | product << 8) as u32
        }));
        if beyond != 0 {
            return None;
        }
        // Then sums, squares and products of a sum and a weight are exact in 64-bit floats.
        let most = fixed.least.unsigned_abs() + u64::from(fixed.most);
        let exact = sum < 1 << 40
            && sum * weights < 1 << 53
            && squares < 1 << 63
            && u128::from(most) * u128::from(weights) < 1 << 53;
        exact.then_some(Self {
            rows,
            fixed,
            weight: weights,
        })
    }

    /// Whether the targets are integers whose sums are exact as they stand.
    pub fn are_integers(&self) -> bool {
        let most = self.fixed.least.unsigned_abs() + u64::from(self.fixed.most);
        let squares = u128::from(most) * u128::from(most) * u128::from(self.weight);
        self.fixed.scale == 1.0 && squares < 1 << 53
    }
}
