//! CUDA, in programs that do not link it.
//!
//! A program that uses this crate needs no CUDA to start, so the same program runs on machines with
//! and without GPUs. Where it is to compute on one, it calls [`load`] before anything else:
//! libtorch looks for its CUDA library once, at its first use.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use std::sync::OnceLock;
use std::time::Duration;
use std::{fmt, ptr, thread};

use crate::error::{Error, ErrorKind, Result};
use crate::ffi;

/// The part for NCCL as `build.rs` made it; `None` where it did not find the headers.
#[cfg(torch_ddp_nccl)]
const PART: Option<&[u8]> = Some(include_bytes!(concat!(
    env!("OUT_DIR"),
    "/libtorch_ddp_nccl.so"
)));
#[cfg(not(torch_ddp_nccl))]
const PART: Option<&[u8]> = None;

/// Brings libtorch's CUDA library into the process, unless it is there: `libtorch_cuda.so` beside
/// `libtorch_cpu.so`, or where the dynamic linker looks. Takes a second or two the first time. A
/// machine without a GPU can load it too; then [`device_count`] is 0.
///
/// Call it before the first use of CUDA, in particular before [`tch::Cuda`] is asked anything.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when this libtorch is one for the CPU, when a library that it needs
/// is missing, or when libtorch was asked for CUDA before. The answer is the same for all later
/// calls.
pub fn load() -> Result<()> {
    static LOADED: OnceLock<Result<()>> = OnceLock::new();
    LOADED
        .get_or_init(|| {
            ffi::check("load CUDA", |message| {
                // SAFETY: the call takes nothing; it runs the initialisers of libtorch's own
                // library, which register its kernels under libtorch's locks.
                unsafe { ffi::tddp_cuda_load(message) }
            })
        })
        .clone()
}

/// How many GPUs libtorch sees: those of `CUDA_VISIBLE_DEVICES`, where that is set. 0 where there
/// is no driver.
///
/// # Errors
/// As [`load`], which it calls.
pub fn device_count() -> Result<usize> {
    load()?;
    let mut count = 0;
    ffi::check("count the GPUs", |message| {
        // SAFETY: `count` is a place for the result.
        unsafe { ffi::tddp_cuda_device_count(&raw mut count, message) }
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Makes a GPU the calling thread's own, as `torch.cuda.set_device` does. Tensors say where they
/// are themselves; but without this, each process also takes memory on GPU 0.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when there is no such GPU; as [`load`].
pub fn set_device(index: usize) -> Result<()> {
    load()?;
    ffi::check("choose a GPU", |message| {
        // SAFETY: the call takes a number, which it checks.
        unsafe { ffi::tddp_cuda_set_device(number(index), message) }
    })
}

/// Whether this program carries the part for NCCL: it does when the headers of CUDA and NCCL were
/// there when it was built.
pub fn has_nccl() -> bool {
    PART.is_some()
}

/// The function that makes backends, from the part, which is loaded after CUDA is.
pub(crate) fn nccl() -> Result<ffi::NcclBackend> {
    static FUNCTION: OnceLock<Result<ffi::NcclBackend>> = OnceLock::new();
    const WHAT: &str = "load NCCL";
    let lacking = |text: &str| Error::new(ErrorKind::Unavailable, WHAT, text);
    let find = || {
        let part = PART.ok_or_else(|| {
            lacking("this program was built without NCCL, because CUDA's headers were not there; set TORCH_DDP_CUDA_INCLUDE to their folders and build it anew")
        })?;
        load()?;
        let mut function = None;
        ffi::check(WHAT, |message| {
            // SAFETY: the bytes are those of the shared object that build.rs compiled from
            // csrc/nccl.cpp together with this library, so that running its initialisers does what
            // those sources say, and its function has the type that is declared; `function` is a
            // place for the result. It stays loaded for good.
            unsafe { ffi::tddp_nccl_load(part.as_ptr(), part.len(), &raw mut function, message) }
        })?;
        function.ok_or_else(|| lacking("the part for NCCL has no function"))
    };
    FUNCTION.get_or_init(find).clone()
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// A point in the work of a GPU: the end of what this thread had given it to do when the mark was
/// made. A GPU works after the calls that give it work have returned; with a mark a program can
/// tell when it has come so far, without waiting for what was given later.
pub struct Mark(*mut ffi::Mark);

// SAFETY: the object behind the pointer is a c10::Event, which is only recorded when it is made;
// CUDA's events may be queried from any thread.
unsafe impl Send for Mark {}

impl Drop for Mark {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the shim, is owned by this handle alone, and is not used
        // after this.
        unsafe { ffi::tddp_mark_free(self.0) }
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mark").finish_non_exhaustive()
    }
}

impl Mark {
    /// Marks the end of the present work of a GPU.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when there is no such GPU; as [`load`].
    pub fn new(index: usize) -> Result<Self> {
        load()?;
        let mut raw = ptr::null_mut();
        ffi::check("mark a point in a GPU's work", |message| {
            // SAFETY: `raw` is a place for the result.
            unsafe { ffi::tddp_mark_new(number(index), &raw mut raw, message) }
        })?;
        Ok(Self(raw))
    }

    /// Whether the GPU has come so far.
    ///
    /// # Errors
    /// When an operation on the GPU has failed.
    pub fn is_reached(&self) -> Result<bool> {
        let mut reached = 0;
        ffi::check("ask a GPU", |message| {
            // SAFETY: the mark lives as long as `self`; `reached` is a place for the result.
            unsafe { ffi::tddp_mark_is_reached(self.0, &raw mut reached, message) }
        })?;
        Ok(reached != 0)
    }

    /// Waits until the GPU has come so far. This thread sleeps meanwhile, and leaves the core to
    /// others.
    ///
    /// # Errors
    /// As [`is_reached`](Self::is_reached).
    pub fn wait(&self) -> Result<()> {
        while !self.is_reached()? {
            thread::sleep(Duration::from_micros(20));
        }
        Ok(())
    }
}
