//! What a search begins with, and what is left when it has ended.

use std::sync::Arc;

use workbench_search::Study;

use crate::importance::ReportedLosses;
use crate::objective::Objective;
use crate::settings::SearchSettings;
use crate::so_far::SoFar;

/// What a search runs with.
pub struct SearchPlan<'a> {
    pub objective: &'a Arc<Objective>,
    pub settings: &'a SearchSettings,
    pub seed: u64,
}

/// A search that has ended.
pub struct Searched {
    /// Its study.
    pub study: Study,
    /// How far it came.
    pub so_far: SoFar,
    /// What its trials reported.
    pub losses: ReportedLosses,
    /// When it ended, in nanoseconds on the run's clock.
    pub ended_ns: u64,
    /// What the last failure said.
    pub last_failure: String,
}
