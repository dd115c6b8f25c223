//! Groups whose tensors are on GPUs.

use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use tch::Device;

use super::{GlooOptions, Handle, ProcessGroup};
use crate::cuda;
use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::store::{Store, milliseconds};

/// What an error in forming a group says was being done.
const FORM: &str = "form an NCCL group";

/// How an NCCL group works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NcclOptions {
    /// The number of this rank's GPU: 0 for `cuda:0`. No two ranks on a machine may have the same.
    pub device: usize,
    /// How long an operation may take before it fails. Forming the group takes the time of
    /// [`control`](Self::control). 10 minutes unless set, as in torch.distributed.
    pub timeout: Duration,
    /// Whether NCCL's kernels go before others that wait for the GPU. Off unless set.
    pub high_priority: bool,
    /// The gloo group beside it, over which the ranks meet, and which takes tensors on the CPU.
    pub control: GlooOptions,
}

impl NcclOptions {
    /// The defaults, for the GPU with number `device`.
    pub fn new(device: usize) -> Self {
        Self {
            device,
            timeout: Duration::from_secs(10 * 60),
            high_priority: false,
            control: GlooOptions::default(),
        }
    }

    /// The options with another timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The options with or without priority for NCCL's kernels.
    #[must_use]
    pub fn high_priority(mut self, high_priority: bool) -> Self {
        self.high_priority = high_priority;
        self
    }

    /// The options with other ones for the gloo group.
    #[must_use]
    pub fn control(mut self, control: GlooOptions) -> Self {
        self.control = control;
        self
    }
}

/// An owned `tddp_backend`.
struct Backend(*mut ffi::Backend);

impl Drop for Backend {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the NCCL part and is owned by this handle alone: `into_raw`
        // takes it out.
        unsafe { ffi::tddp_backend_free(self.0) }
    }
}

impl Backend {
    fn new(store: &Store, rank: usize, size: usize, options: &NcclOptions) -> Result<Self> {
        let make = cuda::nccl()?;
        let device = i32::try_from(options.device).unwrap_or(i32::MAX);
        let (rank, size) = (code(rank)?, code(size)?);
        let mut raw = ptr::null_mut();
        ffi::check(FORM, |message| {
            // SAFETY: `make` is the function of the part that was loaded, which is never unloaded.
            // The store outlives the call, and the backend takes a reference of its own to it;
            // `raw` is a place for the result.
            unsafe {
                make(
                    store.as_ptr(),
                    rank,
                    size,
                    device,
                    milliseconds(options.timeout),
                    i32::from(options.high_priority),
                    &raw mut raw,
                    message,
                )
            }
        })?;
        Ok(Self(raw))
    }

    fn into_raw(self) -> *mut ffi::Backend {
        let raw = self.0;
        std::mem::forget(self);
        raw
    }
}

fn code(count: usize) -> Result<i32> {
    i32::try_from(count).map_err(|_| {
        Error::new(
            ErrorKind::InvalidArgument,
            FORM,
            format!("{count} ranks; give at most {}", i32::MAX),
        )
    })
}

impl ProcessGroup {
    /// Forms a group over NCCL, which works on tensors of one GPU per rank, with a gloo group
    /// beside it for tensors on the CPU. Returns when all `size` processes have called it. `store`
    /// is for this group alone.
    ///
    /// Operations on the GPU run there in the order in which they were started, after what this
    /// thread gave it to do before. When a call that waits returns, the operation is over on the
    /// GPU. [`monitored_barrier`](Self::monitored_barrier) goes over gloo, since NCCL has none, and
    /// does not wait for the GPU.
    ///
    /// A rank that is lost without a word is noticed by the timeout alone: NCCL's kernels wait for
    /// it on the GPU. The communicator is given up then, and whatever is asked of this group later
    /// is an error; [`check`](Self::check) asks nothing else. (Where
    /// `TORCH_NCCL_ASYNC_ERROR_HANDLING` is set, libtorch's watchdog does what it says; by
    /// libtorch's own default that is to end the process.)
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`], before anything is waited for, when this program, libtorch or
    /// the machine lacks what it takes: the message says which; [`ErrorKind::InvalidArgument`] for
    /// two ranks on one GPU; otherwise as [`gloo`](Self::gloo).
    pub fn nccl(store: &Store, rank: usize, size: usize, options: &NcclOptions) -> Result<Self> {
        let backend = Backend::new(store, rank, size, options)?;
        let mut group = Self::gloo(store, rank, size, &options.control)?;
        let Some(Handle(raw)) = Arc::get_mut(&mut group.handle) else {
            // It was made two lines above.
            return Err(Error::new(ErrorKind::Other, FORM, "the group is in use"));
        };
        let (raw, backend) = (*raw, backend.into_raw());
        ffi::check(FORM, |message| {
            // SAFETY: nobody else has the group yet, so nobody reads what this writes; the backend
            // is given away.
            unsafe { ffi::tddp_group_add_device(raw, backend, message) }
        })?;
        group.device = Device::Cuda(options.device);
        group.timeout = options.timeout;
        Ok(group)
    }

    /// Whether all is well as far as is known: operations on a GPU fail after the call that started
    /// them has returned. Does not wait.
    ///
    /// # Errors
    /// When an operation has failed or timed out, or the group was given up. On the CPU never:
    /// there, each call tells.
    pub fn check(&self) -> Result<()> {
        ffi::check("check the group", |message| {
            // SAFETY: the group outlives the call.
            unsafe { ffi::tddp_group_check(self.as_ptr(), message) }
        })
        .map_err(|error| error.after_abort(&self.aborted))
    }
}
