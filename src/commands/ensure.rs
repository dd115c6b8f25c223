//! The set-up on the way to a run: what a lab lacks is offered, or brought without asking.

use std::io::{IsTerminal as _, Write as _};

use workbench_engine::report::format;

use super::setup::{SetupArgs, default_place, run_telling};
use crate::failure::Failure;
use crate::libtorch::{Libtorch, Plan, Step, VERSION, WHEELS, WorkerSource, variable};
use crate::output;

/// Sets up what a lab lacks before it goes on: with `yes` at once, on a terminal when the person there agrees. `why` says what
/// the lab lacks. Everything is told on the standard error: the other stream belongs to the lab's outcome.
///
/// # Errors
/// When nobody agrees, with what to run; when the set-up fails.
pub fn ensure(why: &str, yes: bool) -> Result<(), Failure> {
    let is_seen = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !yes && !is_seen {
        return Err(Failure::environment(format!(
            "{why}; run `workbench setup`{}, or this command with --yes, which does so first",
            size()?
        )));
    }
    output::error_line(&format!("workbench: {why}."))?;
    if !yes && !agreed()? {
        return Err(Failure::environment(
            "nothing was set up and nothing was run; `workbench setup` does the one without the other",
        ));
    }
    let args = SetupArgs {
        yes: true,
        dir: Some(default_place()?.root().to_owned()),
        ..SetupArgs::default()
    };
    run_telling(args, output::error_line)?;
    Ok(())
}

/// What [`ensure`] would do: what is downloaded and built, how large that is, and where it goes.
///
/// # Errors
/// When it could not be done: a libtorch that is named and cannot be used.
pub fn announce() -> Result<String, Failure> {
    let plan = plan()?;
    let root = default_place()?.root().display().to_string();
    let mut told = Vec::new();
    if plan.download > 0 {
        told.push(format!(
            "libtorch {VERSION} is downloaded through pip, which is {}.",
            format::bytes(plan.download)
        ));
    }
    if plan.steps.contains(&Step::Build) {
        told.push("The worker is built with cargo, which takes minutes the first time.".to_owned());
    }
    told.push(format!("All of it goes into {root}."));
    Ok(told.join(" "))
}

fn plan() -> Result<Plan, Failure> {
    let place = default_place()?;
    let found = Libtorch::find(&place, variable().as_deref())?;
    let has_worker = WorkerSource::here().exists();
    Ok(Plan::new(&place, found.as_ref(), &WHEELS, has_worker))
}

/// How much would be downloaded, in parentheses.
fn size() -> Result<String, Failure> {
    Ok(match plan()?.download {
        0 => String::new(),
        bytes => format!(" ({} to download)", format::bytes(bytes)),
    })
}

fn agreed() -> Result<bool, Failure> {
    let announcement = announce()?;
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{announcement}\nSet it up and go on? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
