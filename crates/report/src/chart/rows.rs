//! What charts share: rows of bars on a common axis, and curves with a key below and labels at
//! their ends.

use super::axis::{self, PixelScale};
use super::marks::{Chart, Dash, Lettering, WIDTH};
use super::palette::Role;
use crate::format;

/// Where bars begin: right of the labels of their rows.
pub(super) const LEFT: f64 = 170.0;

/// Grid lines from `top` to `end`, and the label of each `below` its line.
pub(super) fn grid(
    chart: &mut Chart,
    scale: PixelScale,
    ticks: impl IntoIterator<Item = (f64, String)>,
    (top, end, below): (f64, f64, f64),
) {
    let style = Lettering::new(Role::Muted).small().middle();
    for (value, label) in ticks {
        let x = scale.at(value);
        chart.line((x, top), (x, end), 1.0, Role::Grid);
        if !label.is_empty() {
            let room = WIDTH - style.width(&label) / 2.0;
            chart.text(x.min(room), end + below, style, label);
        }
    }
}

/// The label of a row: a name, and a line below it, each at its height.
pub(super) fn row_label(chart: &mut Chart, name: (f64, &str), below: (f64, &str)) {
    let bold = Lettering::new(Role::Ink).size(14.0).bold();
    let small = Lettering::new(Role::Muted).small();
    let room = LEFT - 12.0;
    let text = bold.fit(&format::clean(name.1, 60), room);
    chart.text(0.0, name.0, bold, text);
    chart.text(0.0, below.0, small, small.fit(below.1, room));
}

/// Ticks from 0 to `top` as ratios: `0`, `2×`.
pub(super) fn ratios(top: f64, wanted: usize) -> Vec<(f64, String)> {
    let step = axis::step(top, wanted);
    let label = |value| match axis::tick_label(value, step) {
        label if value > 0.0 => (value, format!("{label}×")),
        label => (value, label),
    };
    axis::ticks(top, wanted).into_iter().map(label).collect()
}

/// What the kinds of line mean, in a row from `left` on.
pub(super) fn key<'a>(
    chart: &mut Chart,
    (left, y): (f64, f64),
    kinds: impl IntoIterator<Item = (&'a str, Dash, f64)>,
) {
    let style = Lettering::new(Role::Muted).small();
    let mut x = left;
    for (text, dash, width) in kinds {
        chart.path(vec![(x, y), (x + 34.0, y)], width, dash, Role::Ink);
        chart.text(x + 42.0, y, style, text);
        x += 42.0 + style.width(text) + 24.0;
    }
}

/// Labels right of a plot at the heights of what they name, moved apart within `low` to `high`;
/// those of arms are bold.
pub(super) fn end_labels(
    chart: &mut Chart,
    right: f64,
    mut labels: Vec<(f64, Role, String)>,
    (low, high): (f64, f64),
) {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut positions: Vec<f64> = labels.iter().map(|label| label.0).collect();
    axis::spread(&mut positions, 19.0, low, high);
    for (y, (_, role, text)) in positions.into_iter().zip(labels) {
        let style = match role {
            Role::Muted => Lettering::new(role),
            _ => Lettering::new(role).size(14.0).bold(),
        };
        let room = WIDTH - right - 14.0;
        chart.text(right + 12.0, y, style, style.fit(&text, room));
    }
}
