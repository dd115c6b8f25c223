//! Process groups and their collectives.
//!
//! Belongs here: forming groups, collectives on plain tensors. Does not belong here: training.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

mod agreement;
mod collectives;
mod gloo;
mod gradient;
mod messages;
mod nccl;
mod subgroup;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fmt, ptr};

use tch::{Device, Tensor};

use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::store::{Store, milliseconds};
use crate::work::{Output, Work};

pub use gloo::{GlooDevice, GlooOptions};
pub use nccl::NcclOptions;

use agreement::{Call, Described, disagreement};
use gloo::{FORM, invalid};

/// How the elements of all ranks become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReduceOp {
    /// The sum.
    Sum,
    /// The product.
    Product,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Bitwise and, of integers.
    BitAnd,
    /// Bitwise or, of integers.
    BitOr,
    /// Bitwise exclusive or, of integers.
    BitXor,
}

impl ReduceOp {
    /// The number of c10d's `ReduceOp::RedOpType`.
    fn code(self) -> i32 {
        match self {
            Self::Sum => 0,
            Self::Product => 2,
            Self::Min => 3,
            Self::Max => 4,
            Self::BitAnd => 5,
            Self::BitOr => 6,
            Self::BitXor => 7,
        }
    }
}

/// gloo says which address it could not reach; who never came is more use. Whatever else went wrong
/// is this process's own trouble.
fn with_the_missing(error: Error, store: &Store, size: usize) -> Error {
    if !matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Connection) {
        return error;
    }
    let missing: Vec<usize> = (0..size.min(1024))
        .filter(|&rank| matches!(store.contains(&joined(rank)), Ok(false)))
        .collect();
    if missing.is_empty() {
        error
    } else {
        error.blaming(missing, "never came")
    }
}

/// The key by which a rank says that it has come.
fn joined(rank: usize) -> String {
    format!("torch-ddp/joined/{rank}")
}

/// An owned `tddp_group`.
struct Handle(*mut ffi::Group);

// SAFETY: the object behind the pointer holds intrusive_ptrs, atomically counted and never assigned
// after the group was formed. Collectives go to backends that take a lock around every entry, and
// one of the whole process around what libtorch notes of all groups (SerialGloo in csrc/group.cpp,
// SerialNccl in csrc/nccl.cpp), the reducer's included;
// c10d::ProcessGroup's own tables are complete before the object is shared and only read
// afterwards.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the shim, is owned by this handle alone, and is not used
        // after this. Whatever else in libtorch still needs the group (a reducer) has references of
        // its own.
        unsafe { ffi::tddp_group_free(self.0) }
    }
}

/// The processes that work together, each with a rank from 0 to [`size`](Self::size) − 1.
///
/// Every process calls the same collectives in the same order, with tensors of the same shape and
/// kind. Where they differ, every rank gets an error of kind [`ErrorKind::Mismatch`] and the group
/// can be used further: each call begins with a small collective that compares them. Barriers, and
/// those whose names end in `_async`, start at once and compare nothing; there, and in the
/// reductions of [`DistributedDataParallel`](crate::DistributedDataParallel), what differs ends in
/// a timeout, or in the end of the process, unless the group is [`checked`](GlooOptions::checked).
/// Several threads may share a group, but then it is theirs to agree on that order.
///
/// Cloning makes another handle to the same group; when the last is gone, so are the connections.
/// That waits for operations still under way. A tensor given to a collective must be dense,
/// contiguous, and on the CPU or the group's [`device`](Self::device).
#[derive(Clone)]
pub struct ProcessGroup {
    handle: Arc<Handle>,
    device: Device,
    rank: usize,
    size: usize,
    timeout: Duration,
    checked: bool,
    aborted: Arc<AtomicBool>,
}

impl fmt::Debug for ProcessGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessGroup")
            .field("device", &self.device)
            .field("rank", &self.rank)
            .field("size", &self.size)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl ProcessGroup {
    /// Forms a group over gloo, which works on CPU tensors. Returns when all `size` processes have
    /// called it. `store` is for this group alone: for a second group, give another
    /// [`PrefixStore`](crate::PrefixStore).
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when not all ranks come in time, with those missing in
    /// [`Error::ranks`]; [`ErrorKind::InvalidArgument`] for a rank outside the group, or a store
    /// that was used for one before.
    pub fn gloo(store: &Store, rank: usize, size: usize, options: &GlooOptions) -> Result<Self> {
        let (rank_code, size_code) = options.check(rank, size)?;
        if store.add(&joined(rank), 1)? > 1 {
            // gloo would read the addresses of the connections that were made then.
            return Err(invalid(
                "a group was formed through this store before; give each group a PrefixStore of its own",
            ));
        }
        options.device.await_port(options.timeout)?;
        let (device, name) = options.device.code();
        let mut raw = ptr::null_mut();
        let formed = ffi::check(FORM, |message| {
            // SAFETY: the store outlives the call, and the group takes a reference of its own to
            // it; the name is borrowed for the call, which copies it; `raw` is a place for the
            // result.
            unsafe {
                ffi::tddp_group_gloo(
                    store.as_ptr(),
                    rank_code,
                    size_code,
                    milliseconds(options.timeout),
                    i32::try_from(options.threads).unwrap_or(i32::MAX),
                    device,
                    name.as_ptr(),
                    name.len(),
                    i32::from(options.checked),
                    &raw mut raw,
                    message,
                )
            }
        });
        if let Err(error) = formed {
            return Err(with_the_missing(error, store, size));
        }
        Ok(Self {
            handle: Arc::new(Handle(raw)),
            device: Device::Cpu,
            rank,
            size,
            timeout: options.timeout,
            checked: options.checked,
            aborted: Arc::default(),
        })
    }

    /// Where models are whose gradients this group averages: the CPU, or the GPU of
    /// [`nccl`](Self::nccl).
    pub fn device(&self) -> Device {
        self.device
    }

    /// This process's rank.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are (the world size).
    pub fn size(&self) -> usize {
        self.size
    }

    /// How long an operation started through this handle may take. On a GPU, that counts from its
    /// start, waiting for work that the GPU was given before included.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A handle to the same group whose operations may take `timeout`.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout,
            ..self.clone()
        }
    }

    pub(crate) fn aborted(&self) -> &AtomicBool {
        &self.aborted
    }

    pub(crate) fn as_ptr(&self) -> *const ffi::Group {
        self.handle.0
    }

    /// Overwrites the tensor of every rank with that of rank `root`.
    ///
    /// # Errors
    /// When a rank does not take part in time or is lost, or the tensor is not one that the group
    /// can take.
    pub fn broadcast(&self, tensor: &mut Tensor, root: usize) -> Result<()> {
        let code = self.root(Call::Broadcast, root)?;
        self.agree(Call::Broadcast, i64::from(code), tensor)?;
        self.broadcast_async(tensor.shallow_clone(), root)?
            .wait()
            .map(drop)
    }

    /// Starts a [`broadcast`](Self::broadcast).
    ///
    /// # Errors
    /// When it cannot be started; later failures come from [`Work::wait`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "while it is written, no name for it is left"
    )]
    pub fn broadcast_async(&self, tensor: Tensor, root: usize) -> Result<Work<Tensor>> {
        let root = self.root(Call::Broadcast, root)?;
        self.start(Call::Broadcast.name(), |out, message| {
            // SAFETY: group and tensor outlive the call, and the work takes references of its own;
            // `out` is a place for the result.
            unsafe {
                ffi::tddp_group_broadcast(
                    self.as_ptr(),
                    tensor.as_ptr(),
                    root,
                    milliseconds(self.timeout),
                    out,
                    message,
                )
            }
        })
    }

    /// Combines the tensors of all ranks element by element; every rank gets the result.
    ///
    /// # Errors
    /// When a rank does not take part in time or is lost, or the tensor is not one that the group
    /// can take.
    pub fn all_reduce(&self, tensor: &mut Tensor, op: ReduceOp) -> Result<()> {
        self.agree(Call::AllReduce, i64::from(op.code()), tensor)?;
        self.all_reduce_async(tensor.shallow_clone(), op)?
            .wait()
            .map(drop)
    }

    /// Starts an [`all_reduce`](Self::all_reduce).
    ///
    /// # Errors
    /// When it cannot be started; later failures come from [`Work::wait`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "while it is written, no name for it is left"
    )]
    pub fn all_reduce_async(&self, tensor: Tensor, op: ReduceOp) -> Result<Work<Tensor>> {
        self.start(Call::AllReduce.name(), |out, message| {
            // SAFETY: as in `broadcast_async`.
            unsafe {
                ffi::tddp_group_all_reduce(
                    self.as_ptr(),
                    tensor.as_ptr(),
                    op.code(),
                    milliseconds(self.timeout),
                    out,
                    message,
                )
            }
        })
    }

    /// The tensors of all ranks, in the order of ranks.
    ///
    /// # Errors
    /// When a rank does not take part in time or is lost, or the tensor is not one that the group
    /// can take.
    pub fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        self.agree(Call::AllGather, 0, tensor)?;
        self.all_gather_async(tensor.shallow_clone())?.wait()
    }

    /// Starts an [`all_gather`](Self::all_gather).
    ///
    /// # Errors
    /// When it cannot be started; later failures come from [`Work::wait`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "while it is written, no name for it is left"
    )]
    pub fn all_gather_async(&self, tensor: Tensor) -> Result<Work<Vec<Tensor>>> {
        self.start_all_gather(Call::AllGather.name(), &tensor)
    }

    fn start_all_gather(&self, what: &'static str, tensor: &Tensor) -> Result<Work<Vec<Tensor>>> {
        self.start(what, |out, message| {
            // SAFETY: as in `broadcast_async`; the results are tensors that the shim allocates.
            unsafe {
                ffi::tddp_group_all_gather(
                    self.as_ptr(),
                    tensor.as_ptr(),
                    milliseconds(self.timeout),
                    out,
                    message,
                )
            }
        })
    }

    /// Returns when all ranks have called it and all their operations before it are over.
    ///
    /// # Errors
    /// When a rank does not come in time or is lost; [`monitored_barrier`](Self::monitored_barrier)
    /// tells which.
    pub fn barrier(&self) -> Result<()> {
        self.barrier_async()?.wait()
    }

    /// Starts a [`barrier`](Self::barrier).
    ///
    /// # Errors
    /// When it cannot be started; later failures come from [`Work::wait`].
    pub fn barrier_async(&self) -> Result<Work<()>> {
        self.start("barrier", |out, message| {
            // SAFETY: the group outlives the call; `out` is a place for the result.
            unsafe {
                ffi::tddp_group_barrier(self.as_ptr(), milliseconds(self.timeout), out, message)
            }
        })
    }

    /// A barrier that finds out who is missing: rank 0 waits for every other rank in turn. Slower
    /// than [`barrier`](Self::barrier), and other threads' calls on this group wait for it.
    ///
    /// # Errors
    /// On rank 0, with the ranks that did not come in [`Error::ranks`]; on the others when rank 0
    /// does not answer in time. Rank 0 waits up to the timeout for each missing rank.
    pub fn monitored_barrier(&self) -> Result<()> {
        ffi::check("monitored_barrier", |message| {
            // SAFETY: the group outlives the call.
            unsafe {
                ffi::tddp_group_monitored_barrier(
                    self.as_ptr(),
                    milliseconds(self.timeout),
                    message,
                )
            }
        })
        .map_err(|error| error.after_abort(&self.aborted))
    }

    /// Closes the connections to all other ranks, so that operations under way fail, here with
    /// [`ErrorKind::Aborted`] and there with [`ErrorKind::Connection`], and so does all that comes
    /// after on this group. Waits while another thread is in
    /// [`monitored_barrier`](Self::monitored_barrier).
    ///
    /// # Errors
    /// Only for want of memory.
    pub fn abort(&self) -> Result<()> {
        self.aborted.store(true, Ordering::Release);
        ffi::check("abort", |message| {
            // SAFETY: the group outlives the call.
            unsafe { ffi::tddp_group_abort(self.as_ptr(), message) }
        })
    }

    /// A rank as libtorch counts, if it is one of this group.
    fn root(&self, call: Call, rank: usize) -> Result<i32> {
        match i32::try_from(rank) {
            Ok(code) if rank < self.size => Ok(code),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                call.name(),
                format!(
                    "rank {rank} is outside a group of {}; ranks begin at 0",
                    self.size
                ),
            )),
        }
    }

    /// Returns when all ranks have called the same, on tensors of the same type and size. Where
    /// calls are [`checked`](GlooOptions::checked) libtorch compares them, and on a GPU nobody
    /// does.
    fn agree(&self, call: Call, argument: i64, tensor: &Tensor) -> Result<()> {
        // A tensor that cannot be taken is refused by what follows, before anything is sent.
        let elsewhere = !tensor.defined() || tensor.device() != Device::Cpu;
        if self.size == 1 || self.checked || elsewhere {
            return Ok(());
        }
        let own = Described::new(call, argument, tensor);
        let all = self
            .start_all_gather(call.name(), &own.to_tensor())?
            .wait()?;
        let all: Vec<Described> = all.iter().map(Described::from_tensor).collect();
        if all.iter().all(|other| *other == own) {
            Ok(())
        } else {
            Err(disagreement(call, &all))
        }
    }

    fn start<T: Output>(
        &self,
        what: &'static str,
        call: impl FnOnce(*mut *mut ffi::Work, ffi::Message) -> i32,
    ) -> Result<Work<T>> {
        let mut raw = ptr::null_mut();
        ffi::check(what, |message| call(&raw mut raw, message))
            .map_err(|error| error.after_abort(&self.aborted))?;
        Ok(Work::from_raw(raw, what, Arc::clone(&self.aborted)))
    }
}
