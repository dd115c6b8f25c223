//! A line chart in cells: braille dots where the terminal has them, one letter per column where
//! it has not.
//!
//! Belongs here: axes, curves, points with intervals, a cursor. Does not belong here: what is
//! plotted, and where values lie on an axis.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::scale::{Scale, labels};
use super::{Pane, cells};
use crate::theme::Theme;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// Unbroken.
    Solid,
    /// Two thirds of the dots.
    Dashed,
    /// Few dots.
    Dotted,
}

/// A curve through points in rising x.
pub struct Curve {
    /// x and y of each point.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
    /// Its colour.
    pub style: Style,
    /// What it is drawn with where there is no braille.
    pub ascii: &'static str,
}

/// A measured point, with its interval where it has one.
pub struct Point {
    /// x and y.
    pub at: (f64, f64),
    /// Ends of the interval.
    pub interval: Option<[f64; 2]>,
    /// What marks it.
    pub glyph: &'static str,
    /// Its colour.
    pub style: Style,
}

/// A chart.
#[derive(Default)]
pub struct Plot {
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// What x counts.
    pub x_label: String,
    /// x comes in whole numbers.
    pub x_whole: bool,
    /// Unit of y.
    pub y_unit: &'static str,
    /// Curves, later ones over earlier ones.
    pub curves: Vec<Curve>,
    /// Points over the curves.
    pub points: Vec<Point>,
    /// A vertical line.
    pub cursor: Option<f64>,
}

impl Plot {
    /// A chart of speed-ups over workers, with the ideal.
    pub fn of_speedups((x, y): (Scale, Scale), ideal: Vec<(f64, f64)>, theme: &Theme) -> Self {
        let ideal = Curve {
            points: ideal,
            stroke: Stroke::Dotted,
            style: theme.dim,
            ascii: ".",
        };
        Self {
            x,
            y,
            x_label: "workers".to_owned(),
            x_whole: true,
            y_unit: "×",
            curves: vec![ideal],
            ..Self::default()
        }
    }
}

/// Dots of a braille cell by column and row from the top.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
/// Cells left of the vertical axis, at least.
const MARGIN: u16 = 4;

/// Where the curves of a chart were drawn: the way from a cell to a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotArea {
    /// The cells between the axes.
    pub area: Rect,
    x: Scale,
    y: Scale,
}

impl PlotArea {
    /// Horizontal position in dots, two per cell.
    fn dot_x(&self, x: f64) -> Option<f64> {
        Some(self.x.share(x)? * f64::from(self.area.width * 2 - 1))
    }

    /// The value at a dot.
    fn x_of_dot(&self, dot: f64) -> f64 {
        self.x.value(dot / f64::from(self.area.width * 2 - 1))
    }

    /// Vertical position in dots from the top, four per cell.
    fn dot_y(&self, y: f64) -> Option<f64> {
        let last = f64::from(self.area.height * 4 - 1);
        Some(last - self.y.share(y)?.clamp(-0.1, 1.1) * last)
    }

    fn column(&self, x: f64) -> Option<u16> {
        let dot = self.dot_x(x)?;
        (dot >= -0.5 && dot < f64::from(self.area.width * 2)).then(|| (dot.max(0.0) / 2.0) as u16)
    }

    fn row(&self, y: f64) -> Option<u16> {
        let dot = self.dot_y(y)?;
        (dot >= -0.5 && dot < f64::from(self.area.height * 4)).then(|| (dot.max(0.0) / 4.0) as u16)
    }

    /// The value of x at a cell of the screen, where curves are drawn there.
    pub fn x_at(&self, column: u16, row: u16) -> Option<f64> {
        let inside = self.area.contains((column, row).into());
        inside.then(|| self.x_of_dot(f64::from((column - self.area.x) * 2) + 0.5))
    }

    /// x as many cells further; it stays between the ends of the axis.
    pub fn moved(&self, x: f64, cells: i32) -> f64 {
        let most = f64::from(self.area.width * 2 - 1);
        let dot = self.dot_x(x).unwrap_or(0.0) + f64::from(cells) * 2.0;
        self.x_of_dot(dot.clamp(0.0, most))
    }
}

/// The marks of the vertical axis, and what stands at them.
fn y_marks(plot: &Plot, height: u16) -> Vec<(f64, String)> {
    let ticks = plot.y.ticks((height / 2).clamp(1, 8), 0.0);
    let named = labels(&ticks).into_iter();
    let named = named.map(|label| format!("{label}{}", plot.y_unit));
    ticks.into_iter().zip(named).collect()
}

/// Draws a chart and tells where; nothing where there is no room for one.
pub fn draw(pane: &mut Pane<'_>, plot: &Plot) -> Option<PlotArea> {
    let (area, theme) = (pane.area, pane.theme);
    if area.height < 4 || !(plot.x.is_sound() && plot.y.is_sound()) {
        return None;
    }
    let marks = y_marks(plot, area.height - 2);
    let widest = marks.iter().map(|(_, label)| cells(label)).max();
    let margin = widest.unwrap_or(0).clamp(MARGIN, MARGIN * 2) + 1;
    if area.width < margin + 8 {
        return None;
    }
    let field = PlotArea {
        area: Rect {
            x: area.x + margin,
            y: area.y,
            width: area.width - margin,
            height: area.height - 2,
        },
        x: plot.x,
        y: plot.y,
    };
    y_axis(pane, &field, &marks);
    x_axis(pane, &field, plot);
    let mut inside = pane.part(field.area);
    if let Some(column) = plot.cursor.and_then(|x| field.column(x)) {
        for line in 0..field.area.height {
            let mut row = inside.row(line);
            row.skip(column).cell(theme.glyphs.cursor, theme.dim);
        }
    }
    curves(&mut inside, &field, plot);
    for point in &plot.points {
        draw_point(&mut inside, &field, point);
    }
    Some(field)
}

fn y_axis(pane: &mut Pane<'_>, field: &PlotArea, marks: &[(f64, String)]) {
    let theme = pane.theme;
    let room = field.area.x - pane.area.x - 1;
    for (value, label) in marks {
        if let Some(line) = field.row(*value) {
            pane.row(line).right(label, room, theme.dim);
        }
    }
    for line in 0..field.area.height {
        let mut row = pane.row(line);
        row.skip(room).cell(theme.glyphs.axis, theme.faint);
    }
}

fn x_axis(pane: &mut Pane<'_>, field: &PlotArea, plot: &Plot) {
    let theme = pane.theme;
    let margin = field.area.x - pane.area.x;
    let line = field.area.height;
    pane.row(line)
        .skip(margin - 1)
        .cell(theme.glyphs.corner, theme.faint)
        .fill(theme.glyphs.rule, field.area.width, theme.faint);
    let room = field.area.width.saturating_sub(cells(&plot.x_label) + 2);
    let least = if plot.x_whole { 1.0 } else { 0.0 };
    let ticks = plot.x.ticks((field.area.width / 8).max(1), least);
    let mut free = 0;
    for (value, label) in ticks.iter().zip(labels(&ticks)) {
        if let Some(column) = field.column(*value)
            && column >= free
            && column + cells(&label) < room
        {
            let mut row = pane.row(line + 1);
            row.skip(margin + column).text(&label, theme.dim);
            free = column + cells(&label) + 1;
        }
    }
    let mut row = pane.row(line + 1);
    row.last(cells(&plot.x_label))
        .text(&plot.x_label, theme.dim);
}

/// y at x, between the points around it.
fn interpolate(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let after = points.partition_point(|p| p.0 < x);
    let (right, left) = (
        points.get(after),
        after.checked_sub(1).and_then(|i| points.get(i)),
    );
    match (left, right) {
        (_, Some(p)) if (p.0 - x).abs() < 1e-9 => Some(p.1),
        (Some(a), Some(b)) => Some(a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0)),
        _ => None,
    }
}

/// The levels, in dots from the top, that a curve takes at a dot: all of its points there, or the
/// line between the points around it.
fn levels(curve: &Curve, field: &PlotArea, dot: f64) -> Option<(i32, i32, i32)> {
    let from = curve
        .points
        .partition_point(|p| p.0 < field.x_of_dot(dot - 0.5));
    let inside = &curve.points[from..];
    let count = inside.partition_point(|p| p.0 < field.x_of_dot(dot + 0.5));
    let level = |y: f64| Some(field.dot_y(y).filter(|y| y.is_finite())?.round() as i32);
    let mut all = inside[..count].iter().filter_map(|p| level(p.1));
    if let Some(first) = all.next() {
        let start = (first, first, first);
        return Some(all.fold(start, |(low, high, _), y| (low.min(y), high.max(y), y)));
    }
    let y = interpolate(&curve.points, field.x_of_dot(dot))?;
    level(y).map(|y| (y, y, y))
}

/// What the cells of a chart hold: dots, and the look of the curve that was there last.
struct Canvas<'a> {
    columns: usize,
    rows: usize,
    cells: Vec<(u8, Style, &'a str)>,
}

impl<'a> Canvas<'a> {
    fn set(&mut self, dot: usize, level: i32, curve: &'a Curve) {
        let inside = usize::try_from(level).ok().filter(|l| *l < self.rows * 4);
        if let Some(level) = inside {
            let cell = &mut self.cells[level / 4 * self.columns + dot / 2];
            cell.0 |= DOTS[dot % 2][level % 4];
            (cell.1, cell.2) = (curve.style, curve.ascii);
        }
    }

    fn curve(&mut self, curve: &'a Curve, field: &PlotArea) {
        let mut before: Option<i32> = None;
        for dot in 0..self.columns * 2 {
            let Some((mut low, mut high, last)) = levels(curve, field, dot as f64) else {
                before = None;
                continue;
            };
            // From the dot before, so that steep parts stay in one piece.
            if let Some(b) = before {
                low = low.min(b + 1);
                high = high.max(b - 1);
            }
            before = Some(last);
            let skipped = match curve.stroke {
                Stroke::Solid => false,
                Stroke::Dashed => dot % 6 >= 4,
                Stroke::Dotted => dot % 4 != 0,
            };
            if !skipped {
                (low..=high).for_each(|level| self.set(dot, level, curve));
            }
        }
    }
}

fn curves(inside: &mut Pane<'_>, field: &PlotArea, plot: &Plot) {
    let theme = inside.theme;
    let (columns, rows) = (
        usize::from(field.area.width),
        usize::from(field.area.height),
    );
    let mut canvas = Canvas {
        columns,
        rows,
        cells: vec![(0, theme.text, " "); columns * rows],
    };
    for curve in &plot.curves {
        canvas.curve(curve, field);
    }
    for (line, cells) in (0..).zip(canvas.cells.chunks(columns)) {
        let mut row = inside.row(line);
        for (bits, style, letter) in cells {
            let braille = char::from_u32(0x2800 + u32::from(*bits)).unwrap_or(' ');
            match bits {
                0 => row.skip(1),
                _ if theme.glyphs.ascii => row.cell(letter, *style),
                _ => row.cell(braille.encode_utf8(&mut [0; 4]), *style),
            };
        }
    }
}

fn draw_point(inside: &mut Pane<'_>, field: &PlotArea, point: &Point) {
    let Some(column) = field.column(point.at.0) else {
        return;
    };
    let axis = inside.theme.glyphs.axis;
    let mut mark = |line: u16, glyph: &str| {
        inside.row(line).skip(column).cell(glyph, point.style);
    };
    if let Some([low, high]) = point.interval
        && let (Some(bottom), Some(top)) = (field.row(low), field.row(high))
    {
        (top..=bottom).for_each(|line| mark(line, axis));
    }
    if let Some(line) = field.row(point.at.1) {
        mark(line, point.glyph);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_end_where_their_points_end() {
        let points = [(1.0, 1.0), (3.0, 2.0)];
        assert_eq!(interpolate(&points, 2.0), Some(1.5));
        assert_eq!(interpolate(&points, 1.0), Some(1.0));
        assert_eq!(interpolate(&points, 0.5), None);
        assert_eq!(interpolate(&points, 3.5), None);
        assert_eq!(interpolate(&[], 1.0), None);
    }

    fn field(width: u16, x: Scale) -> PlotArea {
        PlotArea {
            area: Rect::new(3, 2, width, 5),
            x,
            y: Scale::linear(0.0, 1.0),
        }
    }

    #[test]
    fn cells_and_values_are_each_others_inverse() {
        for x in [Scale::linear(0.0, 10.0), Scale::log(1.0, 64.0)] {
            let field = field(40, x);
            for column in 0..40 {
                let value = field.x_at(3 + column, 4).unwrap();
                assert_eq!(field.column(value), Some(column), "{value}");
            }
            assert_eq!(field.x_at(2, 4), None);
            assert_eq!(field.x_at(43, 4), None);
            assert_eq!(field.x_at(10, 7), None);
        }
    }

    #[test]
    fn a_cursor_moves_by_cells_and_stays_on_the_axis() {
        let field = field(20, Scale::linear(0.0, 39.0));
        assert!((field.moved(10.0, 3) - 16.0).abs() < 1e-9);
        assert!(field.moved(10.0, -100).abs() < 1e-9);
        assert!((field.moved(10.0, 100) - 39.0).abs() < 1e-9);
    }

    #[test]
    fn spikes_between_two_dots_stay() {
        let mut points: Vec<(f64, f64)> = (0..1000).map(|i| (f64::from(i), 0.0)).collect();
        points[503].1 = 1.0;
        let curve = Curve {
            points,
            stroke: Stroke::Solid,
            style: Style::new(),
            ascii: "#",
        };
        let field = field(20, Scale::linear(0.0, 999.0));
        let highest = (0..40).filter_map(|dot| levels(&curve, &field, f64::from(dot)));
        assert_eq!(highest.map(|(low, ..)| low).min(), Some(0));
    }
}
