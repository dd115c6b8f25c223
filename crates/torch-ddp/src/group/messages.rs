//! Messages between two ranks: tensors, and bytes between all.
#![expect(
    unsafe_code,
    reason = "calls into the shim; every block says why it is sound"
)]

use tch::{Device, Kind, Tensor};

use super::ProcessGroup;
use super::agreement::{Call, Described, disagreement};
use crate::error::{Error, ErrorKind, Result};
use crate::ffi;
use crate::store::milliseconds;

/// Tags that programs may give; those above announce messages.
const MOST_TAG: u32 = (1 << 29) - 1;

impl ProcessGroup {
    /// Sends a tensor to another rank, which takes it with [`recv`](Self::recv) under the same
    /// `tag`, up to 2²⁹ − 1. Returns when it was sent. Both sides first tell each other what they
    /// send and expect.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`], on both sides, when type or size differ; otherwise when the other
    /// rank does not take part in time or is lost, or the tensor is not one that the group can
    /// take. After a timeout the group cannot be used any more.
    pub fn send(&self, tensor: &Tensor, to: usize, tag: u32) -> Result<()> {
        let (to, tag) = self.other(Call::Send, to, tag)?;
        let own = Described::new(Call::Send, 0, tensor).to_tensor();
        let mut answer = own.zeros_like();
        self.put(&own, to, announced(tag))?;
        self.take(&mut answer, to, announced(tag))?;
        compare(Call::Send, tensor, &answer)?;
        self.put(tensor, to, tag)
    }

    /// Overwrites a tensor with one that another rank sends with [`send`](Self::send).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn recv(&self, tensor: &mut Tensor, from: usize, tag: u32) -> Result<()> {
        let (from, tag) = self.other(Call::Receive, from, tag)?;
        let own = Described::new(Call::Receive, 0, tensor).to_tensor();
        let mut offer = own.zeros_like();
        self.take(&mut offer, from, announced(tag))?;
        self.put(&own, from, announced(tag))?;
        compare(Call::Receive, tensor, &offer)?;
        self.take(tensor, from, tag)
    }

    fn other(&self, call: Call, rank: usize, tag: u32) -> Result<(i32, i32)> {
        let code = self.root(call, rank)?;
        let invalid =
            |message: String| Error::new(ErrorKind::InvalidArgument, call.name(), message);
        if rank == self.rank {
            return Err(invalid(format!("rank {rank} is this one; give another")));
        }
        if tag > MOST_TAG {
            return Err(invalid(format!("tag {tag}; give 0 to {MOST_TAG}")));
        }
        Ok((code, tag.cast_signed()))
    }

    fn put(&self, tensor: &Tensor, to: i32, tag: i32) -> Result<()> {
        ffi::check(Call::Send.name(), |message| {
            // SAFETY: group and tensor outlive the call, which returns when the message was sent.
            unsafe {
                let timeout = milliseconds(self.timeout);
                ffi::tddp_group_send(self.as_ptr(), tensor.as_ptr(), to, tag, timeout, message)
            }
        })
        .map_err(|error| error.after_abort(&self.aborted))
    }

    fn take(&self, tensor: &mut Tensor, from: i32, tag: i32) -> Result<()> {
        ffi::check(Call::Receive.name(), |message| {
            // SAFETY: as above; nobody else has the tensor, which is borrowed exclusively.
            unsafe {
                let timeout = milliseconds(self.timeout);
                ffi::tddp_group_recv(self.as_ptr(), tensor.as_ptr(), from, tag, timeout, message)
            }
        })
        .map_err(|error| error.after_abort(&self.aborted))
    }

    /// The bytes of all ranks, in the order of ranks; they need not be equally many. What
    /// `all_gather_object` is in Python, with a serialisation of your choice.
    ///
    /// # Errors
    /// When a rank does not take part in time or is lost, or the ranks disagree.
    pub fn all_gather_bytes(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        let own = Tensor::from(bytes.len().cast_signed() as i64);
        let counts = self.all_gather(&own)?;
        let counts: Vec<usize> = counts
            .iter()
            .map(|count| usize::try_from(count.int64_value(&[])).unwrap_or(0))
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let mut padded = bytes.to_vec();
        padded.resize(most, 0);
        let all = self.all_gather(&Tensor::from_slice(&padded))?;
        let cut = |(tensor, count): (&Tensor, usize)| {
            let mut bytes = vec![0; most];
            tensor.copy_data(&mut bytes, most);
            bytes.truncate(count);
            bytes
        };
        Ok(all.iter().zip(counts).map(cut).collect())
    }

    /// The bytes of rank `root` on every rank; what the others give does not matter. What
    /// `broadcast_object_list` is in Python.
    ///
    /// # Errors
    /// As [`all_gather_bytes`](Self::all_gather_bytes).
    pub fn broadcast_bytes(&self, bytes: &[u8], root: usize) -> Result<Vec<u8>> {
        let mut count = Tensor::from(bytes.len().cast_signed() as i64);
        self.broadcast(&mut count, root)?;
        let count = count.int64_value(&[]);
        let mut content = if self.rank == root {
            Tensor::from_slice(bytes)
        } else {
            Tensor::zeros([count], (Kind::Uint8, Device::Cpu))
        };
        self.broadcast(&mut content, root)?;
        let mut out = vec![0; content.numel()];
        let length = out.len();
        content.copy_data(&mut out, length);
        Ok(out)
    }
}

/// The tag under which a message of `tag` is announced.
fn announced(tag: i32) -> i32 {
    tag + (1 << 29)
}

/// Compares a tensor with what the other side has.
fn compare(call: Call, tensor: &Tensor, other: &Tensor) -> Result<()> {
    let own = Described::new(call, 0, tensor);
    let other = Described::from_tensor(other);
    if other.with(call) == own {
        return Ok(());
    }
    Err(disagreement(call, &[own, other]))
}
