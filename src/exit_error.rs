//! How the program ends after an error: one line for people and an exit code for scripts.

use std::error::Error;

use workbench_experiment::lab::LabError;
use workbench_experiment::{ExperimentError, RequestError};
use workbench_machine::limits::with_limit;
use workbench_record::RecordError;
use workbench_report::ReportError;

use crate::config::ConfigError;
use crate::libtorch::SetupError;

/// The exit codes. They are part of the command line's contract.
pub mod code {
    /// Success.
    pub const DONE: u8 = 0;
    /// The lab ran and its check failed, or an arm failed.
    pub const CHECK_FAILED: u8 = 1;
    /// The command line, the configuration or the data is wrong.
    pub const USAGE: u8 = 2;
    /// The environment failed: disk full, not writable, no threads.
    pub const ENVIRONMENT: u8 = 3;
    /// Stopped by Ctrl-C or a signal.
    pub const INTERRUPTED: u8 = 130;
}

/// One line for people and an exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitError {
    /// What was wrong, where, and what to do.
    pub message: String,
    /// See [`code`].
    pub code: u8,
}

impl ExitError {
    /// A usage error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: code::USAGE,
        }
    }

    /// An error of the environment.
    pub fn environment(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: code::ENVIRONMENT,
        }
    }

    /// An error of the environment, with the limit of the process that is behind it.
    pub fn refused(error: &(dyn Error + 'static)) -> Self {
        Self::environment(with_limit(error))
    }

    /// The same of something that was tried: `cannot …`.
    pub fn cannot(what: &str, error: &std::io::Error) -> Self {
        Self::environment(format!("cannot {what}: {}", with_limit(error)))
    }
}

impl From<ConfigError> for ExitError {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<RequestError> for ExitError {
    fn from(error: RequestError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<RecordError> for ExitError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Io { .. } | RecordError::NoDataDirectory | RecordError::InUse { .. } => {
                Self::refused(&error)
            }
            RecordError::Foreign { .. }
            | RecordError::Newer { .. }
            | RecordError::Damaged { .. }
            | RecordError::Answers { .. }
            | RecordError::Unknown { .. }
            | RecordError::Ambiguous { .. } => Self::usage(error.to_string()),
        }
    }
}

impl From<ReportError> for ExitError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Extension { .. } => Self::usage(error.to_string()),
            _ => Self::refused(&error),
        }
    }
}

impl From<SetupError> for ExitError {
    fn from(error: SetupError) -> Self {
        Self::refused(&error)
    }
}

impl From<ExperimentError> for ExitError {
    fn from(error: ExperimentError) -> Self {
        match error {
            ExperimentError::Record(error) => error.into(),
            ExperimentError::Lab(LabError::Cancelled) => Self {
                message: "interrupted".to_owned(),
                code: code::INTERRUPTED,
            },
            ExperimentError::Lab(LabError::Failed(_)) => Self {
                message: error.to_string(),
                code: code::CHECK_FAILED,
            },
            ExperimentError::Lab(LabError::Environment(_) | LabError::SetUp { .. })
            | ExperimentError::Pool(_)
            | ExperimentError::Arm(_)
            | ExperimentError::Monitor(_) => Self::environment(error.told()),
            ExperimentError::Lab(_) | ExperimentError::Resume(_) | ExperimentError::Refused(_) => {
                Self::usage(error.to_string())
            }
        }
    }
}

impl From<std::io::Error> for ExitError {
    fn from(error: std::io::Error) -> Self {
        Self::cannot("write to the standard output", &error)
    }
}
