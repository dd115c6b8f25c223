//! How large a hand-in may be. Packing and reading know the same limits, so whatever can be handed
//! in can be read, and a hostile file costs less than 512 MB and some seconds.

use workbench_record::{Event, Record};

/// Files in an archive.
pub const MOST_FILES: u64 = 256;
/// Bytes of an archive or a folder as it lies on the disk.
pub const MOST_PACKED: u64 = 48 << 20;
/// Bytes of one file, unpacked.
pub const MOST_FILE_BYTES: u64 = 96 << 20;
/// Bytes of all files, unpacked.
pub const MOST_BYTES: u64 = 160 << 20;
/// Bytes of a file that is read as a whole: everything but logs.
pub const MOST_DOCUMENT: u64 = 24 << 20;
/// By how much a file shrinks at most when it is packed; texts come to 30 at most.
pub const MOST_RATIO: u64 = 200;
/// Smaller files may shrink by more.
pub const RATIO_FROM: u64 = 1 << 20;
/// Runs in one hand-in.
pub const MOST_RUNS: usize = 20;
/// Bytes of a line of a log.
pub const LONGEST_LINE: u64 = 8 << 20;

/// What a log may have. Counts records; what is beyond its limits is not folded.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogLimits {
    records: u32,
    repeats: u32,
    findings: u32,
    states: u32,
    beyond: bool,
}

impl LogLimits {
    const RECORDS: u32 = 600_000;
    const REPEATS: u32 = 20_000;
    const FINDINGS: u32 = 5_000;
    const STATES: u32 = 50_000;
    const ARMS: usize = 64;
    const WORKERS: usize = 64;
    const MOST_WORKERS: u32 = 4096;

    /// Whether a record, and all before it, are within the limits.
    pub fn admit(&mut self, record: &Record) -> bool {
        self.records += 1;
        match &record.event {
            Event::RepeatStarted(_) | Event::RepeatContinued(_) | Event::RepeatFinished(_) => {
                self.repeats += 1;
            }
            Event::Finding(_)
            | Event::Unreadable(_)
            | Event::ArmFailed(_)
            | Event::RunFailed(_)
            | Event::RunResumed(_)
            | Event::RepeatsPlanned { .. }
            | Event::ArmStopped { .. } => self.findings += 1,
            Event::State(_) => self.states += 1,
            Event::RunStarted(started) => {
                let config = &started.config;
                self.beyond |= started.arms.len() > Self::ARMS
                    || config.workers.len() > Self::WORKERS
                    || config.workers.iter().any(|n| *n > Self::MOST_WORKERS);
            }
            _ => {}
        }
        self.beyond |= self.records > Self::RECORDS
            || self.repeats > 2 * Self::REPEATS
            || self.findings > Self::FINDINGS
            || self.states > Self::STATES;
        !self.beyond
    }

    /// Whether a log had more than it may.
    pub fn exceeded(&self) -> bool {
        self.beyond
    }
}
