//! A line chart in cells: braille dots where the terminal has them, one letter per column where it has not.
//!
//! Belongs here: axes, ticks, curves, points with intervals, a cursor. Does not belong here: what is plotted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::widgets::{Row, width};
use crate::tui::theme::Theme;

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

/// A chart from the origin to the ends of its axes.
#[derive(Default)]
pub struct Plot {
    /// Largest x; the smallest is 0.
    pub x_end: f64,
    /// Largest y; the smallest is 0.
    pub y_end: f64,
    /// What x counts.
    pub x_label: &'static str,
    /// Unit of y.
    pub y_unit: &'static str,
    /// Curves, later ones over earlier ones.
    pub curves: Vec<Curve>,
    /// Points over the curves.
    pub points: Vec<Point>,
    /// A vertical line.
    pub cursor: Option<f64>,
}

/// Dots of a braille cell by column and row from the top.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// A step of 1, 2 or 5 times a power of ten that cuts `end` into at most `most` parts.
pub fn nice_step(end: f64, most: u16) -> f64 {
    let rough = end / f64::from(most.max(1));
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|s| s * power >= rough * 0.999);
    step.unwrap_or(10.0) * power
}

struct Field {
    area: Rect,
    x_end: f64,
    y_end: f64,
}

impl Field {
    /// Horizontal position in dots, two per cell.
    fn dot_x(&self, x: f64) -> f64 {
        x / self.x_end * f64::from(self.area.width * 2 - 1)
    }

    /// Vertical position in dots from the top, four per cell.
    fn dot_y(&self, y: f64) -> f64 {
        let last = f64::from(self.area.height * 4 - 1);
        last - (y / self.y_end).clamp(-0.1, 1.1) * last
    }

    fn column(&self, x: f64) -> Option<u16> {
        let dot = self.dot_x(x);
        (dot >= -0.5 && dot < f64::from(self.area.width * 2)).then(|| (dot.max(0.0) / 2.0) as u16)
    }

    fn row(&self, y: f64) -> Option<u16> {
        let dot = self.dot_y(y);
        (dot >= -0.5 && dot < f64::from(self.area.height * 4)).then(|| (dot.max(0.0) / 4.0) as u16)
    }
}

/// Draws a chart; nothing where there is no room for one.
pub fn draw(buf: &mut Buffer, area: Rect, plot: &Plot, theme: &Theme) {
    let margin = 5;
    if area.width < margin + 8 || area.height < 4 || !(plot.x_end > 0.0 && plot.y_end > 0.0) {
        return;
    }
    let field = Field {
        area: Rect {
            x: area.x + margin,
            y: area.y,
            width: area.width - margin,
            height: area.height - 2,
        },
        x_end: plot.x_end,
        y_end: plot.y_end,
    };
    axes(buf, area, &field, plot, theme);
    if let Some(column) = plot.cursor.and_then(|x| field.column(x)) {
        for line in 0..field.area.height {
            Row::new(buf, field.area, line)
                .skip(column)
                .cell(theme.glyphs.cursor, theme.dim);
        }
    }
    curves(buf, &field, plot, theme);
    for point in &plot.points {
        draw_point(buf, &field, point, theme);
    }
}

fn axes(buf: &mut Buffer, area: Rect, field: &Field, plot: &Plot, theme: &Theme) {
    let dim = theme.dim;
    let y_step = nice_step(plot.y_end, (field.area.height / 2).clamp(1, 8));
    let mut value = 0.0;
    while value <= plot.y_end * 1.0001 {
        if let Some(line) = field.row(value) {
            let digits = usize::from(y_step < 1.0);
            let label = format!("{value:.digits$}{}", plot.y_unit);
            let left = Rect { width: 4, ..area };
            Row::new(buf, left, line).right(&label, 4, dim, theme);
        }
        value += y_step;
    }
    for line in 0..field.area.height {
        Row::new(buf, area, line)
            .skip(4)
            .cell(theme.glyphs.axis, theme.faint);
    }
    let line = field.area.height;
    let mut row = Row::new(buf, area, line);
    row.skip(4).cell(theme.glyphs.corner, theme.faint);
    for _ in 0..field.area.width {
        row.cell(theme.glyphs.rule, theme.faint);
    }
    let room = field.area.width.saturating_sub(width(plot.x_label) + 2);
    let x_step = nice_step(plot.x_end, (field.area.width / 8).max(1)).max(1.0);
    let mut value = 0.0;
    while value <= plot.x_end * 1.0001 {
        if let Some(column) = field.column(value) {
            let label = format!("{value:.0}");
            if column + width(&label) < room {
                Row::new(buf, area, line + 1)
                    .skip(5 + column)
                    .text(&label, dim, theme);
            }
        }
        value += x_step;
    }
    Row::new(buf, area, line + 1)
        .last(width(plot.x_label))
        .text(plot.x_label, dim, theme);
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

fn curves(buf: &mut Buffer, field: &Field, plot: &Plot, theme: &Theme) {
    let (columns, rows) = (
        usize::from(field.area.width),
        usize::from(field.area.height),
    );
    let mut bits = vec![0_u8; columns * rows];
    let mut styles = vec![theme.text; columns * rows];
    let mut letters = vec![" "; columns * rows];
    for curve in &plot.curves {
        let mut before: Option<i32> = None;
        for dot in 0..columns * 2 {
            let x = dot as f64 / (columns * 2 - 1) as f64 * field.x_end;
            let Some(y) = interpolate(&curve.points, x).filter(|y| y.is_finite()) else {
                before = None;
                continue;
            };
            let now = field.dot_y(y).round() as i32;
            let from = before.map_or(now, |b| if b < now { b + 1 } else { (b - 1).max(now) });
            before = Some(now);
            let skipped = match curve.stroke {
                Stroke::Solid => false,
                Stroke::Dashed => dot % 6 >= 4,
                Stroke::Dotted => dot % 4 != 0,
            };
            if skipped {
                continue;
            }
            for level in from.min(now)..=from.max(now) {
                let inside = usize::try_from(level).ok().filter(|l| *l < rows * 4);
                let Some(level) = inside else { continue };
                let at = level / 4 * columns + dot / 2;
                bits[at] |= DOTS[dot % 2][level % 4];
                styles[at] = curve.style;
                letters[at] = curve.ascii;
            }
        }
    }
    for row in 0..field.area.height {
        for column in 0..field.area.width {
            let at = usize::from(row) * columns + usize::from(column);
            if bits[at] == 0 {
                continue;
            }
            let braille = char::from_u32(0x2800 + u32::from(bits[at])).unwrap_or(' ');
            let mut text = [0; 4];
            let glyph: &str = if theme.glyphs.ascii {
                letters[at]
            } else {
                braille.encode_utf8(&mut text)
            };
            Row::new(buf, field.area, row)
                .skip(column)
                .cell(glyph, styles[at]);
        }
    }
}

fn draw_point(buf: &mut Buffer, field: &Field, point: &Point, theme: &Theme) {
    let Some(column) = field.column(point.at.0) else {
        return;
    };
    if let Some([low, high]) = point.interval
        && let (Some(bottom), Some(top)) = (field.row(low), field.row(high))
    {
        for line in top..=bottom {
            Row::new(buf, field.area, line)
                .skip(column)
                .cell(theme.glyphs.axis, point.style);
        }
    }
    if let Some(line) = field.row(point.at.1) {
        Row::new(buf, field.area, line)
            .skip(column)
            .cell(point.glyph, point.style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        for (end, most, step) in [
            (10.0, 5, 2.0),
            (64.0, 8, 10.0),
            (2.0, 4, 0.5),
            (17.2, 4, 5.0),
        ] {
            assert!(
                (nice_step(end, most) - step).abs() < 1e-9,
                "{end} {most}: {}",
                nice_step(end, most)
            );
        }
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!((nice_step(odd, 3) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn curves_end_where_their_points_end() {
        let points = [(1.0, 1.0), (3.0, 2.0)];
        assert_eq!(interpolate(&points, 2.0), Some(1.5));
        assert_eq!(interpolate(&points, 1.0), Some(1.0));
        assert_eq!(interpolate(&points, 0.5), None);
        assert_eq!(interpolate(&points, 3.5), None);
        assert_eq!(interpolate(&[], 1.0), None);
    }
}
