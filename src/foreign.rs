//! Labs that are not a part of this program: finding them in folders, and asking before they run.

use std::fmt::Write as _;
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use workbench_experiment::lab::{ForeignLab, Lab};
use workbench_programs::{lab_folders, read_folder};
use workbench_record::{RunStarted, RunStore};

use crate::exit_error::ExitError;
use crate::output;
use crate::registry;

/// The file in the folder of runs that says which labs the person has agreed to run, by the
/// SHA-256 of their definitions.
const AGREED: &str = ".agreed_labs";

/// Adds the labs of a folder to those of this program. What is wrong with one is told, and the
/// others can be used.
pub fn add(labs: &mut Vec<Box<dyn Lab>>, dir: &Path) -> Result<(), ExitError> {
    let folders = lab_folders(dir)
        .map_err(|problem| ExitError::usage(format!("`--labs {}`: {problem}", dir.display())))?;
    for folder in folders {
        match read_folder(&folder) {
            Ok(lab) => {
                let name = &lab.definition().name;
                if labs.iter().any(|known| known.definition().name == *name) {
                    tell(&format!(
                        "{}: there is another lab called {name}; give this one another name",
                        folder.display()
                    ))?;
                } else {
                    labs.push(Box::new(lab));
                }
            }
            Err(problems) => {
                let more = problems.len().saturating_sub(1);
                let first = problems.first().map(ToString::to_string);
                let more = if more > 0 {
                    format!(
                        " (and {more} more: `workbench labs check {}`)",
                        folder.display()
                    )
                } else {
                    String::new()
                };
                tell(&format!("{}{more}", first.unwrap_or_default()))?;
            }
        }
    }
    Ok(())
}

fn tell(text: &str) -> Result<(), ExitError> {
    Ok(output::error_line(&format!("workbench: {text}"))?)
}

/// The lab of a run that was made before: where it was read from a folder, it is again.
pub fn lab_of_run(labs: &mut Vec<Box<dyn Lab>>, started: &RunStarted) -> Result<usize, ExitError> {
    let name = &started.config.lab;
    if let Some(folder) = &started.lab_facts.folder {
        labs.insert(0, read(Path::new(folder))?);
    }
    registry::position(labs, name)
}

/// The lab in a folder with which a run was made; agreed to where it was before.
pub fn lab_in(folder: &Path, store: &RunStore) -> Result<Box<dyn Lab>, ExitError> {
    let lab = [read(folder)?];
    recall(&lab, store);
    let [lab] = lab;
    Ok(lab)
}

fn read(folder: &Path) -> Result<Box<dyn Lab>, ExitError> {
    let lab = read_folder(folder).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        ExitError::usage(format!(
            "the run was made with the lab in {}: {}",
            folder.display(),
            first.unwrap_or_default()
        ))
    })?;
    Ok(Box::new(lab))
}

/// Marks the labs that the person has agreed to before.
pub fn recall(labs: &[Box<dyn Lab>], store: &RunStore) {
    let agreed = fs::read_to_string(agreed_file(store)).unwrap_or_default();
    for lab in labs {
        if let Some(foreign) = lab.foreign()
            && agreed.lines().any(|line| line == foreign.sha256)
        {
            lab.agree();
        }
    }
}

fn agreed_file(store: &RunStore) -> PathBuf {
    store.root().join(AGREED)
}

/// Shows what a lab would run that has not run here before, and asks; with `yes` the person has
/// agreed already.
///
/// # Errors
/// When the person does not agree, or cannot be asked.
pub fn ensure_agreed(lab: &dyn Lab, yes: bool, store: &RunStore) -> Result<(), ExitError> {
    let Some(foreign) = lab.foreign() else {
        return Ok(());
    };
    let known = fs::read_to_string(agreed_file(store)).unwrap_or_default();
    if !known.lines().any(|line| line == foreign.sha256) {
        let name = &lab.definition().name;
        let mut told = format!("the {name} lab is not a part of workbench. It runs:\n");
        for program in foreign.programs {
            // Writing to a String cannot fail.
            let _ = writeln!(told, "  {program}");
        }
        let is_seen = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !yes && !is_seen {
            return Err(ExitError::usage(format!(
                "{told}to run these programs, give this command with --yes"
            )));
        }
        tell(told.trim_end())?;
        if !yes && !output::ask("Run these programs, with your rights?")? {
            return Err(ExitError::usage("nothing was run"));
        }
        agree(lab, &foreign, store);
    }
    lab.agree();
    Ok(())
}

/// The person has agreed to what a lab runs, and is not asked again.
pub fn agree(lab: &dyn Lab, foreign: &ForeignLab<'_>, store: &RunStore) {
    let file = agreed_file(store);
    let known = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::create_dir_all(store.root());
    // Where it cannot be kept, the person is asked again.
    let _ = fs::write(&file, format!("{known}{}\n", foreign.sha256));
    lab.agree();
}
