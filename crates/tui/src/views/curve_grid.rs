//! The curves of all metrics at once, a small chart each, or of one metric alone.
//!
//! ```text
//! ╭─ Curves · 4 metrics · smoothed 0.6 ──────── m: metric 2 of 4 ─╮
//! │ loss  ● 0.21 ○ 0.19           │ ▸ accuracy  ● 0.94 ○ 0.95     │
//! │ ⡀⠤⠤⠒⠒⠉⠉                       │ ⠉⠒⠒⠤⠤⡀                        │
//! ╰───────────────────────────────────────────────────────────────╯
//! ```

use ratatui::layout::Rect;
use workbench_report::format;

use super::curves::{CurveChart, metric_name, style_of_line};
use crate::kit::plot::{PlotArea, draw as draw_plot};
use crate::kit::{Pane, abreast, cells, stacked};
use crate::model::curves::CurveModel;

/// How many times as wide as high a chart is best, in cells.
const SHAPE: f64 = 4.0;
/// The least size of a chart in the grid, with the line of its name.
const LEAST: (u16, u16) = (26, 7);

/// Draws the panel: a chart per metric where that was asked for and there is room for two, else the
/// one that is shown. Tells where the curves of the shown one are.
pub fn draw(chart: &CurveChart, pane: Pane<'_>) -> Option<PlotArea> {
    let area = pane.area;
    let inner = (area.width.saturating_sub(4), area.height.saturating_sub(2));
    let most = usize::from(inner.0 / LEAST.0) * usize::from(inner.1 / LEAST.1);
    if !chart.has_grid() || most < 2 {
        return chart.draw(pane);
    }
    let theme = pane.theme;
    let all = chart.grid();
    let left_out = all.len().saturating_sub(most);
    let more = match left_out {
        0 => String::new(),
        n => format!(", {n} without room"),
    };
    let smoothed = chart.smoothed(theme);
    let title = format!(
        "Curves {} {} metrics{more}{smoothed}",
        theme.glyphs.dot,
        all.len()
    );
    let note = chart.note();
    let mut inner = pane.panel((&title, &note));
    let shown = chart.curves.metric();
    // The one that is shown is always among them.
    let at = all
        .iter()
        .position(|model| model.metric() == shown)
        .unwrap_or(0);
    let first = (at + 1).saturating_sub(most);
    let models: Vec<&CurveModel> = all.iter().skip(first).take(most).collect();
    let mut field = None;
    for (model, place) in models.iter().zip(places(inner.area, models.len())) {
        let is_shown = model.metric() == shown;
        let drawn = draw_one(chart, model, &mut inner.part(place), is_shown);
        if is_shown {
            field = drawn;
        }
    }
    field
}

/// Where so many charts go, row by row: each about as much wider than high as charts read well.
fn places(area: Rect, count: usize) -> Vec<Rect> {
    let most = usize::from(area.width / LEAST.0).clamp(1, count.max(1));
    let rows_of = |across: usize| count.div_ceil(across).max(1);
    let fits = |across: &usize| usize::from(area.height) >= rows_of(*across) * usize::from(LEAST.1);
    let off = |across: &usize| {
        let (columns, rows) = (*across as f64, rows_of(*across) as f64);
        let shape = (f64::from(area.width) / columns) / (f64::from(area.height) / rows).max(1.0);
        (shape / SHAPE).ln().abs()
    };
    let nearest = |a: &usize, b: &usize| off(a).total_cmp(&off(b));
    let across = (1..=most).filter(fits).min_by(nearest).unwrap_or(most);
    let rows = rows_of(across);
    let height = area.height / rows as u16;
    let last = area.height - height * (rows as u16 - 1);
    let heights = (0..rows).map(|row| if row + 1 == rows { last } else { height });
    let bands: Vec<Rect> = stacked(area, heights).collect();
    let places = bands
        .into_iter()
        .flat_map(|band| abreast(band, across).collect::<Vec<_>>());
    places.take(count).collect()
}

/// Draws the chart of a metric below its name and its last values.
fn draw_one(
    chart: &CurveChart,
    model: &CurveModel,
    place: &mut Pane<'_>,
    is_shown: bool,
) -> Option<PlotArea> {
    let theme = place.theme;
    place.area.width = place.area.width.saturating_sub(1);
    let name = metric_name(model);
    let mark = if is_shown {
        theme.either("▸ ", "> ")
    } else {
        ""
    };
    let style = if is_shown { theme.accent } else { theme.title };
    let mut row = place.row(0);
    row.text(mark, style).at_most(&name, 24, style).skip(1);
    for (at, series) in model.series.iter().enumerate() {
        let value = chart.value_of(series);
        if row.rest() < cells(&value) + 3 {
            row.text(theme.glyphs.cut, theme.dim);
            break;
        }
        let line_style = style_of_line(at, theme);
        row.cell(line_style.marker, theme.arm(series.arm))
            .text(&value, theme.text)
            .skip(1);
    }
    if model.series.iter().all(|series| series.points.is_empty()) {
        place.below(1).nothing(format::MISSING);
        return None;
    }
    let plot = chart.plot(model, place.area.width, theme)?;
    draw_plot(&mut place.below(1), &plot)
}
