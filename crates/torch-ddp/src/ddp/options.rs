//! What can be chosen when a model is made data parallel.

use crate::ffi;

/// In what form gradients travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// In half precision: half the bytes, 11 significant bits, at most 65,504.
    Fp16,
    /// As bfloat16: half the bytes, 8 significant bits, the range of single precision.
    Bf16,
}

/// How a [`DistributedDataParallel`](crate::DistributedDataParallel) works. All ranks must choose
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five switches that do not depend on each other"
)]
pub struct DdpOptions {
    /// The size of the bucket that is reduced first, in bytes; small, so that communication begins
    /// early. 1 MiB unless set.
    pub first_bucket_bytes: u64,
    /// The size of every other bucket, in bytes. 25 MiB unless set.
    pub bucket_bytes: u64,
    /// Searches the graph of every forward pass for parameters that the outputs do not depend on,
    /// and does not wait for their gradients. Off unless set: it costs time, and buckets are then
    /// not made anew after the first step.
    pub find_unused_parameters: bool,
    /// Lets gradients be views into the buckets, which saves a copy of all gradients. Off unless
    /// set. tch's own `zero_grad` fails on such gradients; use
    /// [`zero_grad`](crate::DistributedDataParallel::zero_grad).
    pub gradient_as_bucket_view: bool,
    /// Promises that all steps have the same graph. The first step then learns which parameters are
    /// unused, and how often the others get gradients. Off unless set.
    pub static_graph: bool,
    /// Makes the buckets once, in the reverse order of the parameters' names, and not anew after
    /// the first step, in the order in which gradients came. Off unless set. Over more than two
    /// ranks the place of a gradient in its bucket decides in which order the ranks' values are
    /// added up, and so how the sum is rounded: with this, a training that goes on in new processes
    /// has the same bits as one that was never interrupted. Without effect where unused parameters
    /// are searched for, since buckets stay as they are there.
    pub fixed_buckets: bool,
    /// Gives buffers rank 0's values before every forward pass. On unless unset.
    pub broadcast_buffers: bool,
    /// In what form gradients travel.
    pub compression: Compression,
}

impl Default for DdpOptions {
    fn default() -> Self {
        Self {
            first_bucket_bytes: 1024 * 1024,
            bucket_bytes: 25 * 1024 * 1024,
            find_unused_parameters: false,
            gradient_as_bucket_view: false,
            static_graph: false,
            fixed_buckets: false,
            broadcast_buffers: true,
            compression: Compression::None,
        }
    }
}

impl DdpOptions {
    /// The options with other bucket sizes, in bytes.
    #[must_use]
    pub fn buckets(mut self, first_bytes: u64, other_bytes: u64) -> Self {
        self.first_bucket_bytes = first_bytes;
        self.bucket_bytes = other_bytes;
        self
    }

    /// The options with or without a search for unused parameters.
    #[must_use]
    pub fn find_unused_parameters(mut self, find: bool) -> Self {
        self.find_unused_parameters = find;
        self
    }

    /// The options with gradients inside or outside of the buckets.
    #[must_use]
    pub fn gradient_as_bucket_view(mut self, view: bool) -> Self {
        self.gradient_as_bucket_view = view;
        self
    }

    /// The options with or without the promise that the graph stays the same.
    #[must_use]
    pub fn static_graph(mut self, fixed: bool) -> Self {
        self.static_graph = fixed;
        self
    }

    /// The options with buckets that are made once or anew after the first step.
    #[must_use]
    pub fn fixed_buckets(mut self, fixed: bool) -> Self {
        self.fixed_buckets = fixed;
        self
    }

    /// The options with or without a broadcast of buffers before every forward pass.
    #[must_use]
    pub fn broadcast_buffers(mut self, broadcast: bool) -> Self {
        self.broadcast_buffers = broadcast;
        self
    }

    /// The options with another form for gradients to travel in.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    pub(super) fn to_raw(self) -> ffi::Options {
        let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX).max(1);
        ffi::Options {
            first_bucket_bytes: bytes(self.first_bucket_bytes),
            bucket_bytes: bytes(self.bucket_bytes),
            find_unused: i32::from(self.find_unused_parameters),
            gradient_as_bucket_view: i32::from(self.gradient_as_bucket_view),
            static_graph: i32::from(self.static_graph),
            fixed_buckets: i32::from(self.fixed_buckets),
            compression: match self.compression {
                Compression::None => 0,
                Compression::Fp16 => 1,
                Compression::Bf16 => 2,
            },
        }
    }
}
