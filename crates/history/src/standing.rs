//! The status of a run, in the one or two words that lists, screens and the command line share.
//!
//! Belongs here: the words, and the facts that decide them. Does not belong here: colours and
//! marks.

use workbench_record::{LogState, RunDir, RunStatus};
use workbench_result::RunResult;

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A process is writing to its log.
    Running,
    /// Every planned repeat was done, and the arms did equal work with equal outcomes.
    Completed,
    /// Every planned repeat was done, and the arms must not be compared.
    CheckFailed,
    /// A person or a signal stopped it.
    Interrupted,
    /// Its log has no end, and no process writes to it.
    Killed,
    /// Its log has no end; whether a process writes to it is not known.
    Unfinished,
    /// An arm failed, or the machine refused what the run needed.
    Failed,
}

impl Standing {
    /// The status of the run in a directory.
    pub fn of(run: &RunDir, result: &RunResult) -> Self {
        match Self::of_result(result) {
            Self::Unfinished => match run.log_state() {
                LogState::Live => Self::Running,
                LogState::Ended => Self::Killed,
                LogState::Unknown => Self::Unfinished,
            },
            other => other,
        }
    }

    /// The status of a run by its result alone.
    pub fn of_result(result: &RunResult) -> Self {
        Self::new(result.status, result.check.passed())
    }

    /// The status of a run from how it ended and whether its arms may be compared.
    pub fn new(status: RunStatus, equal: bool) -> Self {
        match status {
            RunStatus::Unfinished => Self::Unfinished,
            RunStatus::Completed if !equal => Self::CheckFailed,
            RunStatus::Completed => Self::Completed,
            RunStatus::Interrupted => Self::Interrupted,
            RunStatus::Failed => Self::Failed,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::CheckFailed => "check failed",
            Self::Interrupted => "interrupted",
            Self::Killed => "killed",
            Self::Unfinished => "unfinished",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::STATUSES;

    /// A run whose arms must not be compared is never shown as completed.
    #[test]
    fn a_run_stands_by_its_check_as_well() {
        let mut result = crate::comparison::tests::result("x");
        assert_eq!(Standing::of_result(&result).name(), "completed");
        result.check.equal_outputs = false;
        assert_eq!(Standing::of_result(&result).name(), "check failed");
        let comparison = crate::comparison::compare(&[&result]);
        assert_eq!(comparison.runs[0].standing, Standing::CheckFailed);
        result.status = RunStatus::Failed;
        assert_eq!(Standing::of_result(&result).name(), "failed");
    }

    /// A filter can name every status that a list shows.
    #[test]
    fn what_lists_say_can_be_filtered() {
        use Standing::{CheckFailed, Completed, Failed, Interrupted, Killed, Running, Unfinished};
        for standing in [
            Running,
            Completed,
            CheckFailed,
            Interrupted,
            Killed,
            Unfinished,
            Failed,
        ] {
            assert!(STATUSES.contains(&standing.name()), "{standing:?}");
        }
    }
}
