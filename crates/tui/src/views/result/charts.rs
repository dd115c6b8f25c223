//! What several panels of the Result screen share: the axes of charts over workers, and the order
//! of arms.

use crate::kit::scale::Scale;

/// What the charts over workers share.
#[derive(Debug, Clone, Copy)]
pub struct Charts {
    /// The number of workers that is read out.
    pub cursor: u32,
    /// Both axes are logarithmic: the ideal stays a straight line.
    pub log: bool,
}

impl Charts {
    /// The axes from the origin to their ends, or from 1 worker and the lowest value where
    /// they are logarithmic.
    pub fn axes(self, x_end: f64, y_end: f64, values: impl Iterator<Item = f64>) -> (Scale, Scale) {
        if !self.log || x_end <= 1.0 {
            return (Scale::linear(0.0, x_end), Scale::linear(0.0, y_end));
        }
        let lowest = values
            .filter(|v| v.is_finite() && *v > 0.0)
            .fold(1.0, f64::min);
        (Scale::log(1.0, x_end), Scale::log(lowest * 0.9, y_end))
    }
}

/// The one that is shown after the next was asked for `n` times. The last is what people come for,
/// so it is the first to be shown.
pub fn nth_from_last<T>(all: &[T], n: usize) -> Option<&T> {
    let last = all.len().checked_sub(1)?;
    all.get(last - n % all.len())
}
