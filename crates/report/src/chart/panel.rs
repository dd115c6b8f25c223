//! Small plots side by side, two in a row, each with a title, an axis below and one of values.

use super::axis::PixelScale;
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::{Role, SERIES};
use super::value_axis::{self, ValueAxis};

const LEFT: f64 = 54.0;
const GAP: f64 = 62.0;
const WIDE: f64 = (WIDTH - LEFT - GAP - 12.0) / 2.0;
const PLOT: f64 = 150.0;
const HEAD: f64 = 34.0;
const FOOT: f64 = 48.0;

/// Where one of the plots is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlotPlace {
    /// Its left end.
    pub left: f64,
    /// Its right end.
    pub right: f64,
    /// Where the plot begins.
    pub top: f64,
    /// Where it ends.
    pub bottom: f64,
}

/// The height of so many plots, below so much.
pub(super) fn height(above: f64, plots: usize) -> f64 {
    above + plots.div_ceil(2) as f64 * (HEAD + PLOT + FOOT)
}

/// The place of a plot.
pub(super) fn place(above: f64, index: usize) -> PlotPlace {
    let left = LEFT + (index % 2) as f64 * (WIDE + GAP);
    let top = above + (index / 2) as f64 * (HEAD + PLOT + FOOT) + HEAD;
    PlotPlace {
        left,
        right: left + WIDE,
        top,
        bottom: top + PLOT,
    }
}

impl PlotPlace {
    /// The ends of its axis of values: bottom, top.
    pub fn upright(&self) -> (f64, f64) {
        (self.bottom, self.top)
    }

    /// A scale from 0 along its width.
    pub fn along(&self, end: f64) -> PixelScale {
        PixelScale::linear((0.0, end), (self.left, self.right))
    }

    /// Title, grid and axis of a plot over a range from 0.
    pub fn frame(&self, chart: &mut Chart, (title, below): (&str, &str), end: f64, y: &ValueAxis) {
        self.title(chart, title, below);
        y.grid(chart, (self.left, self.right), true);
        let ends = (self.left, self.right);
        value_axis::foot(chart, (self.along(end), end), ends, self.bottom);
    }

    /// The title above and what is below the axis.
    pub fn title(&self, chart: &mut Chart, title: &str, below: &str) {
        let bold = Lettering::new(Role::Ink).bold();
        let small = Lettering::new(Role::Muted).small();
        let room = self.right - self.left;
        chart.text(self.left, self.top - 16.0, bold, bold.fit(title, room));
        let middle = f64::midpoint(self.left, self.right);
        chart.text(middle, self.bottom + 31.0, small.middle(), below);
    }
}

/// What lies behind the line of a colour.
pub(super) fn pale(role: Role) -> Role {
    match role {
        Role::Series(i) => Role::Pale(i % SERIES),
        _ => Role::Heat(1),
    }
}
