//! A cell of a bar that stands for a task: the same on the timeline of a run and on those of its
//! result.

use ratatui::style::Modifier;
use workbench_pool::{Outcome, TaskSpan};

use crate::kit::PaneRow;
use crate::model::timeline::Cell;
use crate::theme::letter;

/// Draws a cell, given the one before it, whether its row has letters, and the time that it stands
/// for in nanoseconds.
pub fn draw_cell(
    row: &mut PaneRow<'_>,
    (before, cell): (Cell, Cell),
    (labelled, step_ns): (bool, u64),
    tasks: &[TaskSpan],
) {
    let theme = row.theme;
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
        Outcome::Done if theme.has_colour() && !glyphs.ascii => row.cell(glyphs.useful, style),
        Outcome::Done => row.cell(glyphs.pattern(task.group as usize), style),
    };
}
