//! Other processes of this program that measure on this machine at the same time: each disturbs the
//! other, and both records say so.

use std::path::Path;

use workbench_machine::measuring::{Measuring, MeasuringMark, others};
use workbench_record::{Finding, RunDir};

use super::control::Control;

/// Looks for others at the beginning of a run and at its end.
pub struct Beside<'a> {
    folder: Option<&'a Path>,
    /// Tells others, until the run is over.
    _mark: Option<MeasuringMark>,
    /// Whether others were found.
    told: bool,
}

impl<'a> Beside<'a> {
    /// Tells others that a run begins.
    pub fn new(control: &'a Control, run: &RunDir) -> Self {
        let folder = control.measuring();
        // Others are not warned where that cannot be said, and the run goes on.
        let mark = folder.and_then(|folder| MeasuringMark::set(folder, &run.id()).ok());
        Self {
            folder,
            _mark: mark,
            told: false,
        }
    }

    /// What a reader has to know, once.
    pub fn look(&mut self) -> Option<Finding> {
        let seen = others(self.folder.filter(|_| !self.told)?);
        self.told = !seen.is_empty();
        self.told.then(|| finding(&seen))
    }
}

fn finding(others: &[Measuring]) -> Finding {
    let names: Vec<String> = others
        .iter()
        .map(|other| format!("{} (process {})", other.what, other.pid))
        .collect();
    let text = format!(
        "Another run was under way on this machine: {}. Each takes cores and memory from the other, so no number of either can be trusted.",
        names.join(", ")
    );
    Finding::warning("measured_beside", text).number("runs", others.len() as f64)
}
