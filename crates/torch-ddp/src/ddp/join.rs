//! Training while some ranks have more inputs than others.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use tch::Tensor;

#[cfg(doc)]
use super::DdpOptions;
use super::{DistributedDataParallel, grad_enabled};
use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::group::ReduceOp;

/// What the sum of gradients is divided by, once ranks have run out of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Divisor {
    /// The number of all ranks: every row weighs the same, however many ranks are left.
    AllRanks,
    /// The number of ranks that still have inputs: every step weighs the same.
    RanksLeft,
}

/// How a rank takes part in a training with uneven inputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joining {
    divisor: Divisor,
}

impl DistributedDataParallel {
    /// Makes a training step of each of `inputs`, of which ranks may have different numbers: the
    /// counterpart of `with model.join():` in Python. All ranks call it together.
    ///
    /// Without it, ranks that still have inputs would wait for those that have none. Here those
    /// take part in the reductions with gradients of zero, until all are done; then all get the
    /// parameters and buffers of a rank that made the most steps. Those of an optimizer stay what
    /// they were on each rank: do this in the last epoch, or make it anew.
    ///
    /// `step` is a step as usual: [`zero_grad`](Self::zero_grad), [`forward`](Self::forward),
    /// [`backward`](Self::backward), a step of the optimizer, and no other collective. An
    /// [`accumulating`](Self::no_sync) step is one for all ranks that still have inputs. Every step
    /// costs up to three small sums over the ranks more than usual.
    ///
    /// # Errors
    /// The first of `step`, which the other ranks then wait for in vain; when a rank is lost or
    /// late. [`ErrorKind::InvalidArgument`] on all ranks where a
    /// [static graph](DdpOptions::static_graph) is not known yet, because nobody can learn it from
    /// others: make a first step on all ranks before.
    pub fn join<I, E: From<Error>>(
        &mut self,
        inputs: impl IntoIterator<Item = I>,
        divisor: Divisor,
        mut step: impl FnMut(&mut Self, I) -> Result<(), E>,
    ) -> Result<(), E> {
        self.require_known_graph()?;
        self.joining = Some(Joining { divisor });
        let made = inputs.into_iter().try_for_each(|input| step(self, input));
        self.joining = None;
        made?;
        let mut is_last = true;
        while self.sum(0.0)? > 0.0 {
            is_last = false;
            self.shadow()?;
        }
        let root = self.common_rank(is_last)?;
        self.sync_buffers_of(root)?;
        self.check("broadcast the parameters", |message| {
            // SAFETY: the handle lives as long as `self`.
            unsafe { ffi::tddp_ddp_sync_parameters(self.handle.0, root, message) }
        })?;
        Ok(())
    }

    fn require_known_graph(&self) -> Result<()> {
        if !self.options.static_graph {
            return Ok(());
        }
        // SAFETY: the handle lives as long as `self`.
        let is_known = unsafe { ffi::tddp_ddp_knows_graph(self.handle.0) } != 0;
        if self.sum(f32::from(u8::from(!is_known)))? > 0.0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "join",
                "the static graph is not known on all ranks; make a first step on all of them before",
            ));
        }
        Ok(())
    }

    /// Says before a forward pass that this rank still has inputs.
    pub(super) fn announce(&self) -> Result<()> {
        let Some(Joining { divisor }) = self.joining else {
            return Ok(());
        };
        let counted = self
            .group
            .all_reduce_async(Tensor::from_slice(&[1_f32]), ReduceOp::Sum)?;
        if !(grad_enabled() && self.sync_gradients) {
            return counted.wait().map(drop);
        }
        let is_fixed = i32::from(divisor == Divisor::AllRanks);
        self.check("count the ranks that are left", |message| {
            // SAFETY: handle and work outlive the call, and the reducer takes a reference of its
            // own to the work.
            unsafe { ffi::tddp_ddp_divide_by(self.handle.0, counted.as_ptr(), is_fixed, message) }
        })
    }

    /// Says whether this pass reduces gradients, to those who have no inputs any more.
    pub(super) fn announce_reduction(&self) -> Result<()> {
        if self.joining.is_none() {
            return Ok(());
        }
        self.sum(f32::from(u8::from(grad_enabled() && self.sync_gradients)))
            .map(drop)
    }

    /// Takes part in a step of those who still have inputs.
    fn shadow(&mut self) -> Result<()> {
        self.rebuild_buckets()?;
        if self.buffers_are_due() {
            let root = self.common_rank(false)?;
            self.sync_buffers_of(root)?;
        }
        self.sync_buffers = self.sum(0.0)? > 0.0;
        if !self.sync_buffers {
            return Ok(());
        }
        self.check("shadow a backward pass", |message| {
            // SAFETY: the handle lives as long as `self`.
            unsafe { ffi::tddp_ddp_shadow_backward(self.handle.0, message) }
        })
    }

    /// Of the ranks that are candidates, the last.
    pub(super) fn common_rank(&self, is_candidate: bool) -> Result<i32> {
        let own = if is_candidate {
            self.group.rank().cast_signed() as i64
        } else {
            -1
        };
        let started = self
            .group
            .all_reduce_async(Tensor::from_slice(&[own]), ReduceOp::Max)?;
        let last = started.wait()?.int64_value(&[0]);
        Ok(i32::try_from(last).unwrap_or(0).max(0))
    }

    fn sum(&self, own: f32) -> Result<f64> {
        let started = self
            .group
            .all_reduce_async(Tensor::from_slice(&[own]), ReduceOp::Sum)?;
        Ok(started.wait()?.double_value(&[0]))
    }
}
