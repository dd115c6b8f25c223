//! Every core with its busy share now and its recent past, and what the process itself uses.
//!
//! Few cores get a line each with a bar, a number and a strip of history as high as there is room;
//! many share columns; very many become one cell each, over the history of them all.

use ratatui::layout::Rect;
use workbench_clock::seconds;
use workbench_machine::monitor::Sample;
use workbench_report::format;

use super::past::Past;
use crate::kit::{Pane, Scroll, band, column};
use crate::model::history::Line;
use crate::model::snapshot_view::SnapshotView;
use crate::theme::Theme;

/// Columns that a core's line needs at least: number, share, some history.
const LINE: u16 = 24;
/// Lines that this process's own figures take.
const PROCESS_LINES: u16 = 2;
/// From this width on, a core's line also has its clock and what the hypervisor takes.
const WIDE: u16 = 60;
/// Columns of the labels of the process's lines.
const LABEL: u16 = 9;
/// A strip of history is no higher than this.
const HIGHEST: u16 = 12;

/// Lines that `cores` take side by side on `width` columns, one cell per core where they are many.
pub fn rows_for(cores: u16, width: u16) -> u16 {
    let abreast = (width / LINE).max(1);
    let lines = cores.max(1).div_ceil(abreast);
    if lines <= 16 {
        cores
            .max(1)
            .div_ceil(abreast.min(cores.max(1).div_ceil(8)).max(1))
    } else {
        cores.div_ceil(per_row(width)).saturating_add(4)
    }
}

/// Columns of the number in front of a matrix line.
const NUMBER: u16 = 4;

/// Cells of a matrix line: a multiple of 16, so that numbers stay easy to count, or all
/// where few fit.
fn per_row(width: u16) -> u16 {
    [64, 48, 32, 16]
        .into_iter()
        .find(|n| n + NUMBER <= width)
        .unwrap_or(8)
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, run: &SnapshotView<'_>, past: &mut Past<'_>) {
    let theme = pane.theme;
    let cores = run.cores();
    let step = format::stretch(seconds(past.column_ns()));
    let title = title(run, theme);
    let mut inner = pane.panel((&title, &format!("1 column = {step}")));
    let Some(sample) = run.sample() else {
        inner.nothing("no sample yet");
        return;
    };
    let small = u16::try_from(cores).unwrap_or(u16::MAX);
    draw_all(&mut inner, small, scroll, (run, sample), past);
}

/// How many cores there are, or how many were busy at the cursor.
fn title(run: &SnapshotView<'_>, theme: &Theme) -> String {
    let dot = theme.glyphs.dot;
    match (run.cursor.zip(run.sample()), run.started()) {
        (Some((t, sample)), _) => {
            let busy: f32 = sample.cores.iter().sum();
            let at = format::moment(seconds(t));
            format!(
                "Cores {dot} at {at}: {busy:.2} of {} busy",
                sample.cores.len()
            )
        }
        (None, Some(started)) => format!(
            "Cores {dot} {} usable of {}",
            format::number(started.machine.cores_usable),
            started.machine.cores_logical
        ),
        (None, None) => "Cores".to_owned(),
    }
}

/// The cores in the form that fits, and below them the process.
fn draw_all(
    inner: &mut Pane<'_>,
    small: u16,
    scroll: &mut Scroll,
    (run, sample): (&SnapshotView<'_>, &Sample),
    past: &mut Past<'_>,
) {
    // The process has two lines; where cores get more than a line each, so do these.
    let least = PROCESS_LINES.min(inner.area.height / 3);
    let abreast = columns_abreast(
        small,
        Rect {
            height: inner.area.height - least,
            ..inner.area
        },
    );
    let rows = abreast.map_or(inner.area.height, |n| small.div_ceil(n));
    let unit = (inner.area.height / (rows + PROCESS_LINES)).clamp(1, HIGHEST);
    let foot_height = if least < PROCESS_LINES {
        least
    } else {
        PROCESS_LINES * unit
    };
    let body = Rect {
        height: inner.area.height - foot_height,
        ..inner.area
    };
    match abreast {
        Some(abreast) => lines(&mut inner.part(body), (abreast, unit), sample, past),
        None => matrix(&mut inner.part(body), scroll, sample, past),
    }
    let foot_top = if abreast.is_some() {
        body.y + rows * unit
    } else {
        body.bottom()
    };
    let foot = Rect {
        y: foot_top,
        height: foot_height,
        ..inner.area
    };
    process_lines(&mut inner.part(foot), unit, (run, sample), past);
}

/// The fewest columns of cores that fit; `None` where they do not fit at all.
fn columns_abreast(cores: u16, body: Rect) -> Option<u16> {
    let most = (body.width / LINE).max(1);
    (1..=most).find(|n| cores.div_ceil(*n) <= body.height)
}

fn lines(body: &mut Pane<'_>, (abreast, high): (u16, u16), sample: &Sample, past: &mut Past<'_>) {
    let cores = sample.cores.len() as u16;
    let per_column = cores.div_ceil(abreast).max(1);
    for core in 0..cores {
        let place = column(body.area, core / per_column, abreast);
        let place = band(place, core % per_column * high, high);
        one_core(&mut body.part(place), usize::from(core), sample, past);
    }
}

fn one_core(place: &mut Pane<'_>, core: usize, sample: &Sample, past: &mut Past<'_>) {
    let (theme, width) = (place.theme, place.area.width);
    let share = f64::from(sample.cores.get(core).copied().unwrap_or(0.0));
    let bar = if width >= 46 { 10 } else { 0 };
    let mut row = place.row(0);
    row.right(&core.to_string(), 3, theme.dim).skip(1);
    if bar > 0 {
        row.bar(share, bar, theme.heat(share));
    }
    row.right(&format!("{:.0} %", share * 100.0), 6, theme.text)
        .skip(1);
    let mhz = sample.mhz.get(core).copied().filter(|mhz| *mhz > 0);
    if width >= WIDE {
        let clock = mhz.map_or_else(String::new, |mhz| {
            format!("{:.2} GHz", f64::from(mhz) / 1000.0)
        });
        row.right(&clock, 8, theme.dim).skip(1);
    }
    if !sample.steal.is_empty() && width >= WIDE {
        let steal = sample.steal.get(core).copied().unwrap_or(0.0);
        let text = if steal > 0.02 {
            format!("steal {:.0} %", steal * 100.0)
        } else {
            String::new()
        };
        row.left(&text, 10, theme.warn);
    }
    let left = row.rest();
    past.beside(place, left, (Line::Core(core), None));
}

/// One cell per core, and below it the history of all.
fn matrix(body: &mut Pane<'_>, scroll: &mut Scroll, sample: &Sample, past: &mut Past<'_>) {
    let theme = body.theme;
    let per_row = usize::from(per_row(body.area.width));
    // A gap after every 16 cells, where there is room for it.
    let gap =
        u16::from(per_row + per_row / 16 + usize::from(NUMBER) <= usize::from(body.area.width));
    let rows = sample.cores.len().div_ceil(per_row);
    let lines = u16::try_from(rows).unwrap_or(u16::MAX);
    let spare = body.area.height.saturating_sub(lines);
    let high = match (spare, body.area.height) {
        (2.., _) => spare.min(HIGHEST),
        (_, 8..) => body.area.height / 3,
        _ => 0,
    };
    let window = scroll.window(rows, usize::from(body.area.height - high));
    let shown = window.len() as u16;
    for (line, row_index) in (0..).zip(window) {
        let first = row_index * per_row;
        let mut row = body.row(line);
        row.right(&first.to_string(), NUMBER - 1, theme.dim).skip(1);
        for (i, share) in sample.cores[first..].iter().take(per_row).enumerate() {
            if i > 0 && i % 16 == 0 {
                row.skip(gap);
            }
            let share = f64::from(*share);
            row.cell(theme.glyphs.level(share.max(0.01)), theme.heat(share));
        }
    }
    if high > 1 {
        let area = Rect {
            y: body.area.y + shown,
            height: high.min(body.area.height - shown),
            ..body.area
        };
        let mean = sample.cores.iter().sum::<f32>() / sample.cores.len().max(1) as f32;
        let mut row = body.part(area).into_row(area.height - 1);
        row.text(&format!("all {:>3.0} % ", mean * 100.0), theme.text);
        let left = row.rest();
        let area = Rect {
            x: area.right() - left,
            width: left,
            y: area.y + 1,
            height: area.height - 1,
        };
        past.draw(&mut body.part(area), (Line::AllCores, None));
    }
}

fn process_lines(
    foot: &mut Pane<'_>,
    unit: u16,
    (run, sample): (&SnapshotView<'_>, &Sample),
    past: &mut Past<'_>,
) {
    let theme = foot.theme;
    let facts = run.started().map(|s| &s.machine);
    let usable = facts.map_or(0.0, |f| f.cores_usable);
    let total = facts.map_or(0, |f| f.memory_bytes);
    let memory = if total > 0 {
        format::bytes_of(sample.rss_bytes, total)
    } else {
        format::bytes(sample.rss_bytes)
    };
    let cpu = format!(
        "{:.2} of {} cores",
        sample.process_cores,
        format::number(usable)
    );
    // Below the strips of the cores, where those start that far to the right.
    let start = match (foot.area.width >= WIDE, sample.steal.is_empty()) {
        (true, false) => 40,
        _ => 29,
    };
    for (i, (label, value, which)) in (0..).zip([
        ("process", cpu, Line::Process),
        ("memory", memory, Line::Memory),
    ]) {
        let mut place = foot.band(i * unit, unit);
        let mut row = place.row(0);
        row.left(label, LABEL, theme.dim)
            .left(&value, start - LABEL, theme.text);
        let left = row.rest();
        let style = (which == Line::Memory).then(|| theme.series(5));
        past.beside(&mut place, left, (which, style));
    }
}
