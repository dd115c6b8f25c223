//! Why a run could not start, go on, or be recorded.

use std::io;

use workbench_dataset::{DataError, Selecting};
use workbench_machine::limits::Limit;
use workbench_pool::PoolError;
use workbench_record::{RecordError, Refused, RunFailure};

use crate::ResumeRefused;
use crate::lab::{LabError, Opt};

/// Why a run could not start, or could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The lab could not be prepared: a mistake in the configuration or the data.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The record could not be written or read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The threads of the pool could not be started.
    #[error("cannot start the pool: {0}; close other programs or give fewer --workers")]
    Pool(#[source] PoolError),
    /// The thread of an arm could not be started.
    #[error("cannot start the arm's thread: {0}; close other programs")]
    Arm(#[source] io::Error),
    /// The thread of the monitor could not be started.
    #[error("cannot start the monitor: {0}; close other programs")]
    Monitor(#[source] io::Error),
    /// The run belongs to another lab, or its log is empty.
    #[error("{0}")]
    Resume(String),
    /// The run was begun with other data, by another program or on another machine.
    #[error(transparent)]
    Refused(#[from] ResumeRefused),
}

impl ExperimentError {
    /// The option whose value is refused, where it is one.
    pub fn option(&self) -> Option<Opt> {
        match self {
            Self::Lab(LabError::Refused(refusal)) => Some(refusal.option.clone()),
            Self::Lab(LabError::Data(error)) => Some(data_option(error)),
            _ => None,
        }
    }

    /// What is wrong with the option's value, for a reader who sees which one it is; else
    /// [`told`](Self::told).
    pub fn reason(&self) -> String {
        match self {
            Self::Lab(LabError::Refused(refusal)) => refusal.reason.clone(),
            other => other.told(),
        }
    }

    /// What went wrong, in one line, with the limit of the process that is behind it.
    pub fn told(&self) -> String {
        let limit = match self {
            Self::Pool(_) => Limit::on_threads(),
            other => Limit::behind(other),
        };
        limit.map_or_else(|| self.to_string(), |limit| format!("{self}; {limit}"))
    }

    /// What the record of a run says that ended with this error.
    pub(crate) fn run_failure(&self) -> RunFailure {
        RunFailure {
            cause: match self {
                Self::Pool(_) | Self::Arm(_) | Self::Monitor(_) => Refused::Threads,
                Self::Record(RecordError::Io { source, .. }) if is_about_space(source) => {
                    Refused::Storage
                }
                Self::Record(_) => Refused::Record,
                Self::Lab(_) | Self::Resume(_) | Self::Refused(_) => Refused::Other,
            },
            reason: self.told(),
        }
    }
}

fn is_about_space(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// The option to blame for data that cannot be used.
fn data_option(error: &DataError) -> Opt {
    match error {
        DataError::Target { .. } => Opt::Target,
        DataError::Selection { problem, .. } => match problem.option() {
            Selecting::Columns => Opt::Columns,
            Selecting::DropColumns => Opt::DropColumns,
        },
        _ => Opt::Data,
    }
}
