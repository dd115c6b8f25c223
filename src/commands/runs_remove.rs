//! `workbench runs delete` and `workbench runs prune`: say what would go and how much it takes,
//! ask, and remove it.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use workbench_history::Standing;
use workbench_history::list::load;
use workbench_record::{RunDir, RunStore};
use workbench_report::format;

use crate::exit_error::{ExitError, code};
use crate::output;

/// Removes the named runs.
pub fn delete(store: &RunStore, named: &[String], yes: bool) -> Result<u8, ExitError> {
    let mut runs: Vec<RunDir> = Vec::new();
    for name in named {
        let run = store.find(name)?;
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    remove(store, &runs, yes)
}

/// Removes all but the latest `keep` runs, of one lab or of all; those with a star and those that
/// are under way stay and are not counted.
pub fn prune(store: &RunStore, keep: usize, lab: Option<&str>, yes: bool) -> Result<u8, ExitError> {
    let runs = match lab {
        Some(lab) => store.list_of(lab)?,
        None => store.list()?,
    };
    let removable = |run: &RunDir| !run.is_kept() && !run.is_live();
    let mut old: Vec<RunDir> = runs.into_iter().filter(removable).collect();
    old.truncate(old.len().saturating_sub(keep));
    if old.is_empty() {
        output::line("There is nothing to remove.")?;
        return Ok(code::DONE);
    }
    remove(store, &old, yes)
}

fn remove(store: &RunStore, runs: &[RunDir], yes: bool) -> Result<u8, ExitError> {
    let mut all_bytes = 0;
    let mut told = String::new();
    for run in runs {
        let bytes = run.disk_bytes();
        all_bytes += bytes;
        let status = load(run).map_or("unreadable", |result| Standing::of(run, &result).name());
        // Writing to a String cannot fail.
        let _ = writeln!(told, "  {}  {status}, {}", run.id(), format::bytes(bytes));
    }
    let count = format::counted(runs.len() as u64, "run");
    let size = format::bytes(all_bytes);
    if !yes {
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            return Err(ExitError::usage(format!(
                "{told}to remove {count} ({size}) for good, give this command with --yes"
            )));
        }
        output::error_line(told.trim_end())?;
        if !output::ask(&format!("Remove {count} ({size}) for good?"))? {
            output::line("Nothing was removed.")?;
            return Ok(code::DONE);
        }
    }
    let mut failed = None;
    let mut removed = 0;
    for run in runs {
        match store.delete(run) {
            Ok(()) => removed += 1,
            // Others may still be removed.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let removed = format::counted(removed, "run");
    output::line(&format!("Removed {removed} ({size} before)."))?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(code::DONE),
    }
}
