//! Comparison of runs: their different settings, the time of each arm in each run, and what follows
//! from them.
//!
//! The command line and the screen both show a [`Comparison`]. Belongs here: finding the facts, and
//! their wording. Does not belong here: printing, drawing, and statistics, which are in `stats` and
//! `result`.

mod curves;
mod row;
mod settings;
mod verdict;

#[cfg(test)]
pub mod tests;

use workbench_report::format;
use workbench_result::{ArmResult, RunResult, ScalingPoint};
use workbench_stats::bootstrap::median_ci95;

use crate::standing::Standing;
use row::finished;

pub use curves::{Curves, curves};
pub use row::{ArmCell, ArmRow, Named, Unlike};
pub use settings::{Difference, Group, Settings};
pub use verdict::Note;

/// Several runs side by side. All lists over runs have one entry per run, in the order in which
/// they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The runs.
    pub runs: Vec<Named>,
    /// The settings.
    pub settings: Settings,
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
        wall_ci95: median_ci95(&arm.wall_s, result.seed),
        repeats: arm.wall_s.len(),
        speedup: arm.speedup,
        speedup_ci95: arm.speedup_ci95,
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
        })
        .collect()
}
