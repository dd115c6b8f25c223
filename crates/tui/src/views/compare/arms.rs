//! Arms side by side: for every arm a line per run, with bars of its median wall time and of its
//! speed-up, and their intervals drawn and written.

use workbench_report::format;

use super::run_mark::{colour, name_run};
use crate::kit::gauge::Gauge;
use crate::kit::{Pane, Row, Scroll, cells};
use crate::model::names::arm_on_workers;
use workbench_history::comparison::{ArmCell, ArmRow, Comparison};

/// Lines that the panel needs.
pub fn height(comparison: &Comparison) -> u16 {
    u16::try_from(lines(comparison).len() + 4).unwrap_or(u16::MAX)
}

/// An arm's name, or a run of it.
type Line<'a> = (&'a ArmRow, Option<usize>);

fn lines(comparison: &Comparison) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for arm in &comparison.arms {
        lines.push((arm, None));
        lines.extend((0..comparison.runs.len()).map(|run| (arm, Some(run))));
    }
    lines
}

/// Cells for a run's letter, its mark and the sign of different work.
const NAME: u16 = 5;

/// The fewest cells of a bar that tells something.
const BAR: u16 = 10;

/// Cells between a bar and its text, and between times and speed-ups.
const GAP: u16 = 2;

/// How wide everything is.
struct Columns {
    times: u16,
    speedups: u16,
    /// Cells of a bar of times, and of one of speed-ups.
    bars: [u16; 2],
    /// Intervals are written beside times, and beside speed-ups.
    written: [bool; 2],
    /// Where the axes end: in seconds, and as a speed-up.
    ends: [f64; 2],
}

impl Columns {
    fn of(comparison: &Comparison, room: u16, speedups: bool) -> Self {
        let all_cells = || {
            comparison
                .arms
                .iter()
                .flat_map(|a| a.cells.iter().flatten())
        };
        let widest = |text: &dyn Fn(&ArmCell) -> String| {
            all_cells()
                .map(|cell| cells(&text(cell)))
                .max()
                .unwrap_or(0)
        };
        let end = |values: fn(&ArmCell) -> [f64; 2]| {
            let all = all_cells().flat_map(values).filter(|v| v.is_finite());
            all.fold(f64::MIN_POSITIVE, f64::max)
        };
        let both = |written: [bool; 2]| {
            let times = widest(&|cell| time(cell, written[0]));
            let speed = widest(&|cell| speedup(cell, written[1]));
            (times.max(9), speed.max(8))
        };
        let mut written = [true, true];
        let (mut times, mut speeds) = both(written);
        let rest = |texts: u16, gaps: u16| room.saturating_sub(NAME + texts + gaps * GAP);
        if rest(times + speeds, 2) < 2 * BAR {
            // Less is said of what is not drawn.
            written = [!speedups, speedups];
            (times, speeds) = both(written);
        }
        let (one, two) = (rest(times + speeds, 2), rest(times + speeds, 3));
        let bars = match (two >= 4 * BAR, speedups) {
            (true, _) => [two / 2, two - two / 2],
            (false, true) => [0, one],
            (false, false) => [one, 0],
        };
        Self {
            times,
            speedups: speeds,
            bars,
            written,
            ends: [
                end(|cell| [cell.wall_s, cell.wall_ci95.map_or(0.0, |c| c[1])]),
                end(|cell| {
                    [
                        cell.speedup.unwrap_or(0.0),
                        cell.speedup_ci95.map_or(0.0, |c| c[1]),
                    ]
                }),
            ],
        }
    }
}

/// Draws the panel; `speedups` says which bars are drawn where there is room for one of the two.
pub fn draw(pane: Pane<'_>, (scroll, speedups): (&mut Scroll, bool), comparison: &Comparison) {
    let theme = pane.theme;
    let lines = lines(comparison);
    let base = comparison
        .common_base()
        .map_or_else(|| "each run's base".to_owned(), str::to_owned);
    let title = format!("Arms: median wall time, and speed-up against {base}");
    let page = usize::from(pane.area.height.saturating_sub(4));
    let (mut inner, window) = pane.scrolled(&title, scroll, (lines.len(), page));
    if lines.is_empty() {
        inner.nothing("no run has finished a repeat");
        return;
    }
    let columns = Columns::of(comparison, inner.area.width, speedups);
    heads(&mut inner.row(0), &columns);
    for (line, (arm, run)) in (1..).zip(&lines[window]) {
        let mut row = inner.row(line);
        let Some(run) = *run else {
            row.text(&arm_on_workers(&arm.name, arm.workers), theme.title);
            continue;
        };
        name_run(&mut row, run, comparison.runs[run].letter);
        let unlike = arm.unlike[run].is_some();
        let warning = if unlike { theme.glyphs.warning } else { " " };
        row.cell(warning, theme.bad).skip(1);
        match &arm.cells[run] {
            Some(cell) => arm_line(&mut row, cell, &columns, (run, unlike)),
            None => drop(row.text("not finished", theme.dim)),
        }
    }
    let g = &theme.glyphs;
    let mut legend = format!("{}{}{} 95 % interval", g.low, g.between, g.high);
    if comparison
        .arms
        .iter()
        .any(|a| a.unlike.iter().any(Option::is_some))
    {
        legend = format!(
            "{legend}   {} other work: do not compare the times",
            g.warning
        );
    }
    inner
        .row(inner.area.height.saturating_sub(1))
        .text(&legend, theme.dim);
}

/// What the bars are, above them.
fn heads(row: &mut Row<'_>, columns: &Columns) {
    let theme = row.theme;
    row.skip(NAME);
    let [times, speedups] = columns.bars;
    let times = times + gap(times) + columns.times;
    row.left("WALL TIME", times, theme.dim).skip(GAP);
    if speedups == 0 {
        row.right("SPEED-UP", columns.speedups, theme.dim);
    } else {
        row.text("SPEED-UP", theme.dim);
    }
}

fn arm_line(row: &mut Row<'_>, cell: &ArmCell, columns: &Columns, (run, unlike): (usize, bool)) {
    let theme = row.theme;
    let style = colour(run, theme);
    let [times, speedups] = columns.bars;
    // Times of other work are told, and not put up against the rest.
    let (bar_style, text_style) = if unlike {
        (theme.faint, theme.dim)
    } else {
        (style, theme.text)
    };
    let gauge = |value: f64, interval, style| Gauge {
        value: Some(value).filter(|value| *value > 0.0),
        interval,
        bound: None,
        ideal: None,
        fill: (theme.glyphs.useful, style),
        marked: true,
    };
    gauge(cell.wall_s, cell.wall_ci95, bar_style).draw(row, times, columns.ends[0]);
    let text = time(cell, columns.written[0]);
    row.right(&text, gap(times) + columns.times, text_style)
        .skip(GAP);
    let value = cell.speedup.unwrap_or(0.0);
    gauge(value, cell.speedup_ci95, style).draw(row, speedups, columns.ends[1]);
    let text_style = if cell.is_base {
        theme.dim
    } else {
        theme.accent
    };
    row.right(
        &speedup(cell, columns.written[1]),
        gap(speedups) + columns.speedups,
        text_style,
    );
}

/// Cells between a bar and its text; none where there is no bar.
fn gap(bar: u16) -> u16 {
    if bar > 0 { GAP } else { 0 }
}

/// `1.12 s (1.10 to 1.14 s)`.
fn time(cell: &ArmCell, written: bool) -> String {
    let median = format::seconds(cell.wall_s);
    match cell.wall_ci95 {
        Some(ends) if written => format!("{median} ({})", format::seconds_interval(ends)),
        None if written && cell.repeats == 1 => format!("{median} (1 repeat)"),
        _ => median,
    }
}

/// `1.93× (1.90 to 1.95)`.
fn speedup(cell: &ArmCell, written: bool) -> String {
    let Some(speedup) = cell.speedup else {
        return "none".to_owned();
    };
    if cell.is_base {
        return "base".to_owned();
    }
    let ratio = format::speedup(speedup);
    match cell.speedup_ci95 {
        Some(ends) if written => format!("{ratio} ({})", format::interval(ends)),
        _ => ratio,
    }
}
