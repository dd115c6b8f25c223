//! `workbench runs delete` and `workbench runs prune`: say what would go and how much it takes,
//! ask, and remove it.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

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
    let sizes: Vec<u64> = runs.iter().map(RunDir::disk_bytes).collect();
    let count = format::counted(runs.len() as u64, "run");
    let size = format::bytes(sizes.iter().sum());
    if !yes {
        let mut told = String::new();
        for (run, bytes) in runs.iter().zip(&sizes) {
            let (id, size) = (format::clean(&run.id(), 60), format::bytes(*bytes));
            // Writing to a String cannot fail.
            let _ = writeln!(told, "  {id}  {size}");
        }
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
    let (mut failed, mut removed, mut freed) = (None, 0, 0);
    for (run, bytes) in runs.iter().zip(sizes) {
        match store.delete(run) {
            Ok(()) => (removed, freed) = (removed + 1, freed + bytes),
            // Others may still be removed.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let removed = format::counted(removed, "run");
    let freed = format::bytes(freed);
    output::line(&format!("Removed {removed} ({freed} before)."))?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(code::DONE),
    }
}
