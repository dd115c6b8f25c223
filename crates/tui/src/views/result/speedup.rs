//! Speed-up bars: one per arm, with the interval, the bound of its tasks and the ideal of its workers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_report::format;
use workbench_result::{ArmResult, RunResult};

use super::arm_index;
use super::bars::{self, Layout, short};
use crate::theme::Theme;
use crate::views::run::{arm_colour, gauge_cells};
use crate::views::scale::nice_step;
use crate::views::text::{arm_on_workers, safe};
use crate::views::widgets::{Row, Scroll, fit, width};

/// Draws the panel. Where several numbers of workers were measured, the arms at the cursor's stand out.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    (scroll, cursor): (&mut Scroll, u32),
    result: &RunResult,
    theme: &Theme,
) {
    let arms: Vec<&ArmResult> = result.arms.iter().collect();
    let cursor = (!result.scaling.is_empty()).then_some(cursor);
    let axis = axis_end(&arms);
    let title = format!("Speed-up against {}", safe(&result.base));
    let layout = bars::draw(
        buf,
        area,
        (&title, focused),
        scroll,
        (&arms, 2),
        |buf, place, arm, layout| {
            let chosen = cursor == Some(arm.workers);
            let shared = (result, axis, chosen);
            if layout.high == 1 {
                one_line(buf, place, (arm, layout.label), shared, theme);
            } else {
                two_lines(buf, place, arm, shared, theme);
            }
        },
        theme,
    );
    let Some(Layout { inner, high, label }) = layout else {
        return;
    };
    let left = if high == 1 { label + 1 } else { 0 };
    let right = if high == 1 { NUMBERS } else { 0 };
    let bar = Rect {
        x: inner.x + left.min(inner.width),
        width: inner.width.saturating_sub(left + right),
        ..inner
    };
    draw_axis(buf, inner, bar, axis, theme);
}

/// Cells for the numbers at the end of a line.
const NUMBERS: u16 = 24;

/// The end of the axis: where the ideal, the bounds and the intervals all have room.
fn axis_end(arms: &[&ArmResult]) -> f64 {
    let values = arms.iter().flat_map(|arm| {
        let high = arm.speedup_ci95.map_or(0.0, |[_, high]| high);
        [
            f64::from(arm.workers),
            arm.bound.unwrap_or(0.0),
            arm.speedup.unwrap_or(0.0),
            high,
        ]
    });
    values.filter(|v| v.is_finite()).fold(1.0, f64::max)
}

fn one_line(
    buf: &mut Buffer,
    place: Rect,
    (arm, label): (&ArmResult, u16),
    (result, axis, chosen): (&RunResult, f64, bool),
    theme: &Theme,
) {
    let colour = arm_colour(arm_index(result, &arm.name), theme);
    let mut row = Row::new(buf, place, 0);
    let style = if chosen { theme.accent } else { theme.text };
    row.left(&short(arm), label + 1, style, theme);
    let columns = row.rest().saturating_sub(NUMBERS);
    bar(&mut row, arm, (axis, columns), colour, theme);
    row.right(&stated(arm), 8, number_style(arm, result, theme), theme)
        .skip(2)
        .text(&interval(arm, result), theme.dim, theme);
}

fn two_lines(
    buf: &mut Buffer,
    place: Rect,
    arm: &ArmResult,
    (result, axis, chosen): (&RunResult, f64, bool),
    theme: &Theme,
) {
    let colour = arm_colour(arm_index(result, &arm.name), theme);
    let mut facts = Vec::new();
    if arm.name != result.base {
        facts.extend(arm.bound.map(|b| format!("bound {}", format::speedup(b))));
        facts.extend(
            arm.efficiency
                .map(|e| format!("efficiency {}", format::percent(e))),
        );
    }
    facts.push(format!(
        "median wall {}",
        format::seconds(arm.wall_median_s)
    ));
    let mut row = Row::new(buf, place, 0);
    // A long name must not push the numbers out.
    let name = fit(
        &arm_on_workers(&arm.name, arm.workers),
        place.width / 2,
        theme,
    );
    let style = if chosen { theme.accent } else { theme.title };
    row.text(&name, style, theme)
        .skip(2)
        .text(&stated(arm), number_style(arm, result, theme), theme)
        .skip(2)
        .text(&interval(arm, result), theme.text, theme);
    for fact in facts {
        row.whole(&format!(" {} {fact}", theme.glyphs.dot), theme.dim);
    }
    let mut row = Row::new(buf, place, 1);
    let columns = row.rest();
    bar(&mut row, arm, (axis, columns), colour, theme);
}

/// A solid bar with the interval, the bound and the ideal over it.
fn bar(
    row: &mut Row<'_>,
    arm: &ArmResult,
    (axis, columns): (f64, u16),
    colour: Style,
    theme: &Theme,
) {
    for (glyph, style) in gauge_cells(arm, axis, columns, theme, colour) {
        let glyph = if glyph == theme.glyphs.thin {
            theme.glyphs.useful()
        } else {
            glyph
        };
        row.cell(glyph, style);
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
    match arm.speedup_ci95 {
        _ if arm.name == result.base => "the base".to_owned(),
        Some(ends) => format::interval(ends),
        None if result.check.target_reached == Some(false) => "target missed".to_owned(),
        None if !result.check.passed() => "unequal work".to_owned(),
        None if arm.speedup.is_none() => "no base".to_owned(),
        None => "1 repeat".to_owned(),
    }
}

fn draw_axis(buf: &mut Buffer, inner: Rect, bar: Rect, axis: f64, theme: &Theme) {
    let Some(line) = inner.height.checked_sub(2) else {
        return;
    };
    let step = nice_step(axis, (bar.width / 8).max(1));
    let mut value = 0.0;
    while value <= axis * 1.0001 && bar.width > 1 {
        let column = (value / axis * f64::from(bar.width - 1)).round() as u16;
        let digits = usize::from(step < 1.0);
        let label = format!("{value:.digits$}×");
        let tick = if theme.glyphs.ascii { "'" } else { "╵" };
        let mut row = Row::new(buf, bar, line);
        if column + width(&label) < bar.width {
            row.skip(column)
                .cell(tick, theme.dim)
                .text(&label, theme.dim, theme);
        } else {
            row.skip(column.saturating_sub(width(&label)))
                .text(&label, theme.dim, theme)
                .cell(tick, theme.dim);
        }
        value += step;
    }
    let g = &theme.glyphs;
    let legend = format!(
        "{}{}{} 95 % interval   {} bound of the tasks   {} ideal",
        g.low, g.between, g.high, g.bound, g.ideal
    );
    Row::new(buf, inner, line + 1).text(&legend, theme.dim, theme);
}
