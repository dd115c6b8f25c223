//! Assignments: finding their files, and setting labs up as they say.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use workbench_experiment::lab::{Lab, assigned};
use workbench_programs::lab_folders;
use workbench_questions::{
    ASSIGNMENT_FILE, LONGEST_FILE, LabAssignment, PaperProblem, RecordedAssignment,
};

use crate::exit_error::ExitError;
use crate::registry;

/// Sets labs up as the assignment that is given says, or as those in the folder of labs do.
///
/// # Errors
/// When an assignment cannot be used: a run without it would not be what was wanted.
pub fn apply(
    labs: &mut Vec<Box<dyn Lab>>,
    given: Option<&Path>,
    dir: Option<&Path>,
) -> Result<(), ExitError> {
    let files = match (given, dir) {
        (Some(file), _) => vec![file.to_owned()],
        (None, Some(dir)) => found(dir),
        (None, None) => Vec::new(),
    };
    for file in files {
        let recorded = read(&file)?;
        let unfit = |text: String| ExitError::usage(format!("{}: {text}", file.display()));
        let name = &recorded.assignment.lab;
        let at = registry::position(labs, name).map_err(|_| {
            let known = labs.iter().map(|lab| lab.definition().name.as_str());
            let known = workbench_experiment::lab::suggest(name, known);
            unfit(format!(
                "the assignment is for the lab {name}, which is not here; {known}, or give its folder with --labs DIR"
            ))
        })?;
        if labs[at].definition().assignment.is_some() {
            return Err(unfit(format!(
                "there is another assignment for the lab {name}; choose one with --assignment FILE"
            )));
        }
        let lab = assigned(labs.remove(at), &Arc::new(recorded));
        labs.insert(at, lab.map_err(|error| unfit(error.to_string()))?);
    }
    Ok(())
}

/// The assignments in a folder of labs and in the labs' own folders.
fn found(dir: &Path) -> Vec<PathBuf> {
    let mut folders = vec![dir.to_owned()];
    // What is wrong with the folder was told when its labs were read.
    folders.extend(lab_folders(dir).unwrap_or_default());
    folders.dedup();
    let files = folders
        .into_iter()
        .map(|folder| folder.join(ASSIGNMENT_FILE));
    files.filter(|file| file.is_file()).collect()
}

/// Reads an assignment.
pub fn read(path: &Path) -> Result<RecordedAssignment, ExitError> {
    let unreadable = |reason: &str| {
        let path = path.display();
        ExitError::usage(format!(
            "`--assignment {path}`: {reason}; give the assignment.toml of your course"
        ))
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(&error.to_string()))?;
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return Err(unreadable("it is no file"));
    }
    file.take(LONGEST_FILE + 1)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(&error.to_string()))?;
    if text.len() as u64 > LONGEST_FILE {
        return Err(unreadable("it is too long for an assignment"));
    }
    let assignment = LabAssignment::parse(&text).map_err(|problems| wrong(path, &problems))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(RecordedAssignment::of(assignment, &name, &text))
}

/// Everything that is wrong with a file, a line each.
fn wrong(path: &Path, problems: &[PaperProblem]) -> ExitError {
    let path = path.display();
    let line = |problem: &PaperProblem| match problem.line {
        Some(line) => format!("{path}:{line}: {}", problem.text),
        None => format!("{path}: {}", problem.text),
    };
    let lines: Vec<String> = problems.iter().map(line).collect();
    ExitError::usage(lines.join("\n"))
}
