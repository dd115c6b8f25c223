//! The set-up before a run: offers to install what a lab lacks, or installs it without asking.

use std::io::IsTerminal as _;

use workbench_report::format;

use super::setup::{self, SetupArgs, run_telling};
use crate::exit_error::ExitError;
use crate::libtorch::{CacheFolder, InstallPlan, Libtorch, Step, VERSION, WorkerSource, variable};
use crate::output;

/// Sets up what a lab lacks: with `yes` at once, on a terminal after asking. `why` says what the
/// lab lacks, `gpus` whether GPU support is needed. Writes only to the standard error, because the
/// standard output is for results.
///
/// # Errors
/// When the person does not agree, with the command to run; when the set-up fails.
pub fn ensure(why: &str, gpus: bool, yes: bool) -> Result<(), ExitError> {
    let is_seen = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !yes && !is_seen {
        return Err(ExitError::environment(format!(
            "{why}; run `{}`{}, or this command with --yes, which does so first",
            command(gpus),
            size(gpus)?
        )));
    }
    output::error_line(&format!("workbench: {why}."))?;
    if !yes && !agreed(gpus)? {
        return Err(ExitError::environment(format!(
            "nothing was set up and nothing was run; `{}` does the one without the other",
            command(gpus)
        )));
    }
    let args = SetupArgs {
        yes: true,
        cuda: gpus,
        dir: Some(CacheFolder::usual()?.root().to_owned()),
        ..SetupArgs::default()
    };
    run_telling(args, output::error_line)?;
    Ok(())
}

/// What [`ensure`] would do: downloads and builds, their size, and their folder.
///
/// # Errors
/// When it is impossible: the libtorch that `LIBTORCH` names cannot be used.
pub fn announce(gpus: bool) -> Result<String, ExitError> {
    let plan = plan(gpus)?;
    let root = CacheFolder::usual()?.root().display().to_string();
    let mut told = Vec::new();
    if plan.download > 0 {
        told.push(format!(
            "libtorch {VERSION}{} is downloaded through pip, which is {}.",
            if gpus { " with CUDA" } else { "" },
            format::bytes(plan.download)
        ));
    }
    if plan.steps.contains(&Step::Build) {
        told.push("The worker is built with cargo, which takes minutes the first time.".to_owned());
    }
    told.push(format!("All of it goes into {root}."));
    Ok(told.join(" "))
}

fn plan(gpus: bool) -> Result<InstallPlan, ExitError> {
    let place = CacheFolder::usual()?;
    let found = setup::usable(Libtorch::find(&place, variable().as_deref())?, gpus)?;
    let has_worker = WorkerSource::here().exists();
    Ok(setup::plan(&place, found.as_ref(), gpus, has_worker).0)
}

/// The command that a person can run instead.
fn command(gpus: bool) -> &'static str {
    if gpus {
        "workbench setup --cuda"
    } else {
        "workbench setup"
    }
}

/// The size of the downloads, in parentheses.
fn size(gpus: bool) -> Result<String, ExitError> {
    Ok(match plan(gpus)?.download {
        0 => String::new(),
        bytes => format!(" ({} to download)", format::bytes(bytes)),
    })
}

fn agreed(gpus: bool) -> Result<bool, ExitError> {
    let announcement = announce(gpus)?;
    Ok(output::ask(&format!(
        "{announcement}\nSet it up and continue?"
    ))?)
}
