//! What can go wrong with a trial.

use workbench_experiment::lab::ItemFailure;
use workbench_programs::ArmLineError;

/// Why a trial has no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrialError {
    /// A configuration that the objective does not take.
    #[error("{name} = {value}: the objective takes {expects}")]
    Value {
        /// The parameter.
        name: String,
        /// What was chosen.
        value: String,
        /// What it takes.
        expects: String,
    },
    /// The engine could not train, or a program could not be started.
    #[error("{0}")]
    Engine(String),
    /// A checkpoint is not one of this objective.
    #[error("its checkpoint cannot be read")]
    Checkpoint,
    /// A program told units that do not follow each other.
    #[error("its program told unit {at} after unit {after}; it has to tell each, from 1")]
    Skipped {
        /// What it told.
        at: u64,
        /// What it had told before.
        after: u64,
    },
    /// A program told what is none.
    #[error("its program told a line that cannot be read: {0}")]
    Line(ArmLineError),
    /// A program ended without an error, before its budget.
    #[error("its program ended after telling {metric} of {units} units, and not of {of}")]
    Short {
        /// Units that it told.
        units: u64,
        /// Units that it was to train.
        of: u64,
        /// The metric that was waited for.
        metric: String,
    },
    /// A program ended with an error, or was ended.
    #[error("{0}")]
    Died(String),
    /// A program ran longer than it may.
    #[error("its program ran longer than {0} s (trial_time_s) and was ended")]
    TimeLimit(f64),
    /// A program had more memory than it may.
    #[error("its program had {} MB of memory, more than memory_mb allows, and was ended", .0 >> 20)]
    Memory(u64),
    /// It was asked to stop.
    #[error("it was stopped")]
    Stopped,
}

impl TrialError {
    /// As it is recorded.
    pub fn failure(&self) -> ItemFailure {
        match self {
            Self::Value { .. }
            | Self::Engine(_)
            | Self::Checkpoint
            | Self::Skipped { .. }
            | Self::Line(_)
            | Self::Stopped => ItemFailure::Error,
            Self::Short { .. } | Self::Died(_) => ItemFailure::Died,
            Self::TimeLimit(_) => ItemFailure::TimeLimit,
            Self::Memory(_) => ItemFailure::OutOfMemory,
        }
    }
}
