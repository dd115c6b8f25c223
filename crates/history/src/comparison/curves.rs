//! Curves that the runs recorded (a loss, a score), overlaid: one line per run, thinned so that
//! spikes stay.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use workbench_record::{CurvePoint, RepeatState, Snapshot};
use workbench_report::{format, label};

/// One curve of one arm at one number of workers, run by run.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// What the curves show, safe to show.
    pub metric: String,
    /// The arm, safe to show.
    pub arm: String,
    /// Its number of workers.
    pub workers: u32,
    /// What the steps count, as the lab of the first such run calls it.
    pub steps: Option<String>,
    /// Steps and values in rising steps; empty where a run has no such curve.
    pub lines: Vec<Vec<(f64, f64)>>,
}

/// A thinned curve has at most twice as many points as this.
const BUCKETS: usize = 1000;
/// Curves of items per arm and name at most.
const MOST_ITEMS: usize = 4;

/// All curves of some runs, by metric, then in the order of the first run's arms. A run's curve is
/// that of the repeat with the median wall time, or, if none was finished, that of the last one
/// started.
pub fn curves(snapshots: &[&Snapshot]) -> Vec<Curves> {
    let mut all: BTreeMap<String, Vec<Curves>> = BTreeMap::new();
    for (index, snapshot) in snapshots.iter().enumerate() {
        for (arm, workers) in arms(snapshot) {
            let Some(repeat) = telling(snapshot, arm, workers) else {
                continue;
            };
            let facts = snapshot.started.as_ref().map(|started| &started.lab_facts);
            for (name, metric, points) in named(repeat) {
                let line = thin(&line(points), BUCKETS);
                if line.is_empty() {
                    continue;
                }
                let metric = format::clean(&metric, 60);
                let group = all.entry(metric.clone()).or_default();
                let arm = format::clean(arm, 40);
                let known = group
                    .iter_mut()
                    .find(|curves| curves.arm == arm && curves.workers == workers);
                if let Some(curves) = known {
                    curves.lines[index] = line;
                } else {
                    let mut lines = vec![Vec::new(); snapshots.len()];
                    lines[index] = line;
                    group.push(Curves {
                        metric,
                        arm,
                        workers,
                        steps: facts.and_then(|facts| label::steps(facts, name)),
                        lines,
                    });
                }
            }
        }
    }
    all.into_values().flatten().collect()
}

/// The curves of a repeat: the figure's name, what the curve is called, its points. Of those that
/// belong to items, the longest few, each with its item.
fn named(repeat: &RepeatState) -> Vec<(&str, String, &Vec<CurvePoint>)> {
    let whole = repeat
        .curves
        .iter()
        .map(|(name, points)| (name.as_str(), name.clone(), points));
    let of_items = repeat.item_curves.iter().flat_map(|(name, items)| {
        let mut items: Vec<_> = items.iter().collect();
        items.sort_by_key(|(_, points)| Reverse(points.len()));
        items.truncate(MOST_ITEMS);
        items
            .into_iter()
            .map(move |(item, points)| (name.as_str(), format!("{name} of {item}"), points))
    });
    whole.chain(of_items).collect()
}

/// The arms of a run in the lab's order, each with its numbers of workers rising.
fn arms(snapshot: &Snapshot) -> Vec<(&str, u32)> {
    let order = |name: &str| {
        let arms = snapshot.started.as_ref().map(|started| &started.arms);
        arms.and_then(|arms| arms.iter().position(|arm| arm.name == name))
    };
    let mut keys: Vec<(&str, u32)> = snapshot
        .repeats
        .iter()
        .map(|repeat| (repeat.id.arm.as_str(), repeat.id.workers))
        .collect();
    keys.sort_by_key(|(name, workers)| (order(name).unwrap_or(usize::MAX), *name, *workers));
    keys.dedup();
    keys
}

fn telling<'a>(snapshot: &'a Snapshot, arm: &str, workers: u32) -> Option<&'a RepeatState> {
    snapshot.median_repeat(arm, workers).or_else(|| {
        let of_arm = |r: &&RepeatState| r.id.arm == arm && r.id.workers == workers;
        snapshot.repeats.iter().rev().find(of_arm)
    })
}

/// The finite points in rising steps; of several at one step, the last one.
fn line(points: &[CurvePoint]) -> Vec<(f64, f64)> {
    let mut steps: BTreeMap<u64, f64> = BTreeMap::new();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        steps.insert(point.step, point.value);
    }
    steps
        .into_iter()
        .map(|(step, value)| (step as f64, value))
        .collect()
}

/// The lowest and the highest point of each of `buckets` stretches, in rising steps.
fn thin(points: &[(f64, f64)], buckets: usize) -> Vec<(f64, f64)> {
    if points.len() <= 2 * buckets {
        return points.to_vec();
    }
    let mut out = Vec::with_capacity(2 * buckets);
    for bucket in points.chunks(points.len().div_ceil(buckets)) {
        let low = bucket.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = bucket.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut pair: Vec<(f64, f64)> = [low, high].into_iter().flatten().copied().collect();
        pair.sort_by(|a, b| a.0.total_cmp(&b.0));
        pair.dedup();
        out.extend(pair);
    }
    out
}
