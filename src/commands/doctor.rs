//! `workbench doctor`: what this machine can run, and what would disturb a measurement.

use std::fmt::Write as _;
use std::path::PathBuf;

use workbench_experiment::lab::Lab;
use workbench_experiment::{ExperimentError, Request, resolve};
use workbench_machine::{FindingState, usable_cores};
use workbench_record::RunStore;

use crate::exit_error::{ExitError, code};
use crate::libtorch::{CacheFolder, GpuSetup, Inventory};
use crate::output;

/// Checks everything that a run needs. Exits with 3 when a lab cannot run here.
pub fn run(labs: &[Box<dyn Lab>], run_dir: Option<PathBuf>) -> Result<u8, ExitError> {
    let mut out = String::from("This machine\n");
    for finding in workbench_machine::check() {
        let mark = match finding.state {
            FindingState::Ok => "ok      ",
            FindingState::Limited => "limited ",
            FindingState::Missing => "missing ",
        };
        let _ = writeln!(out, "  {mark} {}: {}", finding.what, finding.detail);
        if let Some(remedy) = finding.remedy {
            let _ = writeln!(out, "           {remedy}");
        }
    }
    let _ = writeln!(out, "\nRuns");
    let kept = RunStore::open(run_dir)
        .map_err(ExitError::from)
        .and_then(|store| writable(&store));
    let _ = match &kept {
        Ok(root) => writeln!(out, "  ok       kept in {}", root.display()),
        Err(failure) => writeln!(out, "  missing  {}", failure.message),
    };
    let _ = writeln!(out, "\nDistributed training");
    match CacheFolder::usual() {
        Ok(place) => {
            let report = Inventory::look(&place);
            let gpus = GpuSetup::look(&report).line();
            for (mark, text) in report.lines().into_iter().chain([gpus]) {
                let _ = writeln!(out, "  {mark:<8} {text}");
            }
        }
        Err(error) => {
            let _ = writeln!(out, "  missing  {error}");
        }
    }
    let _ = writeln!(out, "\nLabs");
    let mut ready = kept.is_ok();
    for lab in labs {
        let definition = lab.definition();
        let prepared = resolve(definition, &Request::default(), &usable_cores())
            .map_err(ExitError::from)
            .and_then(|config| {
                lab.prepare(&config)
                    .map_err(|error| ExitError::from(ExperimentError::Lab(error)))
            });
        let _ = match &prepared {
            Ok(_) => writeln!(out, "  ok       {}: {}", definition.name, definition.title),
            Err(failure) => writeln!(out, "  missing  {}: {}", definition.name, failure.message),
        };
        // What a lab lacks concerns only that lab; the others can run.
        ready &= prepared
            .as_ref()
            .map_or_else(|failure| failure.code == code::ENVIRONMENT, |_| true);
    }
    output::print(&out)?;
    Ok(if ready { code::DONE } else { code::ENVIRONMENT })
}

/// Whether a run could be stored: tries it.
fn writable(store: &RunStore) -> Result<PathBuf, ExitError> {
    store.create("doctor", 0)?.discard();
    Ok(store.root().to_owned())
}
