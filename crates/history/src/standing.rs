//! How a run stands, in the one or two words that lists, screens and the command line share.
//!
//! Belongs here: which words, and from which facts. Does not belong here: colours and marks.

use workbench_record::{RunDir, RunStatus};
use workbench_result::RunResult;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Some process is writing to its log.
    Running,
    /// Every planned repeat was done, and the arms did equal work with equal outcomes.
    Completed,
    /// Every planned repeat was done, and the arms must not be compared.
    CheckFailed,
    /// A person or a signal stopped it.
    Interrupted,
    /// Its log has no end, and nobody writes to it.
    Killed,
    /// Its log has no end; whether somebody writes to it was not asked.
    Unfinished,
    /// An arm failed.
    Failed,
}

impl Standing {
    /// How the run of a directory stands.
    pub fn of(run: &RunDir, result: &RunResult) -> Self {
        match Self::of_result(result) {
            Self::Unfinished if run.is_live() => Self::Running,
            Self::Unfinished => Self::Killed,
            other => other,
        }
    }

    /// How a run stands by its result alone.
    pub fn of_result(result: &RunResult) -> Self {
        Self::new(result.status, result.check.passed())
    }

    /// How a run stands that ended so, and whose arms did equal work with equal outcomes or did not.
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

    /// A run whose arms must not be compared is not completed, wherever one looks.
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

    /// A filter can name whatever a list can say.
    #[test]
    fn what_lists_say_can_be_filtered() {
        use Standing::{CheckFailed, Completed, Failed, Interrupted, Killed, Running};
        for standing in [Running, Completed, CheckFailed, Interrupted, Killed, Failed] {
            assert!(STATUSES.contains(&standing.name()), "{standing:?}");
        }
    }
}
