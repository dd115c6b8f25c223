//! `workbench runs`: lists the history of runs, and removes runs from it.

use clap::{Args, Subcommand};
use jiff::Zoned;
use workbench_record::{Finding, RunDir, RunStore};
use workbench_report::format;
use workbench_result::{OF_FILES, RunResult};

use super::runs_remove;
use super::show::pretty;
use crate::exit_error::{ExitError, code};
use crate::output;
use crate::table::TextTable;
use workbench_history::Standing;
use workbench_history::filter::{self, FilterFacts};
use workbench_history::list::{best, load};

/// Shown by `--help`.
pub const EXAMPLES: &str = "\
Examples:
  workbench runs trees since:7d                    the last week's runs with trees in their line
  workbench runs lab:rf status:killed,failed       what did not end well
  workbench runs since:2026-11-01 until:2026-11-20 days are local, and a day counts to its end
  workbench runs prune --keep 50                   removes old runs without a star; asks first

Several values with commas between them are alternatives. The screen's filter is the same.";

/// What `workbench runs` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// Only runs that match all of these words and fields: lab:, preset:, status:, arm:, since:,
    /// until:
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Only runs of this lab
    #[arg(long, value_name = "NAME")]
    pub lab: Option<String>,
    /// Print a JSON array instead of a table
    #[arg(long)]
    pub json: bool,
    /// What else to do with runs.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// What else to do with runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Remove runs for good; asks first
    Delete {
        /// Ids, their beginnings, or `latest`
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Remove all but the latest runs for good; those with a star stay; asks first
    Prune {
        /// How many to keep, besides those with a star
        #[arg(long, value_name = "N")]
        keep: usize,
        /// Only runs of this lab
        #[arg(long, value_name = "NAME")]
        lab: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Lists runs, or does what else is asked for.
pub fn run(store: &RunStore, args: &RunsArgs) -> Result<u8, ExitError> {
    match &args.command {
        None => list(
            store,
            &args.filter.join(" "),
            args.lab.as_deref(),
            args.json,
        ),
        Some(RunsCommand::Delete { runs, yes }) => runs_remove::delete(store, runs, *yes),
        Some(RunsCommand::Prune { keep, lab, yes }) => {
            runs_remove::prune(store, *keep, lab.as_deref(), *yes)
        }
    }
}

/// Lists the runs that match a filter, oldest first.
fn list(store: &RunStore, filter: &str, lab: Option<&str>, json: bool) -> Result<u8, ExitError> {
    let parsed = filter::parse(filter, &Zoned::now());
    if let Some(problem) = parsed.problem {
        return Err(ExitError::usage(problem));
    }
    let filter = parsed.filter;
    let mut results = Vec::new();
    let mut unreadable = Vec::new();
    let mut others = 0;
    for run in store.list()? {
        match load(&run) {
            Ok(result) => {
                let status = Standing::of(&run, &result).name();
                let facts = FilterFacts::of(&run.id(), &result, status, &best(&result));
                let facts = facts.labelled(&run.label());
                if lab.is_none_or(|lab| lab == result.lab) && filter.matches(&facts) {
                    results.push((run, result));
                } else {
                    others += 1;
                }
            }
            Err(reason) if filter.matches(&FilterFacts::unreadable(&run.id(), &reason)) => {
                unreadable.push(reason);
            }
            Err(_) => others += 1,
        }
    }
    if json {
        let documents: Vec<&RunResult> = results.iter().map(|(_, result)| result).collect();
        output::line(&pretty(&documents)?)?;
    } else if !results.is_empty() {
        output::print(&table(&results).render(0, output::room()))?;
    } else if others == 0 {
        output::line(&format!("There are no runs in {}.", store.root().display()))?;
    } else {
        let others = format::counted(others, "run");
        output::line(&format!(
            "None of {others} in {} matches.",
            store.root().display()
        ))?;
    }
    for (run, result) in &results {
        let of_files = |found: &&Finding| OF_FILES.contains(&found.kind.as_str());
        for found in result.warnings.iter().filter(of_files) {
            output::error_line(&format!("workbench: {}: {}", run.id(), found.text))?;
        }
    }
    for reason in unreadable {
        output::error_line(&format!("workbench: passed over: {reason}"))?;
    }
    Ok(code::DONE)
}

fn table(results: &[(RunDir, RunResult)]) -> TextTable {
    let mut table = TextTable::new();
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
