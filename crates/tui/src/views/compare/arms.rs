//! Arms side by side: for every arm a line per run, with bars of its median wall time and of its
//! speed-up, and their intervals drawn and written.

use workbench_report::format;
use workbench_report::intervals::{self, Kinds};
use workbench_result::Interval;

use super::run_mark::{colour, name_run};
use crate::kit::gauge::Gauge;
use crate::kit::{Pane, PaneRow, Scroll, cells};
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
    /// Cells for the number of repeats.
    repeats: u16,
    times: u16,
    speedups: u16,
    /// Cells of a bar of times, and of one of speed-ups.
    bars: [u16; 2],
    /// Intervals are written beside times, and beside speed-ups.
    written: [bool; 2],
    kinds: Kinds,
    /// Where the axes end: in seconds, and as a speed-up.
    ends: [f64; 2],
}

impl Columns {
    fn of(comparison: &Comparison, room: u16, speedups: bool) -> Self {
        let kinds = kinds(comparison);
        let all_cells = || comparison.cells();
        let widest = |text: &dyn Fn(&ArmCell) -> String| {
            all_cells()
                .map(|cell| cells(&text(cell)))
                .max()
                .unwrap_or(0)
        };
        let end = |value: fn(&ArmCell) -> f64, interval: fn(&ArmCell) -> Option<Interval>| {
            let values = all_cells().map(value).filter(|v| v.is_finite());
            let most = values.fold(f64::MIN_POSITIVE, f64::max);
            intervals::axis_end(most, all_cells().filter_map(interval))
        };
        let both = |written: [bool; 2]| {
            let times = widest(&|cell| time(cell, written[0].then_some(kinds)));
            let speed = widest(&|cell| speedup(cell, written[1].then_some(kinds)));
            (times.max(9), speed.max(8))
        };
        let mut written = [true, true];
        let (mut times, mut speeds) = both(written);
        let repeats = widest(&|cell| cell.repeats.to_string());
        let rest = |texts: u16, gaps: u16| {
            let names = NAME + repeats + 1;
            room.saturating_sub(names + texts + gaps * GAP)
        };
        if rest(times + speeds, 2) < BAR + BAR / 2 {
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
            repeats,
            times,
            speedups: speeds,
            bars,
            written,
            kinds,
            ends: [
                end(|cell| cell.wall_s, |cell| cell.wall_interval),
                end(
                    |cell| cell.speedup.unwrap_or(0.0),
                    |cell| cell.speedup_interval,
                ),
            ],
        }
    }
}

/// Draws the panel; `speedups` says which bars are drawn where there is room for one of the two.
pub fn draw(pane: Pane<'_>, (scroll, speedups): (&mut Scroll, bool), comparison: &Comparison) {
    let theme = pane.theme;
    let lines = lines(comparison);
    let against = comparison.against();
    let title = format!("Arms: median wall time, and speed-up against {against}");
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
    let kinds = kinds(comparison);
    let mut legend = format!("{}{}{} {}", g.low, g.between, g.high, kinds.name());
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
    legend += "   n: repeats";
    inner
        .row(inner.area.height.saturating_sub(1))
        .text(&legend, theme.dim);
}

/// What the bars are, above them.
fn heads(row: &mut PaneRow<'_>, columns: &Columns) {
    let theme = row.theme;
    row.skip(NAME)
        .right("n", columns.repeats, theme.dim)
        .skip(1);
    let [times, speedups] = columns.bars;
    let times = times + gap(times) + columns.times;
    row.left("WALL TIME", times, theme.dim).skip(GAP);
    if speedups == 0 {
        row.right("SPEED-UP", columns.speedups, theme.dim);
    } else {
        row.text("SPEED-UP", theme.dim);
    }
}

fn arm_line(
    row: &mut PaneRow<'_>,
    cell: &ArmCell,
    columns: &Columns,
    (run, unlike): (usize, bool),
) {
    let theme = row.theme;
    let style = colour(run, theme);
    let [times, speedups] = columns.bars;
    // Times of other work are told, and not put up against the rest.
    let (bar_style, text_style) = if unlike {
        (theme.faint, theme.dim)
    } else {
        (style, theme.text)
    };
    let gauge = |value: f64, interval: Option<Interval>, style| Gauge {
        value: Some(value).filter(|value| *value > 0.0),
        interval: interval.map(|i| i.ends()),
        bound: None,
        ideal: None,
        fill: (theme.glyphs.useful, style),
    };
    row.right(&cell.repeats.to_string(), columns.repeats, theme.dim)
        .skip(1);
    gauge(cell.wall_s, cell.wall_interval, bar_style).draw(row, times, columns.ends[0]);
    let text = time(cell, columns.written[0].then_some(columns.kinds));
    row.right(&text, gap(times) + columns.times, text_style)
        .skip(GAP);
    let value = cell.speedup.unwrap_or(0.0);
    gauge(value, cell.speedup_interval, style).draw(row, speedups, columns.ends[1]);
    let text_style = if cell.is_base {
        theme.dim
    } else {
        theme.accent
    };
    row.right(
        &speedup(cell, columns.written[1].then_some(columns.kinds)),
        gap(speedups) + columns.speedups,
        text_style,
    );
}

/// Cells between a bar and its text; none where there is no bar.
fn gap(bar: u16) -> u16 {
    if bar > 0 { GAP } else { 0 }
}

/// `1.12 s (1.10 to 1.14 s)`.
fn time(cell: &ArmCell, kinds: Option<Kinds>) -> String {
    let median = format::seconds(cell.wall_s);
    match (cell.wall_interval, kinds) {
        (Some(interval), Some(kinds)) => format!("{median} ({})", kinds.seconds_cell(&interval)),
        _ => median,
    }
}

/// `1.93× (1.90 to 1.95)`.
fn speedup(cell: &ArmCell, kinds: Option<Kinds>) -> String {
    let Some(speedup) = cell.speedup else {
        return "none".to_owned();
    };
    if cell.is_base {
        return "base".to_owned();
    }
    let ratio = format::speedup(speedup);
    match cell.speedup_interval.zip(kinds) {
        Some((interval, kinds)) => format!("{ratio} ({})", kinds.cell(&interval)),
        None => ratio,
    }
}

/// The kinds of all intervals that are drawn and written.
fn kinds(comparison: &Comparison) -> Kinds {
    let walls = comparison.cells().filter_map(|cell| cell.wall_interval);
    walls.chain(comparison.speedup_intervals()).collect()
}
