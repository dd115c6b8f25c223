//! What other numbers of workers would give, scheduled from the recorded durations: both orders,
//! and a cursor to read them out.

use ratatui::style::Style;
use workbench_report::format;
use workbench_result::{RunResult, WHAT_IF_WORKERS, WhatIf, WhatIfPoint};

use super::charts::{Charts, nth_from_last};
use crate::kit::plot::{Curve, Plot, PlotArea, Point, Stroke, draw as draw_plot};
use crate::kit::{Pane, safe};
use crate::theme::Theme;

/// The largest number of workers that the cursor goes to.
pub const MOST: u32 = WHAT_IF_WORKERS;

/// Draws the panel.
pub fn draw(
    pane: Pane<'_>,
    (charts, arm): (Charts, usize),
    result: &RunResult,
) -> Option<PlotArea> {
    let theme = pane.theme;
    let what_if = nth_from_last(&result.what_if, arm);
    let Some(what_if) = what_if.filter(|w| !w.points.is_empty()) else {
        let mut inner = pane.panel(("What if", ""));
        inner.nothing("no parallel arm has finished a repeat");
        return None;
    };
    let title = format!(
        "What if {} {} from {}",
        theme.glyphs.dot,
        safe(&what_if.arm),
        format::counted(what_if.tasks, "recorded task")
    );
    let note = if result.what_if.len() > 1 {
        "a: next arm"
    } else {
        ""
    };
    let mut inner = pane.panel((&title, note));
    let index = result.arm_place(&what_if.arm);
    read_out(&mut inner, (what_if, index), (result, charts.cursor));
    draw_plot(&mut inner.below(2), &plot(what_if, charts, index, theme))
}

/// The values at the cursor, each with the look of its curve.
fn read_out(
    inner: &mut Pane<'_>,
    (what_if, index): (&WhatIf, usize),
    (result, cursor): (&RunResult, u32),
) {
    let theme = inner.theme;
    let Some(point) = nearest(what_if, cursor) else {
        return;
    };
    let (text, dim) = (theme.text, theme.dim);
    let [first, submitted] = orders(index, theme);
    let workers = format::counted(u64::from(point.workers), "worker");
    inner
        .row(0)
        .text(&workers, theme.accent)
        .skip(2)
        .text(theme.either("━ ", "# "), first)
        .text("longest first ", dim)
        .text(&format::speedup(point.longest_first), theme.accent)
        .skip(2)
        .text(theme.either("╍ ", "o "), submitted)
        .text("as submitted ", dim)
        .text(&format::speedup(point.fifo), theme.accent);
    let measured = measured(what_if, point.workers, result);
    inner
        .row(1)
        .text(&measured, text)
        .text(theme.either("┈ ", ". "), text)
        .text(
            &format!("ideal {}", format::speedup(f64::from(point.workers))),
            dim,
        )
        .whole(&here(point.workers, result), dim)
        .text(&format!(" {} limit ", theme.glyphs.dot), dim)
        .text(&format::speedup(what_if.limit), text)
        .whole(" = all work / longest task", dim);
}

/// The colours of the two orders: longest first in that of the arm, as submitted in another.
fn orders(index: usize, theme: &Theme) -> [Style; 2] {
    [theme.arm(index), theme.series(index + 3)]
}

/// What was measured with so many workers, where it was: recorded durations scheduled anew leave
/// out what starting tasks takes.
fn measured(what_if: &WhatIf, workers: u32, result: &RunResult) -> String {
    let mut arms = result.arms.iter();
    let arm = arms.find(|arm| arm.name == what_if.arm && arm.workers == workers);
    let speedup = arm.and_then(|arm| arm.speedup);
    speedup.map_or_else(String::new, |speedup| {
        format!("measured {}  ", format::speedup(speedup))
    })
}

/// Whether this machine has a core for each of so many workers.
fn here(workers: u32, result: &RunResult) -> String {
    match result.usable_cores() {
        Some(cores) if cores < f64::from(workers) => {
            let cores = format::counted_number(cores, "usable core");
            format!(" (here {cores})")
        }
        _ => String::new(),
    }
}

fn nearest(what_if: &WhatIf, cursor: u32) -> Option<&WhatIfPoint> {
    what_if
        .points
        .iter()
        .min_by_key(|p| p.workers.abs_diff(cursor))
}

fn plot(what_if: &WhatIf, charts: Charts, index: usize, theme: &Theme) -> Plot {
    let last = what_if.points.last().map_or(1.0, |p| f64::from(p.workers));
    let best = what_if
        .points
        .iter()
        .map(|p| p.longest_first.max(p.fifo))
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    let line = |value: fn(&WhatIfPoint) -> f64| {
        what_if
            .points
            .iter()
            .map(|p| (f64::from(p.workers), value(p)))
            .collect()
    };
    let [first, submitted] = orders(index, theme);
    // Some air above the highest value, so that the ideal shows where it leaves.
    let y_end = (best * 1.15).min(last.max(1.0));
    let values = what_if
        .points
        .iter()
        .flat_map(|p| [p.fifo, p.longest_first]);
    let (x, y) = charts.axes(last, y_end, values);
    let mut plot = Plot::of_speedups((x, y), vec![(0.0, 0.0), (y_end, y_end)], theme);
    plot.cursor = Some(f64::from(charts.cursor));
    plot.curves.extend([
        Curve {
            points: line(|p| p.fifo),
            stroke: Stroke::Dashed,
            style: submitted,
            ascii: "o",
        },
        Curve {
            points: line(|p| p.longest_first),
            stroke: Stroke::Solid,
            style: first,
            ascii: "#",
        },
    ]);
    read_points(&mut plot, what_if, charts.cursor, theme);
    plot
}

/// Marks where the values are read out.
fn read_points(plot: &mut Plot, what_if: &WhatIf, cursor: u32, theme: &Theme) {
    if let Some(point) = nearest(what_if, cursor) {
        let x = f64::from(point.workers);
        for value in [point.fifo, point.longest_first] {
            plot.points.push(Point {
                at: (x, value),
                interval: None,
                glyph: theme.glyphs.series_point(0),
                style: theme.accent,
            });
        }
    }
}
