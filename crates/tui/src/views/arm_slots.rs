//! Repeats of arms on one scale of time, a line per slot: on Run the last of each arm, in a result
//! the median one.

use workbench_clock::seconds;
use workbench_record::RepeatState;
use workbench_report::format;

use super::gantt::draw_cell;
use crate::kit::{Pane, cells};
use crate::model::ended::EndedRepeat;
use crate::model::names::arm_on_workers;
use crate::model::timeline::{Cell, STEPS, cell_of, step_ns};

/// Cells between two times of the axis.
const TICKS: u64 = 20;

/// Wall time of a repeat in nanoseconds; 0 where it has not finished.
pub fn wall_ns(repeat: &RepeatState) -> u64 {
    repeat.finished.as_ref().map_or(0, |done| done.wall_ns)
}

/// Nanoseconds per cell: the finest step with which the longest repeat fits.
pub fn step_of(longest_ns: u64, columns: u16) -> u64 {
    let columns = u64::from(columns.max(1));
    let fits = (0..STEPS).find(|step| longest_ns.div_ceil(step_ns(*step)) <= columns);
    step_ns(fits.unwrap_or(STEPS - 1))
}

/// Draws which repeat it is, how long it took, and how many of its slots have room.
pub fn draw_head(place: &mut Pane<'_>, (arm, repeat): (&EndedRepeat, &RepeatState), slots: usize) {
    let theme = place.theme;
    let name = arm_on_workers(&arm.arm, arm.workers);
    let wall = format::seconds(seconds(wall_ns(repeat)));
    let part = match arm.slots.rows(arm.workers) {
        all if all > slots => format!(", {slots} of {all} slots"),
        _ => String::new(),
    };
    place
        .row(0)
        .text(&name, theme.title)
        .text(&format!(", {wall}{part}"), theme.dim);
}

/// Draws a slot after a label of so many columns.
pub fn draw_slot(
    place: &mut Pane<'_>,
    (arm, repeat): (&EndedRepeat, &RepeatState),
    at: usize,
    (label, step, columns): (u16, u64, u16),
) {
    let theme = place.theme;
    let slot = arm.slots.slot(at, arm.workers);
    let list = slot.and_then(|slot| arm.slots.slots.get(&slot));
    let list = list.map_or(&[][..], Vec::as_slice);
    let name = slot.map_or_else(String::new, |slot| slot.to_string());
    let mut line = place.row(0);
    line.right(&name, label.saturating_sub(1), theme.dim)
        .skip(1);
    let mut before = Cell::Outside;
    for column in 0..used(repeat, step, columns) {
        let from = repeat.started_ns + u64::from(column) * step;
        let cell = cell_of(list, &repeat.tasks, (from, from + step), false);
        draw_cell(&mut line, (before, cell), (true, step), &repeat.tasks);
        before = cell;
    }
}

/// The columns that a repeat takes.
pub fn used(repeat: &RepeatState, step: u64, columns: u16) -> u16 {
    wall_ns(repeat).div_ceil(step).min(u64::from(columns)) as u16
}

/// Draws times since the start of the repeats, below columns of which the first is cell `first`.
pub fn draw_axis(
    inner: &mut Pane<'_>,
    line: u16,
    (label, step, columns): (u16, u64, u16),
    first: u64,
) {
    let theme = inner.theme;
    let mut before = String::new();
    for column in 0..columns {
        let cell = first + u64::from(column);
        if !cell.is_multiple_of(TICKS) {
            continue;
        }
        let at = format::stretch(seconds(cell.saturating_mul(step)));
        // Where rounding makes two the same, one says it.
        let fits = column.saturating_add(cells(&at)) < columns;
        if at == before || !fits {
            continue;
        }
        inner
            .row(line)
            .skip(label + column)
            .cell(theme.either("╵", "'"), theme.dim)
            .text(&at, theme.dim);
        before = at;
    }
}
