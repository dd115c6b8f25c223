//! The collective that gradients flow through.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use std::ptr;

use tch::Tensor;

use super::ProcessGroup;
use crate::error::Result;
use crate::ffi;
use crate::store::milliseconds;

impl ProcessGroup {
    /// The sum of the tensors of all ranks, as a new tensor through which gradients flow: that of
    /// each rank's tensor is the sum of the gradients that the result has on all ranks. What
    /// `torch.distributed.nn.functional.all_reduce` is in Python.
    ///
    /// A backward pass through it is a collective too, so all ranks must make it, at the same place
    /// among their calls. In [`DistributedDataParallel`](crate::DistributedDataParallel) that is so
    /// when all have the same graph. Neither pass compares what the ranks call, unless the group is
    /// [`checked`](crate::GlooOptions::checked).
    ///
    /// # Errors
    /// When a rank does not take part in time or is lost, or the tensor is not one that the group
    /// can take.
    pub fn sum_with_gradient(&self, tensor: &Tensor) -> Result<Tensor> {
        let mut raw = ptr::null_mut();
        ffi::check("sum over the ranks", |message| {
            // SAFETY: group and tensor outlive the call, and the graph takes references of its own
            // to backend and tensor; `raw` is a place for the result.
            unsafe {
                let timeout = milliseconds(self.timeout);
                ffi::tddp_group_sum(
                    self.as_ptr(),
                    tensor.as_ptr(),
                    timeout,
                    &raw mut raw,
                    message,
                )
            }
        })
        .map_err(|error| error.after_abort(&self.aborted))?;
        // SAFETY: the shim made `raw` with new at::Tensor, which is what tch deletes.
        Ok(unsafe { Tensor::from_ptr(raw) })
    }
}
