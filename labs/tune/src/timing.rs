//! How long the parts of a recorded search took: units, what lies between legs, and how much slots
//! slow each other down.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_experiment::lab::RepeatState;
use workbench_search::{LegCosts, TrialId};

use crate::trail;

/// Seconds of each unit, by trial.
pub type UnitSeconds = BTreeMap<TrialId, BTreeMap<u64, f64>>;

/// A leg as the pool ran it.
#[derive(Debug, Clone, Copy)]
struct RanLeg {
    started_ns: u64,
    finished_ns: u64,
    slot: u32,
    is_resumed: bool,
}

/// The legs of each trial, in order.
fn legs(repeat: &RepeatState) -> BTreeMap<TrialId, Vec<RanLeg>> {
    let mut legs: BTreeMap<TrialId, Vec<RanLeg>> = BTreeMap::new();
    for task in &repeat.tasks {
        let of = legs.entry(TrialId(u64::from(task.group))).or_default();
        of.push(RanLeg {
            started_ns: task.started_ns,
            finished_ns: task.finished_ns,
            slot: task.slot,
            is_resumed: task.part > 0,
        });
    }
    for of in legs.values_mut() {
        of.sort_by_key(|leg| leg.started_ns);
    }
    legs
}

/// When each unit of a trial was done.
fn ends(repeat: &RepeatState) -> BTreeMap<TrialId, BTreeMap<u64, u64>> {
    let curves = repeat.item_curves.get(trail::LOSS).into_iter().flatten();
    let of = |(item, points): (&String, &Vec<_>)| {
        let points = points.iter();
        let ends = points.map(|point: &workbench_record::CurvePoint| (point.step, point.t_ns));
        Some((trail::trial(item)?, ends.collect()))
    };
    curves.filter_map(of).collect()
}

/// How long each unit took: since the unit before, or since its leg began.
pub fn units(repeat: &RepeatState) -> UnitSeconds {
    let legs = legs(repeat);
    let of = |(trial, ends): (TrialId, BTreeMap<u64, u64>)| {
        let legs = legs.get(&trial).map(Vec::as_slice).unwrap_or_default();
        let mut before = 0;
        let unit = |(unit, end): (u64, u64)| {
            let leg = legs.iter().rfind(|leg| leg.started_ns <= end);
            let begun = leg.map_or(end, |leg| leg.started_ns.max(before));
            before = end;
            (unit, seconds(end.saturating_sub(begun)))
        };
        (trial, ends.into_iter().map(unit).collect())
    };
    ends(repeat).into_iter().map(of).collect()
}

/// What legs cost beside their units: the medians of what lies between the last unit of a leg and
/// the beginning of the next on its slot, and of how much longer the first unit of a resumed leg is
/// than the others of its trial. `waiting` says whether slots may have waited for others, so that
/// what lies between legs is no cost.
pub fn costs<'a>(searches: impl Iterator<Item = (&'a RepeatState, bool)>) -> LegCosts {
    let (mut between, mut loading) = (Vec::new(), Vec::new());
    for (repeat, waiting) in searches {
        let (legs, units, ends) = (legs(repeat), units(repeat), ends(repeat));
        if !waiting {
            between.extend(gaps(&legs, &ends));
        }
        for (trial, of) in &legs {
            let (Some(units), Some(ends)) = (units.get(trial), ends.get(trial)) else {
                continue;
            };
            let usual = median(units.values().copied().collect()).unwrap_or_default();
            for leg in of.iter().filter(|leg| leg.is_resumed) {
                let first = ends.iter().find(|(_, end)| **end >= leg.started_ns);
                let first = first.and_then(|(unit, _)| units.get(unit));
                loading.extend(first.map(|first| first - usual));
            }
        }
    }
    let between = median(between).unwrap_or_default().max(0.0);
    LegCosts {
        // The first unit of a new trial is as long as it was recorded.
        start_s: between,
        resume_s: between + median(loading).unwrap_or_default().max(0.0),
        // Saving is a part of the unit after which it is done.
        save_s: 0.0,
    }
}

/// The seconds between the last unit of each leg and the beginning of the next on its slot.
fn gaps(
    legs: &BTreeMap<TrialId, Vec<RanLeg>>,
    ends: &BTreeMap<TrialId, BTreeMap<u64, u64>>,
) -> Vec<f64> {
    let mut slots: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    for (trial, of) in legs {
        let ends = ends.get(trial);
        for leg in of {
            let within = |end: &&u64| (leg.started_ns..=leg.finished_ns).contains(*end);
            let last = ends.and_then(|ends| ends.values().rfind(within));
            let worked_ns = (leg.started_ns, last.copied().unwrap_or(leg.finished_ns));
            slots.entry(leg.slot).or_default().push(worked_ns);
        }
    }
    let mut gaps = Vec::new();
    for worked in slots.values_mut() {
        worked.sort_unstable();
        let pairs = worked.windows(2);
        gaps.extend(pairs.map(|pair| seconds(pair[1].0.saturating_sub(pair[0].1))));
    }
    gaps
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// How long units take while only so many slots are busy, relative to all of `slots`: from the same
/// trials, run on one slot. Between one and all it is taken as a straight line.
pub fn pace(
    on_one: &UnitSeconds,
    on_all: &UnitSeconds,
    slots: usize,
) -> impl Fn(usize) -> f64 + use<> {
    let (mut one, mut all) = (0.0, 0.0);
    for (trial, units) in on_all {
        for (unit, seconds) in units {
            if let Some(alone) = on_one.get(trial).and_then(|units| units.get(unit)) {
                one += alone;
                all += seconds;
            }
        }
    }
    let alone = if all > 0.0 && one > 0.0 {
        one / all
    } else {
        1.0
    };
    move |busy| {
        if busy >= slots || slots < 2 {
            return 1.0;
        }
        let share = (busy.max(1) - 1) as f64 / (slots - 1) as f64;
        alone + (1.0 - alone) * share
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "halves and quarters are exact")]
mod tests {
    use super::*;

    fn seconds_of(trials: &[(u64, &[f64])]) -> UnitSeconds {
        let of = |(trial, seconds): &(u64, &[f64])| {
            let units = (1..).zip(seconds.iter().copied());
            (TrialId(*trial), units.collect())
        };
        trials.iter().map(of).collect()
    }

    #[test]
    fn slots_that_share_a_core_are_faster_alone() {
        let on_two = seconds_of(&[(0, &[2.0, 2.0]), (1, &[4.0])]);
        // Of the same units; the others say nothing.
        let on_one = seconds_of(&[(0, &[1.0, 1.0, 9.0]), (2, &[9.0])]);
        let pace = pace(&on_one, &on_two, 2);
        assert_eq!([1, 2, 3].map(&pace), [0.5, 1.0, 1.0]);
        let pace = super::pace(&on_one, &on_two, 3);
        assert_eq!([0, 1, 2, 3].map(&pace), [0.5, 0.5, 0.75, 1.0]);
        let same = super::pace(&on_two, &on_two, 4);
        assert_eq!([1, 2, 4].map(&same), [1.0, 1.0, 1.0]);
        let nothing = super::pace(&seconds_of(&[]), &on_two, 4);
        assert_eq!([1, 4].map(&nothing), [1.0, 1.0]);
    }
}
