//! A batch that was found by trying.

use workbench_ddp_protocol::{TriedBatch, TriedBatches};
use workbench_experiment::lab::{ParamValue, Params};

/// The parameter that asks for it.
pub const FIND: &str = "find_batch";
/// The parameter that is found.
pub const BATCH: &str = "batch";
/// What a run has that uses the batch as it is.
pub const NO: &str = "no";

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchChoice {
    /// The fastest per row.
    Fastest,
    /// The largest that fits.
    Largest,
}

/// A batch that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundBatch {
    /// What was looked for.
    pub wanted: BatchChoice,
    /// The batch.
    pub chosen: TriedBatch,
    /// All that were tried.
    pub all: TriedBatches,
}

impl FoundBatch {
    /// What the run then has instead of what was asked for.
    pub fn settled(&self) -> Params {
        [
            (
                BATCH.to_owned(),
                ParamValue::Integer(i64::from(self.chosen.batch)),
            ),
            (FIND.to_owned(), ParamValue::Text(NO.to_owned())),
        ]
        .into_iter()
        .collect()
    }
}
