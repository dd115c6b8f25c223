//! Drawing of curves: a legend with a value for every arm, and the chart below it.

use ratatui::style::Style;
use workbench_record::{RepeatState, RunStarted};
use workbench_report::format;

use crate::kit::plot::{Curve, Plot, PlotArea, Point, Stroke, draw as draw_plot};
use crate::kit::scale::Scale;
use crate::kit::text::fit_end;
use crate::kit::{Pane, cells, safe};
use crate::model::curves::{Axis, CurveModel, Metric};
use crate::model::names::short_arm;
use crate::model::series::Series;
use crate::model::smoothing::Smoothing;
use crate::theme::Theme;

/// What steps are called where the lab does not say it.
pub const STEP: &str = "step";

/// Cells of a name in the legend that tells something.
const LEAST_NAME: u16 = 8;

/// Cells between two markers of a curve.
const APART: u16 = 10;

/// How the `at`-th curve is drawn, apart from its colour: every twelve in a row differ.
pub struct LineStyle {
    stroke: Stroke,
    sample: &'static str,
    ascii: &'static str,
    /// The mark of a measured point.
    pub marker: &'static str,
}

pub fn style_of_line(at: usize, theme: &Theme) -> LineStyle {
    let (stroke, sample, letter) = match at % 3 {
        0 => (Stroke::Solid, theme.either("━", "-"), "-"),
        1 => (Stroke::Dashed, theme.either("╍", "="), "="),
        _ => (Stroke::Dotted, theme.either("┈", "."), "."),
    };
    LineStyle {
        stroke,
        sample,
        ascii: letter,
        marker: theme.glyphs.series_point(at),
    }
}

/// The panel of curves: what is drawn of them, and where it was drawn last.
#[derive(Debug, Default)]
pub struct CurveChart {
    /// The curves.
    pub curves: CurveModel,
    /// Values are on a logarithmic axis.
    pub log: bool,
    /// Where the cursor stands on the axis.
    pub cursor: Option<f64>,
    /// How much lines are smoothed.
    pub smoothing: Smoothing,
    /// Where the curves were drawn last.
    pub field: Option<PlotArea>,
    /// All metrics are drawn at once.
    shows_all: bool,
    /// The curves of each metric, while they are.
    grid: Vec<CurveModel>,
}

impl CurveChart {
    /// Shows the next metric.
    pub fn next_metric(&mut self) {
        self.curves.next_metric();
        // A step of one metric is not a step of another.
        self.cursor = None;
    }

    /// Takes in what is new.
    pub fn update(&mut self, started: &RunStarted, repeats: &[RepeatState]) {
        self.curves.update(started, repeats);
        if !self.shows_all {
            return;
        }
        let (metrics, axis) = (self.curves.all_metrics(), self.curves.axis());
        let known = self.grid.iter().map(|model| (model.metric(), model.axis()));
        let wanted = metrics.iter().map(|metric| (Some(metric), axis));
        if !known.eq(wanted) {
            let of = |metric: &Metric| CurveModel::of(metric.clone(), axis);
            self.grid = metrics.iter().map(of).collect();
        }
        for model in &mut self.grid {
            model.update(started, repeats);
        }
    }

    /// Draws all metrics at once, or one alone; whether it is all.
    pub fn turn_grid(&mut self) -> bool {
        self.shows_all = !self.shows_all;
        self.grid.clear();
        self.shows_all
    }

    /// Whether all metrics are drawn at once, and there are several.
    pub fn has_grid(&self) -> bool {
        self.shows_all && self.grid.len() > 1
    }

    /// The curves of each metric, while all are drawn at once.
    pub fn grid(&self) -> &[CurveModel] {
        &self.grid
    }

    /// Shows a metric.
    pub fn show_metric(&mut self, metric: &Metric) {
        self.curves.show(metric);
        self.cursor = None;
    }

    /// How much lines are smoothed, for the title.
    pub fn smoothed(&self, theme: &Theme) -> String {
        match self.smoothing {
            Smoothing::Off => String::new(),
            on => format!(" {} smoothed {}", theme.glyphs.dot, on.weight()),
        }
    }

    /// Which metric is shown.
    pub fn note(&self) -> String {
        match self.curves.metrics() {
            0 | 1 => String::new(),
            n => format!("m: metric {} of {n}", self.curves.place_of_metric() + 1),
        }
    }

    /// Shows time instead of steps, and back.
    pub fn turn_axis(&mut self) {
        self.curves.turn_axis();
        self.cursor = None;
    }

    /// Moves the cursor by cells of the chart, from the right end where there is none yet.
    pub fn step_cursor(&mut self, cells: i32) {
        if let Some(field) = &self.field {
            let x = self.cursor.unwrap_or_else(|| field.moved(f64::MAX, 0));
            self.cursor = Some(field.moved(x, cells));
        }
    }

    /// Draws the panel; tells where the curves are.
    pub fn draw(&self, pane: Pane<'_>) -> Option<PlotArea> {
        let (area, theme) = (pane.area, pane.theme);
        let mut inner = pane.panel((&self.title(area.width, theme), &self.note()));
        if !self.has_figures() {
            inner.nothing("no figures yet");
            return None;
        }
        let used = self.legend(&mut inner);
        let plot = self.plot(&self.curves, inner.area.width, theme)?;
        if let Some(text) = self.without_logarithm(plot.y.is_log()) {
            let mut border = area;
            border.y = area.bottom().saturating_sub(1);
            border.height = area.height.min(1);
            let mut row = inner.part(border).into_row(0);
            row.skip(2).whole(text, theme.warn);
        }
        draw_plot(&mut inner.below(used), &plot)
    }

    /// Whether there is something to draw. A throughput of nothing so far is no figure.
    fn has_figures(&self) -> bool {
        let throughput = self.curves.metric() == Some(&Metric::Throughput);
        let mut points = self.curves.series.iter().flat_map(|s| &s.points);
        points.any(|point| !throughput || point.1 > 0.0)
    }

    fn title(&self, columns: u16, theme: &Theme) -> String {
        let dot = theme.glyphs.dot;
        if self.curves.metric().is_none() {
            return "Curves".to_owned();
        }
        let name = format!("{}{}", metric_name(&self.curves), self.smoothed(theme));
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

    /// What a logarithm leaves out: values that are not above 0.
    fn without_logarithm(&self, is_log: bool) -> Option<&'static str> {
        let mut points = self.curves.series.iter().flat_map(|s| &s.points);
        match (self.log, is_log) {
            (true, false) => Some(" no value above 0: a linear axis "),
            (true, true) if points.any(|p| p.1 <= 0.0) => {
                Some(" values of 0 and below are not drawn ")
            }
            _ => None,
        }
    }

    /// One entry per curve with its last value, or its value at the cursor; the number of lines.
    fn legend(&self, inner: &mut Pane<'_>) -> u16 {
        let theme = inner.theme;
        let most = (inner.area.height / 4).clamp(1, 6);
        let at = match (self.cursor, self.curves.axis()) {
            (None, _) => String::new(),
            (Some(x), Axis::Time) => format!("at {}", format::moment(x)),
            (Some(x), Axis::Step) => format!("at {} {x:.0}", x_name(&self.curves)),
        };
        let entries: Vec<(String, String)> = self
            .curves
            .series
            .iter()
            .map(|series| (name_of(series), self.value_of(series)))
            .collect();
        // Without its name nobody knows whose value it is: values go first, then names are cut.
        let longest = entries.iter().map(|(name, _)| cells(name)).max();
        let longest = longest.unwrap_or(0);
        let readable = longest.min(LEAST_NAME);
        let fits = |(values, names): (bool, u16)| {
            let places = places((&entries, values), names, cells(&at), inner.area.width);
            let lines = places.last().map_or(1, |(line, _)| line + 1);
            (lines <= most || names == 0).then_some((values, names, places))
        };
        let with_values = (readable..=longest).rev().map(|names| (true, names));
        let without = (0..=longest).rev().map(|names| (false, names));
        let (values, names, place) = with_values
            .chain(without)
            .find_map(fits)
            .unwrap_or_default();
        inner.row(0).text(&at, theme.accent);
        let mut lines = 1;
        for (i, ((line, x), (name, value))) in place.into_iter().zip(&entries).enumerate() {
            if line >= most {
                break;
            }
            lines = line + 1;
            let line_style = style_of_line(i, theme);
            let colour = theme.arm(self.curves.series[i].arm);
            let mut row = inner.row(line);
            row.skip(x)
                .cell(line_style.marker, colour)
                .cell(line_style.sample, colour);
            if names > 1 {
                // The number of workers tells the curves of an arm apart.
                let workers = name.rfind(' ').map_or(0, |at| at + 1);
                let shown = fit_end(name, workers, names, theme);
                row.skip(1).at_most(&shown, names, theme.dim);
            }
            if values {
                row.skip(1).text(value, theme.text);
            }
        }
        lines
    }

    /// The last value of a curve, or the one at the cursor.
    pub fn value_of(&self, series: &Series) -> String {
        let value = match self.cursor {
            Some(cursor) => series.value_at(cursor),
            None => series.points.last().map(|p| p.1),
        };
        value.map_or_else(|| format::MISSING.to_owned(), format::number)
    }

    /// The chart of the curves of a metric.
    pub fn plot(&self, curves: &CurveModel, columns: u16, theme: &Theme) -> Option<Plot> {
        let points = || curves.series.iter().flat_map(|s| &s.points);
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
            x_label: x_name(curves).to_owned(),
            x_whole: curves.axis() == Axis::Step,
            cursor: self.cursor,
            ..Plot::default()
        };
        let n = curves.series.len().max(1);
        for (at, series) in curves.series.iter().enumerate() {
            let line_style = style_of_line(at, theme);
            let style = theme.arm(series.arm);
            let apart = (end - start) * f64::from(APART) / f64::from(columns.max(1));
            let offset = apart * at as f64 / n as f64;
            markers(
                &mut plot.points,
                &series.points,
                (start + offset, apart),
                &line_style,
                style,
            );
            plot.curves.push(Curve {
                points: self.smoothing.smooth(&series.points),
                stroke: line_style.stroke,
                style,
                ascii: line_style.ascii,
            });
        }
        Some(plot)
    }
}

/// What a metric is called, with its unit.
pub fn metric_name(curves: &CurveModel) -> String {
    match curves.metric() {
        None => String::new(),
        Some(Metric::Own(name)) => safe(name),
        Some(Metric::Items(name)) => format!("{} by item", safe(name)),
        Some(Metric::Throughput) => format!("throughput, {}/s", safe(&curves.unit)),
    }
}

/// What x counts, for the axis and the cursor.
fn x_name(curves: &CurveModel) -> &str {
    match (curves.axis(), curves.metric()) {
        (Axis::Time, _) => "s",
        (Axis::Step, Some(Metric::Throughput)) => "done",
        (Axis::Step, _) => curves.steps.as_deref().unwrap_or(STEP),
    }
}

/// A curve's arm as a legend has it: `tasks 2`; after its item, where it belongs to one.
fn name_of(series: &Series) -> String {
    let arm = short_arm(&series.id.arm, series.id.workers);
    match &series.item {
        None => arm,
        Some(item) => format!("{} {arm}", safe(item)),
    }
}

/// Line and column of every entry of a legend, with or without values, whose names have at most so
/// many cells, after what stands before them.
fn places(
    (entries, values): (&[(String, String)], bool),
    names: u16,
    before: u16,
    columns: u16,
) -> Vec<(u16, u16)> {
    let (mut line, mut x) = (0, if before > 0 { before + 2 } else { 0 });
    let mut out = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let name = if names > 1 {
            cells(name).min(names) + 1
        } else {
            0
        };
        let value = if values { cells(value) } else { 0 };
        let wide = 3 + name + value;
        if x > 0 && x + wide > columns {
            (line, x) = (line + 1, 0);
        }
        out.push((line, x));
        x += wide + 2;
    }
    out
}

/// Markers on recorded points, about evenly apart, so that curves that lie on one another stay
/// apart without colour, and one at the end.
fn markers(
    out: &mut Vec<Point>,
    points: &[(f64, f64)],
    (first, apart): (f64, f64),
    line_style: &LineStyle,
    style: Style,
) {
    let marker = |at: (f64, f64)| Point {
        at,
        interval: None,
        glyph: line_style.marker,
        style,
    };
    let mut x = first;
    // A marker stands on a point that was measured, never between two, and where no other
    // curve's stands already, if there is such a point.
    let mut ahead = if apart > 0.0 { points } else { &[] };
    while let Some(nearest) = ahead.iter().find(|p| p.0 >= x) {
        ahead = &ahead[ahead.partition_point(|p| p.0 < nearest.0)..];
        let near = ahead.iter().take_while(|p| p.0 < nearest.0 + apart);
        let is_free = |p: &&(f64, f64)| out.iter().all(|other| other.at != **p);
        let chosen = *near.clone().find(is_free).unwrap_or(nearest);
        out.push(marker(chosen));
        x = chosen.0 + apart;
    }
    let before = out.last().map(|point| point.at);
    let end = points.last().filter(|last| before != Some(**last));
    out.extend(end.map(|last| marker(*last)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::ThemeName;

    fn marked(series: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
        let theme = Theme::new(ThemeName::Mono, false, true);
        let mut out = Vec::new();
        for (at, points) in series.iter().enumerate() {
            let line_style = style_of_line(at, &theme);
            markers(&mut out, points, (at as f64, 3.0), &line_style, theme.text);
        }
        out.iter().map(|point| point.at).collect()
    }

    #[test]
    fn a_marker_is_a_measured_point() {
        let coarse: Vec<(f64, f64)> = [0.0, 7.5, 8.0, 30.0].map(|x| (x, x * x)).to_vec();
        let marks = marked(&[coarse.clone(), coarse.clone()]);
        assert!(marks.iter().all(|at| coarse.contains(at)), "{marks:?}");
        assert!(marks.contains(&(30.0, 900.0)));
    }

    #[test]
    fn curves_on_one_another_have_markers_of_their_own() {
        let points: Vec<(f64, f64)> = (0..10).map(|x| (f64::from(x), 1.0)).collect();
        let marks = marked(&[points.clone(), points.clone(), points]);
        let mut apart = marks.clone();
        apart.sort_by(|a, b| a.0.total_cmp(&b.0));
        apart.dedup();
        // All but the ends, where the three meet.
        assert_eq!(apart.len() + 2, marks.len(), "{marks:?}");
    }
}
