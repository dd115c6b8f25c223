//! The runs that were made, as rows of a list. Reading them can take long, so it happens on a thread of its own.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use workbench_experiment::lab::{DataSource, Params, RunConfig, asked_fault};
use workbench_record::{Record, RunDir, RunStatus, Snapshot, Store};
use workbench_report::format;
use workbench_result::{ArmResult, RunResult, compute};

use super::event::{Exported, Loaded, SideBySide};
use crate::commands::runs;
use crate::comparison::{compare, curves};
use crate::filter::Facts;
use crate::standing::Standing;

/// How a run that is under way stands.
const RUNNING: &str = Standing::Running.name();

/// Settings that are named where the nearest run had others.
const MOST_DIFFERENCES: usize = 3;

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
    /// What was set differently in this run: `rows=4000 instead of 1000`.
    fn differences(&self, config: &RunConfig) -> Vec<String> {
        let show = |params: &Params, name: &str| {
            let value = params.get(name).map(ToString::to_string);
            let value = value.filter(|value| !value.is_empty());
            format::clean(&value.unwrap_or_else(|| "nothing".to_owned()), 40)
        };
        let names: BTreeSet<&String> = self.params.keys().chain(config.params.keys()).collect();
        let mut differences: Vec<String> = names
            .into_iter()
            .filter(|name| self.params.get(*name) != config.params.get(*name))
            .map(|name| {
                let (had, has) = (show(&self.params, name), show(&config.params, name));
                format!("{}={had} instead of {has}", format::clean(name, 40))
            })
            .collect();
        if !self.data.is_same_place(&config.data) {
            differences.push("other data".to_owned());
        }
        differences
    }

    /// Seconds that the arms, workers and repeats of a configuration would take at the pace of this run.
    fn projected_s(&self, config: &RunConfig, parallel: impl Fn(&str) -> bool) -> f64 {
        let slot_time: f64 = self
            .walls
            .iter()
            .map(|(_, p, wall)| wall * f64::from(*p))
            .sum();
        let mean = slot_time / self.walls.len() as f64;
        let of = |arm: &str, workers: u32| {
            self.walls
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
        once * f64::from(config.repeats)
    }
}

/// What the files of a run looked like when it was read.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stamp {
    /// Bytes of the log, and when it was written to.
    log: Option<(u64, SystemTime)>,
    /// The same of the result.
    result: Option<(u64, SystemTime)>,
}

impl Stamp {
    fn of(run: &RunDir) -> Self {
        let look = |path: PathBuf| {
            let facts = std::fs::metadata(path).ok()?;
            Some((facts.len(), facts.modified().ok()?))
        };
        Self {
            log: look(run.events()),
            result: look(run.result()),
        }
    }
}

/// The runs as they were read last, so that only those are read again that have changed.
#[derive(Debug, Default)]
pub struct Known {
    rows: Vec<(Stamp, RunRow)>,
    /// The runs could not be listed the last time.
    failed: bool,
    /// How many runs were read.
    #[cfg(test)]
    pub reads: u32,
}

impl Known {
    /// Looks whether runs have come, gone or changed, and reads those again; whether there were any. A run that is
    /// under way counts as changed when it ends: reading a long log over and over would disturb what is measured.
    ///
    /// # Errors
    /// When the runs cannot be listed.
    pub fn look(&mut self, store: &Store) -> Result<bool, String> {
        let listed = store.list().map_err(|error| error.to_string());
        let mended = std::mem::replace(&mut self.failed, listed.is_err());
        let runs = listed?;
        let before = std::mem::take(&mut self.rows);
        let mut changed = mended || before.len() != runs.len();
        let mut old: HashMap<PathBuf, (Stamp, RunRow)> = before
            .into_iter()
            .map(|known| (known.1.run.path().to_owned(), known))
            .collect();
        for run in runs.into_iter().rev() {
            // Before reading: what is written meanwhile is found the next time.
            let stamp = Stamp::of(&run);
            let same = |known: &(Stamp, RunRow)| {
                if known.1.status == RUNNING {
                    run.is_live()
                } else {
                    known.0 == stamp
                }
            };
            if let Some(known) = old.remove(run.path()).filter(same) {
                self.rows.push(known);
                continue;
            }
            changed = true;
            #[cfg(test)]
            {
                self.reads += 1;
            }
            self.rows.push((stamp, row(run)));
        }
        Ok(changed)
    }

    /// All runs, the latest first.
    pub fn rows(&self) -> Vec<RunRow> {
        self.rows.iter().map(|(_, row)| row.clone()).collect()
    }
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
    let (status, best) = (Standing::of(&run, result).name(), runs::best(result));
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
    match workbench_report::write(&path, &loaded.result, &loaded.snapshot) {
        Ok(()) => Exported::Written(path),
        Err(error) => Exported::Refused(error.to_string()),
    }
}

/// What is known about how long a configuration will take, in words: from the latest of the runs that were most like it.
pub fn estimate(rows: &[RunRow], config: &RunConfig, parallel: impl Fn(&str) -> bool) -> String {
    let alike = |row: &&RunRow| row.lab == config.lab && row.preset == config.preset;
    // What was broken on purpose tells nothing of a run in which all goes well.
    let fair =
        |took: &&Took| asked_fault(&config.params).is_some() || asked_fault(&took.params).is_none();
    let candidates = rows.iter().filter(alike).filter_map(|row| {
        let took = row.took.as_ref().filter(fair)?;
        Some((row, took, took.differences(config)))
    });
    // The first of equals is the latest.
    let Some((row, took, differences)) = candidates.min_by_key(|(.., apart)| apart.len()) else {
        return format!(
            "not known: no run of `{}` was completed here yet",
            config.preset
        );
    };
    if took.walls.is_empty() {
        return "not known".to_owned();
    }
    let seconds = format::seconds(took.projected_s(config, parallel));
    if differences.is_empty() {
        return format!("about {seconds}, from run {}", row.id);
    }
    let shown = differences.iter().take(MOST_DIFFERENCES);
    let mut shown: Vec<String> = shown.cloned().collect();
    let more = differences.len() - shown.len();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    format!(
        "not known; {seconds} if it were as in the most similar run, {}, which had {}",
        row.id,
        format::join_words(&shown, "and")
    )
}
