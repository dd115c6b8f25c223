//! Speed-up bars: one per arm, with the interval, the bound of its tasks and the ideal
//! of its workers.

use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_report::intervals::{self, Kinds};
use workbench_report::{format, ideal};
use workbench_result::{ArmResult, RunResult};

use super::bars::{self, Layout, short};
use crate::kit::scale::nice_step;
use crate::kit::{Pane, PaneRow, Scroll, cells, safe};
use crate::model::names::arm_on_workers;
use crate::theme::Theme;
use crate::views::speedup_gauge;

/// Draws the panel. Where several numbers of workers were measured, the arms at the
/// cursor's stand out.
pub fn draw(pane: Pane<'_>, (scroll, cursor): (&mut Scroll, u32), result: &RunResult) {
    let arms: Vec<&ArmResult> = result.arms.iter().collect();
    let cursor = (!result.scaling.is_empty()).then_some(cursor);
    let axis = axis_end(&arms);
    let title = format!("Speed-up against {}", safe(&result.base));
    let drawn = bars::draw(pane, &title, scroll, (&arms, 2), |place, arm, layout| {
        let chosen = cursor == Some(arm.workers);
        let fill = place.theme.arm(result.arm_place(&arm.name));
        let gauge = speedup_gauge(arm, (place.theme.glyphs.useful, fill));
        if layout.high == 1 {
            let mut row = place.row(0);
            label(&mut row, (arm, layout.label), chosen);
            let columns = row.rest().saturating_sub(NUMBERS);
            gauge.draw(&mut row, columns, axis);
            numbers(&mut row, arm, result);
        } else {
            facts(place, arm, (result, chosen));
            let mut row = place.row(1);
            let columns = row.rest();
            gauge.draw(&mut row, columns, axis);
        }
    });
    let Some((mut inner, Layout { high, label })) = drawn else {
        return;
    };
    let (left, right) = if high == 1 {
        (label + 1, NUMBERS)
    } else {
        (0, 0)
    };
    let bar = Rect {
        x: inner.area.x + left.min(inner.area.width),
        width: inner.area.width.saturating_sub(left + right),
        ..inner.area
    };
    draw_axis(&mut inner, bar, axis);
    let g = &inner.theme.glyphs;
    let workers = arms.iter().map(|arm| arm.workers).max().unwrap_or(1);
    let legend = format!(
        "{}{}{} {}   {} bound of the tasks   {} {}",
        g.low,
        g.between,
        g.high,
        Kinds::of_arms(&result.arms).name(),
        g.bound,
        g.ideal,
        ideal::name(result, workers)
    );
    let (last, style) = (inner.area.height.saturating_sub(1), inner.theme.dim);
    inner.row(last).text(&legend, style);
}

/// Cells for the numbers at the end of a line.
const NUMBERS: u16 = 24;

/// The end of the axis: where the ideal, the bounds and the intervals all have room.
/// Where the axis of the bars ends.
pub(super) fn axis_end(arms: &[&ArmResult]) -> f64 {
    let values = arms.iter().flat_map(|arm| {
        [
            arm.ideal.unwrap_or(f64::from(arm.workers)),
            arm.bound.unwrap_or(0.0),
            arm.speedup.unwrap_or(0.0),
        ]
    });
    let most = values.filter(|v| v.is_finite()).fold(1.0, f64::max);
    intervals::axis_end(most, arms.iter().filter_map(|arm| arm.speedup_interval))
}

fn label(row: &mut PaneRow<'_>, (arm, columns): (&ArmResult, u16), chosen: bool) {
    let theme = row.theme;
    let style = if chosen { theme.accent } else { theme.text };
    row.left(&short(arm), columns + 1, style);
}

fn numbers(row: &mut PaneRow<'_>, arm: &ArmResult, result: &RunResult) {
    let theme = row.theme;
    row.right(&stated(arm), 8, number_style(arm, result, theme))
        .skip(2)
        .text(&interval(arm, result), theme.dim);
}

/// The line above a bar: the arm, its numbers, and as many facts as fit.
fn facts(place: &mut Pane<'_>, arm: &ArmResult, (result, chosen): (&RunResult, bool)) {
    let theme = place.theme;
    let mut facts = Vec::new();
    if arm.name != result.base {
        let efficiency = |e| format!("efficiency {}", format::percent(e));
        facts.extend(arm.bound.map(|b| format!("bound {}", format::speedup(b))));
        facts.extend(arm.efficiency.map(efficiency));
    }
    let wall = format::seconds(arm.wall_median_s);
    facts.push(format!("median wall {wall}"));
    let style = if chosen { theme.accent } else { theme.title };
    let name = arm_on_workers(&arm.name, arm.workers);
    let half = place.area.width / 2;
    let mut row = place.row(0);
    // A long name must not push the numbers out.
    row.at_most(&name, half, style)
        .skip(2)
        .text(&stated(arm), number_style(arm, result, theme))
        .skip(2)
        .text(&interval(arm, result), theme.text);
    for fact in facts {
        row.whole(&format!(" {} {fact}", theme.glyphs.dot), theme.dim);
    }
}

fn stated(arm: &ArmResult) -> String {
    arm.speedup
        .map_or_else(|| "none".to_owned(), format::speedup)
}

fn number_style(arm: &ArmResult, result: &RunResult, theme: &Theme) -> Style {
    match arm.speedup {
        None => theme.bad,
        Some(_) if arm.name == result.base => theme.dim,
        Some(_) => theme.accent,
    }
}

/// The interval in words, or why there is none.
fn interval(arm: &ArmResult, result: &RunResult) -> String {
    match arm.speedup_interval {
        _ if arm.name == result.base => "the base".to_owned(),
        Some(interval) => Kinds::of_arms(&result.arms).cell(&interval),
        None if result.check.target_reached == Some(false) => "target missed".to_owned(),
        None if arm.speedup.is_none() && has_target(result) => reached(arm, result),
        None if !result.check.passed() => "unequal work".to_owned(),
        None if arm.speedup.is_none() => "no base".to_owned(),
        None => "1 repeat".to_owned(),
    }
}

fn has_target(result: &RunResult) -> bool {
    let race = result.race.as_ref();
    // Without the base there is nothing to be ahead of, whether or not a target was set.
    let has_base = result.arms.iter().any(|arm| arm.name == result.base);
    has_base && race.is_some_and(|race| race.target.is_some())
}

/// How often an arm reached the target, where not always.
fn reached(arm: &ArmResult, result: &RunResult) -> String {
    let race = result.race.as_ref();
    let race = race.and_then(|race| race.arm(&arm.name, arm.workers));
    race.map_or_else(String::new, |race| {
        format!("target in {}/{}", race.reached, race.to_target_s.len())
    })
}

fn draw_axis(inner: &mut Pane<'_>, bar: Rect, axis: f64) {
    let theme = inner.theme;
    let Some(line) = inner.area.height.checked_sub(2) else {
        return;
    };
    let step = nice_step(axis, (bar.width / 8).max(1));
    let mut value = 0.0;
    while value <= axis * 1.0001 && bar.width > 1 {
        let column = (value / axis * f64::from(bar.width - 1)).round() as u16;
        let digits = usize::from(step < 1.0);
        let label = format!("{value:.digits$}×");
        let tick = theme.either("╵", "'");
        let mut row = inner.part(bar).into_row(line);
        if column + cells(&label) < bar.width {
            row.skip(column)
                .cell(tick, theme.dim)
                .text(&label, theme.dim);
        } else {
            row.skip(column.saturating_sub(cells(&label)))
                .text(&label, theme.dim)
                .cell(tick, theme.dim);
        }
        value += step;
    }
}
