//! The protocol between the ddp lab and its workers, on top of the protocol of all workers.
//!
//! - **Belongs here:** the [specification](spec) of a training, the [faults](fault) that can be
//!   injected into it, the [reports](message) of its workers, the [batches] that a worker has
//!   tried, and the [version] that it states.
//! - **May use:** `protocol`, `json`; type aliases here fix its generic types to [`Training`].
//! - **Does not belong here:** training, supervising, libtorch.

pub mod batches;
pub mod fault;
pub mod message;
pub mod shares;
pub mod spec;
pub mod tuning;
pub mod version;

pub use batches::{BatchLimit, TriedBatch, TriedBatches};
pub use fault::{Fault, FaultError, Place, Slowness};
pub use message::{
    DoneReport, FailureKind, FailureNotice, FromWorker, Phase, Reached, Report, Stage, StepReport,
    ToWorker, Training, WorkerSide,
};
pub use shares::Share;
pub use spec::{Checkpointing, Data, Device, Model, Program, SpecError, TrainSpec};
pub use tuning::{GradientFormat, Precision, Tuning};
pub use version::{WorkerVersion, version_line, worker_sources};
