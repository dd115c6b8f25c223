//! How good a model is: sums, which ranks can add up.

/// Sums over test rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Metrics {
    /// Rows classified correctly.
    pub correct: u64,
    /// Rows in all.
    pub count: u64,
    /// Sum of the rows' losses.
    pub loss_sum: f64,
}

impl Metrics {
    /// The share of rows classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / (self.count.max(1)) as f64
    }
}
