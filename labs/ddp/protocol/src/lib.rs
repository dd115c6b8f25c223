//! The protocol between the ddp lab and its workers, on top of the protocol of all workers.
//!
//! - **Belongs here:** the [specification](spec) of a training, the [faults](fault) that can be
//!   injected into it, and the [reports](message) of its workers.
//! - **May use:** `protocol`, `json`; type aliases here fix its generic types to [`Training`].
//! - **Does not belong here:** training, supervising, libtorch.

pub mod fault;
pub mod message;
pub mod spec;

pub use fault::{Fault, FaultError, Place, Slowness};
pub use message::{
    DoneReport, FailureKind, FailureReport, FromWorker, Phase, Report, Stage, StepReport, ToWorker,
    Training, WorkerSide,
};
pub use spec::{Checkpointing, Data, Device, Model, Program, SpecError, TrainSpec};

/// What a worker prints with `--version` about the protocol, in a line of its own: its
/// [version](workbench_protocol::VERSION) and the state of the sources that it was built from,
/// those of `workbench-protocol` included. A worker that prints another line is incompatible.
pub fn version_line() -> String {
    let version = workbench_protocol::VERSION;
    format!("protocol {version} {}", env!("WORKBENCH_PROTOCOL_SOURCES"))
}
