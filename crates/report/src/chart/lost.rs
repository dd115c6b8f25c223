//! Where lost time went: the four causes as shares of the slots' time, one bar per arm on
//! a common axis.

use super::axis::{self, PixelScale};
use super::marks::{Chart, Lettering, SOLID, WIDTH};
use super::palette::Role;
use super::rows::{self, LEFT, row_label};
use crate::{arms, format};
use workbench_result::{ArmResult, LostSeconds, RunResult};

const RIGHT: f64 = WIDTH - 130.0;
const TOP: f64 = 40.0;
const ROW: f64 = 58.0;
const BAR: f64 = 18.0;
/// Rows drawn at most; the table has them all.
const MOST_ROWS: usize = 24;
/// Parts below this share of the axis carry no label.
const LEAST_LABELLED: f64 = 0.01;

/// One arm's bar.
struct Bar<'a> {
    arm: &'a ArmResult,
    /// Seconds by cause. A negative cause (tasks that ran faster than in the base) has no length.
    lost: [f64; 5],
    /// Slots × wall time, in seconds.
    all: f64,
}

impl Bar<'_> {
    fn share(&self, seconds: f64) -> f64 {
        seconds / self.all
    }

    fn drawn(&self) -> f64 {
        self.lost.iter().map(|v| self.share(*v)).sum()
    }
}

/// The chart; `None` when no arm has slot time, or when the arms' work differs, for then useful
/// work means nothing.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let bars: Vec<Bar> = arms::finished(result)
        .map(|arm| {
            let sound = |v: f64| if v.is_finite() { v.max(0.0) } else { 0.0 };
            Bar {
                arm,
                lost: arm.lost_s.by_cause().map(sound),
                all: arm.useful_s + arm.lost_s.total(),
            }
        })
        .filter(|bar| bar.all > 0.0 && bar.drawn().is_finite())
        .take(MOST_ROWS)
        .collect();
    if bars.is_empty() || !result.check.is_split_meaningful() {
        return None;
    }
    let most = bars.iter().map(Bar::drawn).fold(0.001, f64::max);
    let end = TOP + bars.len() as f64 * ROW;
    let mut chart = Chart::new(end + 30.0, "Share of the slots' time that was lost");
    let scale = PixelScale::linear((0.0, most), (LEFT, RIGHT));
    grid(&mut chart, scale, most, end);
    legend(&mut chart);
    for (i, bar) in bars.iter().enumerate() {
        draw(&mut chart, bar, scale, most, TOP + i as f64 * ROW);
    }
    let told: Vec<String> = bars.iter().map(|bar| tell(result, bar)).collect();
    chart.description = told.join(" ");
    Some(chart)
}

fn tell(result: &RunResult, bar: &Bar) -> String {
    let told = LostSeconds::CAUSES.iter().zip(bar.lost);
    let told: Vec<String> = told
        .map(|(name, v)| format!("{name} {}", format::seconds(v)))
        .collect();
    format!(
        "{}: {} of {} slot time lost; {}.",
        arms::arm_on_workers(result, bar.arm),
        format::percent(bar.share(bar.arm.lost_s.total())),
        format::seconds(bar.all),
        format::join_words(&told, "and")
    )
}

fn grid(chart: &mut Chart, scale: PixelScale, most: f64, end: f64) {
    let step = axis::step(most * 100.0, 5);
    let ticks = axis::ticks(most * 100.0, 5).into_iter();
    let ticks = ticks.map(|value| {
        let label = axis::tick_label(value, step);
        (value / 100.0, format!("{label} %"))
    });
    rows::grid(chart, scale, ticks, (TOP - 6.0, end, 16.0));
}

fn legend(chart: &mut Chart) {
    let style = Lettering::new(Role::Muted).small();
    let mut x = LEFT;
    for (cause, name) in LostSeconds::CAUSES.into_iter().enumerate() {
        chart.rect(x, 7.0, 11.0, 11.0, Role::Lost(cause));
        chart.text(x + 17.0, 12.5, style, name);
        x += 17.0 + style.width(name) + 20.0;
    }
}

fn draw(chart: &mut Chart, bar: &Bar, scale: PixelScale, most: f64, top: f64) {
    let bar_top = top + 6.0;
    let slots = format::counted(u64::from(bar.arm.workers), "slot");
    let took = format!("{slots} × {}", format::seconds(bar.arm.wall_median_s));
    row_label(chart, (top + 11.0, &bar.arm.name), (top + 29.0, &took));
    let mut from = 0.0;
    let mut labels: Vec<(f64, String)> = Vec::new();
    for (cause, (name, value)) in LostSeconds::CAUSES.iter().zip(bar.lost).enumerate() {
        let share = bar.share(value);
        let (left, right) = (scale.at(from), scale.at(from + share));
        // A hair of paper between the parts tells them apart in greyscale too.
        let hair = 1.0_f64.min((right - left) / 3.0);
        chart.rect(left, bar_top, right - left - hair, BAR, Role::Lost(cause));
        if share / most >= LEAST_LABELLED {
            let text = format!("{name} {}", format::seconds(value));
            labels.push((f64::midpoint(left, right), text));
        }
        from += share;
    }
    place_labels(chart, &labels, bar_top + BAR);
    let x = scale.at(from) + 12.0;
    let strong = Lettering::new(Role::Ink).size(14.0).bold();
    let total = format::percent(bar.share(bar.arm.lost_s.total()));
    chart.text(x, bar_top + BAR / 2.0, strong, total.as_str());
    let after = x + strong.width(&total) + 8.0;
    let small = Lettering::new(Role::Muted).small();
    let lost = format::seconds(bar.arm.lost_s.total());
    let room = WIDTH - after;
    if small.width(&lost) <= room {
        chart.text(after, bar_top + BAR / 2.0, small, lost);
    }
}

/// Labels under their parts, moved aside where parts are narrow, with a line back to the part.
pub(super) fn place_labels(chart: &mut Chart, labels: &[(f64, String)], bottom: f64) {
    let style = Lettering::new(Role::Muted).size(10.5);
    let widths: Vec<f64> = labels.iter().map(|(_, text)| style.width(text)).collect();
    let centred = labels.iter().zip(&widths).map(|((x, _), w)| x - w / 2.0);
    let mut left: Vec<f64> = centred.collect();
    let mut most = f64::INFINITY;
    for (x, w) in left.iter_mut().zip(&widths).rev() {
        *x = x.min(most - w);
        most = *x - 12.0;
    }
    let mut least = LEFT;
    for (x, w) in left.iter_mut().zip(&widths) {
        *x = x.max(least);
        least = *x + w + 12.0;
    }
    for (((x, text), width), left) in labels.iter().zip(&widths).zip(left) {
        let foot = x.clamp(left + 3.0, (left + width - 3.0).max(left + 3.0));
        let line = vec![(*x, bottom + 1.5), (*x, bottom + 4.5), (foot, bottom + 7.5)];
        chart.path(line, 0.8, SOLID, Role::Muted);
        chart.text(left, bottom + 14.5, style, text.as_str());
    }
}
