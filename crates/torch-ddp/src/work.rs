//! Collectives under way.
//!
//! Belongs here: waiting, and handing results over. Does not belong here: starting collectives.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{fmt, ptr};

use tch::Tensor;

use crate::error::Result;
use crate::ffi;
use crate::store::milliseconds;

/// An owned `tddp_work`.
pub(crate) struct Handle(*mut ffi::Work);

// SAFETY: the object behind the pointer holds an intrusive_ptr to a c10d::Work, whose state is
// under a mutex of its own, and a list of tensors that is never changed after it was made; both
// count references atomically. The shared tensors themselves come out only through `Work::wait`,
// which takes the handle by value.
unsafe impl Send for Handle {}
// SAFETY: as above; through a shared handle one can only ask whether the work is over.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the shim, is owned by this handle alone, and is not used
        // after this. libtorch's own queue keeps the work and its tensors alive while the operation
        // runs.
        unsafe { ffi::tddp_work_free(self.0) }
    }
}

/// What a collective leaves behind when it is over.
pub trait Output: sealed::Sealed + Sized {}

mod sealed {
    use tch::Tensor;

    /// Only this crate decides what collectives return.
    pub trait Sealed {
        fn take(tensors: Vec<Tensor>) -> Self;
    }

    impl Sealed for () {
        fn take(_: Vec<Tensor>) -> Self {}
    }

    impl Sealed for Tensor {
        fn take(tensors: Vec<Tensor>) -> Self {
            tensors.into_iter().next().unwrap_or_default()
        }
    }

    impl Sealed for Vec<Tensor> {
        fn take(tensors: Vec<Tensor>) -> Self {
            tensors
        }
    }
}

impl Output for () {}
impl Output for Tensor {}
impl Output for Vec<Tensor> {}

/// A collective under way, which owns its tensors until it is over.
///
/// Dropping it does not end the operation, which the other ranks are part of: it runs on with
/// tensors that libtorch keeps alive, and only the result is lost.
#[must_use = "a collective is over only when it was waited for"]
pub struct Work<T: Output> {
    handle: Handle,
    what: &'static str,
    /// Whether this process has given the group up.
    aborted: Arc<AtomicBool>,
    /// The tensors came in by value, and come out by value from `wait`.
    output: std::marker::PhantomData<T>,
}

impl<T: Output> fmt::Debug for Work<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("operation", &self.what)
            .finish_non_exhaustive()
    }
}

impl<T: Output> Work<T> {
    /// Takes over a work that the shim made.
    pub(crate) fn from_raw(
        raw: *mut ffi::Work,
        what: &'static str,
        aborted: Arc<AtomicBool>,
    ) -> Self {
        Self {
            handle: Handle(raw),
            what,
            aborted,
            output: std::marker::PhantomData,
        }
    }

    pub(crate) fn as_ptr(&self) -> *const ffi::Work {
        self.handle.0
    }

    /// Whether the operation is over, well or badly. Does not wait.
    ///
    /// # Errors
    /// When libtorch cannot tell.
    pub fn is_completed(&self) -> Result<bool> {
        let mut completed = 0;
        ffi::check(self.what, |message| {
            // SAFETY: the work lives as long as `self`; `completed` is a place for the result.
            unsafe { ffi::tddp_work_is_completed(self.handle.0, &raw mut completed, message) }
        })?;
        Ok(completed != 0)
    }

    /// Waits at most `limit` and tells whether the operation is over; if not, wait again.
    ///
    /// # Errors
    /// When the operation failed.
    pub fn wait_for(&mut self, limit: Duration) -> Result<bool> {
        self.wait_raw(milliseconds(limit))
    }

    /// Waits until the operation is over and returns its result. That takes no longer than the
    /// timeout of the call that started it and of those before it in the queue.
    ///
    /// # Errors
    /// When the operation failed or timed out; its tensors are lost then, since nobody can say what
    /// is in them.
    pub fn wait(mut self) -> Result<T> {
        self.wait_raw(0)?;
        // SAFETY: the work lives as long as `self`.
        let count = unsafe { ffi::tddp_work_tensor_count(self.handle.0) };
        let tensors = (0..count)
            .map(|index| self.tensor(index))
            .collect::<Result<Vec<_>>>()?;
        Ok(T::take(tensors))
    }

    fn wait_raw(&mut self, timeout_ms: i64) -> Result<bool> {
        let mut completed = 0;
        ffi::check(self.what, |message| {
            // SAFETY: the work lives as long as `self`; `completed` is a place for the result.
            unsafe { ffi::tddp_work_wait(self.handle.0, timeout_ms, &raw mut completed, message) }
        })
        .map_err(|error| error.after_abort(&self.aborted))?;
        Ok(completed != 0)
    }

    fn tensor(&self, index: usize) -> Result<Tensor> {
        let mut raw = ptr::null_mut();
        ffi::check(self.what, |message| {
            // SAFETY: the work lives as long as `self`; `raw` is a place for the result.
            unsafe { ffi::tddp_work_tensor(self.handle.0, index, &raw mut raw, message) }
        })?;
        // SAFETY: the shim made `raw` with new at::Tensor, which is what tch deletes.
        Ok(unsafe { Tensor::from_ptr(raw) })
    }
}

// The promise that a pending collective can be waited for on another thread.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Work<Tensor>>();
    assert!(size_of::<Handle>() == size_of::<usize>());
};
