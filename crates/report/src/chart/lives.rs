//! The curves of every item of an arm, for labs whose items have a life of their own: those that
//! were ended early are marked where they ended.

use std::collections::BTreeMap;

use super::looks::arm_role;
use super::marks::{Chart, Lettering, Marker, SOLID, WIDTH};
use super::palette::Role;
use super::panel::{self, PlotPlace, pale};
use super::series::thin;
use super::value_axis::ValueAxis;
use crate::arms::one_each;
use crate::{format, label};
use workbench_record::{CurvePoint, ItemPhase, RepeatState, Snapshot};
use workbench_result::RunResult;

/// Curves in one plot at most.
const MOST: usize = 250;
/// Plots at most.
const MOST_PLOTS: usize = 12;
const ABOVE: f64 = 24.0;
/// Pixels of a column of which only the lowest and the highest point are drawn.
const COLUMN: f64 = 2.0;

/// The chart; `None` where no item has a life or a curve.
pub(crate) fn chart(result: &RunResult, snapshot: &Snapshot) -> Option<Chart> {
    let arms: Vec<(&str, &RepeatState)> = one_each(result)
        .into_iter()
        .filter_map(|arm| {
            let repeat = snapshot.median_repeat(&arm.name, arm.workers)?;
            (!repeat.items.is_empty()).then_some((arm.name.as_str(), repeat))
        })
        .take(MOST_PLOTS)
        .collect();
    let metric = arms
        .iter()
        .find_map(|(_, repeat)| repeat.item_curves.keys().next())?;
    let name = format::clean(&label::label(&result.lab_facts, metric), 60);
    let noun = format::clean(result.lab_facts.item_word(), 30);
    let title = format!("{name} of every {noun}");
    let mut chart = Chart::new(panel::height(ABOVE, arms.len()), title);
    legend(&mut chart);
    let mut told = Vec::new();
    for (index, (arm, repeat)) in arms.iter().enumerate() {
        let place = panel::place(ABOVE, index);
        let Some(curves) = repeat.item_curves.get(metric) else {
            continue;
        };
        let ends = ends(repeat);
        told.push(format!("{}: {}.", format::clean(arm, 40), counts(&ends)));
        let role = arm_role(result, arm);
        draw(&mut chart, place, (arm, role), curves, &ends);
    }
    chart.description = told.join(" ");
    Some(chart)
}

/// The last state of every item.
pub(crate) fn ends(repeat: &RepeatState) -> BTreeMap<&str, ItemPhase> {
    let events = repeat.items.iter().map(|(_, event)| event);
    let changes = events.filter(|event| event.is_change());
    changes
        .map(|event| (event.item.as_str(), event.phase))
        .collect()
}

/// `12 done, 30 stopped`.
fn counts(ends: &BTreeMap<&str, ItemPhase>) -> String {
    let of = |phase: ItemPhase| ends.values().filter(|end| **end == phase).count();
    let told = ItemPhase::ALL.into_iter().filter(|phase| of(*phase) > 0);
    let told: Vec<String> = told
        .map(|phase| format!("{} {}", of(phase), phase.name()))
        .collect();
    told.join(", ")
}

fn draw(
    chart: &mut Chart,
    place: PlotPlace,
    (arm, role): (&str, Role),
    curves: &BTreeMap<String, Vec<CurvePoint>>,
    ends: &BTreeMap<&str, ItemPhase>,
) {
    let points = || curves.values().take(MOST).flatten();
    let end = points().map(|point| point.step).max().unwrap_or(1) as f64;
    // A few curves that are far off must not leave the others without room.
    let mut values: Vec<f64> = points().map(|point| point.value).collect();
    values.sort_by(f64::total_cmp);
    values.truncate((values.len() * 85).div_ceil(100));
    let Some(y) = ValueAxis::new(values.into_iter(), false, place.upright()) else {
        return;
    };
    let title = if curves.len() > MOST {
        format!(
            "{}, the first {MOST} of {}",
            format::clean(arm, 40),
            curves.len()
        )
    } else {
        format::clean(arm, 40)
    };
    place.frame(chart, (&title, "steps"), end, &y);
    let x = place.along(end);
    // Those that went on to their end lie above the others.
    let is_done = |item: &str| ends.get(item) == Some(&ItemPhase::Done);
    for done in [false, true] {
        for (item, points) in curves.iter().take(MOST) {
            if is_done(item) != done {
                continue;
            }
            let line: Vec<(f64, f64)> = points
                .iter()
                .map(|point| (x.at(point.step as f64), y.at(point.value)))
                .collect();
            let colour = if done { role } else { pale(role) };
            let last = line.last().copied();
            chart.path(thin(&line, COLUMN), 1.1, SOLID, colour);
            if let Some(at) = last {
                mark(
                    chart,
                    at,
                    ends.get(item.as_str()).copied().unwrap_or_default(),
                );
            }
        }
    }
}

/// The end of a curve: nothing where it came to its end.
fn mark(chart: &mut Chart, at: (f64, f64), end: ItemPhase) {
    match end {
        ItemPhase::Stopped | ItemPhase::Paused => chart.point(at, 2.2, Marker::Circle, Role::Muted),
        ItemPhase::Failed => chart.point(at, 3.4, Marker::Diamond, Role::Alarm),
        ItemPhase::Pending | ItemPhase::Running | ItemPhase::Done => {}
    }
}

fn legend(chart: &mut Chart) {
    let small = Lettering::new(Role::Muted).small();
    let x = WIDTH - 360.0;
    chart.point((x, 9.0), 2.2, Marker::Circle, Role::Muted);
    chart.text(x + 9.0, 9.0, small, "stopped early, or paused for good");
    chart.point((x + 230.0, 9.0), 3.4, Marker::Diamond, Role::Alarm);
    chart.text(x + 239.0, 9.0, small, "failed");
}
