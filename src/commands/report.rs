//! `workbench report RUN -o FILE`.

use std::path::PathBuf;

use workbench_record::RunStore;

use super::show::load;
use crate::exit_error::{ExitError, code};

/// Writes reports of a run.
pub fn run(store: &RunStore, run: &str, outputs: &[PathBuf]) -> Result<u8, ExitError> {
    for path in outputs {
        workbench_report::check_writable(path)?;
    }
    let (run, snapshot, result) = load(store, run)?;
    let sheet = run.read_answers()?;
    for path in outputs {
        workbench_report::write(path, &result, &snapshot, sheet.as_ref())?;
    }
    Ok(code::DONE)
}
