//! Which run has which letter: a line each where there is room, side by side where there is not.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_report::format;

use super::name_run;
use crate::theme::Theme;
use crate::views::standing_mark;
use crate::views::widgets::{Row, width};
use workbench_history::comparison::{Comparison, Named};

/// Draws the lines on top and says how many they are.
pub fn draw(buf: &mut Buffer, area: Rect, comparison: &Comparison, theme: &Theme) -> u16 {
    let runs = &comparison.runs;
    let many = u16::try_from(runs.len()).unwrap_or(u16::MAX);
    if many <= area.height / 8 {
        for ((line, index), run) in (0..).zip(0..).zip(runs) {
            let mut row = Row::new(buf, area, line);
            row.skip(1);
            whole_line(&mut row, (index, run), theme);
        }
        return many;
    }
    let widest = runs.iter().map(|run| width(&run.id)).max().unwrap_or(0) + 7;
    let abreast = ((area.width - 1) / widest.max(1)).max(1);
    let lines = many.div_ceil(abreast).min(area.height / 4).max(1);
    for ((place, index), run) in (0..).zip(0..).zip(runs) {
        let cell = Rect {
            x: area.x + (1 + place % abreast * widest).min(area.width),
            width: widest.min(area.width),
            ..area
        };
        if place / abreast < lines {
            let mut row = Row::new(buf, cell.intersection(area), place / abreast);
            name_run(&mut row, index, run.letter, theme);
            row.skip(1).text(&run.id, theme.text, theme);
        }
    }
    lines
}

fn whole_line(row: &mut Row<'_>, (index, run): (usize, &Named), theme: &Theme) {
    let (mark, style) = standing_mark(run.standing, theme);
    name_run(row, index, run.letter, theme);
    row.skip(1)
        .text(&run.id, theme.title, theme)
        .skip(2)
        .text(&format!("{} {}", run.lab, run.preset), theme.text, theme)
        .skip(2)
        .whole(&format!("{mark} {}", run.standing.name()), style)
        .skip(2)
        .whole(&format::date(&run.started_at), theme.dim);
}
