//! Faults that a worker injects into itself, to show what a failure does to a training.
//!
//! Belongs here: the kinds of faults, and where they strike. Does not belong here: their text form,
//! `kill:rank=1,step=40`, which is in `text`.

mod text;

use serde::{Deserialize, Serialize};
use workbench_json::Floats;

pub use text::FaultError;

/// A fault of one rank. Steps count from 0.
///
/// In [`Place::Forward`] and [`Place::AllReduce`] a fault strikes in just its step; in
/// [`Place::Checkpoint`] and [`Place::Evaluation`] in the first one after at least that many steps;
/// at [`Place::StartUp`] its step is 0 and has no meaning. Lasting faults have no step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The process kills itself (SIGKILL), as the out-of-memory killer would.
    Kill {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
        /// Where in it.
        #[serde(rename = "in", default, skip_serializing_if = "Place::is_default")]
        place: Place,
    },
    /// The process is stopped (SIGSTOP) and never continued.
    Stall {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
        /// Where in it.
        #[serde(rename = "in", default, skip_serializing_if = "Place::is_default")]
        place: Place,
    },
    /// One place takes longer, every time: in [`Place::Forward`] a step's work. In
    /// [`Place::AllReduce`] the gradients come later. A factor is relative to a step's work in
    /// [`Place::Checkpoint`] too, which by itself takes next to no time.
    Slow {
        /// The rank.
        rank: u32,
        /// By how much.
        #[serde(flatten)]
        by: Slowness,
        /// Of what.
        #[serde(rename = "in", default, skip_serializing_if = "Place::is_default")]
        place: Place,
    },
    /// The loss becomes NaN, or in [`Place::AllReduce`] the gradients, or in [`Place::Evaluation`]
    /// the loss on the test rows.
    Nan {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
        /// Of what.
        #[serde(rename = "in", default, skip_serializing_if = "Place::is_default")]
        place: Place,
    },
    /// The device's memory is exhausted.
    Oom {
        /// The rank.
        rank: u32,
        /// The step.
        step: u64,
        /// Where in it.
        #[serde(rename = "in", default, skip_serializing_if = "Place::is_default")]
        place: Place,
    },
    /// The disk is full at the next checkpoint after at least this many steps. Rank 0 writes
    /// checkpoints.
    DiskFull {
        /// The steps.
        step: u64,
    },
    /// The next checkpoint after at least this many steps is damaged after it was written, as by a
    /// bad disk.
    Corrupt {
        /// The steps.
        step: u64,
    },
}

/// How much longer something takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slowness {
    /// This many times as long; greater than 1.
    Factor(#[serde(with = "Floats::<f64>")] f64),
    /// This many seconds longer; greater than 0.
    Seconds(#[serde(with = "Floats::<f64>")] f64),
}

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before the ranks meet.
    StartUp,
    /// Between forward and backward pass.
    #[default]
    Forward,
    /// In the backward pass, while the others wait for this rank's gradients.
    AllReduce,
    /// While a checkpoint is written, which rank 0 does.
    Checkpoint,
    /// When half of the rank's test rows have been evaluated.
    Evaluation,
}

impl Place {
    /// All of them, in the order of a training.
    pub const ALL: [Self; 5] = [
        Self::StartUp,
        Self::Forward,
        Self::AllReduce,
        Self::Checkpoint,
        Self::Evaluation,
    ];

    /// Its name, as it is typed; that of the worker's [`Phase`](crate::Phase).
    pub fn name(self) -> &'static str {
        match self {
            Self::StartUp => "start-up",
            Self::Forward => "forward",
            Self::AllReduce => "all-reduce",
            Self::Checkpoint => "checkpoint",
            Self::Evaluation => "evaluation",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The largest factor of slowness.
const MAX_FACTOR: f64 = 1000.0;
/// The most seconds of slowness.
const MAX_SECONDS: f64 = 3600.0;

impl Fault {
    /// The rank it strikes.
    pub fn rank(&self) -> u32 {
        match *self {
            Self::Kill { rank, .. }
            | Self::Stall { rank, .. }
            | Self::Slow { rank, .. }
            | Self::Nan { rank, .. }
            | Self::Oom { rank, .. } => rank,
            Self::DiskFull { .. } | Self::Corrupt { .. } => WRITER,
        }
    }

    /// The step it strikes in, or in the first checkpoint or evaluation at or after it; `None` for
    /// lasting faults, and at start-up.
    pub fn step(&self) -> Option<u64> {
        match *self {
            Self::Slow { .. } => None,
            Self::Kill { step, .. }
            | Self::Stall { step, .. }
            | Self::Nan { step, .. }
            | Self::Oom { step, .. }
            | Self::DiskFull { step }
            | Self::Corrupt { step } => Some(step).filter(|_| self.place() != Place::StartUp),
        }
    }

    /// Where it strikes.
    pub fn place(&self) -> Place {
        match *self {
            Self::Kill { place, .. }
            | Self::Stall { place, .. }
            | Self::Slow { place, .. }
            | Self::Nan { place, .. }
            | Self::Oom { place, .. } => place,
            Self::DiskFull { .. } | Self::Corrupt { .. } => Place::Checkpoint,
        }
    }

    /// Whether it lasts instead of striking once.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Slow { .. })
    }

    /// The first word of its text form.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::Stall { .. } => "stall",
            Self::Slow { .. } => "slow",
            Self::Nan { .. } => "nan",
            Self::Oom { .. } => "oom",
            Self::DiskFull { .. } => "disk-full",
            Self::Corrupt { .. } => "corrupt",
        }
    }

    /// The first invalid number of it, and why.
    pub(crate) fn trouble(&self) -> Option<(&'static str, &'static str)> {
        match *self {
            Self::Slow {
                by: Slowness::Factor(factor),
                ..
            } if !(factor > 1.0 && factor <= MAX_FACTOR) => {
                Some(("factor", "must be greater than 1 and at most 1000"))
            }
            Self::Slow {
                by: Slowness::Seconds(seconds),
                ..
            } if !(seconds > 0.0 && seconds <= MAX_SECONDS) => {
                Some(("seconds", "must be greater than 0 and at most 3600"))
            }
            Self::Nan {
                place: Place::StartUp | Place::Checkpoint,
                ..
            } => Some((
                "in",
                "must be forward, all-reduce or evaluation, where there are losses and gradients",
            )),
            _ if self.place() == Place::Checkpoint && self.rank() != WRITER => {
                Some(("rank", "writes no checkpoints, rank 0 does"))
            }
            _ => None,
        }
    }
}

/// The rank that writes checkpoints.
const WRITER: u32 = 0;
