//! A plotters backend that writes compact SVG.
//!
//! The backend that plotters brings writes whole pixels and one element of about a hundred bytes
//! per mark, which a page with timelines of thousands of tasks cannot afford. This one writes
//! tenths of a pixel and joins marks of one colour that follow each other into one path.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle,
};

use super::font::HEIGHT_PER_EM;
use super::marks::Chart;
use crate::format::presentable;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Writes marks as SVG elements into a string.
pub(super) struct SvgWriter<'a> {
    out: &'a mut String,
    size: (u32, u32),
    scale: f64,
    open: Option<Open>,
}

/// The path that is being written.
struct Open {
    kind: Kind,
    data: String,
    /// Where the pen is after the last piece, in backend units.
    pen: BackendCoord,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fill((u8, u8, u8)),
    Stroke((u8, u8, u8), u32),
}

impl<'a> SvgWriter<'a> {
    /// A writer whose backend units are `1 / scale` pixels.
    pub fn new(out: &'a mut String, size: (u32, u32), scale: f64) -> Self {
        Self {
            out,
            size,
            scale,
            open: None,
        }
    }

    fn number(&self, units: i32) -> Number {
        Number(f64::from(units) / self.scale)
    }

    fn flush(&mut self) {
        let Some(Open { kind, data, .. }) = self.open.take() else {
            return;
        };
        // Writing to a string cannot fail.
        let _ = match kind {
            Kind::Fill(rgb) => writeln!(self.out, "<path fill=\"{}\" d=\"{data}\"/>", hex(rgb)),
            Kind::Stroke(rgb, width) => {
                let width = Number(f64::from(width) / self.scale);
                writeln!(
                    self.out,
                    "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" d=\"{data}\"/>",
                    hex(rgb)
                )
            }
        };
    }

    /// The open path of this kind, begun when there is none, with the pen moved to `to`.
    fn pen_to(&mut self, kind: Kind, to: BackendCoord) -> &mut Open {
        if self.open.as_ref().is_some_and(|open| open.kind != kind) {
            self.flush();
        }
        let scale = self.scale;
        let open = self.open.get_or_insert_with(|| Open {
            kind,
            data: String::new(),
            pen: (0, 0),
        });
        open.step("m", to, scale);
        open
    }

    /// Lines through the points of a path, and where they begin; nothing without a point.
    fn outline(
        &mut self,
        kind: Kind,
        path: impl IntoIterator<Item = BackendCoord>,
    ) -> Option<(&mut Open, BackendCoord)> {
        let scale = self.scale;
        let mut path = path.into_iter();
        let first = path.next()?;
        let open = self.pen_to(kind, first);
        path.for_each(|to| open.step("l", to, scale));
        Some((open, first))
    }
}

impl Open {
    /// One relative move or line of the pen.
    fn step(&mut self, command: &str, to: BackendCoord, scale: f64) {
        let part = |from: i32, to: i32| Number(f64::from(to - from) / scale);
        let (dx, dy) = (part(self.pen.0, to.0), part(self.pen.1, to.1));
        let space = if dy.0 < 0.0 { "" } else { " " };
        let _ = write!(self.data, "{command}{dx}{space}{dy}");
        self.pen = to;
    }
}

/// A coordinate with at most one decimal and no needless characters.
#[derive(Clone, Copy)]
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        let (sign, size) = (if tenths < 0 { "-" } else { "" }, tenths.unsigned_abs());
        match (size / 10, size % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (0, rest) => write!(f, "{sign}.{rest}"),
            (whole, rest) => write!(f, "{sign}{whole}.{rest}"),
        }
    }
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text made safe between tags and in attributes.
pub(super) fn escape(text: &str) -> String {
    let text: String = text.chars().map(presentable).collect();
    maud::html! { (text) }.into_string()
}

/// The `<svg>` element around a chart's marks, with the words for those who cannot see it.
pub(super) fn wrap(chart: &Chart, id: &str, body: &str) -> String {
    let (width, height) = (Number(chart.width), Number(chart.height));
    let (title, description) = (escape(&chart.title), escape(&chart.description));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" font-family=\"system-ui, sans-serif\" \
         stroke-linejoin=\"round\">\n<title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>\n\
         {body}</svg>"
    )
}

impl DrawingBackend for SvgWriter<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.flush();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if !fill {
            let corners = [left, right, right, left, left].into_iter();
            let corners = corners.zip([top, top, bottom, bottom, top]);
            return self.draw_path(corners, style);
        }
        let (w, h) = (self.number(right - left), self.number(bottom - top));
        let open = self.pen_to(Kind::Fill(style.color().rgb), (left, top));
        let _ = write!(open.data, "h{w}v{h}h-{w}z");
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let kind = Kind::Stroke(style.color().rgb, style.stroke_width());
        self.outline(kind, path);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if let Some((open, first)) = self.outline(Kind::Fill(style.color().rgb), path) {
            open.data.push('z');
            open.pen = first;
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.flush();
        let (x, y) = (self.number(x), self.number(y));
        let r = Number(f64::from(radius) / self.scale);
        let fill = hex(style.color().rgb);
        let _ = writeln!(
            self.out,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\"/>"
        );
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        self.flush();
        let size = style.size() / HEIGHT_PER_EM / self.scale;
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        let weight = match style.style() {
            FontStyle::Bold => " font-weight=\"600\"",
            _ => "",
        };
        let x = self.number(x);
        // Centres the capitals: their height is about 0.71 em in the fonts that
        // `system-ui` stands for.
        let y = Number(f64::from(y) / self.scale + 0.355 * size);
        let fill = hex(style.color().rgb);
        let size = Number(size);
        let _ = writeln!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{weight} fill=\"{fill}\">{}</text>",
            escape(text)
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{Color as _, RGBColor};

    #[test]
    fn numbers_are_short() {
        let text = |v: f64| Number(v).to_string();
        assert_eq!(text(12.0), "12");
        assert_eq!(text(12.34), "12.3");
        assert_eq!(text(-0.52), "-.5");
        assert_eq!(text(-0.01), "0");
    }

    #[test]
    fn marks_of_one_colour_share_a_path() {
        let mut out = String::new();
        let mut writer = SvgWriter::new(&mut out, (100, 100), 10.0);
        let (red, blue) = (RGBColor(255, 0, 0).filled(), RGBColor(0, 0, 255).filled());
        writer.draw_rect((10, 10), (30, 20), &red, true).unwrap();
        writer.draw_rect((35, 5), (40, 20), &red, true).unwrap();
        writer.draw_rect((0, 0), (10, 10), &blue, true).unwrap();
        writer.present().unwrap();
        assert_eq!(
            out,
            "<path fill=\"#ff0000\" d=\"m1 1h2v1h-2zm2.5-.5h.5v1.5h-.5z\"/>\n\
             <path fill=\"#0000ff\" d=\"m0 0h1v1h-1z\"/>\n"
        );
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            escape("<a href=\"x\">&\n\u{0}"),
            "&lt;a href=&quot;x&quot;&gt;&amp;  "
        );
    }
}
