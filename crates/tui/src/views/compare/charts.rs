//! Curves over each other, one per run: speed-up over workers, and what the runs recorded
//! over their steps. A run's letter stands on its curve, so that no colour is needed to tell
//! which is whose.

use workbench_report::format;

use super::run_mark::{colour, name_run};
use crate::event::SideBySide;
use crate::kit::Pane;
use crate::kit::plot::{Curve, Plot, Point, Stroke, draw as draw_plot};
use crate::kit::scale::Scale;
use crate::model::names::arm_on_workers;
use crate::theme::{Theme, letter};
use crate::views::curves::STEP;
use crate::views::ends_of;
use workbench_history::comparison::{Comparison, Curves, ScalingRow};

/// Draws measured speed-ups over workers, of one arm after the other.
pub fn scaling(pane: Pane<'_>, arm: usize, comparison: &Comparison) {
    let theme = pane.theme;
    let rows = &comparison.scaling;
    let Some(row) = rows.get(arm % rows.len().max(1)) else {
        pane.frame(("Scaling", ""));
        return;
    };
    let title = format!("Scaling of {}: speed-up over workers", row.arm);
    let mut inner = pane.panel((&title, &of("arm", arm, rows.len())));
    let plot = speedups(row, inner.area.width, theme);
    draw_plot(&mut inner, &plot);
}

/// `arm 2 of 3`, or nothing where there is one.
fn of(what: &str, chosen: usize, all: usize) -> String {
    if all < 2 {
        return String::new();
    }
    format!("{what} {} of {all}", chosen % all + 1)
}

/// `width` is that of the chart with its labels.
fn speedups(row: &ScalingRow, width: u16, theme: &Theme) -> Plot {
    let (x_end, y_end) = ends_of(row.points.iter().flatten());
    let axes = (Scale::linear(0.0, x_end), Scale::linear(0.0, y_end));
    let mut plot = Plot::of_speedups(axes, row.ideal.clone(), theme);
    // Runs stand side by side at a number of workers, a cell each, so that none hides another.
    let cell = 2.0 * x_end / f64::from(2 * width.saturating_sub(PLOT_LABELS).max(1) - 1);
    let runs = row.points.len();
    for (index, points) in row.points.iter().enumerate() {
        let style = colour(index, theme);
        let aside = (runs - 1 - index) as f64 * cell;
        plot.curves.push(Curve {
            points: points
                .iter()
                .map(|p| (f64::from(p.workers), p.speedup))
                .collect(),
            stroke: stroke(index),
            style,
            ascii: "-",
        });
        plot.points.extend(points.iter().map(|p| Point {
            at: (f64::from(p.workers) - aside, p.speedup),
            interval: p.interval.map(|i| i.within(0.0, y_end)),
            glyph: letter(index as u32),
            style,
        }));
    }
    plot
}

fn stroke(run: usize) -> Stroke {
    if run.is_multiple_of(2) {
        Stroke::Solid
    } else {
        Stroke::Dashed
    }
}

/// Draws what the runs recorded: `chosen` says which curve, and which arm.
pub fn curves(pane: Pane<'_>, chosen: (usize, usize), runs: &SideBySide) {
    let theme = pane.theme;
    let Some((curves, metric, arm)) = choose(&runs.curves, chosen) else {
        pane.frame(("Curves", ""));
        return;
    };
    let name = arm_on_workers(&curves.arm, curves.workers);
    let title = format!("{}: {name}", curves.metric);
    let right = [metric, arm].join(" ").trim().to_owned();
    let mut inner = pane.panel((&title, &right));
    let mut legend = inner.row(0);
    for (index, run) in runs.comparison.runs.iter().enumerate() {
        let end = curves.lines[index].last();
        let text = end.map_or_else(|| "none".to_owned(), |(_, value)| format::number(*value));
        if legend.rest() >= 12 {
            name_run(&mut legend, index, run.letter);
            legend.skip(1).text(&text, theme.dim).skip(2);
        }
    }
    if let Some(plot) = recorded(curves, theme) {
        draw_plot(&mut inner.below(1), &plot);
    }
}

/// The chosen curves, and where they stand among all.
fn choose(all: &[Curves], (metric, arm): (usize, usize)) -> Option<(&Curves, String, String)> {
    let mut metrics: Vec<&str> = all.iter().map(|curves| curves.metric.as_str()).collect();
    metrics.dedup();
    // Steps back from the first one come from the end of all numbers.
    let many = metrics.len().max(1).cast_signed();
    let at = metric.cast_signed().rem_euclid(many).unsigned_abs();
    let name = metrics.get(at)?;
    let arms: Vec<&Curves> = all.iter().filter(|curves| curves.metric == *name).collect();
    let curves = arms.get(arm % arms.len().max(1))?;
    let which = of("curve", at, metrics.len());
    let arm = of("arm", arm, arms.len());
    let comma = if which.is_empty() || arm.is_empty() {
        ""
    } else {
        ","
    };
    Some((curves, format!("{which}{comma}"), arm))
}

/// Cells that a plot takes for its own labels of y.
const PLOT_LABELS: u16 = 5;

/// A chart of what the runs recorded, as high as their values are far apart.
fn recorded(curves: &Curves, theme: &Theme) -> Option<Plot> {
    let points = || curves.lines.iter().flatten();
    let mut plot = Plot {
        x: Scale::linear(0.0, points().map(|p| p.0).fold(1.0, f64::max)),
        y: Scale::around(points().map(|p| p.1), false)?,
        x_label: curves.steps.clone().unwrap_or_else(|| STEP.to_owned()),
        ..Plot::default()
    };
    for (index, line) in curves.lines.iter().enumerate() {
        let style = colour(index, theme);
        plot.curves.push(Curve {
            points: line.clone(),
            stroke: stroke(index),
            style,
            ascii: letter(index as u32),
        });
        let letters = marks(line, index, curves.lines.len());
        plot.points.extend(letters.map(|at| Point {
            at,
            interval: None,
            glyph: letter(index as u32),
            style,
        }));
    }
    Some(plot)
}

/// Places of a run's letter on its curve: its end and two more, each run's a little further along
/// than the one's before.
fn marks(
    line: &[(f64, f64)],
    run: usize,
    runs: usize,
) -> impl Iterator<Item = (f64, f64)> + use<'_> {
    let share = (run as f64 + 0.5) / runs.max(1) as f64;
    [0.0, 1.0, 2.0].into_iter().filter_map(move |part| {
        let at = (part + share) / 3.0 * line.len() as f64;
        line.get(at as usize).copied()
    })
}
