//! Speed-up per arm: a bar on a track that ends at the ideal, a whisker for the interval, a notch
//! at the bound. Where no speed-up may be stated, wall times instead.

use super::axis::{self, Scale};
use super::looks::arm_role;
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use crate::intervals::{self, Kinds};
use crate::{arms, format};
use workbench_result::{ArmResult, RunResult};

const LEFT: f64 = 170.0;
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
        .flat_map(|(arm, speedup)| [*speedup, f64::from(arm.workers.max(1))])
        .filter(|v| v.is_finite())
        .fold(1.0, f64::max);
    let drawn = rows.iter().filter_map(|(arm, _)| arm.speedup_interval);
    let most = intervals::axis_end(most, drawn);
    let top = 20.0;
    let end = top + rows.len() as f64 * ROW;
    let mut chart = Chart::new(end + 36.0, "Speed-up of every arm");
    let scale = Scale::linear((0.0, most), (LEFT, RIGHT));
    let base = format::clean(&result.base, 40);
    grid(&mut chart, scale, most, (top, end));
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
    let interval = arm.speedup_interval;
    let interval = interval.map_or("no interval".to_owned(), |i| intervals::named(&i));
    let bound = arm.bound.map_or(String::new(), |bound| {
        format!(", bound {}", format::speedup(bound))
    });
    format!(
        "{}: {}, {interval}{bound}, ideal {}×",
        arms::arm_on_workers(result, arm),
        format::speedup(speedup),
        arm.workers
    )
}

fn grid(chart: &mut Chart, scale: Scale, most: f64, (top, end): (f64, f64)) {
    let style = Lettering::new(Role::Muted).small().middle();
    let step = axis::step(most, 5);
    for value in axis::ticks(most, 5) {
        let x = scale.at(value);
        chart.line((x, top), (x, end), 1.0, Role::Grid);
        // The line at 1 has a label of its own, which needs the room.
        if (x - scale.at(1.0)).abs() > 75.0 {
            let label = axis::tick_label(value, step);
            let label = if value > 0.0 {
                format!("{label}×")
            } else {
                label
            };
            chart.text(x, end + 18.0, style, label);
        }
    }
}

fn bar(
    chart: &mut Chart,
    result: &RunResult,
    arm: &ArmResult,
    speedup: f64,
    scale: Scale,
    top: f64,
) {
    let middle = top + ROW / 2.0;
    let role = arm_role(result, &arm.name);
    let (zero, value) = (scale.at(0.0), scale.at(speedup));
    let ideal = scale.at(f64::from(arm.workers.max(1)));
    row_label(chart, arm, middle);
    chart.rect(zero, middle - BAR / 2.0, ideal - zero, BAR, Role::Track);
    chart.rect(zero, middle - BAR / 2.0, value - zero, BAR, role);
    let small = Lettering::new(Role::Muted).small();
    if let Some(bound) = arm.bound.filter(|b| b.is_finite()) {
        let x = scale.at(bound.min(f64::from(arm.workers.max(1))));
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
    let interval = arm.speedup_interval;
    let interval = interval.map_or("no interval".to_owned(), |i| kinds.cell(&i));
    chart.text(x, middle + 13.0, small, interval);
}

/// The interval on its bar, edged in the paper's colour so that it can be seen on the bar as well.
fn whisker(chart: &mut Chart, (low, high): (f64, f64), middle: f64, value: f64) {
    for (width, reach, role) in [(4.5, 6.2, Role::Paper), (1.8, 5.0, Role::Ink)] {
        let edge = if role == Role::Paper { 1.3 } else { 0.0 };
        chart.line((low - edge, middle), (high + edge, middle), width, role);
        for x in [low, high] {
            chart.line((x, middle - reach), (x, middle + reach), width, role);
        }
    }
    chart.rect(value - 0.9, middle - 3.5, 1.8, 7.0, Role::Ink);
}

fn row_label(chart: &mut Chart, arm: &ArmResult, middle: f64) {
    let room = LEFT - 12.0;
    let name = Lettering::new(Role::Ink).size(14.0).bold();
    let below = Lettering::new(Role::Muted).small();
    let x = 0.0;
    chart.text(
        x,
        middle - 9.0,
        name,
        name.fit(&format::clean(&arm.name, 60), room),
    );
    let workers = format::counted(u64::from(arm.workers), "worker");
    let text = format!("{workers}, {}", format::seconds(arm.wall_median_s));
    chart.text(x, middle + 10.0, below, below.fit(&text, room));
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
    let scale = Scale::linear((0.0, longest), (LEFT, RIGHT));
    let step = axis::step(longest, 5);
    let style = Lettering::new(Role::Muted).small().middle();
    for value in axis::ticks(longest, 5) {
        let x = scale.at(value);
        chart.line((x, 16.0), (x, end), 1.0, Role::Grid);
        let label = format!("{} s", axis::tick_label(value, step));
        chart.text(x, end + 18.0, style, label);
    }
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

fn wall_time(chart: &mut Chart, arm: &ArmResult, role: Role, scale: Scale, middle: f64) {
    row_label(chart, arm, middle);
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
