//! `workbench show RUN`.

use workbench_record::{RunDir, RunStore, Snapshot};
use workbench_result::RunResult;

use crate::exit_error::{ExitError, code};
use crate::output;
use crate::summary;

/// Shows the result of a run, also of a run that is under way or was killed.
pub fn run(store: &RunStore, run: &str, json: bool) -> Result<u8, ExitError> {
    let (run, _, result) = load(store, run)?;
    if json {
        output::line(&pretty(&result)?)?;
    } else {
        output::print(&summary::of_run(&result, &run, &[]))?;
    }
    Ok(code::DONE)
}

/// Finds a run and computes its result from its log.
pub fn load(store: &RunStore, run: &str) -> Result<(RunDir, Snapshot, RunResult), ExitError> {
    let run = store.find(run)?;
    let loaded = workbench_result::load(&run)?
        .ok_or_else(|| ExitError::usage(format!("{}: the run has not begun", run.id())))?;
    Ok((run, loaded.snapshot, loaded.result))
}

/// A document as `--json` prints it.
pub fn pretty(document: &impl serde::Serialize) -> Result<String, ExitError> {
    serde_json::to_string_pretty(document)
        .map_err(|error| ExitError::environment(error.to_string()))
}
