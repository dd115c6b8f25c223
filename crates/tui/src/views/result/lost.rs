//! Where slots × wall time went: useful work and the four causes of loss, as shares of a bar and in numbers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_report::format;
use workbench_result::{ArmResult, RunResult};

use super::bars::{self, short};
use crate::theme::{Cause, Theme};
use crate::views::stack::apportion;
use crate::views::text::arm_on_workers;
use crate::views::widgets::{Row, Scroll, fit, width};

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
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    result: &RunResult,
    theme: &Theme,
) {
    let arms: Vec<&ArmResult> = result
        .arms
        .iter()
        .filter(|arm| slot_time(arm).is_finite() && slot_time(arm) > 0.0)
        .collect();
    let title = "Lost time: shares of workers × wall time";
    let layout = bars::draw(
        buf,
        area,
        (title, focused),
        scroll,
        (&arms, 1),
        |buf, place, arm, layout| {
            if layout.high == 1 {
                one_line(buf, place, arm, layout.label, theme);
            } else {
                two_lines(buf, place, arm, theme);
            }
        },
        theme,
    );
    if let Some(layout) = layout {
        legend(buf, layout.inner, theme);
    }
}

fn one_line(buf: &mut Buffer, place: Rect, arm: &ArmResult, label: u16, theme: &Theme) {
    let mut row = Row::new(buf, place, 0);
    row.left(&short(arm), label + 2, theme.text, theme);
    let columns = row.rest().saturating_sub(18);
    stack(&mut row, arm, columns, theme);
    row.skip(2);
    let worst = Cause::ALL
        .into_iter()
        .max_by(|a, b| seconds_of(arm, *a).total_cmp(&seconds_of(arm, *b)));
    if let Some(cause) = worst {
        let share = seconds_of(arm, cause) / slot_time(arm);
        row.text(
            &format!("{} {}", cause.name(), format::percent(share)),
            theme.dim,
            theme,
        );
    }
}

fn two_lines(buf: &mut Buffer, place: Rect, arm: &ArmResult, theme: &Theme) {
    let mut row = Row::new(buf, place, 0);
    // A long name must not push the numbers out.
    let name = fit(
        &arm_on_workers(&arm.name, arm.workers),
        place.width / 2,
        theme,
    );
    row.text(&name, theme.title, theme).skip(2).text(
        &format!("useful {}", format::percent(arm.useful_s / slot_time(arm))),
        theme.text,
        theme,
    );
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
        let text = if row.rest() >= width(&long) + 3 {
            long
        } else {
            short
        };
        if row.rest() < width(&text) + 3 {
            break;
        }
        row.text(&format!(" {} ", theme.glyphs.dot), theme.dim, theme)
            .text(&text, theme.lost(cause), theme);
    }
    let mut row = Row::new(buf, place, 1);
    let columns = row.rest();
    stack(&mut row, arm, columns, theme);
}

/// The bar. Cells go to the parts by largest remainders, so that the whole bar is always the whole.
fn stack(row: &mut Row<'_>, arm: &ArmResult, columns: u16, theme: &Theme) {
    let parts = Cause::ALL.map(|cause| seconds_of(arm, cause));
    let all = [arm.useful_s, parts[0], parts[1], parts[2], parts[3]];
    let cells = apportion(&all, columns.min(row.rest()));
    for _ in 0..cells[0] {
        row.cell(theme.glyphs.useful(), theme.useful());
    }
    for (cause, n) in Cause::ALL.into_iter().zip(&cells[1..]) {
        for _ in 0..*n {
            row.cell(theme.glyphs.lost(cause), theme.lost(cause));
        }
    }
}

fn legend(buf: &mut Buffer, inner: Rect, theme: &Theme) {
    let Some(line) = inner.height.checked_sub(1) else {
        return;
    };
    let gap = if inner.width >= 60 { 3 } else { 1 };
    let mut row = Row::new(buf, inner, line);
    row.cell(theme.glyphs.useful(), theme.useful())
        .text(" useful", theme.dim, theme);
    for cause in Cause::ALL {
        row.skip(gap)
            .cell(theme.glyphs.lost(cause), theme.lost(cause))
            .text(&format!(" {}", cause.name()), theme.dim, theme);
    }
}
