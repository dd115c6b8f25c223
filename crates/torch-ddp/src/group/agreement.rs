//! Comparing what all ranks are about to do, before they do it.
//!
//! gloo compares nothing. Of two ranks that reduce tensors of different sizes, one may get a result
//! and the other ends. So every collective that waits for its result begins with a small one of its
//! own, in which each rank says what it calls, on what.

use std::fmt;

use tch::Tensor;

use crate::error::{Error, ErrorKind};

/// Dimensions that are told one by one; the others as their product.
const DIMENSIONS: usize = 7;
/// The numbers of a call: what, its argument, kind, number of dimensions, and these.
const NUMBERS: usize = 4 + DIMENSIONS + 1;

/// A collective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Broadcast,
    AllReduce,
    AllGather,
    Reduce,
    Gather,
    Scatter,
    ReduceScatter,
    AllToAll,
    Send,
    Receive,
}

impl Call {
    const ALL: [Self; 10] = [
        Self::Broadcast,
        Self::AllReduce,
        Self::AllGather,
        Self::Reduce,
        Self::Gather,
        Self::Scatter,
        Self::ReduceScatter,
        Self::AllToAll,
        Self::Send,
        Self::Receive,
    ];

    /// As the method is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Broadcast => "broadcast",
            Self::AllReduce => "all_reduce",
            Self::AllGather => "all_gather",
            Self::Reduce => "reduce",
            Self::Gather => "gather",
            Self::Scatter => "scatter",
            Self::ReduceScatter => "reduce_scatter",
            Self::AllToAll => "all_to_all",
            Self::Send => "send",
            Self::Receive => "recv",
        }
    }
}

/// What one rank calls, as numbers that travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Described([i64; NUMBERS]);

impl Described {
    /// `argument` is what must be equal beside the tensor: a root, an operation.
    pub(super) fn new(call: Call, argument: i64, tensor: &Tensor) -> Self {
        let mut numbers = [0; NUMBERS];
        numbers[0] = call as i64;
        numbers[1] = argument;
        let size = tensor.size();
        numbers[2] = tensor.kind() as i64;
        numbers[3] = size.len().cast_signed() as i64;
        let told = size.len().min(DIMENSIONS);
        numbers[4..4 + told].copy_from_slice(&size[..told]);
        numbers[4 + DIMENSIONS] = size[told..].iter().product();
        Self(numbers)
    }

    pub(super) fn to_tensor(self) -> Tensor {
        Tensor::from_slice(&self.0)
    }

    /// What [`to_tensor`](Self::to_tensor) made.
    pub(super) fn from_tensor(tensor: &Tensor) -> Self {
        let mut numbers = [0; NUMBERS];
        let read = numbers.len().min(tensor.numel());
        tensor.copy_data(&mut numbers[..read], read);
        Self(numbers)
    }

    /// The same from the other end of a message.
    pub(super) fn with(mut self, call: Call) -> Self {
        self.0[0] = call as i64;
        self
    }
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = usize::try_from(self.0[0]).ok();
        let call = number.and_then(|number| Call::ALL.get(number));
        f.write_str(call.map_or("nothing known", |call| call.name()))?;
        let dimensions = usize::try_from(self.0[3]).unwrap_or(0).min(DIMENSIONS);
        let size = &self.0[4..4 + dimensions];
        write!(f, "({}) of type {} and size {size:?}", self.0[1], self.0[2])
    }
}

/// The error of ranks that call different things.
pub(super) fn disagreement(call: Call, all: &[Described]) -> Error {
    let told: Vec<String> = (0..)
        .zip(all)
        .map(|(rank, called): (usize, _)| format!("rank {rank}: {called}"))
        .collect();
    Error::new(
        ErrorKind::Mismatch,
        call.name(),
        format!("the ranks call different things, {}", told.join(", ")),
    )
}
