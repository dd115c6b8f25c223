//! One run of a hand-in that was verified.

use workbench_questions::{AnswerSheet, LockedPredictions};
use workbench_record::RunStarted;
use workbench_result::RunResult;

use crate::assigned::AssignedRun;
use crate::opened_run::OpenedRun;

/// A run of a hand-in.
#[derive(Debug)]
pub struct VerifiedRun {
    /// Its folder in the hand-in.
    pub folder: String,
    /// What was known at its start.
    pub started: Box<RunStarted>,
    /// What follows from its log.
    pub result: RunResult,
    /// Its answers, where they can be read.
    pub sheet: Option<AnswerSheet>,
    /// What was locked before it.
    pub locked: Option<Box<LockedPredictions>>,
    /// SHA-256 of its log, in hexadecimal.
    pub log_sha256: String,
    /// When it was last recorded, in milliseconds since the Unix epoch.
    pub ended_unix_ms: u64,
    /// Wall and CPU times of its repeats, in nanoseconds.
    pub(crate) times: Vec<(u64, u64)>,
}

impl VerifiedRun {
    pub(crate) fn of(run: OpenedRun) -> Option<Self> {
        let (t_ns, unix_ms) = run.clocks.starts.last().copied()?;
        let since_ns = run.clocks.last_ns.saturating_sub(t_ns);
        let finished = run.clocks.finished.iter();
        Some(Self {
            started: run.snapshot.started?,
            times: finished.map(|(_, f)| (f.wall_ns, f.cpu_ns)).collect(),
            ended_unix_ms: unix_ms.saturating_add(since_ns / 1_000_000),
            folder: run.folder,
            result: run.result,
            sheet: run
                .answers
                .as_deref()
                .and_then(|bytes| AnswerSheet::parse(bytes).ok()),
            locked: run.snapshot.locked,
            log_sha256: run.log_sha256,
        })
    }

    /// The run as an assignment looks at it.
    pub fn assigned(&self) -> AssignedRun<'_> {
        AssignedRun {
            started: &self.started,
            result: &self.result,
            locked: self.locked.as_deref(),
            sheet: self.sheet.as_ref(),
        }
    }

    /// The last thing that is known to have happened, in milliseconds since the Unix epoch: the end
    /// of the run, or an answer.
    pub fn last_unix_ms(&self) -> u64 {
        let answers = self.sheet.iter().flat_map(|sheet| sheet.answers.values());
        let saved = answers.map(|answer| answer.saved_unix_ms).max();
        self.ended_unix_ms.max(saved.unwrap_or(0))
    }
}
