//! What a supervisor and its workers have in common, whatever the workers compute.
//!
//! - **Belongs here:** the [messages](message) that every worker sends and gets, generic over what
//!   one lab adds to them ([`Protocol`]), the [frames](frame) in which they travel, the
//!   [environment](mod@env) that tells a worker its place, and the [life of a worker](worker_side)
//!   under its supervisor; and what a program that is an arm [may tell](arm).
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** what a lab's workers compute, supervising, libtorch.
//!
//! A frame is the length of its body (32 bits, little-endian) and the body: one message as JSON, at
//! most [`MAX_FRAME`] bytes. The first message each way states the [`VERSION`].

pub mod arm;
pub mod env;
pub mod frame;
pub mod message;
pub mod worker_side;

mod excerpt;
mod thread_watch;

pub use env::{EnvError, WorkerEnv};
pub use excerpt::excerpt;
pub use frame::{FrameDecoder, FrameError, FrameReader, MAX_FRAME, encode_frame, write_frame};
pub use message::{FromWorker, PhaseName, Position, Protocol, StepTimes, Stretch, ToWorker};
pub use worker_side::{SideError, WorkerSide};

/// The version of what is common. Whoever meets another one stops with [`FrameError::Version`].
pub const VERSION: u32 = 2;
