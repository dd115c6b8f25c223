//! Where the slots' time went: useful work and the four causes of lost time, one bar per arm on a common axis.

use super::axis::{self, Scale};
use super::marks::{Chart, Lettering, SOLID, WIDTH};
use super::palette::Role;
use crate::report::{arms, format};
use crate::result::{ArmResult, RunResult};

const LEFT: f64 = 200.0;
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 44.0;
const ROW: f64 = 58.0;
const BAR: f64 = 22.0;
/// Rows drawn at most; the table has them all.
const MOST_ROWS: usize = 24;
/// Parts below this share of their bar carry no label.
const LEAST_LABELLED: f64 = 0.004;

/// Names of the parts of a bar, useful work first, in the order of drawing.
const PARTS: [(&str, Role); 5] = [
    ("useful work", Role::Useful),
    ("overhead", Role::Lost(0)),
    ("imbalance", Role::Lost(1)),
    ("waiting", Role::Lost(2)),
    ("inflation", Role::Lost(3)),
];

/// The chart; `None` when no arm has any time to show.
pub(in crate::report) fn chart(result: &RunResult) -> Option<Chart> {
    let bars: Vec<(&ArmResult, [f64; 5])> = arms::finished(result)
        .map(|arm| (arm, parts(arm)))
        .filter(|(_, parts)| parts.iter().sum::<f64>() > 0.0)
        .take(MOST_ROWS)
        .collect();
    let longest = bars
        .iter()
        .map(|(_, p)| p.iter().sum::<f64>())
        .fold(0.0, f64::max);
    if bars.is_empty() {
        return None;
    }
    let end = TOP + bars.len() as f64 * ROW;
    let mut chart = Chart::new(end + 30.0, "Where the slots' time went");
    let scale = Scale::linear((0.0, longest), (LEFT, RIGHT));
    grid(&mut chart, scale, longest, end);
    legend(&mut chart);
    for (i, (arm, parts)) in bars.iter().enumerate() {
        bar(&mut chart, arm, parts, scale, TOP + i as f64 * ROW);
    }
    let told = bars.iter().map(|(arm, parts)| tell(result, arm, parts));
    chart.description = told.collect::<Vec<_>>().join(" ");
    Some(chart)
}

/// The parts of a bar in seconds. Causes can come out negative (a task that ran faster than in the base): they have no length.
fn parts(arm: &ArmResult) -> [f64; 5] {
    let lost = &arm.lost_s;
    let inflation = lost.inflation;
    // Less CPU time than in the base shortens the useful part, so that the bar still ends at workers × wall time.
    let useful = arm.useful_s + inflation.min(0.0);
    [
        useful,
        lost.overhead,
        lost.imbalance,
        lost.waiting,
        inflation,
    ]
    .map(|v| if v.is_finite() { v.max(0.0) } else { 0.0 })
}

fn tell(result: &RunResult, arm: &ArmResult, parts: &[f64; 5]) -> String {
    let told = PARTS
        .iter()
        .zip(parts)
        .map(|((name, _), v)| format!("{name} {}", format::seconds(*v)));
    let told = format::join_words(&told.collect::<Vec<_>>(), "and");
    format!("{}: {told}.", arms::arm_on_workers(result, arm))
}

fn grid(chart: &mut Chart, scale: Scale, longest: f64, end: f64) {
    let style = Lettering::new(Role::Muted).small().middle();
    let step = axis::step(longest, 5);
    let ticks = axis::ticks(longest, 5);
    for (i, value) in ticks.iter().enumerate() {
        let x = scale.at(*value);
        chart.line((x, TOP - 6.0), (x, end), 1.0, Role::Grid);
        let mut label = axis::tick_label(*value, step);
        if i + 1 == ticks.len() {
            label += " s of slot time";
        }
        let room = WIDTH - style.width(&label) / 2.0;
        chart.text(x.min(room), end + 16.0, style, label);
    }
}

fn legend(chart: &mut Chart) {
    let style = Lettering::new(Role::Ink).small();
    let mut x = LEFT;
    for (name, role) in PARTS {
        chart.rect(x, 8.0, 11.0, 11.0, role);
        chart.text(x + 17.0, 13.5, style, name);
        x += 17.0 + style.width(name) + 20.0;
    }
}

fn bar(chart: &mut Chart, arm: &ArmResult, parts: &[f64; 5], scale: Scale, top: f64) {
    let bar_top = top + 4.0;
    row_label(chart, arm, top);
    let total: f64 = parts.iter().sum();
    let mut from = 0.0;
    let mut labels: Vec<(f64, String)> = Vec::new();
    for ((name, role), value) in PARTS.iter().zip(parts) {
        let (left, right) = (scale.at(from), scale.at(from + value));
        // A hair of paper between the parts tells them apart in greyscale too.
        chart.rect(
            left,
            bar_top,
            (right - left - 1.0).max(0.5_f64.min(right - left)),
            BAR,
            *role,
        );
        if value / total >= LEAST_LABELLED {
            let text = format!("{name} {}", format::seconds(*value));
            labels.push((f64::midpoint(left, right), text));
        }
        from += value;
    }
    place_labels(chart, &labels, bar_top + BAR);
}

/// Labels under their parts, moved aside where parts are narrow, with a line back to the part.
fn place_labels(chart: &mut Chart, labels: &[(f64, String)], bottom: f64) {
    let style = Lettering::new(Role::Muted).size(10.5);
    let widths: Vec<f64> = labels.iter().map(|(_, text)| style.width(text)).collect();
    let mut left: Vec<f64> = labels
        .iter()
        .zip(&widths)
        .map(|((x, _), w)| x - w / 2.0)
        .collect();
    let mut least = LEFT;
    for (x, w) in left.iter_mut().zip(&widths) {
        *x = x.max(least);
        least = *x + w + 10.0;
    }
    let mut most = RIGHT + 10.0;
    for (x, w) in left.iter_mut().zip(&widths).rev() {
        *x = x.min(most - w);
        most = *x - 10.0;
    }
    for (((x, text), width), left) in labels.iter().zip(&widths).zip(left) {
        let middle = left + width / 2.0;
        chart.path(
            vec![
                (*x, bottom + 1.0),
                (*x, bottom + 4.0),
                (middle.clamp(*x - 400.0, *x + 400.0), bottom + 8.0),
            ],
            0.8,
            SOLID,
            Role::Muted,
        );
        chart.text(left, bottom + 15.0, style, text.as_str());
    }
}

fn row_label(chart: &mut Chart, arm: &ArmResult, top: f64) {
    let name = Lettering::new(Role::Ink).size(13.5).bold().end();
    let below = Lettering::new(Role::Muted).small().end();
    let (x, room) = (LEFT - 14.0, LEFT - 18.0);
    chart.text(
        x,
        top + 9.0,
        name,
        name.fit(&format::clean(&arm.name, 60), room),
    );
    let text = format!(
        "{} × {}",
        format::counted(u64::from(arm.workers), "slot"),
        format::seconds(arm.wall_median_s)
    );
    chart.text(x, top + 27.0, below, below.fit(&text, room));
}
