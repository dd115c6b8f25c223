//! Whether arms may be compared, by the basis of the comparison: equal counters of work and equal
//! outputs in every repeat, or a target that every repeat reached.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Check;
use super::facts::{Difference, MissedTarget};
use super::messages;
use super::race::Race;
use workbench_record::{
    Basis, Finding, Item, LabFacts, Quantity, RepeatFinished, RunStarted, Snapshot,
};

/// Differences beyond this many are counted, not listed.
const TOLD: usize = 5;

/// Compares every finished repeat with the first repeat of the base. In a race without one, nothing
/// is compared.
pub(super) fn check(snapshot: &Snapshot, started: &RunStarted, race: Option<&Race>) -> Check {
    let counted = snapshot.counted().into_iter();
    let finished: Vec<&RepeatFinished> = counted.filter_map(|r| r.finished.as_deref()).collect();
    let base_name = started.arms.first().map(|arm| arm.name.as_str());
    let reference = finished
        .iter()
        .filter(|f| Some(f.id.arm.as_str()) == base_name)
        .min_by_key(|f| f.id.repeat)
        .or(finished.first());
    let has_base = reference.is_some_and(|f| Some(f.id.arm.as_str()) == base_name);
    // What arms of a race are worth is told against the base alone, and so is the target.
    let Some(reference) = reference.filter(|_| has_base || race.is_none()) else {
        return Check {
            equal_work: true,
            equal_outputs: true,
            ..Check::default()
        };
    };
    let basis = &snapshot.comparison.basis;
    let facts = &started.lab_facts;
    let every = |differences: &dyn Fn(&RepeatFinished) -> Vec<Finding>| -> Vec<Finding> {
        finished
            .iter()
            .flat_map(|repeat| differences(repeat))
            .collect()
    };
    let work = every(&|repeat| work_differences(reference, repeat, facts));
    let peers = snapshot.comparison.peers.as_ref();
    let outputs = every(&|repeat| match peers.filter(|_| is_peer(started, repeat)) {
        Some(near) => {
            let near = (near.metric.as_str(), near.tolerance);
            let found = near_difference(reference, repeat, near, facts);
            found.into_iter().collect()
        }
        None => output_differences(reference, repeat, (basis, facts)),
    });
    if let Some(race) = race {
        return of_race(
            (race, facts),
            reference,
            (work.is_empty(), outputs.is_empty()),
        );
    }
    let missed = every(&|repeat| missed_target(repeat, basis, facts).into_iter().collect());
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

/// In a race the base has to reach the target: what an arm that does not is worth is told with it.
fn of_race(
    (race, facts): (&Race, &LabFacts),
    base: &RepeatFinished,
    (equal_work, equal_outputs): (bool, bool),
) -> Check {
    let of_base = race.arms.iter().filter(|arm| arm.arm == base.id.arm);
    let missed: Vec<Finding> = of_base
        .filter(|arm| arm.censored() > 0)
        .map(|arm| messages::race::base_missed(race, arm, facts))
        .collect();
    Check {
        equal_work,
        equal_outputs,
        target_reached: Some(missed.is_empty()),
        differences: missed,
    }
}

fn is_peer(started: &RunStarted, repeat: &RepeatFinished) -> bool {
    let arm = started.arms.iter().find(|arm| arm.name == repeat.id.arm);
    arm.is_some_and(|arm| arm.peer.is_some())
}

/// The first differences, and the number of further ones.
fn shortened(mut differences: Vec<Finding>) -> Vec<Finding> {
    if differences.len() > TOLD {
        let more = differences.len() - TOLD;
        differences.truncate(TOLD);
        differences.push(messages::more_differences(more));
    }
    differences
}

/// Whether a repeat ended without having reached the target, where there is one.
fn missed_target(repeat: &RepeatFinished, basis: &Basis, facts: &LabFacts) -> Option<Finding> {
    let Basis::TimeToTarget {
        metric,
        target,
        direction,
    } = basis
    else {
        return None;
    };
    let reached = match repeat.quality.get(metric) {
        Some(Quantity::Number(value)) => Some(*value),
        _ => None,
    };
    if reached.is_some_and(|value| direction.reached(value, *target)) {
        return None;
    }
    Some(messages::missed_target(&MissedTarget {
        repeat,
        metric: &facts.called(metric),
        reached,
        target: *target,
        direction: direction.words(),
    }))
}

fn output_differences(
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
    (basis, facts): (&Basis, &LabFacts),
) -> Vec<Finding> {
    let near = |(metric, tolerance): (&String, &f64)| {
        near_difference(reference, repeat, (metric, *tolerance), facts)
    };
    match basis {
        Basis::NearOutputs { metric, tolerance } => near((metric, tolerance)).into_iter().collect(),
        Basis::EqualOrNear { tolerances } => {
            let is_exact = |item: &&Item| !tolerances.keys().any(|m| item.metrics.contains_key(m));
            let exact = output_difference(reference, repeat, is_exact);
            exact
                .into_iter()
                .chain(tolerances.iter().filter_map(near))
                .collect()
        }
        Basis::EqualOutputs | Basis::TimeToTarget { .. } => {
            let exact = output_difference(reference, repeat, |_| true);
            exact.into_iter().collect()
        }
        Basis::OutputsNotCompared | Basis::TimeOnCurve { .. } => Vec::new(),
    }
}

fn work_differences(
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
    facts: &LabFacts,
) -> Vec<Finding> {
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
            let [expected, found] = [*expected, *found];
            let difference = Difference::Work {
                counter: &facts.called(counter),
                expected,
                found,
            };
            messages::difference(&difference, reference, repeat)
        })
        .collect()
}

/// Compares the items that have the figure, by that figure alone. Items without it may differ, but
/// an item that has it in one repeat must have it in the other.
fn near_difference(
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
    (metric, tolerance): (&str, f64),
    facts: &LabFacts,
) -> Option<Finding> {
    let called = facts.called(metric);
    let figures = |side: &RepeatFinished| -> BTreeMap<String, f64> {
        let of = |item: &Item| Some((item.name.clone(), *item.metrics.get(metric)?));
        side.items.iter().filter_map(of).collect()
    };
    let (expected, found) = (figures(reference), figures(repeat));
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    names.into_iter().find_map(|item| {
        let (Some(&expected), Some(&found)) = (expected.get(item), found.get(item)) else {
            let missing = Difference::FigureMissing {
                metric: &called,
                item,
            };
            return Some(messages::difference(&missing, reference, repeat));
        };
        // Written so that NaN counts as a difference.
        let near = (expected - found).abs() <= tolerance;
        let difference = Difference::Figure {
            metric: &called,
            item,
            expected,
            found,
            tolerance,
        };
        (!near).then(|| messages::difference(&difference, reference, repeat))
    })
}

/// Compares the items that are to be equal.
fn output_difference(
    reference: &RepeatFinished,
    repeat: &RepeatFinished,
    is_exact: impl Fn(&&Item) -> bool,
) -> Option<Finding> {
    let [expected, found] =
        [reference, repeat].map(|side| side.items.iter().filter(&is_exact).collect::<Vec<_>>());
    if expected.len() != found.len() {
        let difference = Difference::OutputCount;
        return Some(messages::difference(&difference, reference, repeat));
    }
    let different: Vec<&str> = expected
        .into_iter()
        .zip(found)
        .filter(|(a, b)| a.name != b.name || a.sha256 != b.sha256)
        .map(|(_, item)| item.name.as_str())
        .collect();
    let difference = Difference::Outputs {
        different: different.len(),
        first: different.first()?,
    };
    Some(messages::difference(&difference, reference, repeat))
}
