//! One run of a hand-in, read.

use workbench_record::Snapshot;
use workbench_result::RunResult;

use crate::chain::Chain;
use crate::clocks::LogClocks;

/// One run of a hand-in.
#[derive(Debug)]
pub struct OpenedRun {
    /// Its folder.
    pub folder: String,
    /// The fold of its log.
    pub snapshot: Snapshot,
    /// What follows from that.
    pub result: RunResult,
    /// The chain of its log.
    pub chain: Chain,
    /// What the times of its log say.
    pub clocks: LogClocks,
    /// SHA-256 of its log, in hexadecimal.
    pub log_sha256: String,
    /// `result.json` as it was handed in.
    pub claimed: Option<Vec<u8>>,
    /// `report.html` as it was handed in.
    pub report: Option<Vec<u8>>,
    /// `answers.json` as it was handed in.
    pub answers: Option<Vec<u8>>,
}
