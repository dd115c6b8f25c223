//! The specification of a training: everything that a worker needs, besides its rank.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use workbench_json::Floats;

use crate::fault::Fault;
use crate::tuning::{Precision, Tuning};

/// One training. The same for all ranks, except for the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainSpec {
    /// How the training is organised.
    pub program: Program,
    /// The model.
    pub model: Model,
    /// The data.
    pub data: Data,
    /// Train only on this many first rows; `None` for all.
    pub train_rows: Option<u64>,
    /// Evaluate only on this many first rows; `None` for all.
    pub test_rows: Option<u64>,
    /// How often every training row is used.
    pub epochs: u32,
    /// Rows of one step of one rank, 2 or more.
    pub batch: u32,
    /// Learning rate.
    #[serde(with = "Floats::<f64>")]
    pub lr: f64,
    /// Seed of weights and shuffling; the same on all ranks.
    pub seed: u64,
    /// Threads that libtorch may use in this process.
    pub threads: u32,
    /// Where this rank computes.
    pub device: Device,
    /// When and where checkpoints are written; `None` for never.
    pub checkpoint: Option<Checkpointing>,
    /// A checkpoint to continue from.
    pub resume: Option<PathBuf>,
    /// Faults of any rank; each worker obeys its own.
    pub faults: Vec<Fault>,
    /// Report a step each time this many were done (the first and the last always).
    pub step_reports_every: u32,
    /// Timeout in seconds of a rank's wait for the others, at the rendezvous and in a collective.
    #[serde(with = "Floats::<f64>")]
    pub timeout_s: f64,
    /// How it computes and communicates.
    #[serde(default)]
    pub tuning: Tuning,
}

/// How a training is organised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// One process, no communication.
    Single,
    /// Data-parallel, written by hand.
    ByHand,
    /// Data-parallel under the trainer.
    Launched,
}

/// The model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// ResNet-18 (He et al., 2016).
    Resnet18,
    /// A small convolutional network.
    Cnn,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// The rows embedded in the program.
    Embedded,
    /// Files of images. What they are is seen by their names and content.
    Files {
        /// A folder, or an archive.
        path: PathBuf,
    },
}

/// Where a rank computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// Processors.
    Cpu,
    /// A GPU.
    Cuda {
        /// Its number among those that the process sees.
        index: u32,
    },
}

/// When and where checkpoints are written. The interval that ends first counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpointing {
    /// The directory.
    pub dir: PathBuf,
    /// Every so many steps.
    pub every_steps: Option<u64>,
    /// Every so many seconds.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub every_s: Option<f64>,
    /// How many of the newest are kept.
    pub keep: u32,
}

/// Why a specification is invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// A count is zero and must not be.
    #[error("{0} is 0; give 1 or more")]
    Zero(&'static str),
    /// Steps without rows, or of single rows, which are left out.
    #[error(
        "batch is {0}, and batch normalisation learns nothing from fewer than 2 rows; give 2 or more"
    )]
    SmallBatch(u32),
    /// A number that must be finite and positive is not.
    #[error("{name} is {value}; give a finite number greater than 0")]
    NotPositive {
        /// The number's name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// Mixed precision on a GPU.
    #[error("precision bf16 is for processors here; give fp32 with a GPU")]
    GpuPrecision,
    /// A promise that accumulation breaks.
    #[error(
        "a static graph has one pass per step, and accumulate is {0}; give accumulate=1, or no static graph"
    )]
    StaticGraph(u32),
    /// One process, but several ranks.
    #[error(
        "the single program runs in 1 process, but the world has {0}; train with ddp or launcher"
    )]
    Single(u32),
    /// Some ranks would have no rows.
    #[error("train_rows is {rows}, fewer than the {world} ranks; give {world} or more")]
    TooFewRows {
        /// Rows.
        rows: u64,
        /// Ranks.
        world: u32,
    },
    /// A directory without a name.
    #[error("{0} is empty; give a path")]
    EmptyPath(&'static str),
    /// Checkpoints without an interval.
    #[error(
        "checkpoints without an interval; give every_steps or every_s, or leave checkpoints out"
    )]
    NoInterval,
    /// A fault of a rank that does not exist.
    #[error("fault `{fault}`: the ranks are 0 to {}; give one of them", world - 1)]
    FaultRank {
        /// The fault.
        fault: Fault,
        /// Ranks.
        world: u32,
    },
    /// A fault with invalid numbers.
    #[error("fault `{fault}`: its {name} {trouble}; change it")]
    Fault {
        /// The fault.
        fault: Fault,
        /// Which of its numbers.
        name: &'static str,
        /// What is wrong with it.
        trouble: &'static str,
    },
}

impl TrainSpec {
    /// Checks the specification for this many ranks.
    ///
    /// # Errors
    ///
    /// The first error.
    pub fn check(&self, world_size: u32) -> Result<(), SpecError> {
        for (name, count) in [
            ("the world size", u64::from(world_size)),
            ("epochs", u64::from(self.epochs)),
            ("threads", u64::from(self.threads)),
            ("accumulate", u64::from(self.tuning.accumulate)),
            ("step_reports_every", u64::from(self.step_reports_every)),
            ("train_rows", self.train_rows.unwrap_or(1)),
            ("test_rows", self.test_rows.unwrap_or(1)),
        ] {
            if count == 0 {
                return Err(SpecError::Zero(name));
            }
        }
        if self.batch < 2 {
            return Err(SpecError::SmallBatch(self.batch));
        }
        positive("lr", self.lr)?;
        positive("timeout_s", self.timeout_s)?;
        if self.program == Program::Single && world_size != 1 {
            return Err(SpecError::Single(world_size));
        }
        if let Some(rows) = self.train_rows
            && rows < u64::from(world_size)
        {
            return Err(SpecError::TooFewRows {
                rows,
                world: world_size,
            });
        }
        if self.tuning.precision == Precision::Bf16 && self.device != Device::Cpu {
            return Err(SpecError::GpuPrecision);
        }
        if self.tuning.static_graph && self.tuning.accumulate > 1 {
            return Err(SpecError::StaticGraph(self.tuning.accumulate));
        }
        self.check_paths()?;
        self.check_faults(world_size)
    }

    fn check_paths(&self) -> Result<(), SpecError> {
        if let Data::Files { path } = &self.data
            && path.as_os_str().is_empty()
        {
            return Err(SpecError::EmptyPath("the path of the data"));
        }
        if let Some(resume) = &self.resume
            && resume.as_os_str().is_empty()
        {
            return Err(SpecError::EmptyPath("resume"));
        }
        let Some(checkpoint) = &self.checkpoint else {
            return Ok(());
        };
        if checkpoint.dir.as_os_str().is_empty() {
            return Err(SpecError::EmptyPath("the checkpoint directory"));
        }
        if checkpoint.keep == 0 {
            return Err(SpecError::Zero("checkpoints to keep"));
        }
        match (checkpoint.every_steps, checkpoint.every_s) {
            (None, None) => Err(SpecError::NoInterval),
            (Some(0), _) => Err(SpecError::Zero("every_steps")),
            (_, Some(seconds)) => positive("every_s", seconds),
            (Some(_), None) => Ok(()),
        }
    }

    fn check_faults(&self, world: u32) -> Result<(), SpecError> {
        for &fault in &self.faults {
            if fault.rank() >= world {
                return Err(SpecError::FaultRank { fault, world });
            }
            if let Some((name, trouble)) = fault.trouble() {
                return Err(SpecError::Fault {
                    fault,
                    name,
                    trouble,
                });
            }
        }
        Ok(())
    }
}

fn positive(name: &'static str, value: f64) -> Result<(), SpecError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(SpecError::NotPositive { name, value })
    }
}
