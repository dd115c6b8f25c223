//! Training while some ranks have more inputs than others.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

#[cfg(doc)]
use super::DdpOptions;
use super::{DistributedDataParallel, Divisor, left};
use crate::error::{Error, ErrorKind, Result};
use crate::ffi;

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
        self.divisor = Some(divisor);
        let made = inputs.into_iter().try_for_each(|input| step(self, input));
        self.divisor = None;
        made?;
        let mut is_last = true;
        while left::count(&self.group, false)? > 0.0 {
            is_last = false;
            self.shadow()?;
        }
        let root = left::last_of(&self.group, is_last)?;
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
        if left::count(&self.group, !is_known)? > 0.0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "join",
                "the static graph is not known on all ranks; make a first step on all of them before",
            ));
        }
        Ok(())
    }

    /// Takes part in a step of those who still have inputs.
    fn shadow(&mut self) -> Result<()> {
        self.rebuild_buckets()?;
        if self.buffers_are_due() {
            let root = left::last_of(&self.group, false)?;
            self.sync_buffers_of(root)?;
        }
        self.sync_buffers = left::count(&self.group, false)? > 0.0;
        if !self.sync_buffers {
            return Ok(());
        }
        self.check("shadow a backward pass", |message| {
            // SAFETY: the handle lives as long as `self`.
            unsafe { ffi::tddp_ddp_shadow_backward(self.handle.0, message) }
        })
    }
}
