//! Whether arms may be compared, by the basis of the comparison: equal counters of work and equal
//! outputs in every repeat, or a target that every repeat reached.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Check;
use super::wording::arm_on;
use workbench_record::{Basis, Item, Quantity, RepeatFinished, RunStarted, Snapshot};

/// Differences beyond this many are counted, not told.
const TOLD: usize = 5;

/// Compares every finished repeat with the first repeat of the base.
pub(super) fn check(snapshot: &Snapshot, started: &RunStarted) -> Check {
    let finished: Vec<&RepeatFinished> = snapshot
        .repeats
        .iter()
        .filter_map(|r| r.finished.as_deref())
        .collect();
    let base_name = started.arms.first().map(|arm| arm.name.as_str());
    let reference = finished
        .iter()
        .filter(|f| Some(f.id.arm.as_str()) == base_name)
        .min_by_key(|f| f.id.repeat)
        .or(finished.first());
    let Some(reference) = reference else {
        return Check {
            equal_work: true,
            equal_outputs: true,
            ..Check::default()
        };
    };
    let basis = &snapshot.comparison.basis;
    let every = |differences: &dyn Fn(&RepeatFinished) -> Vec<String>| -> Vec<String> {
        finished
            .iter()
            .flat_map(|repeat| differences(repeat))
            .collect()
    };
    let work = every(&|repeat| work_differences(reference, repeat));
    let outputs = every(&|repeat| output_differences(reference, repeat, basis));
    let missed = every(&|repeat| missed_target(repeat, basis).into_iter().collect());
    let (equal_work, equal_outputs) = (work.is_empty(), outputs.is_empty());
    let by_target = !basis.needs_equal_work();
    let target_reached = by_target.then_some(missed.is_empty());
    let differences = if by_target {
        missed
    } else {
        [work, outputs].concat()
    };
    Check {
        equal_work,
        equal_outputs,
        target_reached,
        differences: shortened(differences),
    }
}

/// The first differences in full, and how many more there are.
fn shortened(mut differences: Vec<String>) -> Vec<String> {
    if differences.len() > TOLD {
        let more = differences.len() - TOLD;
        differences.truncate(TOLD);
        differences.push(format!("{more} more differences of this kind."));
    }
    differences
}

/// Whether a repeat ended without having reached the target, where there is one.
fn missed_target(repeat: &RepeatFinished, basis: &Basis) -> Option<String> {
    let Basis::TimeToTarget {
        metric,
        target,
        direction,
    } = basis
    else {
        return None;
    };
    let reached = match repeat.quality.get(metric) {
        Some(Quantity::Number(value)) if direction.reached(*value, *target) => return None,
        Some(Quantity::Number(value)) => format!("came to a {metric} of {value}"),
        _ => format!("gave no {metric}"),
    };
    Some(format!(
        "Target missed: {} {reached}, and the target is {} {target}.",
        name(repeat),
        direction.words()
    ))
}

fn output_differences(
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
    basis: &Basis,
) -> Vec<String> {
    let difference = match basis {
        Basis::NearOutputs { metric, tolerance } => {
            near_difference(reference, repeat, metric, *tolerance)
        }
        Basis::EqualOutputs | Basis::TimeToTarget { .. } => output_difference(reference, repeat),
    };
    difference.into_iter().collect()
}

fn name(repeat: &RepeatFinished) -> String {
    let id = &repeat.id;
    format!("{} (repeat {})", arm_on(&id.arm, id.workers), id.repeat + 1)
}

fn work_differences(reference: &RepeatFinished, repeat: &RepeatFinished) -> Vec<String> {
    let mut counters: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (index, side) in [reference, repeat].into_iter().enumerate() {
        for (counter, value) in &side.work {
            counters.entry(counter).or_default()[index] = *value;
        }
    }
    counters
        .iter()
        .filter(|(_, [expected, found])| expected != found)
        .map(|(counter, [expected, found])| {
            format!(
                "Unequal work: {} counted {found} {counter}, {} counted {expected}.",
                name(repeat),
                name(reference)
            )
        })
        .collect()
}

/// Compares the items that have a figure, by that figure alone. Items without it may differ, but
/// one that has it on one side has to have it on the other.
fn near_difference(
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
    metric: &str,
    tolerance: f64,
) -> Option<String> {
    let figures = |side: &RepeatFinished| -> BTreeMap<String, f64> {
        let of = |item: &Item| Some((item.name.clone(), *item.metrics.get(metric)?));
        side.items.iter().filter_map(of).collect()
    };
    let (expected, found) = (figures(reference), figures(repeat));
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    names.into_iter().find_map(|name| {
        let (Some(a), Some(b)) = (expected.get(name), found.get(name)) else {
            return Some(format!(
                "Unequal outputs: only one of {} and {} gave the {metric} of {name}.",
                self::name(reference),
                self::name(repeat)
            ));
        };
        // Written so that what is no number is a difference.
        let near = (a - b).abs() <= tolerance;
        (!near).then(|| {
            format!(
                "Unequal outputs: the {metric} of {name} is {b:.4} in {} and {a:.4} in {}, more than {tolerance} apart.",
                self::name(repeat),
                self::name(reference)
            )
        })
    })
}

fn output_difference(reference: &RepeatFinished, repeat: &RepeatFinished) -> Option<String> {
    if reference.items.len() != repeat.items.len() {
        return Some(format!(
            "Unequal outputs: {} gave {} outputs, {} gave {}.",
            name(repeat),
            repeat.items.len(),
            name(reference),
            reference.items.len()
        ));
    }
    let different: Vec<&str> = reference
        .items
        .iter()
        .zip(&repeat.items)
        .filter(|(a, b)| a.name != b.name || a.sha256 != b.sha256)
        .map(|(_, item)| item.name.as_str())
        .collect();
    let first = different.first()?;
    Some(format!(
        "Unequal outputs: {} of {} differ between {} and {}, the first is {first}.",
        different.len(),
        repeat.items.len(),
        name(repeat),
        name(reference)
    ))
}
