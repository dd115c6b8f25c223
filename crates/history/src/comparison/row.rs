//! What a comparison shows of each run and of each arm.
//!
//! Belongs here: the types. Does not belong here: how they are made and what they mean.

use workbench_result::{ArmResult, Interval, RunResult};

use crate::standing::Standing;

/// A run and the letter that stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// `A` for the first.
    pub letter: &'static str,
    /// The run's id, safe to show.
    pub id: String,
    /// Its lab.
    pub lab: String,
    /// Its preset.
    pub preset: String,
    /// When it started, RFC 3339 in UTC.
    pub started_at: String,
    /// How it stands.
    pub standing: Standing,
    /// The arm that its speed-ups are stated against.
    pub base: String,
}

/// One arm at one number of workers, run by run.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmRow {
    /// The arm's name, safe to show.
    pub name: String,
    /// Its number of workers.
    pub workers: u32,
    /// What it took; `None` where a run did not finish it.
    pub cells: Vec<Option<ArmCell>>,
    /// Why the times of a run must not be compared with those of the first run that has the arm;
    /// `None` where they may.
    pub unlike: Vec<Option<Unlike>>,
}

/// What an arm took in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmCell {
    /// Median wall time, in seconds.
    pub wall_s: f64,
    /// Its interval, in seconds; `None` with one repeat.
    pub wall_interval: Option<Interval>,
    /// Finished repeats.
    pub repeats: usize,
    /// Speed-up against the run's own base.
    pub speedup: Option<f64>,
    /// Its interval.
    pub speedup_interval: Option<Interval>,
    /// It is the run's base.
    pub is_base: bool,
}

/// Why two times must not be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlike {
    /// The labs are not the same.
    Lab,
    /// A counter of work differs: its name, what the reference counted, what this run counted.
    Work(String, u64, u64),
    /// The outputs differ.
    Outputs,
}

/// The arms that a run finished at least once.
pub(super) fn finished(result: &RunResult) -> impl Iterator<Item = &ArmResult> {
    result.arms.iter().filter(|arm| !arm.wall_s.is_empty())
}
