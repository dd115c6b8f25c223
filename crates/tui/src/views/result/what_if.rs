//! What other numbers of workers would give, scheduled from the recorded durations: both orders, and a cursor to read
//! them out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_report::format;
use workbench_result::{RunResult, WHAT_IF_WORKERS, WhatIf};

use super::{Charts, arm_index};
use crate::theme::Theme;
use crate::views::plot::{Curve, Field, Plot, Point, Stroke, draw as draw_plot};
use crate::views::run::arm_colour;
use crate::views::text::safe;
use crate::views::widgets::{Row, inset, panel};

/// The largest number of workers that the cursor goes to.
pub const MOST: u32 = WHAT_IF_WORKERS;

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    (charts, arm): (Charts, usize),
    result: &RunResult,
    theme: &Theme,
) -> Option<Field> {
    let what_if = result
        .what_if
        .len()
        .checked_sub(1)
        .map(|last| &result.what_if[last - arm % (last + 1)]);
    let Some(what_if) = what_if.filter(|w| !w.points.is_empty()) else {
        let inner = panel(buf, area, ("What if", ""), focused, theme);
        Row::new(buf, inner, 0).skip(1).text(
            "no parallel arm has finished a repeat",
            theme.dim,
            theme,
        );
        return None;
    };
    let title = format!(
        "What if {} {} from {}",
        theme.glyphs.dot,
        safe(&what_if.arm),
        format::counted(what_if.tasks, "recorded task")
    );
    let note = if result.what_if.len() > 1 {
        "a: next arm"
    } else {
        ""
    };
    let inner = panel(buf, area, (&title, note), focused, theme);
    let inner = inset(inner);
    read_out(buf, inner, what_if, charts.cursor, theme);
    let chart = Rect {
        y: inner.y + 2,
        height: inner.height.saturating_sub(2),
        ..inner
    }
    .intersection(inner);
    draw_plot(
        buf,
        chart,
        &plot(what_if, charts, arm_index(result, &what_if.arm), theme),
        theme,
    )
}

/// The values at the cursor, each with the look of its curve.
fn read_out(buf: &mut Buffer, inner: Rect, what_if: &WhatIf, cursor: u32, theme: &Theme) {
    let Some(point) = nearest(what_if, cursor) else {
        return;
    };
    let (text, dim) = (theme.text, theme.dim);
    let workers = format::counted(u64::from(point.workers), "worker");
    let ascii = theme.glyphs.ascii;
    Row::new(buf, inner, 0)
        .text(&workers, theme.accent, theme)
        .skip(2)
        .text(if ascii { "# " } else { "━ " }, text, theme)
        .text("longest first ", dim, theme)
        .text(&format::speedup(point.longest_first), theme.accent, theme)
        .skip(2)
        .text(if ascii { "o " } else { "╍ " }, text, theme)
        .text("as submitted ", dim, theme)
        .text(&format::speedup(point.fifo), theme.accent, theme);
    Row::new(buf, inner, 1)
        .text(if ascii { ". " } else { "┈ " }, text, theme)
        .text(
            &format!("ideal {}", format::speedup(f64::from(point.workers))),
            dim,
            theme,
        )
        .text(&format!(" {} limit ", theme.glyphs.dot), dim, theme)
        .text(&format::speedup(what_if.limit), text, theme)
        .text(" = all work / longest task", dim, theme);
}

fn nearest(what_if: &WhatIf, cursor: u32) -> Option<&workbench_result::WhatIfPoint> {
    what_if
        .points
        .iter()
        .min_by_key(|p| p.workers.abs_diff(cursor))
}

fn plot(what_if: &WhatIf, charts: Charts, index: usize, theme: &Theme) -> Plot {
    let last = what_if.points.last().map_or(1.0, |p| f64::from(p.workers));
    let best = what_if
        .points
        .iter()
        .map(|p| p.longest_first.max(p.fifo))
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    let line = |value: fn(&workbench_result::WhatIfPoint) -> f64| {
        what_if
            .points
            .iter()
            .map(|p| (f64::from(p.workers), value(p)))
            .collect()
    };
    let colour = arm_colour(index, theme);
    // Some air above the highest value, so that the ideal shows where it leaves.
    let y_end = (best * 1.15).min(last.max(1.0));
    let values = what_if
        .points
        .iter()
        .flat_map(|p| [p.fifo, p.longest_first]);
    let (x, y) = charts.axes(last, y_end, values);
    let mut plot = Plot {
        x,
        y,
        x_label: "workers",
        x_whole: true,
        y_unit: "×",
        cursor: Some(f64::from(charts.cursor)),
        ..Plot::default()
    };
    plot.curves = vec![
        Curve {
            points: vec![(0.0, 0.0), (y_end, y_end)],
            stroke: Stroke::Dotted,
            style: theme.dim,
            ascii: ".",
        },
        Curve {
            points: line(|p| p.fifo),
            stroke: Stroke::Dashed,
            style: colour,
            ascii: "o",
        },
        Curve {
            points: line(|p| p.longest_first),
            stroke: Stroke::Solid,
            style: colour,
            ascii: "#",
        },
    ];
    read_points(&mut plot, what_if, charts.cursor, theme);
    plot
}

/// Marks where the values are read out.
fn read_points(plot: &mut Plot, what_if: &WhatIf, cursor: u32, theme: &Theme) {
    if let Some(point) = nearest(what_if, cursor) {
        let x = f64::from(point.workers);
        for value in [point.fifo, point.longest_first] {
            plot.points.push(Point {
                at: (x, value),
                interval: None,
                glyph: theme.glyphs.series_point(0),
                style: theme.accent,
            });
        }
    }
}
