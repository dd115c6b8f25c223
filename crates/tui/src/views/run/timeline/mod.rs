//! What ran where in the repeat under way: one row per slot, every task a bar with the letter and the colour of its group.
//!
//! Tasks are recorded when they end, so the newest stretch of every slot is open. Tasks are put into a list per slot once,
//! when they are new; a drawing then looks at a few of them per visible cell, however many there are.

mod index;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::RunStatus;

use crate::theme::{Theme, letter};
use crate::views::run::look::{Current, Look};
use crate::views::text::{repeat_name, safe, span};
use crate::views::widgets::{Row, Scroll, inset, mark_column, panel, position, width};

pub use index::Timeline;
use index::{Cell, Window, look_at};

/// Label of a row.
const LABEL: u16 = 5;

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    look: &Look<'_>,
    timeline: &mut Timeline,
    theme: &Theme,
) {
    timeline.drawn = None;
    let Some(current) = look.shown() else {
        let inner = panel(buf, area, ("Timeline of slots", ""), focused, theme);
        Row::new(buf, inner, 0)
            .skip(1)
            .text("no repeat has begun", theme.dim, theme);
        return;
    };
    timeline.update(&current);
    let workers = current.state.id.workers;
    let rows = timeline.rows(workers);
    let lines = area.height.saturating_sub(4);
    let high = (usize::from(lines) / rows.max(1)).clamp(1, 4) as u16;
    let window = scroll.window(rows, usize::from((lines / high).max(1)));
    let note = position(&window, rows);
    let time = Window::of(
        &current,
        look,
        area.width.saturating_sub(LABEL + 4),
        timeline.stretch,
    );
    let title = title(area.width, &current, look, (timeline, &time), theme);
    let inner = panel(buf, area, (&title, &note), focused, theme);
    let inner = inset(inner);
    let running = current.finished.is_none() && look.status() == RunStatus::Unfinished;
    let mut legend = BTreeMap::new();
    for (i, row) in (0..).zip(window) {
        let Some(slot) = timeline.slot(row, workers) else {
            continue;
        };
        let place = Rect {
            y: inner.y + i * high,
            height: high,
            ..inner
        }
        .intersection(inner);
        draw_slot(
            buf,
            place,
            slot,
            &time,
            (&current, running),
            timeline,
            &mut legend,
            theme,
        );
    }
    draw_axis(buf, inner, &time, current.state.started_ns, theme);
    let cells = Rect {
        x: inner.x + LABEL.min(inner.width),
        width: time.columns.min(inner.width.saturating_sub(LABEL)),
        height: inner.height.saturating_sub(2),
        ..inner
    };
    timeline.drawn = Some((cells, time.from_ns, time.step_ns));
    match look.cursor() {
        Some(t) => {
            if let Some(column) = time.column(t) {
                mark_column(buf, cells, cells.x + column, theme);
            }
            draw_slots_at(buf, inner, (&current, timeline), (t, running), theme);
        }
        None => draw_legend(buf, inner, &legend, theme),
    }
}

fn title(
    width: u16,
    current: &Current<'_>,
    look: &Look<'_>,
    (timeline, time): (&Timeline, &Window),
    theme: &Theme,
) -> String {
    let cell = match look.cursor() {
        None => format!("1 cell = {}", span_of(time.step_ns)),
        Some(t) => {
            let since = t.saturating_sub(current.state.started_ns);
            let workers = current.state.id.workers;
            let busy = timeline.slots.keys();
            let busy = busy.filter(|slot| timeline.task_at(**slot, t, current.tasks).is_some());
            format!(
                "at {}: {} of {workers} busy",
                span_of(whole_ms(since)),
                busy.count()
            )
        }
    };
    if width < 70 {
        format!("Timeline {} {cell}", theme.glyphs.dot)
    } else {
        let name = repeat_name(&current.state.id, look.repeats_each());
        format!(
            "Timeline {} {name} {} {cell}",
            theme.glyphs.dot, theme.glyphs.dot
        )
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one row needs all that the panel knows"
)]
fn draw_slot(
    buf: &mut Buffer,
    place: Rect,
    slot: u32,
    time: &Window,
    (current, running): (&Current<'_>, bool),
    timeline: &mut Timeline,
    legend: &mut BTreeMap<u32, Arc<str>>,
    theme: &Theme,
) {
    let filled = if place.height > 1 {
        place.height - 1
    } else {
        1
    };
    let none = Vec::new();
    let list = timeline.slots.get(&slot).unwrap_or(&none);
    let mut looked_at = 0;
    let mut cells = Vec::with_capacity(usize::from(time.columns));
    for column in 0..time.columns {
        let (from, to) = time.cell(column);
        let outside = from >= time.end_ns || to <= current.state.started_ns;
        cells.push(if outside {
            Cell::Outside
        } else {
            look_at(list, current.tasks, (from, to), running, &mut looked_at)
        });
    }
    timeline.looked_at += looked_at;
    for line in 0..filled.min(place.height) {
        let mut row = Row::new(buf, place, line);
        let label = if line == 0 {
            slot.to_string()
        } else {
            String::new()
        };
        row.right(&label, LABEL - 1, theme.dim, theme).skip(1);
        let mut before = Cell::Outside;
        for cell in &cells {
            draw_cell(
                &mut row,
                (before, *cell),
                (line == 0, time.step_ns),
                current.tasks,
                theme,
            );
            if let (Some(task), 0) = (cell.task(current.tasks), line) {
                legend
                    .entry(task.group)
                    .or_insert_with(|| Arc::clone(&task.name));
            }
            before = *cell;
        }
    }
}

fn draw_cell(
    row: &mut Row<'_>,
    (before, cell): (Cell, Cell),
    (labelled, step_ns): (bool, u64),
    tasks: &[TaskSpan],
    theme: &Theme,
) {
    let glyphs = &theme.glyphs;
    let Some(task) = cell.task(tasks) else {
        let glyph = match cell {
            Cell::Idle => glyphs.waiting,
            Cell::Open => glyphs.open,
            Cell::Outside | Cell::Task(_) | Cell::Many(_) => " ",
        };
        row.cell(glyph, theme.faint);
        return;
    };
    let style = theme.series(task.group as usize);
    // Tasks of less than two cells would be all notches.
    let short = task.wall_ns() < 2 * step_ns;
    let new_group = before.task(tasks).is_none_or(|t| t.group != task.group);
    match task.outcome {
        Outcome::Failed | Outcome::Panicked => row.cell(glyphs.failed, theme.bad),
        Outcome::Cancelled => row.cell(glyphs.failed, theme.dim),
        // A letter where a group begins, a notch where the next task of the same group begins.
        Outcome::Done if new_group && labelled && theme.has_colour() => {
            row.cell(letter(task.group), style.add_modifier(Modifier::REVERSED))
        }
        Outcome::Done if new_group && labelled => {
            row.cell(letter(task.group), style.add_modifier(Modifier::BOLD))
        }
        Outcome::Done if short || matches!(cell, Cell::Many(_)) => row.cell(glyphs.many, style),
        Outcome::Done if before != cell => row.cell(glyphs.notch, style),
        Outcome::Done if theme.has_colour() && !glyphs.ascii => row.cell(glyphs.useful(), style),
        Outcome::Done => row.cell(glyphs.pattern(task.group as usize), style),
    };
}

/// Times since the start of the repeat, every 16 cells or so.
fn draw_axis(buf: &mut Buffer, inner: Rect, time: &Window, started_ns: u64, theme: &Theme) {
    if inner.height < 3 {
        return;
    }
    let line = inner.height - 2;
    let every = 20;
    let first = (time.from_ns.saturating_sub(started_ns)) / time.step_ns;
    for column in 0..time.columns {
        let cell = first + u64::from(column);
        if !cell.is_multiple_of(every) || column + 8 > time.columns {
            continue;
        }
        let at = span_of(cell.saturating_mul(time.step_ns));
        let tick = if theme.glyphs.ascii { "'" } else { "╵" };
        Row::new(buf, inner, line)
            .skip(LABEL + column)
            .cell(tick, theme.dim)
            .text(&at, theme.dim, theme);
    }
}

/// A time that is a small multiple of a round one, without zeros that mean nothing: `15 ms`, `1.5 s`, `2 min`.
fn span_of(ns: u64) -> String {
    let ms = ns as f64 / 1e6;
    if ns > 0 && ms < 1000.0 {
        format!("{} ms", (ms * 100.0).round() / 100.0)
    } else if ms < 10_000.0 {
        format!("{} s", (ms / 10.0).round() / 100.0)
    } else {
        span(ms / 1000.0)
    }
}

/// Without digits that nobody reads.
fn whole_ms(ns: u64) -> u64 {
    if ns < 10_000_000 {
        ns
    } else {
        ns / 1_000_000 * 1_000_000
    }
}

/// Bytes of the start that all names share, up to an equals sign or a space: told once, it leaves room for more names.
fn shared_start(names: &[(u32, String)]) -> usize {
    let Some(((_, first), rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return 0;
    };
    let same = |other: &str| {
        first
            .bytes()
            .zip(other.bytes())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let common = rest.iter().map(|(_, name)| same(name)).min().unwrap_or(0);
    let start = first.as_bytes().get(..common).unwrap_or_default();
    start
        .iter()
        .rposition(|b| matches!(b, b'=' | b' '))
        .map_or(0, |at| at + 1)
}

/// What ran on every slot at a time, as far as there is room.
fn draw_slots_at(
    buf: &mut Buffer,
    inner: Rect,
    (current, timeline): (&Current<'_>, &Timeline),
    (t_ns, running): (u64, bool),
    theme: &Theme,
) {
    if inner.height < 4 {
        return;
    }
    let workers = current.state.id.workers;
    let mut row = Row::new(buf, inner, inner.height - 1);
    row.skip(LABEL);
    for at in 0..timeline.rows(workers) {
        let Some(slot) = timeline.slot(at, workers) else {
            continue;
        };
        let task = timeline.task_at(slot, t_ns, current.tasks);
        let text = match task {
            Some(task) => format!(
                "{} for {}",
                safe(&task.name),
                span_of(whole_ms(t_ns.saturating_sub(task.started_ns)))
            ),
            None if running && timeline.is_open(slot, t_ns, current.tasks) => {
                "not ended yet".to_owned()
            }
            None => "idle".to_owned(),
        };
        let label = format!("{slot}: ");
        if row.rest() < width(&label) + width(&text) + 3 {
            row.text(theme.glyphs.cut, theme.dim, theme);
            break;
        }
        let style = task.map_or(theme.dim, |task| theme.series(task.group as usize));
        row.text(&label, theme.dim, theme)
            .text(&text, style, theme)
            .skip(2);
    }
}

fn draw_legend(buf: &mut Buffer, inner: Rect, legend: &BTreeMap<u32, Arc<str>>, theme: &Theme) {
    if inner.height < 4 {
        return;
    }
    let mut row = Row::new(buf, inner, inner.height - 1);
    row.skip(LABEL);
    let marks = format!(
        "{} idle  {} not ended yet",
        theme.glyphs.waiting, theme.glyphs.open
    );
    // What the two marks mean is told where the names leave room.
    let kept = if inner.width >= 70 {
        width(&marks) + 2
    } else {
        0
    };
    let names: Vec<(u32, String)> = legend.iter().map(|(g, name)| (*g, safe(name))).collect();
    let shared = shared_start(&names);
    row.text(
        names.first().map_or("", |(_, name)| &name[..shared]),
        theme.dim,
        theme,
    )
    .skip(u16::from(shared > 0));
    for (group, name) in &names {
        let name = &name[shared..];
        if row.rest() < kept + width(name) + 4 {
            if row.rest() > kept + 2 {
                row.text(theme.glyphs.cut, theme.dim, theme);
            }
            break;
        }
        let bold = theme.series(*group as usize).add_modifier(Modifier::BOLD);
        row.cell(letter(*group), bold)
            .skip(1)
            .text(name, theme.dim, theme)
            .skip(2);
    }
    if kept == 0 {
        return;
    }
    row.last(width(&marks)).text(&marks, theme.dim, theme);
}
