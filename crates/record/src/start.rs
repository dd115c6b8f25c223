//! One start of a run.

use workbench_machine::MachineFacts;

/// One start of a run: the first, or a resumption.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// When, in milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// The machine, with the program.
    pub machine: MachineFacts,
}
