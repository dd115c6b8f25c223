//! The result for a projector: the speed-up in large type, what was found in a sentence, a thick
//! bar per arm, and where the time of the best arm went. Nothing else.

use ratatui::text::Line;
use workbench_report::{format, headline};
use workbench_result::{ArmResult, LostSeconds, RunResult};

use super::speedup::axis_end;
use crate::kit::text::wrap_plain;
use crate::kit::{Pane, below, safe};
use crate::model::names::arm_on_workers;
use crate::views::speedup_gauge;

/// Lines of a large character.
const TALL: u16 = 5;

/// The large characters, a column of five bits per line from the left.
fn glyph(c: char) -> Option<[&'static str; TALL as usize]> {
    Some(match c {
        '0' => ["███", "█ █", "█ █", "█ █", "███"],
        '1' => [" █ ", "██ ", " █ ", " █ ", "███"],
        '2' => ["███", "  █", "███", "█  ", "███"],
        '3' => ["███", "  █", "███", "  █", "███"],
        '4' => ["█ █", "█ █", "███", "  █", "  █"],
        '5' => ["███", "█  ", "███", "  █", "███"],
        '6' => ["███", "█  ", "███", "█ █", "███"],
        '7' => ["███", "  █", "  █", "  █", "  █"],
        '8' => ["███", "█ █", "███", "█ █", "███"],
        '9' => ["███", "█ █", "███", "  █", "███"],
        '.' => [" ", " ", " ", " ", "█"],
        '×' => ["   ", "█ █", " █ ", "█ █", "   "],
        _ => return None,
    })
}

/// Draws the screen.
pub fn draw(pane: &mut Pane<'_>, result: &RunResult) {
    let theme = pane.theme;
    let best = result.best_arm();
    let mut line = 1;
    if let Some((speedup, arm)) = best {
        let style = theme.arm(result.arm_place(&arm.name));
        let text = format::speedup(speedup);
        for row in 0..TALL {
            let mut place = pane.row(line + row);
            place.skip(3);
            for shape in text.chars().filter_map(glyph) {
                for cell in shape[usize::from(row)].chars() {
                    // Twice as wide, as cells are twice as high.
                    let block = if cell == ' ' {
                        " "
                    } else {
                        theme.glyphs.useful
                    };
                    place.cell(block, style).cell(block, style);
                }
                place.skip(2);
            }
        }
        line += TALL + 1;
    }
    let columns = usize::from(pane.area.width.saturating_sub(6));
    let sentences = match best {
        // Where lines are few, the number above says it.
        Some((_, arm)) if pane.area.height < 30 => {
            let (who, base) = (arm_on_workers(&arm.name, arm.workers), safe(&result.base));
            vec![format!("{who} against {base}")]
        }
        _ => headline(result),
    };
    let said = sentences.iter().take(3).flat_map(|sentence| {
        let mut lines = wrap_plain(sentence, columns, theme.title);
        lines.push(Line::default());
        lines
    });
    let said: Vec<_> = said.collect();
    let mut area = below(pane.area, line);
    area.x += 3.min(area.width);
    area.width = area.width.saturating_sub(6);
    pane.part(area).lines(&said);
    line += said.len() as u16;
    let mut rest = below(area, said.len() as u16);
    rest.height = rest
        .height
        .min(pane.area.bottom().saturating_sub(pane.area.y + line));
    let mut rest = pane.part(rest);
    let lost = best.map_or(0, |(_, arm)| parts_of_time(arm).len() as u16 + 1);
    bars(&mut rest, result, lost);
    if let Some((_, arm)) = best {
        let top = rest.area.height.saturating_sub(lost);
        lost_time(&mut rest.below(top), arm);
    }
}

/// A bar per arm, two lines high, with its name and its speed-up above it.
fn bars(pane: &mut Pane<'_>, result: &RunResult, below_them: u16) {
    let theme = pane.theme;
    let arms: Vec<&ArmResult> = result.arms.iter().collect();
    let end = axis_end(&arms);
    let room = pane.area.height.saturating_sub(below_them);
    let each = (room / (arms.len().max(1) as u16)).clamp(2, 4);
    for (at, arm) in (0..).zip(&arms) {
        if (at + 1) * each > room {
            break;
        }
        let mut place = pane.band(at * each, each);
        let speedup = arm.speedup.map_or_else(String::new, format::speedup);
        place
            .row(0)
            .text(&arm_on_workers(&safe(&arm.name), arm.workers), theme.title)
            .skip(2)
            .text(&speedup, theme.accent);
        let fill = theme.arm(result.arm_place(&arm.name));
        for line in 1..each.min(3) {
            let mut row = place.row(line);
            let columns = row.rest();
            speedup_gauge(arm, (theme.glyphs.useful, fill)).draw(&mut row, columns, end);
        }
    }
}

/// Useful work and the causes of lost time, as shares of the slot time; without causes that took
/// none of it.
fn parts_of_time(arm: &ArmResult) -> Vec<(&'static str, f64)> {
    let all = arm.useful_s + arm.lost_s.total();
    let share = |seconds| if all > 0.0 { seconds / all } else { f64::NAN };
    let causes = LostSeconds::CAUSES.into_iter().zip(arm.lost_s.by_cause());
    let lost = causes.filter(|(_, seconds)| *seconds != 0.0);
    std::iter::once(("useful", arm.useful_s))
        .chain(lost)
        .map(|(name, seconds)| (name, share(seconds)))
        .collect()
}

/// Where the time of an arm went, a line per part.
fn lost_time(pane: &mut Pane<'_>, arm: &ArmResult) {
    let theme = pane.theme;
    let who = arm_on_workers(&arm.name, arm.workers);
    pane.row(0)
        .text(&format!("Where the time of {who} went"), theme.title);
    for (line, (name, share)) in (1..).zip(parts_of_time(arm)) {
        let mut row = pane.row(line);
        row.left(name, 12, theme.text);
        let columns = row.rest().saturating_sub(10);
        row.bar(share, columns, theme.accent)
            .skip(2)
            .text(&format::percent(share), theme.text);
    }
}
