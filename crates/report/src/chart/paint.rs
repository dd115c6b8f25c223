//! Plays a chart's marks onto a plotters backend: the compact SVG writer or a bitmap.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::BitMapBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, RGBColor, TextStyle};
use plotters_backend::DrawingBackend;

use super::font;
use super::marks::{Anchor, Chart, ChartMark, Dash, Marker};
use super::palette::Role;
use super::svg::{self, SvgWriter};
use crate::error::ReportError;

/// Backend units per pixel in SVG: coordinates are written to one tenth of a pixel.
const SVG_SCALE: f64 = 10.0;
/// A PNG has twice the pixels of a 100 % display ...
const PNG_SCALE: u32 = 2;
/// ... and is drawn at this many times that, then averaged, which smooths what plotters does not.
const SUPERSAMPLE: u32 = 2;

type Area<DB> = DrawingArea<DB, Shift>;
type Painted<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

impl Chart {
    /// The chart as an `<svg>` element. `id` makes the ids of its title and description unique
    /// in a page.
    pub fn svg(&self, id: &str) -> Result<String, ReportError> {
        font::register();
        let mut body = String::new();
        let writer = SvgWriter::new(&mut body, self.backend_size(SVG_SCALE), SVG_SCALE);
        let area = writer.into_drawing_area();
        self.paint(&area, SVG_SCALE, 0.0)
            .and_then(|()| area.present())
            .map_err(|e| ReportError::drawing(&e))?;
        drop(area);
        Ok(svg::wrap(self, id, &body))
    }

    /// The chart as a PNG on white paper, at twice the size.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        font::register();
        let scale = f64::from(PNG_SCALE * SUPERSAMPLE);
        let width = self.width.ceil() as u32 * PNG_SCALE;
        let height = self.height.ceil() as u32 * PNG_SCALE;
        let drawn = (width * SUPERSAMPLE, height * SUPERSAMPLE);
        let mut pixels = vec![0; drawn.0 as usize * drawn.1 as usize * 3];
        {
            let area = BitMapBackend::with_buffer(&mut pixels, drawn).into_drawing_area();
            area.fill(&colour(Role::Paper))
                // plotters centres a text's box, which leaves the capitals about a fifth of their
                // size too high.
                .and_then(|()| self.paint(&area, scale, 0.2))
                .and_then(|()| area.present())
                .map_err(|e| ReportError::drawing(&e))?;
        }
        encode(&halve(&pixels, drawn), (width, height))
    }

    fn backend_size(&self, scale: f64) -> (u32, u32) {
        (
            (self.width * scale).ceil() as u32,
            (self.height * scale).ceil() as u32,
        )
    }

    fn paint<DB: DrawingBackend>(&self, area: &Area<DB>, scale: f64, drop: f64) -> Painted<DB> {
        for mark in &self.marks {
            match mark {
                ChartMark::Rect { x, y, w, h, role } => {
                    let corners = [at((*x, *y), scale), at((x + w, y + h), scale)];
                    area.draw(&Rectangle::new(corners, colour(*role).filled()))?;
                }
                ChartMark::Line {
                    points,
                    width,
                    dash,
                    role,
                } => {
                    let stroke = (width * scale).round().max(1.0) as u32;
                    for piece in pieces(points, dash) {
                        let path: Vec<_> = piece.iter().map(|p| at(*p, scale)).collect();
                        area.draw(&PathElement::new(path, colour(*role).stroke_width(stroke)))?;
                    }
                }
                ChartMark::Point {
                    x,
                    y,
                    radius,
                    marker,
                    role,
                } => point(area, (*x, *y), *radius, *marker, *role, scale)?,
                ChartMark::Text { .. } => letter(area, mark, scale, drop)?,
            }
        }
        Ok(())
    }
}

fn point<DB: DrawingBackend>(
    area: &Area<DB>,
    (x, y): (f64, f64),
    radius: f64,
    marker: Marker,
    role: Role,
    scale: f64,
) -> Painted<DB> {
    let r = radius;
    let corners = match marker {
        Marker::Circle => {
            let size = (r * scale).round() as i32;
            return area.draw(&Circle::new(at((x, y), scale), size, colour(role).filled()));
        }
        Marker::Square => vec![(-r, -r), (r, -r), (r, r), (-r, r)],
        Marker::Diamond => vec![
            (0.0, -1.3 * r),
            (1.3 * r, 0.0),
            (0.0, 1.3 * r),
            (-1.3 * r, 0.0),
        ],
        Marker::Triangle => vec![(0.0, -1.2 * r), (1.15 * r, 0.9 * r), (-1.15 * r, 0.9 * r)],
    };
    let corners: Vec<_> = corners
        .into_iter()
        .map(|(dx, dy)| at((x + dx, y + dy), scale))
        .collect();
    area.draw(&Polygon::new(corners, colour(role).filled()))
}

fn letter<DB: DrawingBackend>(
    area: &Area<DB>,
    mark: &ChartMark,
    scale: f64,
    drop: f64,
) -> Painted<DB> {
    let ChartMark::Text {
        x,
        y,
        size,
        anchor,
        bold,
        role,
        text,
    } = mark
    else {
        return Ok(());
    };
    let style = if *bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    let height = size * font::HEIGHT_PER_EM * scale;
    let across = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = FontDesc::new(FontFamily::Name(font::FAMILY), height, style);
    let colour = colour(*role);
    let style = TextStyle::from(font)
        .pos(Pos::new(across, VPos::Center))
        .color(&colour);
    let place = at((*x, y + drop * height / scale), scale);
    area.draw(&Text::new(text.as_str(), place, style))
}

fn colour(role: Role) -> RGBColor {
    let [_, r, g, b] = role.light().to_be_bytes();
    RGBColor(r, g, b)
}

fn at((x, y): (f64, f64), scale: f64) -> (i32, i32) {
    ((x * scale).round() as i32, (y * scale).round() as i32)
}

/// The strokes of a dashed line.
fn pieces(points: &[(f64, f64)], dash: Dash) -> Vec<Vec<(f64, f64)>> {
    let Some(first) = points.first() else {
        return Vec::new();
    };
    if dash.is_empty() {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece = vec![*first];
    let (mut turn, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length < left {
                left -= length;
                piece.push(to);
                break;
            }
            let share = left / length.max(1e-9);
            from = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            piece.push(from);
            if turn % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![from];
            turn += 1;
            left = dash[turn % dash.len()];
        }
    }
    let begun = |piece: &[(f64, f64)]| match piece {
        [first, .., last] => (last.0 - first.0).hypot(last.1 - first.1) > 1e-6,
        _ => false,
    };
    if turn % 2 == 0 && begun(&piece) {
        pieces.push(piece);
    }
    pieces
}

/// Averages blocks of two pixels by two. Without iterators, whose steps are calls in a debug build:
/// they were most of what the tests of reports did.
fn halve(pixels: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    const { assert!(SUPERSAMPLE == 2) };
    let row = width as usize * 3;
    let mut small = vec![0; pixels.len() / 4];
    let (mut from, mut to) = (0, 0);
    for _ in 0..height / 2 {
        let end = from + row;
        while from < end {
            // The three colours of one pixel; the block's lower half is a row further on.
            let below = from + row;
            let mut colour = 0;
            while colour < 3 {
                let above = u16::from(pixels[from + colour]) + u16::from(pixels[from + colour + 3]);
                let sum = above
                    + u16::from(pixels[below + colour])
                    + u16::from(pixels[below + colour + 3]);
                small[to] = (sum / 4) as u8;
                colour += 1;
                to += 1;
            }
            from += 6;
        }
        from += row;
    }
    small
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, ReportError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let per_metre = (f64::from(PNG_SCALE) * 96.0 / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let write = |encoder: png::Encoder<_>| -> Result<(), png::EncodingError> {
        let mut writer = encoder.write_header()?;
        writer.write_image_data(pixels)?;
        writer.finish()
    };
    write(encoder).map_err(|e| ReportError::drawing(&e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_a_line_and_go_round_corners() {
        let line = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)];
        let dashes = pieces(&line, &[6.0, 4.0]);
        assert_eq!(dashes.len(), 10);
        let length: f64 = dashes
            .iter()
            .flat_map(|d| d.windows(2))
            .map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1))
            .sum();
        assert!((length - 60.0).abs() < 1e-6, "{length}");
        assert_eq!(pieces(&line, &[]), vec![line.to_vec()]);
        assert!(pieces(&[], &[1.0, 1.0]).is_empty());
    }

    #[test]
    fn a_pixel_is_the_mean_of_its_four() {
        let (width, height) = (6, 4);
        let pixels: Vec<u8> = (0..width * height * 3)
            .map(|i| (i * 37 % 251) as u8)
            .collect();
        let at =
            |x: usize, y: usize, colour: usize| u32::from(pixels[(y * width + x) * 3 + colour]);
        let mut expected = Vec::new();
        for (y, x) in (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * y, 2 * x))) {
            let block = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
            let mean = |colour| block.map(|(x, y)| at(x, y, colour)).iter().sum::<u32>() / 4;
            expected.extend([0, 1, 2].map(|colour| mean(colour) as u8));
        }
        assert_eq!(halve(&pixels, (width as u32, height as u32)), expected);
    }
}
