//! What a chart is made of: rectangles, lines, points and texts in pixels of a 100 % display, in
//! order of drawing.

use super::font;
use super::palette::Role;

/// Width of every chart.
pub(super) const WIDTH: f64 = 880.0;
/// Size of ordinary text, in pixels per em.
pub(super) const TEXT: f64 = 12.5;
/// Size of small text.
pub(super) const SMALL: f64 = 11.5;

/// A drawing and what it shows in words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    pub(super) width: f64,
    pub(super) height: f64,
    /// What it is, in a few words.
    pub title: String,
    /// What it shows, with the numbers that matter, for those who cannot see it.
    pub description: String,
    pub(super) marks: Vec<ChartMark>,
}

/// Where a text stands relative to its point; vertically its capitals are centred on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Diamond,
    Triangle,
}

/// Lengths of stroke and gap in pixels; empty for an unbroken line.
pub(super) type Dash = &'static [f64];
pub(super) const SOLID: Dash = &[];
pub(super) const DASHED: Dash = &[6.0, 4.0];
pub(super) const DOTTED: Dash = &[1.5, 3.5];
pub(super) const LONG: Dash = &[11.0, 4.0];
pub(super) const DASH_DOT: Dash = &[8.0, 3.5, 1.5, 3.5];

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ChartMark {
    Rect {
        x: f64,
        y: f64,
        w: f64,
        h: f64,
        role: Role,
    },
    Line {
        points: Vec<(f64, f64)>,
        width: f64,
        dash: Dash,
        role: Role,
    },
    Point {
        x: f64,
        y: f64,
        radius: f64,
        marker: Marker,
        role: Role,
    },
    Text {
        x: f64,
        y: f64,
        size: f64,
        anchor: Anchor,
        bold: bool,
        role: Role,
        text: String,
    },
}

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lettering {
    size: f64,
    anchor: Anchor,
    bold: bool,
    role: Role,
}

impl Lettering {
    pub(super) fn new(role: Role) -> Self {
        Self {
            size: TEXT,
            anchor: Anchor::Start,
            bold: false,
            role,
        }
    }

    pub(super) fn small(mut self) -> Self {
        self.size = SMALL;
        self
    }

    pub(super) fn size(mut self, size: f64) -> Self {
        self.size = size;
        self
    }

    pub(super) fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(super) fn middle(mut self) -> Self {
        self.anchor = Anchor::Middle;
        self
    }

    pub(super) fn end(mut self) -> Self {
        self.anchor = Anchor::End;
        self
    }

    pub(super) fn width(self, text: &str) -> f64 {
        font::width(text, self.size, self.bold)
    }

    pub(super) fn fit(self, text: &str, room: f64) -> String {
        font::fit(text, self.size, self.bold, room)
    }
}

impl Chart {
    pub(super) fn new(height: f64, title: impl Into<String>) -> Self {
        Self {
            width: WIDTH,
            height,
            title: title.into(),
            description: String::new(),
            marks: Vec::new(),
        }
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, role: Role) {
        if on_canvas(&[x, y, w, h]) && w > 0.0 && h > 0.0 {
            self.marks.push(ChartMark::Rect { x, y, w, h, role });
        }
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, role: Role) {
        self.path(vec![from, to], width, SOLID, role);
    }

    pub(super) fn path(&mut self, points: Vec<(f64, f64)>, width: f64, dash: Dash, role: Role) {
        let fits = points.iter().all(|(x, y)| on_canvas(&[*x, *y]));
        if fits && points.len() > 1 {
            self.marks.push(ChartMark::Line {
                points,
                width,
                dash,
                role,
            });
        }
    }

    pub(super) fn point(&mut self, (x, y): (f64, f64), radius: f64, marker: Marker, role: Role) {
        if on_canvas(&[x, y]) {
            self.marks.push(ChartMark::Point {
                x,
                y,
                radius,
                marker,
                role,
            });
        }
    }

    pub(super) fn text(&mut self, x: f64, y: f64, style: Lettering, text: impl Into<String>) {
        if on_canvas(&[x, y]) {
            self.marks.push(ChartMark::Text {
                x,
                y,
                size: style.size,
                anchor: style.anchor,
                bold: style.bold,
                role: style.role,
                text: text.into(),
            });
        }
    }

    /// Moves everything down and puts a title, a subtitle and a last line around it, for a chart
    /// that stands alone.
    pub fn framed(mut self, title: &str, subtitle: &str, foot: &str) -> Self {
        const HEAD: f64 = 84.0;
        const FOOT: f64 = 44.0;
        const MARGIN: f64 = 28.0;
        for mark in &mut self.marks {
            mark.shift(MARGIN, HEAD);
        }
        let room = self.width;
        self.width += 2.0 * MARGIN;
        self.height += HEAD + FOOT;
        let paper = ChartMark::Rect {
            x: 0.0,
            y: 0.0,
            w: self.width,
            h: self.height,
            role: Role::Paper,
        };
        self.marks.insert(0, paper);
        let heading = Lettering::new(Role::Ink).size(19.0).bold();
        let below = Lettering::new(Role::Muted);
        let last = Lettering::new(Role::Muted).small();
        self.text(MARGIN, 32.0, heading, heading.fit(title, room));
        self.text(MARGIN, 57.0, below, below.fit(subtitle, room));
        self.text(MARGIN, self.height - 20.0, last, last.fit(foot, room));
        self
    }
}

/// Whether coordinates are numbers that a backend can hold. A mark that is not near the drawing
/// would not be seen anyway.
fn on_canvas(coordinates: &[f64]) -> bool {
    coordinates.iter().all(|v| v.abs() < 1e5)
}

impl ChartMark {
    fn shift(&mut self, dx: f64, dy: f64) {
        match self {
            Self::Rect { x, y, .. } | Self::Point { x, y, .. } | Self::Text { x, y, .. } => {
                *x += dx;
                *y += dy;
            }
            Self::Line { points, .. } => {
                for point in points {
                    point.0 += dx;
                    point.1 += dy;
                }
            }
        }
    }
}
