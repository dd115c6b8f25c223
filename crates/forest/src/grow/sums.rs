//! What a criterion keeps of rows.

/// A criterion: it sums rows, moves them from the right of a split to its left one by one, and
/// says how good the split is.
pub trait Impurity {
    /// What is kept of the rows of a node.
    type Sums: Copy;

    /// Sums rows.
    fn sum(&mut self, rows: impl Iterator<Item = u32>) -> Self::Sums;
    /// The total weight of all rows.
    fn total_weight(&self) -> f64;
    /// Whether a row takes part.
    fn counts(&self, row: u32) -> bool;
    fn weight(&self, sums: &Self::Sums) -> f64;
    fn impurity(&self, sums: &Self::Sums) -> f64;
    fn push_value(&self, sums: &Self::Sums, values: &mut Vec<f64>);

    /// Puts all rows of a node on the right.
    fn start(&mut self, node: &Self::Sums);
    /// Moves a row to the left.
    fn add(&mut self, row: u32);
    /// The weights of both sides.
    fn sides(&self) -> [f64; 2];
    /// How good the split is; the greater the better, comparable within a node.
    fn proxy(&self) -> f64;
}
