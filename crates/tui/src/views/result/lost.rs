//! Where slots × wall time went: useful work and the causes of loss, as shares of a bar
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
        legend(&mut inner, &arms);
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
    for cause in by_size(&[arm]) {
        let lost = arm.lost_s.by_cause()[cause];
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

/// The causes, the one first to which these arms lost most.
fn by_size(arms: &[&ArmResult]) -> Vec<usize> {
    let all = |cause: &usize| -> f64 {
        let each = arms.iter().map(|arm| arm.lost_s.by_cause()[*cause].abs());
        each.sum()
    };
    let mut causes: Vec<usize> = (0..LostSeconds::CAUSES.len()).collect();
    causes.sort_by(|a, b| all(b).total_cmp(&all(a)));
    causes
}

/// The bar. Cells go to the parts by largest remainders, so that the whole bar is always the whole.
fn stack(row: &mut PaneRow<'_>, arm: &ArmResult, columns: u16) {
    let theme = row.theme;
    let all: Vec<f64> = [arm.useful_s]
        .into_iter()
        .chain(arm.lost_s.by_cause())
        .collect();
    let cells = apportion(&all, columns.min(row.rest()));
    row.fill(theme.glyphs.useful, cells[0], theme.useful());
    for (cause, n) in cells[1..].iter().enumerate() {
        row.fill(theme.glyphs.lost[cause], *n, theme.lost(cause));
    }
}

/// What the glyphs stand for. Where not all fit, those that took least are left out.
fn legend(inner: &mut Pane<'_>, arms: &[&ArmResult]) {
    const USEFUL: &str = "useful";
    let theme = inner.theme;
    let Some(line) = inner.area.height.checked_sub(1) else {
        return;
    };
    let mut row = inner.row(line);
    let mut causes = by_size(arms);
    let wide = |causes: &[usize], gap: u16| -> u16 {
        let each = causes.iter().map(|cause| LostSeconds::CAUSES[*cause]);
        each.map(|name| gap + 2 + cells(name)).sum::<u16>() + 2 + cells(USEFUL)
    };
    while causes.len() > 1 && wide(&causes, 1) > row.rest() {
        causes.pop();
    }
    let gap = if wide(&causes, 3) <= row.rest() { 3 } else { 1 };
    causes.sort_unstable();
    row.cell(theme.glyphs.useful, theme.useful())
        .text(&format!(" {USEFUL}"), theme.dim);
    for cause in causes {
        row.skip(gap)
            .cell(theme.glyphs.lost[cause], theme.lost(cause))
            .text(&format!(" {}", LostSeconds::CAUSES[cause]), theme.dim);
    }
}
