//! The curves of all arms by name, ready to be drawn: by time and by share of the training,
//! smoothed, and thinned without losing peaks.
//!
//! Belongs here: which points there are. Does not belong here: axes and colours.

use std::collections::{BTreeMap, BTreeSet};

use crate::arms::{arm_on_workers, one_each};
use crate::format;
use workbench_clock::seconds;
use workbench_record::{CurvePoint, RepeatState, Snapshot, Unit};
use workbench_result::RunResult;

/// Curves with fewer points are not smoothed: every point matters.
const LEAST_SMOOTHED: usize = 60;
/// A smoothed point is the mean over this part of all points, half before it and half after.
const WINDOW: usize = 30;
/// Curves drawn at most.
pub(super) const MOST_CURVES: usize = 8;
const MOST_ARMS: usize = 12;
/// Curves of items in one chart at most, over all arms.
const MOST_ITEMS: usize = 12;

/// One arm's curve of one name.
pub(super) struct ArmSeries {
    /// The arm's name, for its colour.
    pub arm: String,
    /// `ddp on 2 workers`.
    pub subject: String,
    /// In the order of recording.
    pub points: Vec<SeriesPoint>,
    /// The same, smoothed; as many.
    pub smooth: Vec<f64>,
    /// Whether the repeat came to its end.
    pub ended: bool,
}

/// One point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SeriesPoint {
    /// Seconds since the repeat began.
    pub at_s: f64,
    /// Share of the training, 0 to 1.
    pub share: f64,
    /// How high.
    pub value: f64,
}

impl ArmSeries {
    /// Whether it was smoothed.
    pub fn is_smoothed(&self) -> bool {
        self.points.len() >= LEAST_SMOOTHED
    }
}

/// The curves by name, those of whole repeats before those of items; rates last, the others by
/// name.
pub(super) fn all(result: &RunResult, snapshot: &Snapshot) -> Vec<(String, Vec<ArmSeries>)> {
    let repeats = repeats(result, snapshot);
    let facts = &result.lab_facts;
    let names = |curves: fn(&RepeatState) -> Vec<&str>| {
        let names: BTreeSet<&str> = repeats
            .iter()
            .flat_map(|(_, repeat)| curves(repeat))
            .collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_by_key(|name| facts.unit(name) == Unit::PerSecond);
        names
    };
    let whole = names(|repeat| repeat.curves.keys().map(String::as_str).collect());
    // Items with a life of their own have a chart of their own.
    let of_items = names(|repeat| {
        let curves = repeat.item_curves.keys().map(String::as_str);
        curves.filter(|_| repeat.items.is_empty()).collect()
    });
    let raced = result.race.as_ref().map(|race| race.metric.as_str());
    // The chart of items has these.
    let size = facts.item.as_ref().and_then(|item| item.size.as_ref());
    let is_by_size = |name: &&str| {
        let steps = facts.figure(name).and_then(|figure| figure.steps.as_ref());
        steps.is_some() && steps == size
    };
    let whole = whole
        .into_iter()
        .filter(|name| !is_by_size(name) && raced != Some(*name))
        .map(|name| {
            let of = |(subject, repeat): &(String, &RepeatState)| {
                let points = repeat.curves.get(name)?;
                series(subject, repeat, points)
            };
            (name.to_owned(), repeats.iter().filter_map(of).collect())
        });
    let of_items = of_items.into_iter().map(|name| items(name, &repeats));
    whole
        .chain(of_items)
        // One point is no curve; the tables have it.
        .filter(|(_, all): &(String, Vec<ArmSeries>)| {
            all.iter().any(|series| series.points.len() > 1)
        })
        .take(MOST_CURVES)
        .collect()
}

/// The curves of one name that belong to items: of every arm the longest, so many that all arms
/// have equal shares of a chart. The name says how many there are.
fn items(name: &str, repeats: &[(String, &RepeatState)]) -> (String, Vec<ArmSeries>) {
    let told: Vec<_> = repeats
        .iter()
        .filter_map(|(subject, repeat)| Some((subject, *repeat, repeat.item_curves.get(name)?)))
        .collect();
    let all: usize = told.iter().map(|(_, _, items)| items.len()).sum();
    let each = (MOST_ITEMS / told.len().max(1)).max(1);
    let mut shown = Vec::new();
    for (subject, repeat, items) in told {
        let mut items: Vec<_> = items.iter().collect();
        items.sort_by_key(|(_, points)| std::cmp::Reverse(points.len()));
        shown.extend(items.into_iter().take(each).filter_map(|(item, points)| {
            series(
                &format!("{}, {subject}", format::clean(item, 40)),
                repeat,
                points,
            )
        }));
    }
    let title = if shown.len() < all {
        format!("{name}, the longest {} of {all} items", shown.len())
    } else {
        format!("{name} by item")
    };
    (title, shown)
}

/// The median repeat of every arm, and the last one of arms that finished none.
fn repeats<'a>(result: &RunResult, snapshot: &'a Snapshot) -> Vec<(String, &'a RepeatState)> {
    let finished = one_each(result);
    let mut found: Vec<(String, &RepeatState)> = finished
        .iter()
        .filter_map(|arm| {
            let repeat = snapshot.median_repeat(&arm.name, arm.workers)?;
            Some((arm_on_workers(result, arm), repeat))
        })
        .collect();
    for repeat in snapshot.repeats.iter().rev() {
        let name = &repeat.id.arm;
        let known = finished.iter().any(|arm| arm.name == *name)
            || found.iter().any(|(_, known)| known.id.arm == *name);
        if !known && repeat.finished.is_none() {
            let workers = format::counted(u64::from(repeat.id.workers), "worker");
            let subject = format!("{} on {workers}", format::clean(name, 40));
            found.push((subject, repeat));
        }
    }
    let place = |name: &str| {
        let arms = snapshot.started.as_ref().map(|started| &started.arms);
        arms.and_then(|arms| arms.iter().position(|arm| arm.name == name))
    };
    found.sort_by_key(|(_, repeat)| place(&repeat.id.arm));
    found.truncate(MOST_ARMS);
    found
}

fn series(subject: &str, repeat: &RepeatState, points: &[CurvePoint]) -> Option<ArmSeries> {
    let of_items = repeat.item_curves.values().flat_map(BTreeMap::values);
    let last = repeat.curves.values().chain(of_items).flatten();
    let last = last.map(|p| p.step).max()?;
    let ended = repeat.finished.is_some();
    let reached = if ended || repeat.progress.1 == 0 {
        1.0
    } else {
        repeat.share()
    };
    let points: Vec<SeriesPoint> = points
        .iter()
        .filter(|point| point.value.is_finite())
        .map(|point| SeriesPoint {
            at_s: seconds(point.t_ns.saturating_sub(repeat.started_ns)),
            share: (point.step as f64 + 1.0) / (last as f64 + 1.0) * reached,
            value: point.value,
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    Some(ArmSeries {
        arm: repeat.id.arm.clone(),
        subject: subject.to_owned(),
        smooth: smooth(&values),
        points,
        ended,
    })
}

/// The mean over a window around every value. At the beginning, where values may fall fast, the
/// window shrinks on both sides and stays centred; at the end it is cut off on one side, so that
/// the last value is a mean too.
fn smooth(values: &[f64]) -> Vec<f64> {
    if values.len() < LEAST_SMOOTHED {
        return values.to_vec();
    }
    let half = (values.len() / WINDOW / 2).max(1);
    (0..values.len())
        .map(|i| {
            let reach = half.min(i);
            let window = &values[i - reach..=(i + reach).min(values.len() - 1)];
            window.iter().sum::<f64>() / window.len() as f64
        })
        .collect()
}

/// At most two points of every column of pixels that is `wide` pixels wide, the lowest and the
/// highest, in their order. Points that step back, because something was done again, begin a new
/// column.
pub(super) fn thin(points: &[(f64, f64)], wide: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut rest = points;
    while let Some(first) = rest.first() {
        let column = (first.0 / wide).floor() as i64;
        let n = rest
            .iter()
            .take_while(|point| (point.0 / wide).floor() as i64 == column)
            .count()
            .max(1);
        let (here, after) = rest.split_at(n);
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let place = |point: &(f64, f64)| here.iter().position(|p| std::ptr::eq(p, point));
        let low = here.iter().min_by(by_height).and_then(place);
        let high = here.iter().max_by(by_height).and_then(place);
        let mut places: Vec<usize> = [low, high].into_iter().flatten().collect();
        places.sort_unstable();
        places.dedup();
        kept.extend(places.into_iter().map(|place| here[place]));
        rest = after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn thinning_keeps_the_lowest_and_the_highest(
            values in prop::collection::vec(-1e3..1e3, 1..400),
            wide in 0.5..40.0,
        ) {
            let points: Vec<(f64, f64)> =
                values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
            let kept = thin(&points, wide);
            let ends = |points: &[(f64, f64)]| {
                let values = points.iter().map(|p| p.1);
                let low = values.clone().fold(f64::MAX, f64::min);
                (low.to_bits(), values.fold(f64::MIN, f64::max).to_bits())
            };
            prop_assert_eq!(ends(&kept), ends(&points));
            prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(kept.len() as f64 <= 2.0 * (points.len() as f64 / wide + 2.0));
        }

        #[test]
        fn smoothing_stays_within_the_values(values in prop::collection::vec(-1e3..1e3, 1..400)) {
            let smoothed = smooth(&values);
            prop_assert_eq!(smoothed.len(), values.len());
            let low = values.iter().copied().fold(f64::MAX, f64::min);
            let high = values.iter().copied().fold(f64::MIN, f64::max);
            prop_assert!(smoothed.iter().all(|v| *v >= low - 1e-9 && *v <= high + 1e-9));
        }
    }

    #[test]
    fn a_straight_line_stays_one_and_short_curves_are_left_alone() {
        let line: Vec<f64> = (0..300).map(f64::from).collect();
        let off = smooth(&line)
            .iter()
            .zip(&line)
            .take(290)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(off < 1e-9, "{off}");
        assert_eq!(smooth(&[1.0, 9.0, 1.0]), [1.0, 9.0, 1.0]);
        // A last value far off does not become the end of the line.
        let mut spiked = vec![1.0; 300];
        spiked[299] = 100.0;
        assert!(smooth(&spiked)[299] < 20.0);
    }
}
