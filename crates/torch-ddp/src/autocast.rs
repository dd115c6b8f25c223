//! Mixed precision on the processor.
//!
//! Belongs here: the scope in which libtorch computes in another precision. Does not belong here:
//! models, losses.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use crate::error::Result;
use crate::ffi;

/// Runs `scope` with libtorch's autocast for processors: convolutions and products of matrices
/// compute in bfloat16 (8 significant bits, the range of single precision), and what needs the
/// precision stays as it is. Parameters and their gradients stay in single precision. Run the
/// forward pass in it, and neither the loss nor the backward pass, as in Python
/// (`torch.autocast("cpu", dtype=torch.bfloat16)`). It holds on this thread, for tensors of the
/// CPU.
///
/// It is faster where the processor has instructions for it (AVX-512 BF16, AMX), and slower
/// elsewhere.
///
/// # Errors
/// Only for want of memory; then `scope` was not run.
pub fn autocast_bf16<R>(scope: impl FnOnce() -> R) -> Result<R> {
    let (mut enabled, mut kind) = (0, 0);
    ffi::check("begin autocast", |message| {
        // SAFETY: both are places for results.
        unsafe { ffi::tddp_autocast_begin(&raw mut enabled, &raw mut kind, message) }
    })?;
    // Also when `scope` panics.
    let restore = Restore { enabled, kind };
    let result = scope();
    drop(restore);
    Ok(result)
}

/// What was set before.
struct Restore {
    enabled: i32,
    kind: i32,
}

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = ffi::check("end autocast", |message| {
            // SAFETY: only numbers, which the shim gave.
            unsafe { ffi::tddp_autocast_end(self.enabled, self.kind, message) }
        });
    }
}
