//! Arms side by side: for every arm a line per run, with bars of its median wall time and of its speed-up, and their
//! intervals drawn and written.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_report::format;

use super::{colour, name_run};
use crate::theme::Theme;
use crate::views::text::arm_on_workers;
use crate::views::widgets::{Row, Scroll, inset, panel, position, width};
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
        let cells = || {
            comparison
                .arms
                .iter()
                .flat_map(|a| a.cells.iter().flatten())
        };
        let widest = |text: &dyn Fn(&ArmCell) -> String| {
            cells().map(|cell| width(&text(cell))).max().unwrap_or(0)
        };
        let end = |values: fn(&ArmCell) -> [f64; 2]| {
            let all = cells().flat_map(values).filter(|v| v.is_finite());
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
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    (scroll, speedups): (&mut Scroll, bool),
    comparison: &Comparison,
    theme: &Theme,
) {
    let lines = lines(comparison);
    let window = scroll.window(lines.len(), usize::from(area.height.saturating_sub(4)));
    let place = position(&window, lines.len());
    let base = comparison
        .common_base()
        .map_or_else(|| "each run's base".to_owned(), str::to_owned);
    let title = format!("Arms: median wall time, and speed-up against {base}");
    let inner = inset(panel(buf, area, (&title, &place), focused, theme));
    if lines.is_empty() {
        Row::new(buf, inner, 0).text("no run has finished a repeat", theme.dim, theme);
        return;
    }
    let columns = Columns::of(comparison, inner.width, speedups);
    heads(&mut Row::new(buf, inner, 0), &columns, theme);
    for (line, (arm, run)) in (1..).zip(&lines[window]) {
        let mut row = Row::new(buf, inner, line);
        let Some(run) = *run else {
            row.text(&arm_on_workers(&arm.name, arm.workers), theme.title, theme);
            continue;
        };
        name_run(&mut row, run, comparison.runs[run].letter, theme);
        let unlike = arm.unlike[run].is_some();
        let warning = if unlike { theme.glyphs.warning } else { " " };
        row.cell(warning, theme.bad).skip(1);
        match &arm.cells[run] {
            Some(cell) => arm_line(&mut row, cell, &columns, (run, unlike), theme),
            None => drop(row.text("not finished", theme.dim, theme)),
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
    Row::new(buf, inner, inner.height.saturating_sub(1)).text(&legend, theme.dim, theme);
}

/// What the bars are, above them.
fn heads(row: &mut Row<'_>, columns: &Columns, theme: &Theme) {
    row.skip(NAME);
    let [times, speedups] = columns.bars;
    let times = times + gap(times) + columns.times;
    row.left("WALL TIME", times, theme.dim, theme).skip(GAP);
    if speedups == 0 {
        row.right("SPEED-UP", columns.speedups, theme.dim, theme);
    } else {
        row.text("SPEED-UP", theme.dim, theme);
    }
}

fn arm_line(
    row: &mut Row<'_>,
    cell: &ArmCell,
    columns: &Columns,
    (run, unlike): (usize, bool),
    theme: &Theme,
) {
    let style = colour(run, theme);
    let [times, speedups] = columns.bars;
    // Times of other work are told, and not put up against the rest.
    let (bar_style, text_style) = if unlike {
        (theme.faint, theme.dim)
    } else {
        (style, theme.text)
    };
    bar(
        row,
        (cell.wall_s, cell.wall_ci95),
        (columns.ends[0], times),
        bar_style,
        theme,
    );
    row.right(
        &time(cell, columns.written[0]),
        gap(times) + columns.times,
        text_style,
        theme,
    )
    .skip(GAP);
    let value = cell.speedup.unwrap_or(0.0);
    bar(
        row,
        (value, cell.speedup_ci95),
        (columns.ends[1], speedups),
        style,
        theme,
    );
    let text_style = if cell.is_base {
        theme.dim
    } else {
        theme.accent
    };
    row.right(
        &speedup(cell, columns.written[1]),
        gap(speedups) + columns.speedups,
        text_style,
        theme,
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
        Some([low, high]) if written => {
            let (low, high) = (format::seconds(low), format::seconds(high));
            // One unit is enough for both ends.
            let low = match (low.split_once(' '), high.split_once(' ')) {
                (Some((number, unit)), Some((_, same))) if unit == same => number,
                _ => &low,
            };
            format!("{median} ({low} to {high})")
        }
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

/// A bar from nothing to a value, with its interval over its end; the value is marked inside a wide interval.
fn bar(
    row: &mut Row<'_>,
    (value, interval): (f64, Option<[f64; 2]>),
    (end, columns): (f64, u16),
    style: Style,
    theme: &Theme,
) {
    let columns = columns.min(row.rest());
    let Some(last) = columns.checked_sub(1) else {
        return;
    };
    let column = |value: f64| {
        let share = if value.is_finite() {
            (value / end).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (share * f64::from(last)).round() as u16
    };
    let g = &theme.glyphs;
    let filled = column(value);
    let ends = interval.map(|[low, high]| (column(low), column(high)));
    for at in 0..columns {
        let over = match ends {
            Some((low, high)) if low == high && at == low => Some(g.point),
            Some((low, high)) if low < at && at < high && at == filled => Some(g.point),
            Some((low, _)) if at == low => Some(g.low),
            Some((_, high)) if at == high => Some(g.high),
            Some((low, high)) if low < at && at < high => Some(g.between),
            _ => None,
        };
        match over {
            Some(glyph) => row.cell(glyph, theme.text),
            None if at <= filled && value > 0.0 => row.cell(g.useful(), style),
            None => row.cell(" ", theme.faint),
        };
    }
}
