//! Collectives beyond those that data-parallel training needs.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use tch::Tensor;

use super::agreement::Call;
use super::{ProcessGroup, ReduceOp};
use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::store::milliseconds;
use crate::work::Work;

impl ProcessGroup {
    /// Combines the tensors of all ranks element by element; rank `root` gets the result, and what
    /// the others then have is unspecified.
    ///
    /// # Errors
    /// When a rank does not take part in time or is lost, the ranks disagree, or the tensor is not
    /// one that the group can take.
    pub fn reduce(&self, tensor: &mut Tensor, root: usize, op: ReduceOp) -> Result<()> {
        let root = self.root(Call::Reduce, root)?;
        let argument = i64::from(root) << 8 | i64::from(op.code());
        self.agree(Call::Reduce, argument, tensor)?;
        let started: Work<Tensor> = self.start(Call::Reduce.name(), |out, message| {
            // SAFETY: group and tensor outlive the call, and the work takes references of its own;
            // `out` is a place for the result.
            unsafe {
                let timeout = milliseconds(self.timeout);
                let tensor = tensor.as_ptr();
                ffi::tddp_group_reduce(
                    self.as_ptr(),
                    tensor,
                    root,
                    op.code(),
                    timeout,
                    out,
                    message,
                )
            }
        })?;
        started.wait().map(drop)
    }

    /// The tensors of all ranks, in the order of ranks, on rank `root`; none on the others.
    ///
    /// # Errors
    /// As [`reduce`](Self::reduce).
    pub fn gather(&self, tensor: &Tensor, root: usize) -> Result<Vec<Tensor>> {
        let root = self.root(Call::Gather, root)?;
        self.agree(Call::Gather, i64::from(root), tensor)?;
        let started: Work<Vec<Tensor>> = self.start(Call::Gather.name(), |out, message| {
            // SAFETY: as in `reduce`; the results are tensors that the shim allocates.
            unsafe {
                let timeout = milliseconds(self.timeout);
                let tensor = tensor.as_ptr();
                ffi::tddp_group_gather(self.as_ptr(), tensor, root, timeout, out, message)
            }
        })?;
        started.wait()
    }

    /// Overwrites the tensor of every rank with its part of `parts`, which rank `root` gives: one
    /// for each rank, like `tensor` in type and size. The others give none.
    ///
    /// # Errors
    /// As [`reduce`](Self::reduce), and [`ErrorKind::InvalidArgument`] for another number of parts,
    /// or parts that are not like the tensor. A root that gives such parts does not take part: the
    /// others find that out after the timeout.
    pub fn scatter(&self, tensor: &mut Tensor, parts: &[Tensor], root: usize) -> Result<()> {
        let invalid = |message: String| {
            let name = Call::Scatter.name();
            Err(Error::new(ErrorKind::InvalidArgument, name, message))
        };
        let expected = if root == self.rank { self.size } else { 0 };
        if parts.len() != expected {
            return invalid(format!("{} parts; give {expected} here", parts.len()));
        }
        let alike = |part: &Tensor| {
            part.defined() && part.size() == tensor.size() && part.kind() == tensor.kind()
        };
        if let Some(other) = parts.iter().position(|part| !alike(part)) {
            return invalid(format!("part {other} is not of the tensor's type and size"));
        }
        let root = self.root(Call::Scatter, root)?;
        self.agree(Call::Scatter, i64::from(root), tensor)?;
        let parts: Vec<_> = parts.iter().map(Tensor::as_ptr).collect();
        let started: Work<Tensor> = self.start(Call::Scatter.name(), |out, message| {
            // SAFETY: as in `reduce`; the array holds as many tensors as is said, borrowed for the
            // call.
            unsafe {
                ffi::tddp_group_scatter(
                    self.as_ptr(),
                    tensor.as_ptr(),
                    parts.as_ptr().cast(),
                    parts.len(),
                    root,
                    milliseconds(self.timeout),
                    out,
                    message,
                )
            }
        })?;
        started.wait().map(drop)
    }

    /// Combines the tensors of all ranks element by element and deals the result: of n ranks, rank
    /// r gets the r-th n-th of the rows. The first dimension must be a multiple of n.
    ///
    /// # Errors
    /// As [`reduce`](Self::reduce).
    pub fn reduce_scatter(&self, tensor: &Tensor, op: ReduceOp) -> Result<Tensor> {
        self.agree(Call::ReduceScatter, i64::from(op.code()), tensor)?;
        let started: Work<Tensor> = self.start(Call::ReduceScatter.name(), |out, message| {
            // SAFETY: as in `gather`.
            unsafe {
                let timeout = milliseconds(self.timeout);
                let tensor = tensor.as_ptr();
                ffi::tddp_group_reduce_scatter(
                    self.as_ptr(),
                    tensor,
                    op.code(),
                    timeout,
                    out,
                    message,
                )
            }
        })?;
        started.wait()
    }

    /// Deals the rows of every rank to all ranks: of n ranks, rank r gets the r-th n-th of the rows
    /// of each, in the order of ranks. The first dimension must be a multiple of n.
    ///
    /// # Errors
    /// As [`reduce`](Self::reduce).
    pub fn all_to_all(&self, tensor: &Tensor) -> Result<Tensor> {
        self.agree(Call::AllToAll, 0, tensor)?;
        let started: Work<Tensor> = self.start(Call::AllToAll.name(), |out, message| {
            // SAFETY: as in `gather`.
            unsafe {
                let timeout = milliseconds(self.timeout);
                ffi::tddp_group_all_to_all(self.as_ptr(), tensor.as_ptr(), timeout, out, message)
            }
        })?;
        started.wait()
    }
}
