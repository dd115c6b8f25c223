//! What ran where in the repeat that is shown: one row per slot, every task a bar with the letter
//! and the colour of its group.
//!
//! Below it, where there is room, the last finished repeat of each arm, on one scale: what makes
//! one arm faster than another is seen while they take turns.
//!
//! Tasks are recorded when they end, so the newest stretch of every slot is open. A drawing looks
//! at a few tasks per visible cell, however many there are.

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use workbench_clock::seconds;
use workbench_record::{ItemEvent, ItemPhase, RepeatState, RunStatus};
use workbench_report::format;

use crate::kit::text::shared_start;
use crate::kit::{Pane, Scroll, below, cells, safe};
use crate::model::ended::EndedRepeat;
use crate::model::names::repeat_name;
use crate::model::snapshot_view::SnapshotView;
use crate::model::timeline::{Cell, SlotTimeline, Window, cell_of};
use crate::theme::{Theme, letter};
use crate::views::arm_slots::{draw_axis, draw_head, draw_slot as draw_ended_slot};
use crate::views::arm_slots::{step_of, wall_ns};
use crate::views::gantt::draw_cell;

/// Label of a row.
const LABEL: u16 = 5;

/// Where cells were drawn, and what they stand for.
#[derive(Debug, Clone, Copy)]
pub struct Cells {
    area: Rect,
    /// When the first one begins, nanoseconds on the run's clock.
    from_ns: u64,
    /// Nanoseconds that one stands for.
    pub step_ns: u64,
}

impl Cells {
    /// The middle of the time that a cell of the screen stands for.
    pub fn time_at(&self, x: u16, y: u16) -> Option<u64> {
        let cell = u64::from(x.checked_sub(self.area.x)?);
        self.area.contains((x, y).into()).then(|| {
            let begins_ns = cell.saturating_mul(self.step_ns);
            self.from_ns.saturating_add(begins_ns) + self.step_ns / 2
        })
    }
}

/// What there is to draw: the tasks of the repeat that is shown, the last repeats of the arms, and
/// how much coarser cells are than they would be by themselves.
pub struct TimelineParts<'a> {
    /// The tasks by slot.
    pub timeline: &'a SlotTimeline,
    /// The last finished repeats.
    pub ended: &'a [EndedRepeat],
    /// Steps.
    pub stretch: isize,
}

/// What the panel draws.
struct Shown<'a> {
    repeat: &'a RepeatState,
    timeline: &'a SlotTimeline,
    time: Window,
    running: bool,
}

/// Draws the panel; tells where the cells are.
pub fn draw(
    pane: Pane<'_>,
    scroll: &mut Scroll,
    (run, parts): (&SnapshotView<'_>, &TimelineParts<'_>),
) -> Option<Cells> {
    let timeline = parts.timeline;
    let Some(repeat) = run.repeat() else {
        let mut inner = pane.panel(("Timeline of slots", ""));
        inner.nothing("no repeat has begun");
        return None;
    };
    let workers = repeat.id.workers;
    let rows = timeline.rows(workers);
    let lines = pane.area.height.saturating_sub(4);
    // With a cursor, the panel shows what was then.
    let ended = match run.cursor {
        Some(_) => &[],
        None => parts.ended,
    };
    let lower = lower_lines(ended, usize::from(lines).saturating_sub(rows));
    let lines = lines - lower;
    let high = (usize::from(lines) / rows.max(1)).clamp(1, 4) as u16;
    let page = usize::from((lines / high).max(1));
    let columns = pane.area.width.saturating_sub(LABEL + 4);
    let shown = Shown {
        time: Window::of(repeat, run, columns, parts.stretch),
        running: repeat.finished.is_none() && run.snapshot.status == RunStatus::Unfinished,
        repeat,
        timeline,
    };
    let title = title(pane.area.width, run, &shown, pane.theme);
    let (mut inner, window) = pane.scrolled(&title, scroll, (rows, page));
    if lower > 0 {
        let whole = inner.area;
        inner.area.height = whole.height.saturating_sub(lower);
        let place = below(whole, inner.area.height);
        draw_ended(&mut inner.part(place), (ended, run), columns);
    }
    let mut legend = BTreeMap::new();
    for (i, row) in (0..).zip(window) {
        if let Some(slot) = timeline.slot(row, workers) {
            draw_slot(&mut inner.band(i * high, high), slot, &shown, &mut legend);
        }
    }
    draw_times(&mut inner, &shown);
    let area = cells_of(inner.area, columns);
    if let Some(t) = run.cursor {
        if let Some(column) = shown.time.column(t) {
            inner.part(area).mark_column(area.x + column);
        }
        draw_slots_at(&mut inner, &shown, t);
    } else {
        draw_legend(&mut inner, &legend);
    }
    Some(Cells {
        area,
        from_ns: shown.time.from_ns,
        step_ns: shown.time.step_ns,
    })
}

/// Where the cells are in a panel.
fn cells_of(inner: Rect, columns: u16) -> Rect {
    Rect {
        x: inner.x + LABEL.min(inner.width),
        width: columns.min(inner.width.saturating_sub(LABEL)),
        height: inner.height.saturating_sub(2),
        ..inner
    }
}

/// Lines for the last repeats of the arms with their axis, where so many are to spare.
fn lower_lines(ended: &[EndedRepeat], spare: usize) -> u16 {
    let lines = ended.iter().map(lines_of).sum::<usize>() + 1;
    let least = ended
        .first()
        .map_or(usize::MAX, |first| lines_of(first) + 1);
    if spare < least {
        return 0;
    }
    lines.min(spare) as u16
}

/// Lines of a repeat: what it is, and its slots.
fn lines_of(ended: &EndedRepeat) -> usize {
    1 + ended.slots.rows(ended.workers)
}

/// How many slots of each arm have room, so that every arm has some; all of them where not even one
/// of each has.
fn slots_each(ended: &[EndedRepeat], lines: usize) -> usize {
    let most = ended.iter().map(|arm| lines_of(arm) - 1).max().unwrap_or(0);
    let needs = |slots: usize| -> usize {
        let of = |arm: &EndedRepeat| 1 + (lines_of(arm) - 1).min(slots);
        ended.iter().map(of).sum()
    };
    (1..=most)
        .rev()
        .find(|slots| needs(*slots) <= lines)
        .unwrap_or(most)
}

/// Draws the last finished repeats of the arms, as many as there is room for.
fn draw_ended(
    place: &mut Pane<'_>,
    (ended, run): (&[EndedRepeat], &SnapshotView<'_>),
    columns: u16,
) {
    let theme = place.theme;
    let last = place.area.height.saturating_sub(1);
    let of = |arm: &EndedRepeat| run.snapshot.repeats.get(arm.at);
    let longest = ended.iter().filter_map(of).map(wall_ns).max();
    let step = step_of(longest.unwrap_or(0), columns);
    let scale = (LABEL, step, columns);
    let most = slots_each(ended, usize::from(last));
    let (mut line, mut left) = (0, ended.len());
    for arm in ended {
        let Some(repeat) = of(arm) else { continue };
        let slots = (lines_of(arm) - 1).min(most);
        if usize::from(line) + 1 + slots > usize::from(last) {
            break;
        }
        left -= 1;
        draw_head(&mut place.band(line, 1), (arm, repeat), slots);
        for at in 0..slots {
            line += 1;
            draw_ended_slot(&mut place.band(line, 1), (arm, repeat), at, scale);
        }
        line += 1;
    }
    draw_axis(place, last, scale, 0);
    if left > 0 {
        let more = format!("+{left} more, without room");
        place.row(last).last(cells(&more)).text(&more, theme.dim);
    }
}

/// How many items are in which state: `2 running, 31 paused, 12 done`. An event that has settings
/// begins an item.
fn lives(events: &[(u64, ItemEvent)]) -> Option<String> {
    let count = |is_it: &dyn Fn(&ItemEvent) -> bool| {
        let events = events.iter().filter(|(_, event)| event.is_change());
        events.filter(|(_, event)| is_it(event)).count()
    };
    let of = |phase| count(&|event| event.phase == phase);
    let begun = count(&|event| !event.settings.is_empty());
    let goes = |event: &ItemEvent| event.phase == ItemPhase::Running && event.failure.is_none();
    let resumed = count(&|event| goes(event) && event.settings.is_empty());
    let ended = [ItemPhase::Done, ItemPhase::Stopped, ItemPhase::Failed];
    let gone: usize = ended.into_iter().map(of).sum();
    let paused = of(ItemPhase::Paused).saturating_sub(resumed);
    let running = begun.saturating_sub(gone + paused);
    let told = [(ItemPhase::Running, running), (ItemPhase::Paused, paused)];
    let told = told
        .into_iter()
        .chain(ended.map(|phase| (phase, of(phase))));
    let told = told.filter(|(_, count)| *count > 0);
    let told: Vec<String> = told
        .map(|(phase, n)| format!("{n} {}", phase.name()))
        .collect();
    (begun > 0).then(|| told.join(", "))
}

fn title(width: u16, run: &SnapshotView<'_>, shown: &Shown<'_>, theme: &Theme) -> String {
    let dot = theme.glyphs.dot;
    let id = &shown.repeat.id;
    let cell = match run.cursor {
        None => format!("1 cell = {}", stretch_of(shown.time.step_ns)),
        Some(t) => {
            let since = t.saturating_sub(shown.repeat.started_ns);
            let tasks = &shown.repeat.tasks;
            let busy = shown.timeline.slots.keys();
            let busy = busy.filter(|slot| shown.timeline.task_at(**slot, t, tasks).is_some());
            let at = stretch_of(whole_ms(since));
            format!("at {at}: {} of {} busy", busy.count(), id.workers)
        }
    };
    if width < 70 {
        format!("Timeline {dot} {cell}")
    } else {
        let name = repeat_name(id, run.repeats_each());
        let lives = lives(&shown.repeat.items);
        let lives = lives.map_or_else(String::new, |lives| format!(" {dot} {lives}"));
        format!("Timeline {dot} {name}{lives} {dot} {cell}")
    }
}

fn draw_slot(
    place: &mut Pane<'_>,
    slot: u32,
    shown: &Shown<'_>,
    legend: &mut BTreeMap<u32, Arc<str>>,
) {
    let (theme, tasks, time) = (place.theme, &shown.repeat.tasks, &shown.time);
    let list = shown
        .timeline
        .slots
        .get(&slot)
        .map_or(&[][..], Vec::as_slice);
    let cell = |column: u16| {
        let (from, to) = time.cell(column);
        if from >= time.end_ns || to <= shown.repeat.started_ns {
            Cell::Outside
        } else {
            cell_of(list, tasks, (from, to), shown.running)
        }
    };
    let cells: Vec<Cell> = (0..time.columns).map(cell).collect();
    for task in cells.iter().filter_map(|cell| cell.task(tasks)) {
        let name = || Arc::clone(&task.name);
        legend.entry(task.group).or_insert_with(name);
    }
    let height = place.area.height;
    let filled = height - u16::from(height > 1);
    for line in 0..filled {
        let mut row = place.row(line);
        let label = (line == 0).then(|| slot.to_string());
        row.right(&label.unwrap_or_default(), LABEL - 1, theme.dim)
            .skip(1);
        let mut before = Cell::Outside;
        for cell in &cells {
            draw_cell(&mut row, (before, *cell), (line == 0, time.step_ns), tasks);
            before = *cell;
        }
    }
}

/// Times since the start of the repeat, where there is room for them.
fn draw_times(inner: &mut Pane<'_>, shown: &Shown<'_>) {
    if inner.area.height < 3 {
        return;
    }
    let line = inner.area.height - 2;
    let time = &shown.time;
    let first = time.from_ns.saturating_sub(shown.repeat.started_ns) / time.step_ns;
    draw_axis(inner, line, (LABEL, time.step_ns, time.columns), first);
}

fn stretch_of(ns: u64) -> String {
    format::stretch(seconds(ns))
}

/// Without digits that nobody reads.
fn whole_ms(ns: u64) -> u64 {
    if ns < 10_000_000 {
        ns
    } else {
        ns / 1_000_000 * 1_000_000
    }
}

/// What ran on every slot at a time, as far as there is room.
fn draw_slots_at(inner: &mut Pane<'_>, shown: &Shown<'_>, t_ns: u64) {
    let theme = inner.theme;
    if inner.area.height < 4 {
        return;
    }
    let (timeline, tasks) = (shown.timeline, &shown.repeat.tasks);
    let workers = shown.repeat.id.workers;
    let mut row = inner.row(inner.area.height - 1);
    row.skip(LABEL);
    for slot in (0..timeline.rows(workers)).filter_map(|at| timeline.slot(at, workers)) {
        let task = timeline.task_at(slot, t_ns, tasks);
        let text = match task {
            Some(task) => {
                let since = whole_ms(t_ns.saturating_sub(task.started_ns));
                format!("{} for {}", safe(&task.name), stretch_of(since))
            }
            None if shown.running && timeline.is_open(slot, t_ns, tasks) => {
                "not ended yet".to_owned()
            }
            None => "idle".to_owned(),
        };
        let label = format!("{slot}: ");
        if row.rest() < cells(&label) + cells(&text) + 3 {
            row.text(theme.glyphs.cut, theme.dim);
            break;
        }
        let style = task.map_or(theme.dim, |task| theme.series(task.group as usize));
        row.text(&label, theme.dim).text(&text, style).skip(2);
    }
}

fn draw_legend(inner: &mut Pane<'_>, legend: &BTreeMap<u32, Arc<str>>) {
    let theme = inner.theme;
    let width = inner.area.width;
    if inner.area.height < 4 {
        return;
    }
    let mut row = inner.row(inner.area.height - 1);
    row.skip(LABEL);
    let marks = format!(
        "{} idle  {} not ended yet",
        theme.glyphs.waiting, theme.glyphs.open
    );
    // What the two marks mean is told where the names leave room.
    let kept = if width >= 70 { cells(&marks) + 2 } else { 0 };
    let names: Vec<(u32, String)> = legend.iter().map(|(g, name)| (*g, safe(name))).collect();
    let shared = shared_start(names.iter().map(|(_, name)| name.as_str()));
    row.text(
        names.first().map_or("", |(_, name)| &name[..shared]),
        theme.dim,
    )
    .skip(u16::from(shared > 0));
    for (group, name) in &names {
        let name = &name[shared..];
        if row.rest() < kept + cells(name) + 4 {
            if row.rest() > kept + 2 {
                row.text(theme.glyphs.cut, theme.dim);
            }
            break;
        }
        let bold = theme.series(*group as usize).add_modifier(Modifier::BOLD);
        row.cell(letter(*group), bold)
            .skip(1)
            .text(name, theme.dim)
            .skip(2);
    }
    if kept == 0 {
        return;
    }
    row.last(cells(&marks)).text(&marks, theme.dim);
}
