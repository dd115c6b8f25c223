//! What the ddp lab and its workers say to each other, on top of what all workers do.
//!
//! - **Belongs here:** the [specification](spec) of a training, the [faults](fault) that can be
//!   injected into it, and the [reports](message) of its workers.
//! - **May use:** `protocol`, whose names that depend on the protocol of one lab are here with
//!   [`Training`] filled in.
//! - **Does not belong here:** training, supervising, libtorch.

pub mod fault;
pub mod message;
pub mod spec;

mod float;

pub use fault::{Fault, FaultError, Place, Slowness};
pub use message::{
    DoneReport, Failure, FailureKind, FromWorker, Phase, Report, Stage, StepReport, ToWorker,
    Training, WorkerSide,
};
pub use spec::{Checkpointing, Data, Device, Model, Program, SpecError, TrainSpec};

/// What a worker prints with `--version` about the protocol, in a line of its own: its
/// [version](workbench_protocol::VERSION) and the state of the sources that it was built from,
/// those of `workbench-protocol` included. Whoever starts a worker that prints another line would
/// misunderstand it sooner or later.
pub fn version_line() -> String {
    let version = workbench_protocol::VERSION;
    format!("protocol {version} {}", env!("WORKBENCH_PROTOCOL_SOURCES"))
}
