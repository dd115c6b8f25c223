//! Measured speed-ups over the number of workers, against the ideal, and what the scaling laws make of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_report::format;
use workbench_result::{Fit, RunResult, Scaling};

use super::{Charts, arm_index};
use crate::theme::Theme;
use crate::views::plot::{Curve, Field, Plot, Point, Stroke, draw as draw_plot};
use crate::views::run::arm_colour;
use crate::views::text::safe;
use crate::views::widgets::{Row, inset, panel};

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    charts: Charts,
    result: &RunResult,
    theme: &Theme,
) -> Option<Field> {
    let title = format!("Scaling: measured speed-up against {}", safe(&result.base));
    let inner = panel(buf, area, (&title, ""), focused, theme);
    let inner = inset(inner);
    if result.scaling.is_empty() {
        Row::new(buf, inner, 0).text(
            "one number of workers makes no curve; give several, as in --workers 1,2,4",
            theme.dim,
            theme,
        );
        return None;
    }
    let lines = u16::try_from(result.scaling.len())
        .unwrap_or(u16::MAX)
        .min(inner.height / 3);
    for (line, curve) in (0..lines).zip(&result.scaling) {
        law(buf, (inner, line), (curve, charts.cursor), result, theme);
    }
    let chart = Rect {
        y: inner.y + lines,
        height: inner.height - lines,
        ..inner
    };
    draw_plot(buf, chart, &plot(result, charts, theme), theme)
}

/// One line per arm: its mark, its name, its speed-up at the cursor where it was measured there, and the serial fraction
/// or why there is none.
fn law(
    buf: &mut Buffer,
    (inner, line): (Rect, u16),
    (curve, cursor): (&Scaling, u32),
    result: &RunResult,
    theme: &Theme,
) {
    let index = arm_index(result, &curve.arm);
    let text = match (&curve.amdahl, &curve.usl) {
        (Fit::Fitted(amdahl), Fit::Fitted(usl)) => {
            let peak = usl
                .peak_workers
                .map_or_else(String::new, |p| format!(", peak at {p:.0} workers"));
            format!(
                "serial fraction {} (Amdahl){peak} (USL)",
                format::percent(amdahl.serial_fraction)
            )
        }
        (Fit::Fitted(amdahl), Fit::Refused(_)) => {
            format!(
                "serial fraction {} (Amdahl)",
                format::percent(amdahl.serial_fraction)
            )
        }
        (Fit::Refused(why), _) => safe(&why.text),
    };
    let mut row = Row::new(buf, inner, line);
    row.cell(theme.glyphs.series_point(index), arm_colour(index, theme))
        .skip(1)
        .text(&safe(&curve.arm), theme.title, theme)
        .skip(2);
    let measured = curve.points.iter().find(|p| p.workers == cursor);
    if let Some(point) = measured {
        let value = format::speedup(point.speedup);
        row.text(&value, theme.accent, theme)
            .text(&format!(" on {cursor}"), theme.dim, theme)
            .skip(2);
    }
    row.text(&text, theme.dim, theme);
}

fn plot(result: &RunResult, charts: Charts, theme: &Theme) -> Plot {
    let points = || result.scaling.iter().flat_map(|s| &s.points);
    let x_end = points().map(|p| f64::from(p.workers)).fold(1.0, f64::max);
    let highest = points()
        .flat_map(|p| [p.speedup, p.ci95.map_or(0.0, |c| c[1])])
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    let y_end = highest.max(x_end.min(highest * 1.3));
    let values = points().flat_map(|p| [p.speedup, p.ci95.map_or(p.speedup, |c| c[0])]);
    let (x, y) = charts.axes(x_end, y_end, values);
    let mut plot = Plot {
        x,
        y,
        x_label: "workers",
        x_whole: true,
        y_unit: "×",
        cursor: Some(f64::from(charts.cursor)),
        ..Plot::default()
    };
    plot.curves.push(Curve {
        points: vec![(0.0, 0.0), (x_end.max(y_end), x_end.max(y_end))],
        stroke: Stroke::Dotted,
        style: theme.dim,
        ascii: ".",
    });
    for curve in &result.scaling {
        let index = arm_index(result, &curve.arm);
        let style = arm_colour(index, theme);
        let line = curve
            .points
            .iter()
            .map(|p| (f64::from(p.workers), p.speedup))
            .collect();
        plot.curves.push(Curve {
            points: line,
            stroke: Stroke::Dashed,
            style,
            ascii: "-",
        });
        plot.points.extend(curve.points.iter().map(|p| Point {
            at: (f64::from(p.workers), p.speedup),
            interval: p.ci95,
            glyph: theme.glyphs.series_point(index),
            style,
        }));
    }
    plot
}
