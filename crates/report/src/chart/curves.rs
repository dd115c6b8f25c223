//! The curves of all arms overlaid, one chart per name: on the left by time, on the right by share
//! of the training, for arms whose steps differ in size do not compare by their steps.

use super::axis::PixelScale;
use super::looks::{MARKERS, arm_role};
use super::marks::{Chart, Lettering, Marker, SOLID, WIDTH};
use super::palette::{Role, SERIES};
use super::series::{self, ArmSeries, thin};
use super::value_axis::{self, ValueAxis};
use crate::{format, label};
use workbench_record::{Snapshot, Unit};
use workbench_result::RunResult;

const LEFT: f64 = 54.0;
const GAP: f64 = 26.0;
const PANEL: f64 = (WIDTH - LEFT - GAP - 12.0) / 2.0;
const PLOT: f64 = 190.0;
/// Pixels of a column of which only the lowest and the highest point are drawn.
const COLUMN: f64 = 2.0;
/// Pixels between the marks on a line of many points.
const APART: f64 = 120.0;
/// Lines of no more points than this have a mark on each.
const FEW: usize = 16;

/// One chart.
pub(crate) struct CurveFigure {
    pub chart: Chart,
    /// What is drawn: `loss`.
    pub name: String,
    /// Whether lines are means and all points are drawn behind them.
    pub smoothed: bool,
    /// Whether equal ratios are equally far apart.
    pub logarithmic: bool,
    /// Whether an arm did not come to its end.
    pub cut: bool,
}

/// A chart of every name for which there are points.
pub(crate) fn charts(result: &RunResult, snapshot: &Snapshot) -> Vec<CurveFigure> {
    series::all(result, snapshot)
        .into_iter()
        .filter_map(|(name, all)| draw(result, &name, &all))
        .collect()
}

fn draw(result: &RunResult, name: &str, all: &[ArmSeries]) -> Option<CurveFigure> {
    let name = format::clean(name, 60);
    let legend_lines = legend_lines(all);
    let top = 26.0 + 18.0 * legend_lines as f64 + 22.0;
    let mut chart = Chart::new(top + PLOT + 30.0, format!("{name} of all arms"));
    let is_rate = result.lab_facts.unit(&name) == Unit::PerSecond;
    let values = all.iter().flat_map(|series| series.smooth.iter().copied());
    let y = ValueAxis::new(values, is_rate, (top + PLOT, top))?;
    let looks: Vec<Role> = all
        .iter()
        .map(|series| arm_role(result, &series.arm))
        .collect();
    heading(&mut chart, &name, all, &looks);
    let longest = all
        .iter()
        .flat_map(|series| &series.points)
        .map(|point| point.at_s)
        .fold(0.0, f64::max);
    let panels: [(f64, &str, f64); 2] = [
        (LEFT, "by time, s", longest),
        (LEFT + PANEL + GAP, "by share of the steps, %", 100.0),
    ];
    for (i, (left, title, end)) in panels.into_iter().enumerate() {
        let x = PixelScale::linear((0.0, end), (left, left + PANEL));
        frame(&mut chart, (title, x, end), left, top, &y);
        let at = |point: &series::SeriesPoint| {
            if i == 0 {
                x.at(point.at_s)
            } else {
                x.at(point.share * 100.0)
            }
        };
        // All pale points first, so that they lie behind all lines.
        for (series, role) in all.iter().zip(&looks) {
            if series.is_smoothed() {
                let raw = series.points.iter().map(|p| (at(p), y.at(p.value)));
                let raw: Vec<(f64, f64)> = raw.collect();
                chart.path(thin(&raw, COLUMN), 1.0, SOLID, pale(*role));
            }
        }
        for (j, (series, role)) in all.iter().zip(&looks).enumerate() {
            let line = series.points.iter().zip(&series.smooth);
            let line: Vec<(f64, f64)> = line.map(|(p, v)| (at(p), y.at(*v))).collect();
            let offset = APART * (j as f64 + 0.5) / all.len() as f64;
            let look = (*role, MARKERS[j % MARKERS.len()]);
            stroke(&mut chart, series, look, &line, left + offset);
        }
    }
    chart.description = all.iter().map(tell).collect::<Vec<_>>().join(" ");
    Some(CurveFigure {
        chart,
        name,
        smoothed: all.iter().any(ArmSeries::is_smoothed),
        logarithmic: y.logarithmic,
        cut: all.iter().any(|series| !series.ended),
    })
}

fn pale(role: Role) -> Role {
    match role {
        Role::Series(i) => Role::Pale(i % SERIES),
        _ => Role::Heat(1),
    }
}

/// One arm's line, with marks that tell it from others without colour.
fn stroke(
    chart: &mut Chart,
    series: &ArmSeries,
    (role, marker): (Role, Marker),
    line: &[(f64, f64)],
    first: f64,
) {
    chart.path(thin(line, COLUMN), 1.8, SOLID, role);
    let mut next = first;
    for point in line {
        if line.len() <= FEW || point.0 >= next {
            chart.point(*point, 3.2, marker, role);
            next = point.0 + APART;
        }
    }
    if let (false, Some((x, y))) = (series.ended, line.last()) {
        for (dx, dy) in [(4.0, 4.0), (4.0, -4.0)] {
            chart.line((x - dx, y - dy), (x + dx, y + dy), 2.0, Role::Alarm);
        }
    }
}

/// What a line of the legend says of an arm.
fn entry(series: &ArmSeries) -> String {
    let last = series.smooth.last().copied().unwrap_or(f64::NAN);
    let broken = if series.ended { "" } else { ", not finished" };
    format!("{} {}{broken}", series.subject, label::rate(last))
}

const ENTRY_GAP: f64 = 24.0;

fn entry_width(series: &ArmSeries) -> f64 {
    16.0 + Lettering::new(Role::Ink).small().width(&entry(series)) + ENTRY_GAP
}

fn legend_lines(all: &[ArmSeries]) -> usize {
    let (mut lines, mut x) = (1, LEFT);
    for series in all {
        let wide = entry_width(series);
        if x > LEFT && x + wide > WIDTH + ENTRY_GAP {
            (lines, x) = (lines + 1, LEFT);
        }
        x += wide;
    }
    lines
}

fn heading(chart: &mut Chart, name: &str, all: &[ArmSeries], looks: &[Role]) {
    let bold = Lettering::new(Role::Ink).size(14.0).bold();
    let small = Lettering::new(Role::Muted).small();
    chart.text(LEFT, 10.0, bold, name);
    chart.text(
        LEFT + bold.width(name) + 10.0,
        10.5,
        small,
        "and where it ended",
    );
    let style = Lettering::new(Role::Ink).small();
    let (mut x, mut y) = (LEFT, 32.0);
    for ((series, role), marker) in all.iter().zip(looks).zip(MARKERS.iter().cycle()) {
        let wide = entry_width(series);
        if x > LEFT && x + wide > WIDTH + ENTRY_GAP {
            (x, y) = (LEFT, y + 18.0);
        }
        chart.line((x - 2.0, y), (x + 10.0, y), 1.8, *role);
        chart.point((x + 4.0, y), 3.2, *marker, *role);
        chart.text(
            x + 16.0,
            y,
            style,
            style.fit(&entry(series), WIDTH - x - 16.0),
        );
        x += wide;
    }
}

/// Grid lines, their values, and what x is.
fn frame(
    chart: &mut Chart,
    (title, x, end): (&str, PixelScale, f64),
    left: f64,
    top: f64,
    y: &ValueAxis,
) {
    let small = Lettering::new(Role::Muted).small();
    let ends = (left, left + PANEL);
    y.grid(chart, ends, left <= LEFT);
    value_axis::foot(chart, (x, end), ends, top + PLOT);
    chart.text(left, top - 13.0, small, title);
}

fn tell(series: &ArmSeries) -> String {
    let value = |v: Option<&f64>| format::number(v.copied().unwrap_or(f64::NAN));
    let after = series.points.last().map_or(0.0, |point| point.at_s);
    format!(
        "{}: {} at first, {} in the end, after {}{}.",
        series.subject,
        value(series.smooth.first()),
        value(series.smooth.last()),
        format::seconds(after),
        if series.ended {
            ""
        } else {
            ", without coming to its end"
        }
    )
}
