//! Two drawings for the page of a class: speed-ups over workers with bounds, and bars.

use maud::{Markup, html};

/// A hand-in's speed-up at a number of workers, and its bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpeedPoint {
    pub workers: f64,
    pub speedup: f64,
    pub bound: Option<f64>,
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;

/// Dots of speed-ups over workers, with the best bound at each number of workers as a line.
pub(crate) fn speedups(points: &[SpeedPoint]) -> Markup {
    let most = |of: fn(&SpeedPoint) -> f64| points.iter().map(of).fold(1.0, f64::max);
    let most_workers = most(|p| p.workers);
    let most_speed = most(|p| p.speedup.max(p.bound.unwrap_or(0.0))) * 1.05;
    let x = |workers: f64| LEFT + (WIDTH - LEFT - RIGHT) * workers / (most_workers * 1.05);
    let y = |speed: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * speed / most_speed;
    let mut bounds: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|point| Some((point.workers, point.bound?)))
        .collect();
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    bounds.dedup_by(|later, first| later.0.to_bits() == first.0.to_bits());
    let line = bounds
        .iter()
        .map(|(workers, bound)| format!("{:.1},{:.1}", x(*workers), y(*bound)));
    let start = format!("{:.1},{:.1}", x(0.0), y(0.0));
    let line: Vec<String> = std::iter::once(start).chain(line).collect();
    let steps = ticks(most_speed);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label="speed-up over workers" {
            @for value in &steps {
                line.axis x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y(*value)) y2=(y(*value)) {}
                text x=(LEFT - 8.0) y=(y(*value) + 5.0) text-anchor="end" { (value) }
            }
            @for value in ticks(most_workers) {
                text x=(x(value)) y=(HEIGHT - BOTTOM + 22.0) text-anchor="middle" { (value) }
            }
            text x=(WIDTH / 2.0) y=(HEIGHT - 6.0) text-anchor="middle" { "workers" }
            text x=(LEFT) y=(TOP - 6.0) { "speed-up; dashed: the bound" }
            polyline.bound points=(line.join(" ")) {}
            @for point in points {
                circle.dot cx=(x(point.workers)) cy=(y(point.speedup)) r="6" {}
            }
        }
    }
}

/// Some round numbers up to the most.
fn ticks(most: f64) -> Vec<f64> {
    let rough = most / 6.0;
    let power = 10_f64.powf(rough.max(1e-9).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|by| by * power);
    let step = step
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(power);
    let step = step.max(0.5);
    let count = (most / step).floor().clamp(0.0, 20.0) as u32;
    (0..=count).map(|n| f64::from(n) * step).collect()
}

/// Bars of named shares or counts, the longest as wide as the drawing.
pub(crate) fn bars(values: &[(String, f64)], unit: &str) -> Markup {
    let most = values.iter().map(|(_, value)| *value).fold(1e-12, f64::max);
    let height = values.len() as f64 * 34.0 + 6.0;
    let row = |at: usize| at as f64 * 34.0 + 6.0;
    let width = |value: f64| (620.0 * value / most).max(0.0);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" {
            @for (at, (name, value)) in values.iter().enumerate() {
                text x="190" y=(row(at) + 19.0) text-anchor="end" { (name) }
                rect.bar x="200" y=(row(at)) width=(width(*value)) height="26" {}
                text x=(208.0 + width(*value)) y=(row(at) + 19.0) {
                    (format!("{value:.0}{unit}"))
                }
            }
        }
    }
}
