//! `workbench runs`: what was run before.

use jiff::Timestamp;
use workbench_record::{RunDir, Store};
use workbench_report::format;
use workbench_result::{ArmResult, RunResult, compute};

use super::show::pretty;
use crate::failure::{Failure, code};
use crate::filter::{self, Facts};
use crate::output;
use crate::standing::Standing;
use crate::table::Table;

/// Lists the runs that match a filter, oldest first.
pub fn run(store: &Store, filter: &str, lab: Option<&str>, json: bool) -> Result<u8, Failure> {
    let parsed = filter::parse(filter, Timestamp::now());
    if let Some(problem) = parsed.problem {
        return Err(Failure::usage(problem));
    }
    let filter = parsed.filter;
    let mut results = Vec::new();
    let mut unreadable = Vec::new();
    let mut others = 0;
    for run in store.list()? {
        match load(&run) {
            Ok(result) => {
                let status = Standing::of(&run, &result).name();
                let facts = Facts::of(&run.id(), &result, status, &best(&result));
                if lab.is_none_or(|lab| lab == result.lab) && filter.matches(&facts) {
                    results.push((run, result));
                } else {
                    others += 1;
                }
            }
            Err(reason) if filter.matches(&Facts::unreadable(&run.id(), &reason)) => {
                unreadable.push(reason);
            }
            Err(_) => others += 1,
        }
    }
    if json {
        let documents: Vec<&RunResult> = results.iter().map(|(_, result)| result).collect();
        output::line(&pretty(&documents)?)?;
    } else if !results.is_empty() {
        output::print(&table(&results).render(0))?;
    } else if others == 0 {
        output::line(&format!("There are no runs in {}.", store.root().display()))?;
    } else {
        let others = format::counted(others, "run");
        output::line(&format!(
            "None of {others} in {} matches.",
            store.root().display()
        ))?;
    }
    for reason in unreadable {
        output::error_line(&format!("workbench: passed over: {reason}"))?;
    }
    Ok(code::DONE)
}

/// The document that the run wrote when it ended, or, where there is none, what its record says so far.
pub fn load(run: &RunDir) -> Result<RunResult, String> {
    if !run.is_live()
        && let Ok(text) = std::fs::read(run.result())
        && let Ok(result) = serde_json::from_slice(&text)
    {
        return Ok(result);
    }
    let snapshot = run.snapshot().map_err(|error| error.to_string())?;
    compute(&snapshot).ok_or_else(|| format!("{}: the run has not begun", run.id()))
}

fn table(results: &[(RunDir, RunResult)]) -> Table {
    let mut table = Table::new();
    table.header(["RUN", "LAB", "PRESET", "STATUS", "REPEATS", "BEST SPEED-UP"]);
    for (run, result) in results {
        table.row([
            run.id(),
            result.lab.clone(),
            result.preset.clone(),
            Standing::of(run, result).name().to_owned(),
            result.repeats.to_string(),
            best(result),
        ]);
    }
    table
}

/// The best speed-up of a run with its arm, or a dash.
pub fn best(result: &RunResult) -> String {
    result
        .arms
        .iter()
        .filter(|arm| arm.name != result.base)
        .filter_map(|arm| Some((arm.speedup?, arm)))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| "—".to_owned(), |(speedup, arm)| best_text(speedup, arm))
}

fn best_text(speedup: f64, arm: &ArmResult) -> String {
    format!(
        "{} ({} on {})",
        format::speedup(speedup),
        arm.name,
        arm.workers
    )
}
