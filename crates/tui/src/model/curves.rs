//! Curves that a lab records, and the throughput of every lab: one metric at a time, the latest
//! repeat of every arm over one another.
//!
//! Belongs here: which metric, which axis, what was taken in so far. Does not belong here: drawing,
//! and what a metric means.

#[cfg(test)]
#[path = "curves_tests.rs"]
pub(super) mod tests;

use std::cmp::Reverse;

use workbench_record::{RepeatState, RunStarted};
use workbench_report::label;
use workbench_result::workers_of;

use super::past::PastRepeats;
pub use super::series::{Axis, Metric};
use super::series::{Series, place};

/// Curves of items that are drawn at most.
const MOST_ITEMS: usize = 12;

/// The chosen metric and axis, and the points that were taken in so far.
#[derive(Debug, Default)]
pub struct CurveModel {
    metric: Option<Metric>,
    axis: Axis,
    metrics: Vec<Metric>,
    /// What progress counts.
    pub unit: String,
    /// What people call that which the steps of the curve count, where the lab says it: `trees`.
    pub steps: Option<String>,
    /// The run, metric and axis that the points are of.
    key: Option<(String, Metric, Axis)>,
    /// The points, a series per arm.
    pub series: Vec<Series>,
    past: PastRepeats,
}

impl CurveModel {
    /// The curves of one metric, on an axis.
    pub fn of(metric: Metric, axis: Axis) -> Self {
        Self {
            metric: Some(metric),
            axis,
            ..Self::default()
        }
    }

    /// Shows a metric, where there is one of this name.
    pub fn show(&mut self, metric: &Metric) {
        if self.metrics.contains(metric) {
            self.metric = Some(metric.clone());
        }
    }

    /// All metrics, in their order.
    pub fn all_metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Shows the next metric.
    pub fn next_metric(&mut self) {
        let at = self.place_of_metric();
        let next = (at + 1) % self.metrics.len().max(1);
        self.metric = self.metrics.get(next).cloned();
    }

    /// Shows time instead of steps, and back.
    pub fn turn_axis(&mut self) {
        self.axis = match self.axis {
            Axis::Step => Axis::Time,
            Axis::Time => Axis::Step,
        };
    }

    /// What x counts.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// The metric that is shown.
    pub fn metric(&self) -> Option<&Metric> {
        self.metrics.get(self.place_of_metric())
    }

    /// How many metrics there are.
    pub fn metrics(&self) -> usize {
        self.metrics.len()
    }

    /// The place of the metric that is shown among them.
    pub fn place_of_metric(&self) -> usize {
        let chosen = self.metric.as_ref();
        let at = chosen.and_then(|metric| self.metrics.iter().position(|m| m == metric));
        at.unwrap_or(0)
    }

    /// Takes in what is new.
    pub fn update(&mut self, started: &RunStarted, repeats: &[RepeatState]) {
        self.past.update(&started.run_id, repeats);
        self.metrics = self.past.metrics(repeats);
        let Some(metric) = self.metric().cloned() else {
            self.series.clear();
            self.key = None;
            return;
        };
        let key = (started.run_id.clone(), metric.clone(), self.axis);
        if self.key.as_ref() != Some(&key) {
            self.series.clear();
        }
        self.unit = self.past.unit(repeats);
        self.steps = match &metric {
            Metric::Own(name) | Metric::Items(name) => label::steps(&started.lab_facts, name),
            Metric::Throughput => None,
        };
        let mut series = Vec::new();
        for (repeat, arm, item) in chosen(started, (repeats, &self.past), &metric) {
            let is_known = |s: &Series| s.is_of(repeat, item.as_deref());
            let mut one = match self.series.iter().position(is_known) {
                Some(at) => self.series.swap_remove(at),
                None => Series::new(repeat, arm, item),
            };
            one.update(repeat, &metric, self.axis);
            series.push(one);
        }
        self.series = series;
        self.key = Some(key);
    }

    /// Where a time lies on the axis, by what a repeat has recorded until then.
    pub fn x_of_time(&self, repeat: &RepeatState, t_ns: u64) -> Option<f64> {
        if self.axis == Axis::Time {
            return Some(t_ns.saturating_sub(repeat.started_ns) as f64 / 1e9);
        }
        match self.metric()? {
            Metric::Throughput => {
                let all = &repeat.progress_points;
                let after = all.partition_point(|(t, _)| *t <= t_ns);
                Some(all.get(after.checked_sub(1)?)?.1 as f64)
            }
            Metric::Own(name) => {
                let all = repeat.curves.get(name)?;
                let after = all.partition_point(|p| p.t_ns <= t_ns);
                Some(all.get(after.checked_sub(1)?)?.step as f64)
            }
            // Every item counts its own steps.
            Metric::Items(_) => None,
        }
    }

    /// When a repeat was at a place of the axis, and where that is exactly: the nearest point that
    /// it recorded, beyond the place in the direction of `towards` (-1, 0 for either, 1) where
    /// there is one.
    pub fn time_of_x(&self, repeat: &RepeatState, x: f64, towards: i32) -> Option<(u64, f64)> {
        if self.axis == Axis::Time {
            let since = (x.max(0.0) * 1e9).min(9e18) as u64;
            return Some((repeat.started_ns.saturating_add(since), x));
        }
        let points: Vec<(u64, f64)> = match self.metric()? {
            Metric::Throughput => repeat
                .progress_points
                .iter()
                .map(|(t, done)| (*t, *done as f64))
                .collect(),
            Metric::Own(name) => repeat
                .curves
                .get(name)?
                .iter()
                .map(|p| (p.t_ns, place(p, repeat, Axis::Step)))
                .collect(),
            Metric::Items(_) => return None,
        };
        let beyond = |p: &&(u64, f64)| f64::from(towards) * (p.1 - x) >= -1e-9;
        let nearest =
            |a: &&(u64, f64), b: &&(u64, f64)| (a.1 - x).abs().total_cmp(&(b.1 - x).abs());
        let ahead = points.iter().filter(beyond).min_by(nearest);
        ahead.or_else(|| points.iter().min_by(nearest)).copied()
    }
}

/// The repeats whose curves are drawn, each with the place of its arm and the item: the latest
/// repeat of every arm, and for metrics of items the latest repeat alone, its longest curves.
fn chosen<'a>(
    started: &RunStarted,
    (repeats, past): (&'a [RepeatState], &PastRepeats),
    metric: &Metric,
) -> Vec<(&'a RepeatState, usize, Option<String>)> {
    if let Metric::Items(name) = metric {
        let latest = past.latest_of_all(repeats, metric);
        let latest = latest.and_then(|r| Some((r, r.item_curves.get(name)?)));
        let Some((repeat, items)) = latest else {
            return Vec::new();
        };
        let arm = started
            .arms
            .iter()
            .position(|arm| arm.name == repeat.id.arm);
        let mut items: Vec<(&String, usize)> = items
            .iter()
            .map(|(item, points)| (item, points.len()))
            .collect();
        items.sort_by_key(|(_, points)| Reverse(*points));
        items.truncate(MOST_ITEMS);
        let of = |(item, _): (&String, usize)| (repeat, arm.unwrap_or(0), Some(item.clone()));
        return items.into_iter().map(of).collect();
    }
    let mut chosen = Vec::new();
    for (arm, facts) in started.arms.iter().enumerate() {
        for workers in workers_of(facts, &started.config.workers) {
            let latest = past.latest(repeats, (&facts.name, workers), metric);
            chosen.extend(latest.map(|repeat| (repeat, arm, None)));
        }
    }
    chosen
}
