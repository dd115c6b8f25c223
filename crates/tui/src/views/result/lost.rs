//! Where slots × wall time went: useful work and the four causes of loss, as shares of a bar
//! and in numbers.

use workbench_report::format;
use workbench_result::{ArmResult, RunResult};

use super::bars::{self, short};
use crate::kit::stack::apportion;
use crate::kit::{Pane, Row, Scroll, cells};
use crate::model::names::arm_on_workers;
use crate::theme::Cause;

/// Seconds lost to a cause.
fn seconds_of(arm: &ArmResult, cause: Cause) -> f64 {
    match cause {
        Cause::Overhead => arm.lost_s.overhead,
        Cause::Imbalance => arm.lost_s.imbalance,
        Cause::Waiting => arm.lost_s.waiting,
        Cause::Inflation => arm.lost_s.inflation,
    }
}

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
    let worst = Cause::ALL
        .into_iter()
        .max_by(|a, b| seconds_of(arm, *a).total_cmp(&seconds_of(arm, *b)));
    if let Some(cause) = worst {
        let share = seconds_of(arm, cause) / slot_time(arm);
        row.text(
            &format!("{} {}", cause.name(), format::percent(share)),
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
    // The largest first, as many as fit.
    let mut causes = Cause::ALL;
    causes.sort_by(|a, b| {
        seconds_of(arm, *b)
            .abs()
            .total_cmp(&seconds_of(arm, *a).abs())
    });
    for cause in causes {
        let lost = seconds_of(arm, cause);
        let share = lost / slot_time(arm);
        if share.abs() < 0.0005 {
            continue;
        }
        let short = format!("{} {}", cause.name(), format::percent(share));
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

/// The bar. Cells go to the parts by largest remainders, so that the whole bar is always the whole.
fn stack(row: &mut Row<'_>, arm: &ArmResult, columns: u16) {
    let theme = row.theme;
    let parts = Cause::ALL.map(|cause| seconds_of(arm, cause));
    let all = [arm.useful_s, parts[0], parts[1], parts[2], parts[3]];
    let cells = apportion(&all, columns.min(row.rest()));
    row.fill(theme.glyphs.useful(), cells[0], theme.useful());
    for (cause, n) in Cause::ALL.into_iter().zip(&cells[1..]) {
        row.fill(theme.glyphs.lost(cause), *n, theme.lost(cause));
    }
}

fn legend(inner: &mut Pane<'_>) {
    let theme = inner.theme;
    let Some(line) = inner.area.height.checked_sub(1) else {
        return;
    };
    let gap = if inner.area.width >= 60 { 3 } else { 1 };
    let mut row = inner.row(line);
    row.cell(theme.glyphs.useful(), theme.useful())
        .text(" useful", theme.dim);
    for cause in Cause::ALL {
        row.skip(gap)
            .cell(theme.glyphs.lost(cause), theme.lost(cause))
            .text(&format!(" {}", cause.name()), theme.dim);
    }
}
