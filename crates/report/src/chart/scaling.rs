//! Speed-up over the number of workers: measured points with intervals, the ideal, the bounds,
//! and fitted laws.

use super::axis::{self, PixelScale};
use super::looks::{arm_marker, arm_role};
use super::marks::{Chart, DASH_DOT, DASHED, DOTTED, Dash, LONG, Lettering, SOLID, WIDTH};
use super::palette::Role;
use super::rows;
use crate::intervals::{self, Kinds};
use crate::{format, ideal};
use workbench_result::{AmdahlFit, Fit, RunResult, Scaling, ScalingPoint, UslFit};

const LEFT: f64 = 56.0;
const RIGHT: f64 = WIDTH - 150.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 420.0;

/// The two axes of the plot.
#[derive(Clone, Copy)]
struct Plot {
    x: PixelScale,
    y: PixelScale,
    most_workers: f64,
    least: f64,
    most: f64,
}

impl Plot {
    fn at(&self, workers: f64, speedup: f64) -> (f64, f64) {
        (self.x.at(workers), self.y.at(speedup))
    }
}

/// The chart; `None` unless some arm has points at two numbers of workers and the check passed.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let several = result.scaling.iter().any(|s| points(s).count() > 1);
    if !several || !result.check.passed() {
        return None;
    }
    let plot = plot(result);
    let mut chart = Chart::new(BOTTOM + 84.0, "Speed-up over the number of workers");
    grid(&mut chart, result, plot);
    ideal_line(&mut chart, result, plot);
    for scaling in &result.scaling {
        laws(&mut chart, result, scaling, plot);
        bound(&mut chart, result, scaling, plot);
        measured(&mut chart, result, scaling, plot);
    }
    rows::end_labels(&mut chart, RIGHT, labels(result, plot), (TOP - 8.0, BOTTOM));
    key(&mut chart, result);
    chart.description = describe(result);
    Some(chart)
}

fn points(scaling: &Scaling) -> impl Iterator<Item = &ScalingPoint> {
    scaling
        .points
        .iter()
        .filter(|p| p.workers > 0 && p.speedup.is_finite() && p.speedup > 0.0)
}

fn plot(result: &RunResult) -> Plot {
    let all = || result.scaling.iter().flat_map(points);
    let most_workers = all().map(|p| f64::from(p.workers)).fold(1.0, f64::max);
    let most = all().map(|p| p.speedup).fold(1.0, f64::max);
    let most = intervals::axis_end(most, all().filter_map(|p| p.interval));
    let lows = all().flat_map(|p| [p.speedup, p.interval.map_or(p.speedup, |i| i.low)]);
    let least = lows.filter(|v| v.is_finite()).fold(1.0, f64::min).max(0.05);
    let (across, up) = ((LEFT, RIGHT), (BOTTOM, TOP));
    let most = most.max(result.ideal(most_workers as u32));
    // Doubling is what people do with workers: from 1 to 16 and more, equal ratios read better
    // than equal differences.
    let (x, y, most) = if most_workers >= 16.0 {
        (
            PixelScale::log2((1.0, most_workers), across),
            PixelScale::log2((least, most), up),
            most,
        )
    } else {
        (
            PixelScale::linear((0.0, most_workers), across),
            PixelScale::linear((0.0, most), up),
            most,
        )
    };
    Plot {
        x,
        y,
        most_workers,
        least: if most_workers >= 16.0 { least } else { 0.0 },
        most,
    }
}

fn grid(chart: &mut Chart, result: &RunResult, plot: Plot) {
    let style = Lettering::new(Role::Muted).small();
    let doubling = plot.most_workers >= 16.0;
    let ticks = if doubling {
        (0..=40)
            .map(|i| f64::from(i).exp2())
            .take_while(|v| *v <= plot.most * 1.001)
            .map(|v| (v, format!("{}×", axis::tick_label(v, 1.0))))
            .collect()
    } else {
        rows::ratios(plot.most, 6)
    };
    for (value, label) in ticks {
        let y = plot.y.at(value);
        chart.line((LEFT, y), (RIGHT, y), 1.0, Role::Grid);
        chart.text(LEFT - 8.0, y, style.end(), label);
    }
    let one = plot.y.at(1.0);
    chart.line((LEFT, one), (RIGHT, one), 1.0, Role::Muted);
    let mut workers: Vec<u32> = result
        .scaling
        .iter()
        .flat_map(points)
        .map(|p| p.workers)
        .collect();
    workers.sort_unstable();
    workers.dedup();
    let mut free = f64::NEG_INFINITY;
    for workers in workers {
        let x = plot.x.at(f64::from(workers));
        chart.line((x, BOTTOM), (x, BOTTOM + 5.0), 1.0, Role::Muted);
        if x >= free {
            chart.text(x, BOTTOM + 16.0, style.middle(), workers.to_string());
            free = x + 24.0;
        }
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    chart.text(middle, BOTTOM + 36.0, style.middle(), "workers");
}

fn ideal_line(chart: &mut Chart, result: &RunResult, plot: Plot) {
    let from = if plot.most_workers >= 16.0 { 1.0 } else { 0.0 };
    let line = result.ideal_line(plot.most_workers as u32).into_iter();
    let line = line.filter(|(workers, _)| *workers >= from);
    let line = line.map(|(workers, speedup)| plot.at(workers, speedup.max(plot.least)));
    chart.path(line.collect(), 1.4, DASHED, Role::Muted);
}

fn measured(chart: &mut Chart, result: &RunResult, scaling: &Scaling, plot: Plot) {
    let role = arm_role(result, &scaling.arm);
    let line = points(scaling).map(|p| plot.at(f64::from(p.workers), p.speedup));
    chart.path(line.collect(), 2.4, SOLID, role);
    for p in points(scaling) {
        let (x, y) = plot.at(f64::from(p.workers), p.speedup);
        let ends = p.interval.map(|i| i.within(plot.least, plot.most));
        if let Some([low, high]) = ends.filter(|ends| ends.iter().all(|v| v.is_finite())) {
            let (low, high) = (plot.y.at(low), plot.y.at(high));
            chart.line((x, low), (x, high), 1.6, role);
            for end in [low, high] {
                chart.line((x - 4.0, end), (x + 4.0, end), 1.6, role);
            }
        }
        let marker = arm_marker(result, &scaling.arm);
        chart.point((x, y), 5.6, marker, Role::Paper);
        chart.point((x, y), 4.2, marker, role);
    }
}

fn bound(chart: &mut Chart, result: &RunResult, scaling: &Scaling, plot: Plot) {
    let bounds = result.arms.iter().filter(|arm| arm.name == scaling.arm);
    let line: Vec<(f64, f64)> = bounds
        .filter_map(|arm| Some((f64::from(arm.workers), arm.bound.filter(|b| b.is_finite())?)))
        .filter(|(workers, bound)| *workers >= 1.0 && *workers <= plot.most_workers && *bound > 0.0)
        .map(|(workers, bound)| plot.at(workers, bound.min(plot.most)))
        .collect();
    chart.path(line, 1.8, DOTTED, arm_role(result, &scaling.arm));
}

fn laws(chart: &mut Chart, result: &RunResult, scaling: &Scaling, plot: Plot) {
    let role = arm_role(result, &scaling.arm);
    // Where workers share cores, no law holds.
    let cores = result.usable_cores().unwrap_or(f64::INFINITY).max(1.0);
    let plot = Plot {
        most_workers: plot.most_workers.min(cores),
        ..plot
    };
    if let Fit::Fitted(AmdahlFit {
        serial_fraction: s, ..
    }) = scaling.amdahl
    {
        curve(chart, plot, DASH_DOT, role, |p| 1.0 / (s + (1.0 - s) / p));
    }
    if let Fit::Fitted(UslFit { sigma, kappa, .. }) = scaling.usl {
        curve(chart, plot, LONG, role, |p| {
            p / (1.0 + sigma * (p - 1.0) + kappa * p * (p - 1.0))
        });
    }
}

fn curve(chart: &mut Chart, plot: Plot, dash: Dash, role: Role, law: impl Fn(f64) -> f64) {
    const STEPS: u32 = 60;
    let line = (0..=STEPS).map(|i| {
        let share = f64::from(i) / f64::from(STEPS);
        let p = plot.most_workers.powf(share);
        (p, law(p))
    });
    let line: Vec<(f64, f64)> = line
        .filter(|(_, s)| s.is_finite() && *s > 0.0 && *s <= plot.most * 1.0001)
        .map(|(p, s)| plot.at(p, s))
        .collect();
    chart.path(line, 1.2, dash, role);
}

/// Arm and last value at the right end of each line, and the ideal.
fn labels(result: &RunResult, plot: Plot) -> Vec<(f64, Role, String)> {
    let workers = plot.most_workers as u32;
    let most = plot.y.at(result.ideal(workers).max(plot.least));
    let base = format::clean(&result.base, 40);
    let mut labels = vec![
        (most, Role::Muted, ideal::name(result, workers)),
        (plot.y.at(1.0), Role::Muted, format!("1× = {base}")),
    ];
    for scaling in &result.scaling {
        if let Some(last) = points(scaling).last() {
            let name = format::clean(&scaling.arm, 40);
            let text = format!("{} {name}", format::speedup(last.speedup));
            let role = arm_role(result, &scaling.arm);
            labels.push((plot.y.at(last.speedup), role, text));
        }
    }
    labels
}

/// What the kinds of line mean; only those that are drawn.
fn key(chart: &mut Chart, result: &RunResult) {
    let fitted = |which: fn(&Scaling) -> bool| result.scaling.iter().any(which);
    let intervals = Kinds::of_points(result.scaling.iter().flat_map(points)).name();
    let measured = format!("measured, with {intervals}");
    let kinds: [(&str, Dash, f64, bool); 4] = [
        (&measured, SOLID, 2.4, true),
        (
            "bound of the tasks",
            DOTTED,
            1.8,
            result.arms.iter().any(|arm| arm.bound.is_some()),
        ),
        (
            "fitted: Amdahl",
            DASH_DOT,
            1.2,
            fitted(|s| s.amdahl.refused().is_none()),
        ),
        (
            "fitted: universal scalability law",
            LONG,
            1.2,
            fitted(|s| s.usl.refused().is_none()),
        ),
    ];
    let drawn = kinds.into_iter().filter(|kind| kind.3);
    let drawn = drawn.map(|(text, dash, width, _)| (text, dash, width));
    rows::key(chart, (LEFT, BOTTOM + 66.0), drawn);
}

fn describe(result: &RunResult) -> String {
    let base = format::clean(&result.base, 40);
    let mut sentences = vec![format!(
        "Speed-up against {base} over the number of workers."
    )];
    for scaling in &result.scaling {
        let told = points(scaling).map(|p| {
            let workers = format::counted(u64::from(p.workers), "worker");
            format!("{} on {workers}", format::speedup(p.speedup))
        });
        let told = format::join_words(&told.collect::<Vec<_>>(), "and");
        sentences.push(format!("{}: {told}.", format::clean(&scaling.arm, 40)));
    }
    sentences.join(" ")
}
