//! Comparison of runs: their different settings, the time of each arm in each run, and what follows
//! from them.
//!
//! The command line and the screen both show a [`Comparison`]. Belongs here: finding the facts, and
//! their wording. Does not belong here: printing, drawing, and statistics, which are in `stats` and
//! `result`.

mod curves;
mod messages;
pub mod report;
mod row;
mod settings;
mod verdict;

#[cfg(test)]
pub mod tests;

use workbench_report::format;
use workbench_result::{ArmResult, Interval, RunResult, ScalingPoint};
use workbench_stats::interval::median_interval;

use crate::standing::Standing;
use row::finished;

pub use curves::{Curves, curves};
pub use row::{ArmCell, ArmRow, Named, Unlike};
pub use settings::{DifferingSetting, Group, SettingsCompared};
pub use verdict::Note;

/// Several runs side by side. All lists over runs have one entry per run, in the order in which
/// they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The runs.
    pub runs: Vec<Named>,
    /// The settings.
    pub settings: SettingsCompared,
    /// Every arm at every number of workers that some run finished, in the order of the first run
    /// that has it.
    pub arms: Vec<ArmRow>,
    /// Measured speed-ups over the number of workers, per arm, where a run has several numbers of
    /// workers.
    pub scaling: Vec<ScalingRow>,
    /// The conclusions, and what a reader must know before them.
    pub notes: Vec<Note>,
}

/// Speed-ups of one arm over the number of workers, run by run.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingRow {
    /// The arm's name, safe to show.
    pub arm: String,
    /// Points in rising number of workers; empty where a run has none.
    pub points: Vec<Vec<ScalingPoint>>,
    /// The ideal on the machine of the runs, or on the largest of them.
    pub ideal: Vec<(f64, f64)>,
}

/// Compares runs. Names them by letters: the first one is A.
pub fn compare(results: &[&RunResult]) -> Comparison {
    let runs: Vec<Named> = (0..).zip(results).map(|(i, r)| named(i, r)).collect();
    let arms = arms(results);
    let notes = verdict::notes(&runs, results, &arms);
    Comparison {
        settings: settings::of(results),
        scaling: scaling(results),
        runs,
        arms,
        notes,
    }
}

impl Comparison {
    /// The intervals of all speed-ups.
    pub fn speedup_intervals(&self) -> impl Iterator<Item = Interval> {
        self.cells().filter_map(|cell| cell.speedup_interval)
    }

    /// What all arms took in all runs.
    pub fn cells(&self) -> impl Iterator<Item = &ArmCell> {
        self.arms.iter().flat_map(|arm| arm.cells.iter().flatten())
    }

    /// The base of all speed-ups, if it is the same in all runs.
    pub fn common_base(&self) -> Option<&str> {
        let base = &self.runs.first()?.base;
        self.runs
            .iter()
            .all(|run| run.base == *base)
            .then_some(base.as_str())
    }
}

/// The letter of the `index`-th run: A to Z, and from the start again.
pub fn letter(index: usize) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let at = index % LETTERS.len();
    &LETTERS[at..=at]
}

fn named(index: usize, result: &RunResult) -> Named {
    Named {
        letter: letter(index),
        id: format::clean(&result.run_id, 60),
        lab: format::clean(&result.lab, 30),
        preset: format::clean(&result.preset, 30),
        started_at: result.started_at.clone(),
        standing: Standing::of_result(result),
        base: format::clean(&result.base, 40),
    }
}

fn arms(results: &[&RunResult]) -> Vec<ArmRow> {
    let mut keys: Vec<(&str, u32)> = Vec::new();
    for arm in results.iter().flat_map(|result| finished(result)) {
        let key = (arm.name.as_str(), arm.workers);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.into_iter()
        .map(|(name, workers)| {
            let found: Vec<Option<&ArmResult>> = results
                .iter()
                .map(|r| finished(r).find(|arm| arm.name == name && arm.workers == workers))
                .collect();
            let reference = results
                .iter()
                .zip(&found)
                .find_map(|(r, a)| Some((*r, (*a)?)));
            ArmRow {
                name: format::clean(name, 40),
                workers,
                cells: results
                    .iter()
                    .zip(&found)
                    .map(|(result, arm)| arm.map(|arm| cell(result, arm)))
                    .collect(),
                unlike: results
                    .iter()
                    .zip(&found)
                    .map(|(result, arm)| unlike(reference?, (result, (*arm)?)))
                    .collect(),
            }
        })
        .collect()
}

fn cell(result: &RunResult, arm: &ArmResult) -> ArmCell {
    ArmCell {
        wall_s: arm.wall_median_s,
        wall_interval: median_interval(&arm.wall_s),
        repeats: arm.wall_s.len(),
        speedup: arm.speedup,
        speedup_interval: arm.speedup_interval,
        is_base: arm.name == result.base,
    }
}

/// Why an arm's times must not be compared with those of a reference.
fn unlike(
    (first, reference): (&RunResult, &ArmResult),
    (result, arm): (&RunResult, &ArmResult),
) -> Option<Unlike> {
    if first.lab != result.lab {
        return Some(Unlike::Lab);
    }
    let counters = reference.work.keys().chain(arm.work.keys());
    for counter in counters {
        let count = |arm: &ArmResult| arm.work.get(counter).copied().unwrap_or(0);
        let (expected, found) = (count(reference), count(arm));
        if expected != found {
            let counter = format::clean(counter, 40);
            return Some(Unlike::Work(counter, expected, found));
        }
    }
    (reference.outputs_sha256 != arm.outputs_sha256).then_some(Unlike::Outputs)
}

/// The ideal up to the largest number of workers, on the machine that allows most.
fn ideal(results: &[&RunResult]) -> Vec<(f64, f64)> {
    let points = results.iter().flat_map(|result| &result.scaling);
    let points = points.flat_map(|curve| &curve.points);
    let most = points.map(|point| point.workers).max().unwrap_or(1);
    let allows = |result: &&&RunResult| result.ideal(most);
    let best = results
        .iter()
        .max_by(|a, b| allows(a).total_cmp(&allows(b)));
    best.map_or_else(Vec::new, |result| result.ideal_line(most))
}

fn scaling(results: &[&RunResult]) -> Vec<ScalingRow> {
    let mut names: Vec<&str> = Vec::new();
    for curve in results.iter().flat_map(|result| &result.scaling) {
        if !names.contains(&curve.arm.as_str()) {
            names.push(&curve.arm);
        }
    }
    let points = |result: &RunResult, name: &str| {
        let curve = result.scaling.iter().find(|curve| curve.arm == name);
        curve.map_or_else(Vec::new, |curve| curve.points.clone())
    };
    names
        .into_iter()
        .map(|name| ScalingRow {
            arm: format::clean(name, 40),
            points: results.iter().map(|r| points(r, name)).collect(),
            ideal: ideal(results),
        })
        .collect()
}
