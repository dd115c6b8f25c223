//! Data-parallel training over c10d's reducer.
//!
//! Belongs here: the reducer's life and the order of calls around a training step. Does not belong
//! here: optimizers, data.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

mod agreement;
mod join;
mod left;
mod options;
mod outputs;

use std::time::Duration;
use std::{fmt, ptr};

use tch::{Tensor, nn};

use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::group::{ProcessGroup, ReduceOp};

pub use left::Divisor;
pub use options::{Compression, DdpOptions};
pub use outputs::Outputs;

/// An owned `tddp_ddp`. A raw pointer, so it stays on its thread: the reducer is not made for
/// several.
struct Handle(*mut ffi::Ddp);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the pointer came from the shim, is owned by this handle alone, and is not used
        // after this. The reducer takes its hooks off the parameters; the graphs of earlier forward
        // passes refer to it weakly or not at all.
        unsafe { ffi::tddp_ddp_free(self.0) }
    }
}

/// Keeps a model's replicas, one per process, equal: every backward pass ends with the mean of all
/// ranks' gradients on every rank.
///
/// The counterpart of `torch.nn.parallel.DistributedDataParallel`, on the same C++ reducer:
/// gradients are gathered in buckets, and a bucket is reduced as soon as it is full, while the
/// backward pass goes on. When it is made, parameters and buffers take the values of rank 0. Then,
/// in every step and on every rank, [`forward`](Self::forward), [`backward`](Self::backward), and a
/// step of the optimizer, each rank on its own part of the batch; the replicas stay equal because
/// equal gradients meet equal parameters. Losses should be means: the mean of the ranks' gradients
/// is then that of the whole batch, if the parts are equally large.
///
/// Parameters are all variables of the `VarStore` that require a gradient, in the order of their
/// names; buffers are the others.
///
/// # Threads
///
/// It stays on the thread that made it. tch lets a tensor be sent to another thread while others
/// share its memory, and leaves it to the program that only one of them works with it at a time.
/// The same is asked here: do not run a backward pass of this model on another thread while this is
/// made or dropped.
pub struct DistributedDataParallel {
    handle: Handle,
    group: ProcessGroup,
    options: DdpOptions,
    parameters: usize,
    buffers: usize,
    /// Off within `no_sync`.
    sync_gradients: bool,
    /// Whether buffers are to be brought in line before the next forward pass.
    sync_buffers: bool,
    /// Within `join`.
    divisor: Option<Divisor>,
}

impl fmt::Debug for DistributedDataParallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DistributedDataParallel")
            .field("group", &self.group)
            .field("parameters", &self.parameters)
            .field("buffers", &self.buffers)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How long the parts of one step took on this rank. Times are `None` where a part did not take
/// place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StepTimings {
    /// Which synchronised forward pass it was, from 1 on.
    pub iteration: u64,
    /// From the beginning of the forward pass to its end.
    pub forward: Option<Duration>,
    /// From the end of the forward pass until the last gradient was there.
    pub backward: Option<Duration>,
    /// From the start of the first bucket's reduction to the end of the last one's.
    pub communication: Option<Duration>,
    /// The part of `communication` that was hidden behind `backward`.
    pub overlap: Option<Duration>,
}

impl StepTimings {
    /// The part of `communication` that backward had to wait for.
    pub fn exposed(&self) -> Option<Duration> {
        Some(
            self.communication?
                .saturating_sub(self.overlap.unwrap_or_default()),
        )
    }
}

impl DistributedDataParallel {
    /// Takes over the gradients of a model's variables and gives all of them the values of rank 0.
    ///
    /// All ranks call it at the same place among the group's collectives.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] on every rank when the variables or options differ between ranks,
    /// with the first difference; [`ErrorKind::InvalidArgument`] when nothing is to be trained;
    /// otherwise when a rank is lost or late.
    pub fn new(vars: &nn::VarStore, group: &ProcessGroup, options: DdpOptions) -> Result<Self> {
        const WHAT: &str = "make a DistributedDataParallel";
        // tch keeps variables in a hash map, whose order differs between processes.
        let mut named: Vec<(String, Tensor)> = vars.variables().into_iter().collect();
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        agreement::verify(group, &named, &options)?;
        let (mut params, buffers): (Vec<_>, Vec<_>) =
            named.iter().partition(|(_, tensor)| tensor.requires_grad());
        if params.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                WHAT,
                "no variable of the VarStore requires a gradient; add a trainable one or train without this",
            ));
        }
        if options.fixed_buckets {
            // Gradients come from the last layers first.
            params.reverse();
        }
        let param_ptrs: Vec<_> = params.iter().map(|(_, tensor)| tensor.as_ptr()).collect();
        let buffer_ptrs: Vec<_> = buffers.iter().map(|(_, tensor)| tensor.as_ptr()).collect();
        let names: Vec<_> = params.iter().map(|(name, _)| name.as_ptr()).collect();
        let lengths: Vec<_> = params.iter().map(|(name, _)| name.len()).collect();
        let raw_options = options.to_raw();
        let mut raw = ptr::null_mut();
        ffi::check(WHAT, |message| {
            // SAFETY: all lists live until the call returns and are as long as said; names and
            // tensors are held by `named`. The shim copies the names and takes references of its
            // own to group and tensors. `raw` is a place for the result.
            unsafe {
                ffi::tddp_ddp_new(
                    group.as_ptr(),
                    param_ptrs.as_ptr(),
                    names.as_ptr(),
                    lengths.as_ptr(),
                    param_ptrs.len(),
                    buffer_ptrs.as_ptr(),
                    buffer_ptrs.len(),
                    &raw const raw_options,
                    &raw mut raw,
                    message,
                )
            }
        })
        .map_err(|error| error.after_abort(group.aborted()))?;
        Ok(Self {
            handle: Handle(raw),
            group: group.clone(),
            parameters: params.len(),
            buffers: buffers.len(),
            options,
            sync_gradients: true,
            sync_buffers: true,
            divisor: None,
        })
    }

    /// The group that the replicas form.
    pub fn group(&self) -> &ProcessGroup {
        &self.group
    }

    /// How many tensors are trained.
    pub fn parameter_count(&self) -> usize {
        self.parameters
    }

    /// Runs the model's forward pass and makes ready for the backward pass of its outputs.
    ///
    /// `run` computes the outputs, for example `|| net.forward_t(&images, true)`; the loss is
    /// computed from what is returned. Before that, buffers (such as the running means of batch
    /// normalisation) take rank 0's values, so all ranks must call it. Where gradients are off
    /// ([`tch::no_grad`]) it does that alone and runs `run`. For an evaluation on one rank, call
    /// the model itself.
    ///
    /// # Errors
    /// When a rank is lost or late; when the gradients of the step before are incomplete, for
    /// instance because a parameter had no part in the loss and
    /// [`find_unused_parameters`](DdpOptions::find_unused_parameters) is off.
    pub fn forward<O: Outputs>(&mut self, run: impl FnOnce() -> O) -> Result<O> {
        self.before_forward()?;
        let outputs = run();
        self.prepare_for_backward(&outputs.tensors())?;
        Ok(outputs)
    }

    /// A call that another rank or [`ProcessGroup::abort`] may make fail.
    fn check(&self, what: &str, call: impl FnOnce(ffi::Message) -> i32) -> Result<()> {
        ffi::check(what, call).map_err(|error| error.after_abort(self.group.aborted()))
    }

    fn before_forward(&mut self) -> Result<()> {
        if self.reduces() {
            self.check("forward", |message| {
                // SAFETY: the handle lives as long as `self`.
                unsafe { ffi::tddp_ddp_prepare_for_forward(self.handle.0, message) }
            })?;
        }
        self.announce()?;
        if grad_enabled() {
            self.rebuild_buckets()?;
        }
        if self.buffers_are_due() {
            let root = match self.divisor {
                Some(_) => left::last_of(&self.group, true)?,
                None => 0,
            };
            self.sync_buffers_of(root)?;
        }
        if self.divisor.is_some() {
            // Those who have no inputs any more take part in the reductions.
            left::count(&self.group, self.reduces())?;
        }
        Ok(())
    }

    /// Whether a pass reduces gradients.
    fn reduces(&self) -> bool {
        grad_enabled() && self.sync_gradients
    }

    /// Says before a forward pass that this rank still has inputs, where ranks have different
    /// numbers of them.
    fn announce(&self) -> Result<()> {
        let Some(divisor) = self.divisor else {
            return Ok(());
        };
        let here = Tensor::from_slice(&[1_f32]);
        let counted = self.group.all_reduce_async(here, ReduceOp::Sum)?;
        if !self.reduces() {
            return counted.wait().map(drop);
        }
        let is_fixed = i32::from(divisor == Divisor::AllRanks);
        self.check("count the ranks that are left", |message| {
            // SAFETY: handle and work outlive the call, and the reducer takes a reference of its
            // own to the work.
            unsafe { ffi::tddp_ddp_divide_by(self.handle.0, counted.as_ptr(), is_fixed, message) }
        })
    }

    fn rebuild_buckets(&self) -> Result<()> {
        let mut rebuilt = 0;
        self.check("rebuild the buckets", |message| {
            // SAFETY: the handle lives as long as `self`; `rebuilt` is a place for the result.
            unsafe { ffi::tddp_ddp_rebuild_buckets(self.handle.0, &raw mut rebuilt, message) }
        })
    }

    fn buffers_are_due(&self) -> bool {
        self.sync_buffers && self.options.broadcast_buffers && self.buffers > 0
    }

    fn sync_buffers_of(&self, root: i32) -> Result<()> {
        self.check("broadcast the buffers", |message| {
            // SAFETY: the handle lives as long as `self`.
            unsafe { ffi::tddp_ddp_sync_buffers(self.handle.0, root, message) }
        })
    }

    fn prepare_for_backward(&mut self, outputs: &[&Tensor]) -> Result<()> {
        if !self.reduces() {
            self.sync_buffers = self.sync_gradients;
            return Ok(());
        }
        self.sync_buffers = true;
        let pointers: Vec<_> = outputs.iter().map(|tensor| tensor.as_ptr()).collect();
        self.check("prepare for backward", |message| {
            // SAFETY: the handle lives as long as `self`, and nothing else runs on it; the tensors
            // outlive the call.
            unsafe {
                ffi::tddp_ddp_prepare_for_backward(
                    self.handle.0,
                    pointers.as_ptr(),
                    pointers.len(),
                    message,
                )
            }
        })
    }

    /// Computes the gradients of `loss` and, outside of [`no_sync`](Self::no_sync), makes them the
    /// mean over all ranks.
    ///
    /// What [`Tensor::backward`] does too; but that panics when a rank is lost, and this returns
    /// the error.
    ///
    /// On a GPU it returns when all is on its way there. What then fails, such as a rank that is
    /// lost, is told by [`timings`](Self::timings), which waits, and by the next
    /// [`forward`](Self::forward); until one of them has returned without an error, do not save
    /// what the optimizer made of these gradients.
    ///
    /// # Errors
    /// When a rank is lost or late. Gradients are incomplete then, and the reducer cannot be used
    /// any more: make a new group and a new one of these, or end the program.
    pub fn backward(&self, loss: &Tensor) -> Result<()> {
        self.check("backward", |message| {
            // SAFETY: the loss outlives the call. The reducer's hooks run within it, and `self`
            // keeps the reducer alive.
            unsafe { ffi::tddp_backward(loss.as_ptr(), message) }
        })
    }

    /// Takes the gradients away from all parameters, as torch's optimizers do by default
    /// (`set_to_none`).
    ///
    /// Use it in place of the optimizer's `zero_grad` (and so `ddp.backward(&loss)` and
    /// `opt.step()` in place of `opt.backward_step(&loss)`): with
    /// [`gradient_as_bucket_view`](DdpOptions::gradient_as_bucket_view), tch's fails.
    ///
    /// # Errors
    /// Only for want of memory.
    pub fn zero_grad(&self) -> Result<()> {
        ffi::check("zero_grad", |message| {
            // SAFETY: the handle lives as long as `self`.
            unsafe { ffi::tddp_ddp_zero_grad(self.handle.0, message) }
        })
    }

    /// Runs `scope` without any reduction: gradients add up on each rank alone, until the next
    /// forward and backward pass outside, which reduces their sum. For accumulating gradients over
    /// several small batches.
    pub fn no_sync<R>(&mut self, scope: impl FnOnce(&mut Self) -> R) -> R {
        struct Restore<'a>(&'a mut DistributedDataParallel, bool);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.sync_gradients = self.1;
            }
        }
        let before = self.sync_gradients;
        self.sync_gradients = false;
        // Also when `scope` panics.
        let restore = Restore(self, before);
        scope(restore.0)
    }

    /// The sizes of the buckets in bytes, in the order in which they are reduced. After the first
    /// step they are made anew, in the order in which gradients came, unless they are
    /// [fixed](DdpOptions::fixed_buckets).
    ///
    /// # Errors
    /// Only for want of memory.
    pub fn bucket_sizes(&self) -> Result<Vec<u64>> {
        let mut sizes = vec![0_i64; self.parameters];
        let mut count = 0;
        ffi::check("bucket_sizes", |message| {
            // SAFETY: the handle lives as long as `self`; `sizes` has room for as many as said, and
            // there are no more buckets than parameters; `count` is a place for the result.
            unsafe {
                ffi::tddp_ddp_bucket_sizes(
                    self.handle.0,
                    sizes.as_mut_ptr(),
                    sizes.len(),
                    &raw mut count,
                    message,
                )
            }
        })?;
        sizes.truncate(count);
        Ok(sizes
            .into_iter()
            .map(|size| u64::try_from(size).unwrap_or(0))
            .collect())
    }

    /// What the reducer's own clock says of the last step. Ask after the backward pass; it costs a
    /// few microseconds.
    ///
    /// On a GPU this waits until the step's reductions are over there, and the clock is the GPU's
    /// own. Ask after the optimizer was started as well, and the GPU has work to go on with.
    ///
    /// # Errors
    /// On the CPU only for want of memory. On a GPU when a reduction has failed, or was not over in
    /// the group's timeout; the gradients are not to be used then.
    pub fn timings(&self) -> Result<StepTimings> {
        let mut raw = ffi::Timings::default();
        self.check("timings", |message| {
            // SAFETY: the handle lives as long as `self`; `raw` is a place for the result.
            unsafe { ffi::tddp_ddp_timings(self.handle.0, &raw mut raw, message) }
        })?;
        // The reducer resets each part to 0 and leaves it there when it did not take place.
        let part = |nanoseconds: i64| {
            u64::try_from(nanoseconds)
                .ok()
                .filter(|&n| n > 0)
                .map(Duration::from_nanos)
        };
        Ok(StepTimings {
            iteration: u64::try_from(raw.iteration).unwrap_or(0),
            forward: part(raw.forward),
            backward: part(raw.backward),
            communication: part(raw.communication),
            overlap: part(raw.overlap),
        })
    }
}

/// Whether libtorch records gradients on this thread.
fn grad_enabled() -> bool {
    // SAFETY: reads a variable of this thread.
    unsafe { ffi::tddp_grad_enabled() != 0 }
}
