//! What `workbench` and its workers say to each other.
//!
//! - **Belongs here:** the [messages](message), the [specification](spec) of a training and the
//!   [faults](fault) that can be injected into it, the [frames](frame) in which messages travel,
//!   the [environment](mod@env) that tells a worker its place, and [what every worker
//!   does](worker_side) to be a good child.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** training, supervising, libtorch.
//!
//! A frame is the length of its body (32 bits, little-endian) and the body: one message as JSON, at
//! most [`MAX_FRAME`] bytes. The first message each way states the [`VERSION`].

pub mod env;
pub mod fault;
pub mod frame;
pub mod message;
pub mod spec;
pub mod worker_side;

mod asleep;
mod float;

pub use env::{EnvError, WorkerEnv};
pub use fault::{Fault, FaultError, Place, Slowness};
pub use frame::{FrameDecoder, FrameError, FrameReader, MAX_FRAME, encode_frame, write_frame};
pub use message::{DoneReport, FailureKind, FromWorker, Phase, Stage, StepReport, ToWorker};
pub use spec::{Checkpointing, Data, Device, Model, Program, SpecError, TrainSpec};
pub use worker_side::{SideError, WorkerSide};

/// The version of the protocol. Whoever meets another one stops with [`FrameError::Version`].
pub const VERSION: u32 = 1;

/// What a worker prints with `--version` about the protocol, in a line of its own: its [`VERSION`]
/// and the state of the sources that it was built from. Whoever starts a worker that prints another
/// line would misunderstand it sooner or later.
pub fn dialect() -> String {
    format!("protocol {VERSION} {}", env!("WORKBENCH_PROTOCOL_SOURCES"))
}
