//! `workbench compare RUN RUN…`: different settings, and results.

use std::fmt::Write as _;
use std::path::PathBuf;

use workbench_record::RunStore;
use workbench_report::intervals::Kinds;
use workbench_result::{RunResult, arm_on};

use super::show::{load, pretty};
use crate::exit_error::{ExitError, code};
use crate::output;
use crate::table::TextTable;
use workbench_history::comparison::{Comparison, Group, compare, report};

/// Shows a comparison of runs.
pub fn run(
    store: &RunStore,
    runs: &[String],
    json: bool,
    files: &[PathBuf],
) -> Result<u8, ExitError> {
    let results = runs
        .iter()
        .map(|run| load(store, run).map(|(_, _, result)| result))
        .collect::<Result<Vec<_>, _>>()?;
    if json {
        output::line(&pretty(&results)?)?;
    }
    let results: Vec<&RunResult> = results.iter().collect();
    let comparison = compare(&results);
    for file in files {
        report::write(file, &comparison, &results)?;
    }
    if !json && files.is_empty() {
        output::print(&render(&comparison))?;
    }
    Ok(code::DONE)
}

fn render(comparison: &Comparison) -> String {
    let mut out = String::new();
    for run in &comparison.runs {
        let _ = writeln!(
            out,
            "{}  {}  {} {}",
            run.letter, run.id, run.lab, run.preset
        );
    }
    let _ = writeln!(out, "\nWhat was set differently");
    if comparison.settings.differing.is_empty() {
        let _ = writeln!(out, "  Nothing.");
    } else {
        out.push_str(&settings(comparison).render(2, output::room()));
    }
    let _ = writeln!(out, "  {}", comparison.settings.same_line());
    let _ = writeln!(out, "\n{}", comparison.arms_title());
    out.push_str(&arms(comparison).render(2, output::room()));
    if !comparison.notes.is_empty() {
        let _ = writeln!(out);
    }
    for note in &comparison.notes {
        let _ = writeln!(out, "{}", note.text);
    }
    out
}

/// A table with a column per run and a row per setting that differs.
fn settings(comparison: &Comparison) -> TextTable {
    let mut table = headed(comparison);
    for row in &comparison.settings.differing {
        let name = match row.group {
            Group::Parameters => format!("--set {}", row.name),
            _ => row.name.clone(),
        };
        let values = row.values.iter().map(|value| or_dash(value.clone()));
        table.row(std::iter::once(name).chain(values));
    }
    table
}

fn arms(comparison: &Comparison) -> TextTable {
    let kinds: Kinds = comparison.speedup_intervals().collect();
    let mut table = headed(comparison);
    for row in &comparison.arms {
        let cells = row.cells.iter();
        let cells = cells.map(|arm| or_dash(arm.as_ref().map(|arm| arm.told(kinds))));
        table.row(std::iter::once(arm_on(&row.name, row.workers)).chain(cells));
    }
    table
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "—".to_owned())
}

fn headed(comparison: &Comparison) -> TextTable {
    let mut table = TextTable::new();
    let letters = comparison.runs.iter().map(|run| run.letter.to_owned());
    table.header(std::iter::once(String::new()).chain(letters));
    table
}
