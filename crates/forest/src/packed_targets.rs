//! Targets and weights of one tree in the form that the packed engine copies its entries from.

use crate::fixed::FixedTargets;

/// Targets and weights of a tree, where they fit into packed entries.
#[derive(Debug, Clone, Copy)]
pub struct PackedTargets<'a> {
    pub fixed: &'a FixedTargets,
    /// All weights together.
    pub weight: u64,
}

/// Weights and classes of the rows of a tree: weight | class << 8 in `loads`; gives the weights'
/// sum. None where something does not fit; a weight that is not whole is given as `u32::MAX`.
pub fn load_classes(class: &[u32], weights: &[u32], loads: &mut Vec<u32>) -> Option<u64> {
    let (mut total, mut beyond) = (0_u64, 0);
    loads.clear();
    loads.extend(class.iter().zip(weights).map(|(class, weight)| {
        beyond |= weight >> 8;
        total += u64::from(*weight);
        if *weight == 0 { 0 } else { weight | class << 8 }
    }));
    // Then the squares of sums are exact in 64-bit floats.
    (beyond == 0 && total < 1 << 26).then_some(total)
}

impl<'a> PackedTargets<'a> {
    /// Reads the weights of the rows into `loads`: weight | weight × target << 8. None where
    /// something does not fit; a weight that is not whole is given as `u32::MAX`.
    pub fn load(fixed: &'a FixedTargets, weights: &[u32], loads: &mut Vec<u32>) -> Option<Self> {
        let (mut total, mut sum, mut squares, mut beyond) = (0_u64, 0_u64, 0_u64, 0_u64);
        loads.clear();
        loads.extend(fixed.above.iter().zip(weights).map(|(above, weight)| {
            let (weight, above) = (u64::from(*weight), u64::from(*above));
            let product = weight * above;
            beyond |= weight >> 8 | product >> 24;
            total += weight;
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
            && sum * total < 1 << 53
            && squares < 1 << 63
            && u128::from(most) * u128::from(total) < 1 << 53;
        exact.then_some(Self {
            fixed,
            weight: total,
        })
    }

    /// Whether the targets are integers whose sums are exact as they stand.
    pub fn are_integers(&self) -> bool {
        let most = self.fixed.least.unsigned_abs() + u64::from(self.fixed.most);
        let squares = u128::from(most) * u128::from(most) * u128::from(self.weight);
        self.fixed.scale == 1.0 && squares < 1 << 53
    }
}
