//! Which run has which letter: a line each where there is room, side by side where there is not.

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use workbench_report::format;

use super::run_mark::name_run;
use crate::kit::{Pane, PaneRow, cells};
use crate::views::standing_mark;
use workbench_history::comparison::{Comparison, Named};

/// Draws the lines on top and says how many they are.
pub fn draw(pane: &mut Pane<'_>, comparison: &Comparison, zone: &TimeZone) -> u16 {
    let (area, theme) = (pane.area, pane.theme);
    let runs = &comparison.runs;
    let many = u16::try_from(runs.len()).unwrap_or(u16::MAX);
    if many <= area.height / 8 {
        for ((line, index), run) in (0..).zip(0..).zip(runs) {
            whole_line(pane.row(line).skip(1), (index, run), zone);
        }
        return many;
    }
    let widest = runs.iter().map(|run| cells(&run.id)).max().unwrap_or(0) + 7;
    let abreast = ((area.width - 1) / widest.max(1)).max(1);
    let lines = many.div_ceil(abreast).min(area.height / 4).max(1);
    for ((place, index), run) in (0..).zip(0..).zip(runs) {
        let cell = Rect {
            x: area.x + (1 + place % abreast * widest).min(area.width),
            width: widest.min(area.width),
            ..area
        };
        if place / abreast < lines {
            let mut row = pane.part(cell.intersection(area)).into_row(place / abreast);
            name_run(&mut row, index, run.letter);
            row.skip(1).text(&run.id, theme.text);
        }
    }
    lines
}

fn whole_line(row: &mut PaneRow<'_>, (index, run): (usize, &Named), zone: &TimeZone) {
    let theme = row.theme;
    let (mark, style) = standing_mark(run.standing, theme);
    name_run(row, index, run.letter);
    row.skip(1)
        .text(&run.id, theme.title)
        .skip(2)
        .text(&format!("{} {}", run.lab, run.preset), theme.text)
        .skip(2)
        .whole(&format!("{mark} {}", run.standing.name()), style)
        .skip(2)
        .whole(&format::date_in(&run.started_at, zone), theme.dim);
}
