//! Who still has inputs, where ranks have different numbers of them.

use tch::Tensor;

use crate::error::Result;
use crate::group::{ProcessGroup, ReduceOp};

/// What the sum of gradients is divided by, once ranks have run out of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Divisor {
    /// The number of all ranks: every row weighs the same, however many ranks are left.
    AllRanks,
    /// The number of ranks that still have inputs: every step weighs the same.
    RanksLeft,
}

/// Of the ranks that are candidates, the last.
pub(super) fn last_of(group: &ProcessGroup, is_candidate: bool) -> Result<i32> {
    let own = if is_candidate {
        group.rank().cast_signed() as i64
    } else {
        -1
    };
    let started = group.all_reduce_async(Tensor::from_slice(&[own]), ReduceOp::Max)?;
    let last = started.wait()?.int64_value(&[0]);
    Ok(i32::try_from(last).unwrap_or(0).max(0))
}

/// Of how many ranks something is so.
pub(super) fn count(group: &ProcessGroup, is_so: bool) -> Result<f64> {
    let own = f32::from(u8::from(is_so));
    let started = group.all_reduce_async(Tensor::from_slice(&[own]), ReduceOp::Sum)?;
    Ok(started.wait()?.double_value(&[0]))
}
