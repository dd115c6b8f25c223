//! `workbench submit RUN… -o FILE`: packs runs into the file that is handed in.

use std::path::{Path, PathBuf};
use std::slice;

use clap::{Args, ValueHint};
use workbench_machine::MachineFacts;
use workbench_questions::RecordedAssignment;
use workbench_record::{RunDir, RunStore};
use workbench_report::format;
use workbench_submission::{
    MissingPart, Packed, PackedBy, Private, ToPack, facts, pack, sentences,
};
use workbench_tui::{HandInRequest, HandedIn};

use crate::assignments;
use crate::build_facts::BUILD;
use crate::exit_error::{ExitError, code};
use crate::output;

/// How it is used, for its help.
pub const EXAMPLES: &str = "\
Examples:
  workbench submit latest -o hand-in.zip           the latest run, with its answers
  workbench submit latest -o hand-in.zip --draft   although something is missing";

/// What `workbench submit` takes.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Ids, beginnings of ids, `latest`, or directories
    #[arg(num_args = 1.., required = true)]
    pub runs: Vec<String>,
    /// The file to write, for example hand-in.zip
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Write it although something is missing; it says inside that it is a draft, and what is
    /// missing
    #[arg(long)]
    pub draft: bool,
}

/// Lists what will be in the file, and writes it.
pub fn run(
    store: &RunStore,
    args: &SubmitArgs,
    assignment: Option<&Path>,
) -> Result<u8, ExitError> {
    let runs = args.runs.iter().map(|run| store.find(run));
    let runs = runs.collect::<Result<Vec<RunDir>, _>>()?;
    let (mut packed, missing) = packed(store, &runs, assignment)?;
    let told = sentences(&missing);
    if !missing.is_empty() && !args.draft {
        return Err(ExitError::usage(format!(
            "the hand-in is not complete; missing: {}; --draft writes it all the same, and says so inside",
            told.join("; ")
        )));
    }
    let listed = packed.seal(missing);
    output::line(&format!("{} will have", args.output.display()))?;
    for (name, bytes) in &listed {
        output::line(&format!("  {name:<24} {}", format::bytes(*bytes)))?;
    }
    output::line(
        "No name of account, machine or home folder is in it, unless you typed it into an answer.",
    )?;
    for sentence in &told {
        output::line(&format!("Draft, missing: {sentence}"))?;
    }
    packed.write(&args.output)?;
    let bytes = std::fs::metadata(&args.output).map_or(0, |file| file.len());
    output::line(&format!(
        "Wrote {} ({}).",
        args.output.display(),
        format::bytes(bytes)
    ))?;
    Ok(code::DONE)
}

/// Packs a run for the screen.
///
/// # Errors
/// When it cannot be read, packed or written.
pub fn from_screen(
    store: &RunStore,
    run: &RunDir,
    request: &HandInRequest,
    assignment: Option<&Path>,
) -> Result<HandedIn, ExitError> {
    let path = &request.path;
    if path.as_os_str().is_empty() {
        return Err(ExitError::usage(
            "a hand-in needs a name, for example hand-in.zip",
        ));
    }
    let (mut packed, missing) = packed(store, slice::from_ref(run), assignment)?;
    let told = sentences(&missing);
    if !missing.is_empty() && !request.draft {
        return Ok(HandedIn::Incomplete(told));
    }
    if path.exists() && !request.replace {
        return Ok(HandedIn::Exists(path.clone()));
    }
    let files = packed.seal(missing);
    packed.write(path)?;
    Ok(HandedIn::Written {
        path: path.clone(),
        files,
        missing: told,
    })
}

/// Packs runs for the given assignment, or for the one that they were made for; with what is
/// missing.
fn packed(
    store: &RunStore,
    runs: &[RunDir],
    given: Option<&Path>,
) -> Result<(Packed, Vec<MissingPart>), ExitError> {
    let assignment = match given {
        Some(file) => Some(assignments::read(file)?),
        None => recorded(runs)?,
    };
    let packed = pack(&ToPack {
        runs,
        program: PackedBy::of(&MachineFacts::default().built(&BUILD)),
        assignment: assignment.as_ref().map(facts),
        private: private(store),
    })?;
    let missing = packed.missing(assignment.as_ref());
    Ok((packed, missing))
}

/// The assignment that the runs were made for.
fn recorded(runs: &[RunDir]) -> Result<Option<RecordedAssignment>, ExitError> {
    for run in runs {
        let started = run.snapshot()?.started;
        if let Some(assignment) = started.and_then(|started| started.config.assignment) {
            return Ok(Some(*assignment));
        }
    }
    Ok(None)
}

/// What is private on this machine, with the folder of the runs.
pub fn private(store: &RunStore) -> Private {
    let mut private = Private::of_this_machine();
    private.place(store.root(), "RUNS");
    private
}
