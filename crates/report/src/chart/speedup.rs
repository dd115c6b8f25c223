//! Speed-up per arm: a bar on a track that ends at the ideal, a whisker for the interval, a notch
//! at the bound. Where no speed-up may be stated, wall times instead.

use super::axis::{self, PixelScale};
use super::looks::arm_role;
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use super::rows::{self, LEFT};
use crate::intervals::{self, Kinds};
use crate::{arms, format, ideal};
use workbench_result::{ArmResult, RunResult};

const RIGHT: f64 = WIDTH - 130.0;
const ROW: f64 = 60.0;
const BAR: f64 = 14.0;
/// Rows drawn at most; the table has them all.
const MOST_ROWS: usize = 24;

/// The chart; wall times when no arm has a speed-up.
pub(crate) fn chart(result: &RunResult) -> Chart {
    let rows: Vec<(&ArmResult, f64)> = arms::finished(result)
        .filter(|arm| arm.name != result.base)
        .filter_map(|arm| Some((arm, arms::stated_speedup(result, arm)?)))
        .take(MOST_ROWS)
        .collect();
    if rows.is_empty() {
        wall_times(result)
    } else {
        speedups(result, &rows)
    }
}

fn speedups(result: &RunResult, rows: &[(&ArmResult, f64)]) -> Chart {
    let most = rows
        .iter()
        .flat_map(|(arm, speedup)| [*speedup, track_end(arm)])
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    let drawn = rows.iter().filter_map(|(arm, _)| arm.speedup_interval);
    let most = intervals::axis_end(most, drawn);
    let top = 20.0;
    let end = top + rows.len() as f64 * ROW;
    let mut chart = Chart::new(end + 36.0, "Speed-up of every arm");
    let scale = PixelScale::linear((0.0, most), (LEFT, RIGHT));
    let base = format::clean(&result.base, 40);
    for (value, label) in rows::ratios(most, 5) {
        // The line at 1 has a label of its own, which needs the room.
        let apart = (scale.at(value) - scale.at(1.0)).abs() > 75.0;
        let label = if apart { label } else { String::new() };
        rows::grid(&mut chart, scale, [(value, label)], (top, end, 18.0));
    }
    let one = Lettering::new(Role::Ink).small().middle();
    chart.line(
        (scale.at(1.0), top - 4.0),
        (scale.at(1.0), end + 4.0),
        1.2,
        Role::Ink,
    );
    chart.text(
        scale.at(1.0),
        end + 18.0,
        one,
        format!("1× = {}", one.fit(&base, 130.0)),
    );
    for (i, (arm, speedup)) in rows.iter().enumerate() {
        bar(
            &mut chart,
            result,
            arm,
            *speedup,
            scale,
            top + i as f64 * ROW,
        );
    }
    let told: Vec<String> = rows.iter().map(|(arm, s)| tell(result, arm, *s)).collect();
    chart.description = format!("Speed-up against {base}. {}.", told.join("; "));
    chart
}

/// One arm in words.
fn tell(result: &RunResult, arm: &ArmResult, speedup: f64) -> String {
    let interval = intervals::named_or_none(arm.speedup_interval.as_ref());
    let bound = arm.bound.map_or(String::new(), |bound| {
        format!(", bound {}", format::speedup(bound))
    });
    format!(
        "{}: {}, {interval}{bound}, {} {}",
        arms::arm_on_workers(result, arm),
        format::speedup(speedup),
        ideal::name(result, arm.workers),
        format::speedup(track_end(arm))
    )
}

/// Where the track of an arm ends; documents of older versions have the number of workers alone.
fn track_end(arm: &ArmResult) -> f64 {
    arm.ideal.unwrap_or(f64::from(arm.workers.max(1)))
}

fn label(chart: &mut Chart, arm: &ArmResult, middle: f64) {
    let workers = format::counted(u64::from(arm.workers), "worker");
    let text = format!("{workers}, {}", format::seconds(arm.wall_median_s));
    rows::row_label(chart, (middle - 9.0, &arm.name), (middle + 10.0, &text));
}

fn bar(
    chart: &mut Chart,
    result: &RunResult,
    arm: &ArmResult,
    speedup: f64,
    scale: PixelScale,
    top: f64,
) {
    let middle = top + ROW / 2.0;
    let role = arm_role(result, &arm.name);
    let (zero, value) = (scale.at(0.0), scale.at(speedup));
    let most = scale.at(track_end(arm));
    label(chart, arm, middle);
    chart.rect(zero, middle - BAR / 2.0, most - zero, BAR, Role::Track);
    chart.rect(zero, middle - BAR / 2.0, value - zero, BAR, role);
    let small = Lettering::new(Role::Muted).small();
    if let Some(bound) = arm.bound.filter(|b| b.is_finite()) {
        let x = scale.at(bound.min(track_end(arm)));
        chart.rect(
            x - 1.25,
            middle - BAR / 2.0 - 5.0,
            2.5,
            BAR + 10.0,
            Role::Ink,
        );
        let label = format!("bound {}", format::speedup(bound));
        let half = small.width(&label) / 2.0;
        let at = (x - half).clamp(LEFT, (RIGHT - 2.0 * half).max(LEFT));
        chart.text(at, middle - BAR / 2.0 - 12.0, small, label);
    }
    let ends = arm.speedup_interval.map(|i| i.ends());
    if let Some([low, high]) = ends.filter(|ends| ends.iter().all(|v| v.is_finite())) {
        whisker(
            chart,
            (scale.at(low), scale.at(high).min(RIGHT)),
            middle,
            value,
        );
    }
    let x = RIGHT + 14.0;
    let strong = Lettering::new(role).size(19.0).bold();
    chart.text(x, middle - 7.0, strong, format::speedup(speedup));
    let kinds = Kinds::of_arms(&result.arms);
    let interval = kinds.cell_or_none(arm.speedup_interval.as_ref());
    chart.text(x, middle + 13.0, small, interval);
}

/// The interval on its bar, edged in the paper's colour so that it can be seen on the bar as well.
pub(super) fn whisker(chart: &mut Chart, (low, high): (f64, f64), middle: f64, value: f64) {
    for (width, reach, role) in [(4.5, 6.2, Role::Paper), (1.8, 5.0, Role::Ink)] {
        let edge = if role == Role::Paper { 1.3 } else { 0.0 };
        chart.line((low - edge, middle), (high + edge, middle), width, role);
        for x in [low, high] {
            chart.line((x, middle - reach), (x, middle + reach), width, role);
        }
    }
    chart.rect(value - 0.9, middle - 3.5, 1.8, 7.0, Role::Ink);
}

/// Median wall time per arm with every repeat as a line, for runs without a speed-up.
fn wall_times(result: &RunResult) -> Chart {
    let timed: Vec<&ArmResult> = arms::finished(result).take(MOST_ROWS).collect();
    let longest = timed
        .iter()
        .flat_map(|arm| arm.wall_s.iter().copied())
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let end = 16.0 + timed.len().max(1) as f64 * ROW;
    let mut chart = Chart::new(end + 36.0, "Wall time of every arm");
    if timed.is_empty() {
        let text = "No repeat finished: there is nothing to draw.";
        chart.text(
            WIDTH / 2.0,
            end / 2.0,
            Lettering::new(Role::Muted).middle(),
            text,
        );
        text.clone_into(&mut chart.description);
        return chart;
    }
    let scale = PixelScale::linear((0.0, longest), (LEFT, RIGHT));
    let step = axis::step(longest, 5);
    let ticks = axis::ticks(longest, 5).into_iter();
    let ticks = ticks.map(|value| (value, format!("{} s", axis::tick_label(value, step))));
    rows::grid(&mut chart, scale, ticks, (16.0, end, 18.0));
    for (i, arm) in timed.iter().enumerate() {
        let middle = 16.0 + (i as f64 + 0.5) * ROW;
        wall_time(&mut chart, arm, arm_role(result, &arm.name), scale, middle);
    }
    let told = timed.iter().map(|arm| {
        let time = format::seconds(arm.wall_median_s);
        format!("{}: {time}", arms::arm_on_workers(result, arm))
    });
    let told: Vec<String> = told.collect();
    chart.description = format!(
        "Median wall time per arm; a line for every repeat. No speed-up is drawn. {}.",
        told.join("; ")
    );
    chart
}

fn wall_time(chart: &mut Chart, arm: &ArmResult, role: Role, scale: PixelScale, middle: f64) {
    label(chart, arm, middle);
    let median = scale.at(arm.wall_median_s);
    chart.rect(LEFT, middle - BAR / 2.0, median - LEFT, BAR, role);
    for wall in arm.wall_s.iter().take(50) {
        let x = scale.at(*wall);
        chart.line((x, middle - 15.0), (x, middle + 15.0), 1.2, Role::Ink);
    }
    let strong = Lettering::new(role).size(16.0).bold();
    let median = format::seconds(arm.wall_median_s);
    chart.text(RIGHT + 14.0, middle, strong, median);
}
