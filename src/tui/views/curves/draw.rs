//! Drawing of the curves: a legend with a value for every arm, and the chart below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_engine::report::format;

use super::series::Series;
use super::{Axis, Curves, Metric};
use crate::tui::theme::Theme;
use crate::tui::views::plot::{Curve, Plot, Point, Stroke, draw as draw_plot, interpolate};
use crate::tui::views::run::arm_colour;
use crate::tui::views::scale::Scale;
use crate::tui::views::text::safe;
use crate::tui::views::widgets::{Row, inset, panel, width};

/// Cells between two markers of a curve.
const APART: u16 = 10;

/// How the `at`-th curve is drawn, apart from its colour: every twelve in a row differ.
struct LookOf {
    stroke: Stroke,
    sample: &'static str,
    ascii: &'static str,
    marker: &'static str,
}

fn look_of(at: usize, theme: &Theme) -> LookOf {
    let ascii = theme.glyphs.ascii;
    let (stroke, sample, letter) = match at % 3 {
        0 => (Stroke::Solid, if ascii { "-" } else { "━" }, "-"),
        1 => (Stroke::Dashed, if ascii { "=" } else { "╍" }, "="),
        _ => (Stroke::Dotted, if ascii { "." } else { "┈" }, "."),
    };
    LookOf {
        stroke,
        sample,
        ascii: letter,
        marker: theme.glyphs.series_point(at),
    }
}

impl Curves {
    /// Draws the panel.
    pub fn draw(&mut self, buf: &mut Buffer, area: Rect, focused: bool, theme: &Theme) {
        let at = self.place_of_metric();
        let title = self.title(area.width, theme);
        let note = match self.metrics.len() {
            0 | 1 => String::new(),
            n => format!("m: metric {} of {n}", at + 1),
        };
        let inner = panel(buf, area, (&title, &note), focused, theme);
        let inner = inset(inner);
        self.field = None;
        if self.series.iter().all(|s| s.points.is_empty()) {
            Row::new(buf, inner, 0).text("no point has been recorded yet", theme.dim, theme);
            return;
        }
        let used = self.legend(buf, inner, theme);
        let chart = Rect {
            y: inner.y + used,
            height: inner.height - used,
            ..inner
        };
        let Some(plot) = self.plot(chart.width, theme) else {
            return;
        };
        self.field = draw_plot(buf, chart, &plot, theme);
    }

    fn title(&self, columns: u16, theme: &Theme) -> String {
        let dot = theme.glyphs.dot;
        let name = match self.metrics.get(self.place_of_metric()) {
            None => return "Curves".to_owned(),
            Some(Metric::Own(name)) => safe(name),
            Some(Metric::Throughput) => format!("throughput, {}/s", safe(&self.unit)),
        };
        let log = if self.log {
            format!(" {dot} log")
        } else {
            String::new()
        };
        if columns < 56 {
            return format!("Curves {dot} {name}{log}");
        }
        format!("Curves {dot} {name}{log} {dot} latest repeats")
    }

    /// What x counts, for the axis and the cursor.
    fn x_name(&self) -> &'static str {
        match (self.axis, self.metrics.get(self.place_of_metric())) {
            (Axis::Time, _) => "s",
            (Axis::Step, Some(Metric::Throughput)) => "done",
            (Axis::Step, _) => "step",
        }
    }

    /// One entry per curve with its last value, or its value at the cursor; the number of lines.
    fn legend(&self, buf: &mut Buffer, inner: Rect, theme: &Theme) -> u16 {
        let most = (inner.height / 4).max(1);
        let mut line = 0;
        let mut x = 0;
        if let Some(cursor) = self.cursor {
            let at = match self.axis {
                Axis::Time => format!("at {cursor:.1} s"),
                Axis::Step => format!("at {} {cursor:.0}", self.x_name()),
            };
            Row::new(buf, inner, 0).text(&at, theme.accent, theme);
            x = width(&at) + 2;
        }
        for (at, series) in self.series.iter().enumerate() {
            let look = look_of(at, theme);
            let name = format!("{} {} ", safe(&series.id.arm), series.id.workers);
            let value = match self.cursor {
                Some(cursor) => series.value_at(cursor),
                None => series.points.last().map(|p| p.1),
            };
            let value = value.map_or_else(|| format::MISSING.to_owned(), format::number);
            let wide = 3 + width(&name) + width(&value);
            if x > 0 && x + wide > inner.width {
                if line + 1 >= most {
                    Row::new(buf, inner, line)
                        .skip(x.min(inner.width.saturating_sub(1)))
                        .cell(theme.glyphs.cut, theme.dim);
                    break;
                }
                line += 1;
                x = 0;
            }
            let colour = arm_colour(series.arm, theme);
            Row::new(buf, inner, line)
                .skip(x)
                .cell(look.marker, colour)
                .cell(look.sample, colour)
                .skip(1)
                .text(&name, theme.dim, theme)
                .text(&value, theme.text, theme);
            x += wide + 2;
        }
        line + 1
    }

    fn plot(&self, columns: u16, theme: &Theme) -> Option<Plot> {
        let points = || self.series.iter().flat_map(|s| &s.points);
        let y = Scale::around(points().map(|p| p.1), self.log)?;
        let xs = points().map(|p| p.0);
        let (first, last) = xs.fold((f64::INFINITY, 0.0_f64), |(a, b), x| (a.min(x), b.max(x)));
        // From the origin, unless that would leave much of the chart empty.
        let start = if first * 3.0 < last || first >= last {
            0.0
        } else {
            first
        };
        let end = if last > start { last } else { start + 1.0 };
        let mut plot = Plot {
            x: Scale::linear(start, end),
            y,
            x_label: self.x_name(),
            x_whole: self.axis == Axis::Step,
            cursor: self.cursor,
            ..Plot::default()
        };
        let n = self.series.len().max(1);
        for (at, series) in self.series.iter().enumerate() {
            let look = look_of(at, theme);
            let style = arm_colour(series.arm, theme);
            let apart = (end - start) * f64::from(APART) / f64::from(columns.max(1));
            let offset = apart * at as f64 / n as f64;
            markers(
                &mut plot.points,
                series,
                (start + offset, apart),
                &look,
                style,
            );
            plot.curves.push(Curve {
                points: series.points.clone(),
                stroke: look.stroke,
                style,
                ascii: look.ascii,
            });
        }
        Some(plot)
    }
}

/// Markers at even distances, so that curves that lie on one another stay apart without colour, and one at the end.
fn markers(
    out: &mut Vec<Point>,
    series: &Series,
    (first, apart): (f64, f64),
    look: &LookOf,
    style: Style,
) {
    let Some(last) = series.points.last() else {
        return;
    };
    let mut mark = |at: (f64, f64)| {
        out.push(Point {
            at,
            interval: None,
            glyph: look.marker,
            style,
        });
    };
    let mut x = first;
    while x < last.0 && apart > 0.0 {
        if let Some(y) = interpolate(&series.points, x) {
            mark((x, y));
        }
        x += apart;
    }
    mark(*last);
}
