//! Measured speed-ups over the number of workers, against the ideal, and what the scaling laws
//! make of them.

use workbench_report::format;
use workbench_result::{Fit, RunResult, Scaling};

use super::charts::Charts;
use crate::kit::plot::{Curve, Plot, PlotArea, Point, Stroke, draw as draw_plot};
use crate::kit::{Pane, PaneRow, safe};
use crate::theme::Theme;
use crate::views::ends_of;

/// Draws the panel.
pub fn draw(pane: Pane<'_>, charts: Charts, result: &RunResult) -> Option<PlotArea> {
    let theme = pane.theme;
    let title = format!("Scaling: measured speed-up against {}", safe(&result.base));
    let mut inner = pane.panel((&title, ""));
    if result.scaling.is_empty() {
        inner.nothing("one number of workers makes no curve; give several, as in --workers 1,2,4");
        return None;
    }
    let lines = u16::try_from(result.scaling.len()).unwrap_or(u16::MAX);
    let lines = lines.min(inner.area.height / 3);
    for (line, curve) in (0..lines).zip(&result.scaling) {
        law(inner.row(line), (curve, charts.cursor), result);
    }
    draw_plot(&mut inner.below(lines), &plot(result, charts, theme))
}

/// One line per arm: its mark, its name, its speed-up at the cursor where it was measured there,
/// and the serial fraction or why there is none.
fn law(mut row: PaneRow<'_>, (curve, cursor): (&Scaling, u32), result: &RunResult) {
    let theme = row.theme;
    let index = result.arm_place(&curve.arm);
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
    row.cell(theme.glyphs.series_point(index), theme.arm(index))
        .skip(1)
        .text(&safe(&curve.arm), theme.title)
        .skip(2);
    let measured = curve.points.iter().find(|p| p.workers == cursor);
    if let Some(point) = measured {
        let value = format::speedup(point.speedup);
        row.text(&value, theme.accent)
            .text(&format!(" on {cursor}"), theme.dim)
            .skip(2);
    }
    row.text(&text, theme.dim);
}

fn plot(result: &RunResult, charts: Charts, theme: &Theme) -> Plot {
    let points = || result.scaling.iter().flat_map(|s| &s.points);
    let (x_end, y_end) = ends_of(points());
    let values = points().flat_map(|p| [p.speedup, p.interval.map_or(p.speedup, |i| i.low)]);
    let axes = charts.axes(x_end, y_end, values);
    let mut plot = Plot::of_speedups(axes, result.ideal_line(x_end as u32), theme);
    plot.cursor = Some(f64::from(charts.cursor));
    for curve in &result.scaling {
        let index = result.arm_place(&curve.arm);
        let style = theme.arm(index);
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
            interval: p.interval.map(|i| i.within(0.0, y_end)),
            glyph: theme.glyphs.series_point(index),
            style,
        }));
    }
    plot
}
