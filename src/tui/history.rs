//! The runs that were made, as rows of a list. Reading them can take long, so it happens on a thread of its own.

use std::path::Path;
use std::sync::Arc;

use workbench_engine::lab::{DataSource, Params, RunConfig};
use workbench_engine::record::{Record, RunDir, RunStatus, Snapshot, Store};
use workbench_engine::report::format;
use workbench_engine::result::{ArmResult, RunResult, compute};

use super::event::{Exported, Loaded, SideBySide};
use crate::commands::runs;
use crate::comparison::{compare, curves};
use crate::filter::Facts;

/// One run of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub run: RunDir,
    /// Its id.
    pub id: String,
    /// Its lab; empty when the run cannot be read.
    pub lab: String,
    /// Its preset.
    pub preset: String,
    /// When it started, `2026-11-21 10:15`, in UTC.
    pub started: String,
    /// How it ended, in one or two words.
    pub status: &'static str,
    /// Repeats that were asked for.
    pub repeats: u32,
    /// Repeats, over all arms, that were asked for and are not there.
    pub lacks: u32,
    /// The best speed-up with its arm, or a dash; for a run that cannot be read, the reason.
    pub best: String,
    /// What a filter looks at.
    pub facts: Facts,
    /// What it ran, for the estimate of another run's duration; `None` unless it was completed.
    pub took: Option<Took>,
}

/// How long a completed run took, arm by arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Took {
    /// The lab's parameters.
    pub params: Params,
    /// Where its data came from.
    pub data: DataSource,
    /// Arm, workers, median wall time in seconds.
    pub walls: Vec<(String, u32, f64)>,
}

impl Took {
    /// Whether a configuration computes the same from the same data.
    fn is_alike(&self, config: &RunConfig) -> bool {
        self.params == config.params && self.data.is_same_place(&config.data)
    }
}

/// All runs, the latest first.
pub fn read(store: &Store) -> Result<Vec<RunRow>, String> {
    let runs = store.list().map_err(|error| error.to_string())?;
    Ok(runs.into_iter().rev().map(row).collect())
}

fn row(run: RunDir) -> RunRow {
    match runs::load(&run) {
        Ok(result) => of_result(run, &result),
        Err(reason) => RunRow {
            id: format::clean(&run.id(), 60),
            lab: String::new(),
            preset: String::new(),
            started: String::new(),
            status: "unreadable",
            repeats: 0,
            lacks: 0,
            best: format::clean(&reason, 200),
            facts: Facts::unreadable(&run.id(), &reason),
            took: None,
            run,
        },
    }
}

/// The row of a run whose result is known.
pub fn of_result(run: RunDir, result: &RunResult) -> RunRow {
    let arms = result.arms.iter().filter(|arm| !arm.wall_s.is_empty());
    let (status, best) = (runs::status(&run, result), runs::best(result));
    RunRow {
        id: format::clean(&run.id(), 60),
        lab: format::clean(&result.lab, 30),
        preset: format::clean(&result.preset, 30),
        started: started(&result.started_at),
        facts: Facts::of(&run.id(), result, status, &best),
        status,
        repeats: result.repeats,
        lacks: lacks(result),
        best,
        took: (result.status == RunStatus::Completed).then(|| Took {
            params: result.parameters.clone(),
            data: result.data.clone(),
            walls: arms
                .map(|arm| (arm.name.clone(), arm.workers, arm.wall_median_s))
                .collect(),
        }),
        run,
    }
}

fn lacks(result: &RunResult) -> u32 {
    let done = |arm: &ArmResult| u32::try_from(arm.wall_s.len()).unwrap_or(u32::MAX);
    let arms = result.arms.iter();
    arms.map(|arm| result.repeats.saturating_sub(done(arm)))
        .fold(0, u32::saturating_add)
}

fn started(rfc3339: &str) -> String {
    let text: String = rfc3339.chars().take(16).collect();
    format::clean(&text.replace('T', " "), 16)
}

/// Reads a run from its log, in whatever state it is.
pub fn open(run: &RunDir) -> Result<Loaded, String> {
    if !run.events().exists() {
        let id = format::clean(&run.id(), 60);
        return Err(format!(
            "{id} is not there any more: r reads the list again."
        ));
    }
    let live = run.is_live();
    let snapshot = run
        .snapshot()
        .map_err(|error| short(run, &error.to_string()))?;
    let result =
        compute(&snapshot).ok_or_else(|| format!("{}: the run has not begun", run.id()))?;
    Ok(Loaded {
        run: run.clone(),
        snapshot,
        result,
        live,
    })
}

/// Reads all records of a run, to play it again.
pub fn records(run: &RunDir) -> Result<Arc<[Record]>, String> {
    let log = run.read().map_err(|error| error.to_string())?;
    Ok(log.records.into())
}

/// An error without the directory of all runs, so that one line has room for what was wrong.
fn short(run: &RunDir, error: &str) -> String {
    match run.path().parent() {
        Some(root) => error.replace(&format!("{}/", root.display()), ""),
        None => error.to_owned(),
    }
}

/// Reads runs from their logs and puts them side by side; one that cannot be read is told, and nothing is compared.
pub fn side_by_side(runs: Vec<RunDir>) -> Result<SideBySide, String> {
    let loaded = runs.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let results: Vec<&RunResult> = loaded.iter().map(|loaded| &loaded.result).collect();
    let snapshots: Vec<&Snapshot> = loaded.iter().map(|loaded| &loaded.snapshot).collect();
    Ok(SideBySide {
        comparison: compare(&results),
        curves: curves(&snapshots),
        runs,
    })
}

/// Writes a report of a run.
pub fn export(path: &Path, replace: bool, loaded: &Loaded) -> Exported {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if !replace && path.exists() {
        return Exported::Exists(path);
    }
    match workbench_engine::report::write(&path, &loaded.result, &loaded.snapshot) {
        Ok(()) => Exported::Written(path),
        Err(error) => Exported::Refused(error.to_string()),
    }
}

/// What is known about how long a configuration will take, in words.
pub fn estimate(rows: &[RunRow], config: &RunConfig, parallel: impl Fn(&str) -> bool) -> String {
    let alike = |row: &&RunRow| row.lab == config.lab && row.preset == config.preset;
    let Some((row, took)) = rows
        .iter()
        .filter(alike)
        .filter_map(|row| Some((row, row.took.as_ref()?)))
        .max_by_key(|(_, took)| took.is_alike(config))
    else {
        return format!(
            "not known: no run of `{}` was completed here yet",
            config.preset
        );
    };
    if took.walls.is_empty() {
        return "not known".to_owned();
    }
    let slot_time: f64 = took
        .walls
        .iter()
        .map(|(_, p, wall)| wall * f64::from(*p))
        .sum();
    let mean = slot_time / took.walls.len() as f64;
    let of = |arm: &str, workers: u32| {
        took.walls
            .iter()
            .find(|(name, p, _)| name == arm && *p == workers)
            .map_or(mean / f64::from(workers), |(_, _, wall)| *wall)
    };
    let once: f64 = config
        .arms
        .iter()
        .map(|arm| {
            if parallel(arm) {
                config.workers.iter().map(|p| of(arm, *p)).sum()
            } else {
                of(arm, 1)
            }
        })
        .sum();
    let seconds = format::seconds(once * f64::from(config.repeats));
    if took.is_alike(config) {
        format!("about {seconds}, from run {}", row.id)
    } else {
        format!("{seconds} with the parameters of run {}", row.id)
    }
}
