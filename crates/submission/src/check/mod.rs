//! What a run of a hand-in is checked for.

mod document;
mod machine;
mod repeats;
mod times;

use workbench_record::Finding;

use crate::manifest::Manifest;
use crate::opened_run::OpenedRun;

/// Everything that is found in a run without running anything.
pub(crate) fn run(run: &OpenedRun, manifest: &Manifest) -> Vec<Finding> {
    let mut found = document::find(run, manifest);
    found.extend(machine::find(run));
    found.extend(repeats::find(run));
    found.extend(times::find(run));
    found
}
