//! Where slots × wall time went: useful work and the four causes of loss, as shares of a bar
//! and in numbers.

use workbench_report::format;
use workbench_result::{ArmResult, LostSeconds, RunResult};

use super::bars::{self, short};
use crate::kit::stack::apportion;
use crate::kit::{Pane, PaneRow, Scroll, cells};
use crate::model::names::arm_on_workers;

/// Slots × wall time in seconds, as the parts add up to it.
fn slot_time(arm: &ArmResult) -> f64 {
    arm.useful_s + arm.lost_s.total()
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let arms: Vec<&ArmResult> = result
        .arms
        .iter()
        .filter(|arm| slot_time(arm).is_finite() && slot_time(arm) > 0.0)
        .collect();
    let title = "Lost time: shares of workers × wall time";
    let drawn = bars::draw(pane, title, scroll, (&arms, 1), |place, arm, layout| {
        if layout.high == 1 {
            one_line(place, arm, layout.label);
        } else {
            two_lines(place, arm);
        }
    });
    if let Some((mut inner, _)) = drawn {
        legend(&mut inner);
    }
}

fn one_line(place: &mut Pane<'_>, arm: &ArmResult, label: u16) {
    let theme = place.theme;
    let mut row = place.row(0);
    row.left(&short(arm), label + 2, theme.text);
    let columns = row.rest().saturating_sub(18);
    stack(&mut row, arm, columns);
    row.skip(2);
    let causes = arm.lost_s.by_cause().into_iter().enumerate();
    if let Some((cause, seconds)) = causes.max_by(|a, b| a.1.total_cmp(&b.1)) {
        let share = format::percent(seconds / slot_time(arm));
        row.text(
            &format!("{} {share}", LostSeconds::CAUSES[cause]),
            theme.dim,
        );
    }
}

fn two_lines(place: &mut Pane<'_>, arm: &ArmResult) {
    let theme = place.theme;
    let half = place.area.width / 2;
    let useful = format::percent(arm.useful_s / slot_time(arm));
    let mut row = place.row(0);
    // A long name must not push the numbers out.
    row.at_most(&arm_on_workers(&arm.name, arm.workers), half, theme.title)
        .skip(2)
        .text(&format!("useful {useful}"), theme.text);
    // As many as fit.
    for (cause, lost) in by_size(arm) {
        let share = lost / slot_time(arm);
        if share.abs() < 0.0005 {
            continue;
        }
        let short = format!("{} {}", LostSeconds::CAUSES[cause], format::percent(share));
        let long = format!("{short} ({})", format::seconds(lost));
        let text = if row.rest() >= cells(&long) + 3 {
            long
        } else {
            short
        };
        if row.rest() < cells(&text) + 3 {
            break;
        }
        row.text(&format!(" {} ", theme.glyphs.dot), theme.dim)
            .text(&text, theme.lost(cause));
    }
    let mut row = place.row(1);
    let columns = row.rest();
    stack(&mut row, arm, columns);
}

/// The causes and the seconds lost to each, the largest first.
fn by_size(arm: &ArmResult) -> Vec<(usize, f64)> {
    let mut causes: Vec<(usize, f64)> = arm.lost_s.by_cause().into_iter().enumerate().collect();
    causes.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    causes
}

/// The bar. Cells go to the parts by largest remainders, so that the whole bar is always the whole.
fn stack(row: &mut PaneRow<'_>, arm: &ArmResult, columns: u16) {
    let theme = row.theme;
    let [overhead, imbalance, waiting, inflation] = arm.lost_s.by_cause();
    let all = [arm.useful_s, overhead, imbalance, waiting, inflation];
    let cells = apportion(&all, columns.min(row.rest()));
    row.fill(theme.glyphs.useful, cells[0], theme.useful());
    for (cause, n) in cells[1..].iter().enumerate() {
        row.fill(theme.glyphs.lost[cause], *n, theme.lost(cause));
    }
}

fn legend(inner: &mut Pane<'_>) {
    let theme = inner.theme;
    let Some(line) = inner.area.height.checked_sub(1) else {
        return;
    };
    let gap = if inner.area.width >= 60 { 3 } else { 1 };
    let mut row = inner.row(line);
    row.cell(theme.glyphs.useful, theme.useful())
        .text(" useful", theme.dim);
    for (cause, name) in LostSeconds::CAUSES.into_iter().enumerate() {
        row.skip(gap)
            .cell(theme.glyphs.lost[cause], theme.lost(cause))
            .text(&format!(" {name}"), theme.dim);
    }
}
