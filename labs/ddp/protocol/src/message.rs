//! The messages of the workers of a training, besides those of all workers.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use workbench_json::Floats;
use workbench_protocol::{Protocol, StepTimes, Stretch};

use crate::spec::TrainSpec;

/// The protocol of the workers of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Training;

impl Protocol for Training {
    type Order = TrainSpec;
    type Phase = Phase;
    type Report = Report;
    type Outcome = DoneReport;
    type Failure = FailureNotice;

    fn step_times(report: &Report) -> Option<StepTimes> {
        let Report::Step(step) = report else {
            return None;
        };
        Some(StepTimes {
            work_ns: step.work_ns(),
            wait_ns: step.wait_ns,
        })
    }
}

/// A message from a worker to the lab.
pub type FromWorker = workbench_protocol::FromWorker<Training>;
/// A message from the lab to a worker.
pub type ToWorker = workbench_protocol::ToWorker<Training>;
/// A worker's connection to the lab.
pub type WorkerSide = workbench_protocol::WorkerSide<Training>;

/// What a worker reports while it trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A stage of the start-up is reached.
    Stage(Stage),
    /// The training goes on from a checkpoint, or from the beginning where there is none.
    Resumed(Reached),
    /// A step is done.
    Step(StepReport),
    /// An evaluation on the test rows is done.
    Evaluated {
        /// Epochs done.
        epoch: u32,
        /// Steps done.
        step: u64,
        /// Rows classified correctly.
        correct: u64,
        /// Rows in all.
        count: u64,
        /// Sum of the rows' losses.
        #[serde(with = "Floats::<f64>")]
        loss_sum: f64,
    },
    /// A checkpoint is complete under its final name.
    Checkpointed {
        /// Steps done.
        step: u64,
        /// Where it is.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// How long the training thread was blocked.
        took_ns: u64,
    },
    /// A checkpoint could not be written. The training goes on.
    CheckpointFailed {
        /// Steps done.
        step: u64,
        /// One line, without a full stop at its end.
        text: String,
    },
    /// A warning that does not end the training.
    Warning {
        /// One line, without a full stop at its end.
        text: String,
    },
}

/// How far a training has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Steps done.
    pub steps: u64,
    /// The epoch, from 0.
    pub epoch: u32,
    /// Rows of the epoch that all ranks together are done with.
    pub rows: u64,
}

/// Why a training cannot continue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureNotice {
    /// What kind of failure.
    pub kind: FailureKind,
    /// One line: what was wrong, where, what to do.
    pub message: String,
    /// Steps done.
    pub step: u64,
}

/// The stages of the start-up, in order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The process runs; its greeting reports this.
    Started,
    /// libtorch is loaded and the device is usable.
    LibraryLoaded,
    /// All ranks have met.
    Rendezvous,
    /// The rows are in memory.
    DataLoaded,
    /// The first training step is done.
    FirstStep,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Started,
        Self::LibraryLoaded,
        Self::Rendezvous,
        Self::DataLoaded,
        Self::FirstStep,
    ];
}

/// The phase of a worker's training thread. The order is that within a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Phase {
    /// The process has just started.
    Starting,
    /// Loading libtorch and waking the device.
    Loading,
    /// Waiting to meet the other ranks.
    Rendezvous,
    /// Fetching rows.
    Data,
    /// The forward pass.
    Forward,
    /// The backward pass.
    Backward,
    /// Waiting for gradients of the other ranks.
    AllReduce,
    /// The optimiser's step.
    Optimizer,
    /// Writing or reading a checkpoint.
    Checkpoint,
    /// Evaluating on the test rows.
    Evaluation,
    /// Waiting for the evaluations of the other ranks.
    Sums,
    /// Ending.
    Closing,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::Starting,
        Self::Loading,
        Self::Rendezvous,
        Self::Data,
        Self::Forward,
        Self::Backward,
        Self::AllReduce,
        Self::Optimizer,
        Self::Checkpoint,
        Self::Evaluation,
        Self::Sums,
        Self::Closing,
    ];

    /// Whether it comes after the step that it names, not within it.
    pub fn follows_step(self) -> bool {
        self >= Self::Checkpoint
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "start-up",
            Self::Loading => "loading",
            Self::Rendezvous => "rendezvous",
            Self::Data => "data",
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::AllReduce => "all-reduce",
            Self::Optimizer => "optimizer",
            Self::Checkpoint => "checkpoint",
            Self::Evaluation => "evaluation",
            Self::Sums => "the evaluation's sums",
            Self::Closing => "closing",
        }
    }
}

impl workbench_protocol::PhaseName for Phase {
    const ALL: &'static [Self] = &Self::ALL;

    fn is_waiting(self) -> bool {
        matches!(self, Self::Rendezvous | Self::AllReduce | Self::Sums)
    }

    fn is_start_up(self) -> bool {
        self < Self::Data
    }

    fn stretch(self, step: u64) -> Stretch {
        match self {
            Self::Starting | Self::Loading | Self::Rendezvous => Stretch::StartUp,
            // Reading the rows, and waiting for ranks that still read them.
            Self::Data | Self::AllReduce if step == 0 => Stretch::StartUp,
            Self::Data | Self::Forward | Self::Backward | Self::AllReduce | Self::Optimizer => {
                Stretch::Steps
            }
            Self::Checkpoint => Stretch::Between(0),
            Self::Evaluation | Self::Sums => Stretch::Between(1),
            Self::Closing => Stretch::Closing,
        }
    }

    /// A backward pass ends with a wait for the gradients of the other ranks.
    fn while_asleep(self) -> Self {
        match self {
            Self::Backward => Self::AllReduce,
            phase => phase,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One training step of one rank. Its parts need not add up to the step: time between them is in
/// none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step, from 0.
    pub step: u64,
    /// Its epoch, from 0.
    pub epoch: u32,
    /// Rows of this rank's batch.
    pub samples: u32,
    /// Rows of the batches of all ranks.
    pub rows_of_step: u64,
    /// Rows of the epoch that all ranks were done with before this step.
    pub rows_before: u64,
    /// Mean loss of this rank's batch.
    #[serde(with = "Floats::<f64>")]
    pub loss: f64,
    /// Fetching rows.
    pub data_ns: u64,
    /// Forward pass.
    pub forward_ns: u64,
    /// Backward pass, without the wait at its end.
    pub backward_ns: u64,
    /// Waiting for the other ranks' gradients.
    pub wait_ns: u64,
    /// The optimiser's step.
    pub optimizer_ns: u64,
}

impl StepReport {
    /// Its own work, in nanoseconds.
    pub fn work_ns(&self) -> u64 {
        self.data_ns + self.forward_ns + self.backward_ns + self.optimizer_ns
    }
}

/// The end of a successful training.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DoneReport {
    /// SHA-256 over all parameters, sorted by name: equal on all ranks unless they have diverged.
    pub parameters_sha256: String,
    /// Steps done in all, those before a resumption included.
    pub steps: u64,
    /// Rows trained on by this rank in this process.
    pub samples: u64,
    /// Number of evaluations.
    pub evaluated: u32,
    /// Checkpoints written.
    pub checkpoints: u32,
    /// Bytes that this rank put into all-reduces.
    pub bytes_reduced: u64,
    /// Loss of the last step.
    #[serde(with = "Floats::<f64>")]
    pub final_loss: f64,
}

/// The kinds of failures that end a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The specification or the environment is invalid.
    Spec,
    /// libtorch or the device is not usable.
    Device,
    /// The data cannot be read.
    Data,
    /// The ranks did not meet.
    Rendezvous,
    /// A collective failed, most likely because another rank was lost.
    Peer,
    /// The loss is not a finite number.
    NotFinite,
    /// The device's memory is exhausted.
    OutOfMemory,
    /// A checkpoint cannot be written or read.
    Checkpoint,
    /// Anything else.
    Other,
}
