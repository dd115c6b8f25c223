//! `workbench show RUN`.

use workbench_record::{RunDir, Snapshot, Store};
use workbench_result::RunResult;

use crate::failure::{Failure, code};
use crate::output;
use crate::summary;

/// Shows the result of a run, also of a run that is under way or was killed.
pub fn run(store: &Store, run: &str, json: bool) -> Result<u8, Failure> {
    let (run, _, result) = load(store, run)?;
    if json {
        output::line(&pretty(&result)?)?;
    } else {
        output::print(&summary::of_run(&result, &run, &[]))?;
    }
    Ok(code::DONE)
}

/// Finds a run and computes its result from its log.
pub fn load(store: &Store, run: &str) -> Result<(RunDir, Snapshot, RunResult), Failure> {
    let run = store.find(run)?;
    let loaded = workbench_result::load(&run)?
        .ok_or_else(|| Failure::usage(format!("{}: the run has not begun", run.id())))?;
    Ok((run, loaded.snapshot, loaded.result))
}

/// A document as `--json` prints it.
pub fn pretty(document: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(document).map_err(|error| Failure::environment(error.to_string()))
}
