//! Where answers to questions are kept.

use workbench_record::RunDir;

/// Where answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetPlace {
    /// The draft for the next run of a lab.
    Draft {
        /// The lab's name.
        lab: String,
        /// SHA-256 of the assignment, where there is one.
        assignment_sha256: Option<String>,
    },
    /// A run's own.
    Run(RunDir),
}
