//! `workbench compare RUN RUN…`: what was set differently, and what came out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use workbench_engine::lab::DataSource;
use workbench_engine::record::Store;
use workbench_engine::report::format;
use workbench_engine::result::{ArmResult, RunResult};

use super::show::{load, pretty};
use crate::failure::{Failure, code};
use crate::output;
use crate::table::Table;

/// Shows runs side by side.
pub fn run(store: &Store, runs: &[String], json: bool) -> Result<u8, Failure> {
    let results = runs
        .iter()
        .map(|run| load(store, run).map(|(_, _, result)| result))
        .collect::<Result<Vec<_>, _>>()?;
    if json {
        output::line(&pretty(&results)?)?;
    } else {
        output::print(&render(&results))?;
    }
    Ok(code::DONE)
}

fn render(results: &[RunResult]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "What was set differently");
    out.push_str(&settings(results).render(2));
    let _ = writeln!(
        out,
        "\nWall time (median) and speed-up against each run's own base"
    );
    out.push_str(&arms(results).render(2));
    if !same_outputs(results) {
        out.push_str(
            "\nThe runs' outputs differ, so they did not do the same work: compare speed-ups, not times.\n",
        );
    }
    out
}

/// A table with a column per run and a row per setting that is not the same in all.
fn settings(results: &[RunResult]) -> Table {
    let columns: Vec<BTreeMap<String, String>> = results.iter().map(facts).collect();
    let mut names: Vec<&String> = columns.iter().flat_map(BTreeMap::keys).collect();
    names.sort();
    names.dedup();
    let mut table = headed(results);
    for name in names {
        let values: Vec<&str> = columns
            .iter()
            .map(|c| c.get(name).map_or("—", String::as_str))
            .collect();
        if values.iter().any(|value| *value != values[0]) {
            table.row(std::iter::once(name.clone()).chain(values.into_iter().map(str::to_owned)));
        }
    }
    table
}

fn facts(result: &RunResult) -> BTreeMap<String, String> {
    let machine = &result.machine;
    let mut facts: BTreeMap<String, String> = result
        .parameters
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()))
        .collect();
    let data = match &result.data {
        DataSource::Embedded => "embedded".to_owned(),
        DataSource::File { path, target } => format!("{path} ({target})"),
    };
    for (name, value) in [
        ("lab", result.lab.clone()),
        ("preset", result.preset.clone()),
        ("seed", result.seed.to_string()),
        ("repeats", result.repeats.to_string()),
        ("data", data),
        ("machine", machine.cpu_model.clone()),
        ("usable cores", machine.cores_usable.to_string()),
        ("kernel", machine.kernel.clone()),
        ("workbench", workbench(result)),
    ] {
        facts.insert(name.to_owned(), value);
    }
    facts
}

fn workbench(result: &RunResult) -> String {
    let commit = result
        .machine
        .workbench_commit
        .as_deref()
        .unwrap_or("no commit");
    format!("{} ({commit})", result.machine.workbench_version)
}

fn arms(results: &[RunResult]) -> Table {
    let mut keys: Vec<(String, u32)> = Vec::new();
    for arm in results.iter().flat_map(|result| &result.arms) {
        let key = (arm.name.clone(), arm.workers);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut table = headed(results);
    for (name, workers) in keys {
        let cells = results.iter().map(|result| {
            let arm = result
                .arms
                .iter()
                .find(|arm| arm.name == name && arm.workers == workers);
            arm.map_or_else(|| "—".to_owned(), cell)
        });
        table.row(std::iter::once(format!("{name} on {workers}")).chain(cells));
    }
    table
}

fn cell(arm: &ArmResult) -> String {
    let wall = format::seconds(arm.wall_median_s);
    match (arm.speedup, arm.speedup_ci95) {
        (Some(speedup), Some([low, high])) => {
            format!(
                "{wall}  {} ({low:.2} to {high:.2})",
                format::speedup(speedup)
            )
        }
        (Some(speedup), None) => format!("{wall}  {}", format::speedup(speedup)),
        (None, _) => wall,
    }
}

fn headed(results: &[RunResult]) -> Table {
    let mut table = Table::new();
    table.header(
        std::iter::once(String::new()).chain(results.iter().map(|result| result.run_id.clone())),
    );
    table
}

fn same_outputs(results: &[RunResult]) -> bool {
    let mut hashes = results
        .iter()
        .flat_map(|r| &r.arms)
        .map(|arm| &arm.outputs_sha256);
    let first = hashes.next();
    hashes.all(|hash| Some(hash) == first)
}
