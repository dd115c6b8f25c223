//! Drawing of the curves: a legend with a value for every arm, and the chart below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_report::format;

use super::series::Series;
use super::{Axis, Curves, Metric};
use crate::theme::Theme;
use crate::views::plot::{Curve, Plot, Point, Stroke, draw as draw_plot, interpolate};
use crate::views::run::arm_colour;
use crate::views::scale::Scale;
use crate::views::text::safe;
use crate::views::widgets::{Row, fit, inset, panel, width};

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
        if !self.has_figures() {
            Row::new(buf, inner, 0).text("no figures yet", theme.dim, theme);
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
        if self.log {
            self.say_what_has_no_logarithm(buf, area, plot.y.is_log(), theme);
        }
        self.field = draw_plot(buf, chart, &plot, theme);
    }

    /// Whether there is something to draw. A throughput of nothing so far is no figure.
    fn has_figures(&self) -> bool {
        let throughput = self.metrics.get(self.place_of_metric()) == Some(&Metric::Throughput);
        let mut points = self.series.iter().flat_map(|s| &s.points);
        points.any(|point| !throughput || point.1 > 0.0)
    }

    fn title(&self, columns: u16, theme: &Theme) -> String {
        let dot = theme.glyphs.dot;
        let name = match self.metrics.get(self.place_of_metric()) {
            None => return "Curves".to_owned(),
            Some(Metric::Own(name)) => safe(name),
            Some(Metric::Items(name)) => format!("{} by item", safe(name)),
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

    /// On the lower border: a logarithm leaves out what is not above 0.
    fn say_what_has_no_logarithm(&self, buf: &mut Buffer, area: Rect, is_log: bool, theme: &Theme) {
        let mut points = self.series.iter().flat_map(|s| &s.points);
        let left_out = points.any(|p| p.1 <= 0.0);
        let text = match (is_log, left_out) {
            (true, false) => return,
            (true, true) => " values of 0 and below are not drawn ",
            (false, _) => " no value above 0: a linear axis ",
        };
        let line = area.height.saturating_sub(1);
        let mut row = Row::new(buf, area, line);
        row.skip(2).whole(text, theme.warn);
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
        let most = (inner.height / 4).clamp(1, 6);
        let at = match (self.cursor, self.axis) {
            (None, _) => String::new(),
            (Some(x), Axis::Time) => format!("at {x:.1} s"),
            (Some(x), Axis::Step) => format!("at {} {x:.0}", self.x_name()),
        };
        let entries: Vec<(String, String)> = self
            .series
            .iter()
            .map(|series| (name_of(series), self.value_of(series)))
            .collect();
        // Values come before names: the names are cut to what they leave.
        let mut names = entries
            .iter()
            .map(|(name, _)| width(name))
            .max()
            .unwrap_or(0);
        let place = loop {
            let places = places(&entries, names, width(&at), inner.width);
            let lines = places.last().map_or(1, |(line, _)| line + 1);
            if lines <= most || names == 0 {
                break places;
            }
            names -= 1;
        };
        Row::new(buf, inner, 0).text(&at, theme.accent, theme);
        let mut lines = 1;
        for (i, ((line, x), (name, value))) in place.into_iter().zip(&entries).enumerate() {
            if line >= most {
                break;
            }
            lines = line + 1;
            let look = look_of(i, theme);
            let colour = arm_colour(self.series[i].arm, theme);
            let mut row = Row::new(buf, inner, line);
            row.skip(x)
                .cell(look.marker, colour)
                .cell(look.sample, colour);
            if names > 1 {
                row.skip(1).text(&fit(name, names, theme), theme.dim, theme);
            }
            row.skip(1).text(value, theme.text, theme);
        }
        lines
    }

    /// The last value of a curve, or the one at the cursor.
    fn value_of(&self, series: &Series) -> String {
        let value = match self.cursor {
            Some(cursor) => series.value_at(cursor),
            None => series.points.last().map(|p| p.1),
        };
        value.map_or_else(|| format::MISSING.to_owned(), format::number)
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

/// A curve's arm as a legend has it: `tasks 2`; after its item, where it belongs to one.
fn name_of(series: &Series) -> String {
    let arm = format!("{} {}", safe(&series.id.arm), series.id.workers);
    match &series.item {
        None => arm,
        Some(item) => format!("{} {arm}", safe(item)),
    }
}

/// Line and column of every entry of a legend whose names have at most so many cells, after what stands before them.
fn places(entries: &[(String, String)], names: u16, before: u16, columns: u16) -> Vec<(u16, u16)> {
    let (mut line, mut x) = (0, if before > 0 { before + 2 } else { 0 });
    let mut out = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let name = if names > 1 {
            width(name).min(names) + 1
        } else {
            0
        };
        let wide = 3 + name + width(value);
        if x > 0 && x + wide > columns {
            (line, x) = (line + 1, 0);
        }
        out.push((line, x));
        x += wide + 2;
    }
    out
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
