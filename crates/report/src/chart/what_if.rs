//! What other numbers of slots would give: list scheduling of the recorded durations, in both
//! orders, against the ideal.

use super::axis::PixelScale;
use super::looks::arm_role;
use super::marks::{Chart, DASHED, DOTTED, Lettering, SOLID, WIDTH};
use super::palette::Role;
use super::rows;
use crate::format;
use workbench_result::{RunResult, WhatIf, WhatIfPoint};

const LEFT: f64 = 48.0;
const RIGHT: f64 = WIDTH - 200.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 380.0;

/// The chart; `None` when there is no curve, or no speed-up may be stated.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let curves: Vec<&WhatIf> = result
        .what_if
        .iter()
        .filter(|w| points(w).count() > 1)
        .collect();
    let all = || curves.iter().flat_map(|w| points(w));
    let workers = all().map(|p| f64::from(p.workers)).fold(1.0, f64::max);
    if curves.is_empty() || !result.check.passed() {
        return None;
    }
    let most = all()
        .flat_map(|p| [p.fifo, p.longest_first])
        .fold(workers, f64::max);
    let mut chart = Chart::new(BOTTOM + 76.0, "What other numbers of slots would give");
    let x = PixelScale::linear((0.0, workers), (LEFT, RIGHT));
    let y = PixelScale::linear((0.0, most), (BOTTOM, TOP));
    grid(&mut chart, (x, workers), (y, most));
    chart.path(
        vec![(x.at(0.0), y.at(0.0)), (x.at(workers), y.at(workers))],
        1.4,
        DASHED,
        Role::Muted,
    );
    if let Some(cores) = result.usable_cores().filter(|cores| *cores < workers) {
        here(&mut chart, x.at(cores), cores);
    }
    let mut labels = vec![(y.at(workers), Role::Muted, "ideal".to_owned())];
    for curve in &curves {
        let role = arm_role(result, &curve.arm);
        let line = |value: fn(&WhatIfPoint) -> f64| -> Vec<(f64, f64)> {
            points(curve)
                .map(|p| (x.at(f64::from(p.workers)), y.at(value(p))))
                .collect()
        };
        chart.path(line(|p| p.fifo), 2.2, SOLID, role);
        chart.path(line(|p| p.longest_first), 1.8, DOTTED, role);
        if let Some(last) = points(curve).last() {
            let name = format::clean(&curve.arm, 30);
            let text = format!("{} {name}", format::speedup(last.fifo));
            labels.push((y.at(last.fifo), role, text));
        }
    }
    rows::end_labels(&mut chart, RIGHT, labels, (TOP - 6.0, BOTTOM));
    let kinds = [
        ("tasks in submission order", SOLID, 2.2),
        ("longest task first", DOTTED, 1.8),
    ];
    rows::key(&mut chart, (LEFT, BOTTOM + 60.0), kinds);
    chart.description = describe(&curves);
    Some(chart)
}

/// Where the machine's cores end.
fn here(chart: &mut Chart, x: f64, cores: f64) {
    chart.line((x, TOP), (x, BOTTOM), 1.0, Role::Muted);
    let label = format::counted_number(cores, "usable core");
    let style = Lettering::new(Role::Muted).small();
    chart.text(x + 6.0, TOP + 4.0, style, label);
}

fn points(what_if: &WhatIf) -> impl Iterator<Item = &WhatIfPoint> {
    what_if
        .points
        .iter()
        .filter(|p| p.workers > 0 && p.fifo.is_finite() && p.longest_first.is_finite())
}

fn grid(chart: &mut Chart, (x, workers): (PixelScale, f64), (y, most): (PixelScale, f64)) {
    let style = Lettering::new(Role::Muted).small();
    for (value, label) in rows::ratios(most, 6) {
        chart.line((LEFT, y.at(value)), (RIGHT, y.at(value)), 1.0, Role::Grid);
        chart.text(LEFT - 8.0, y.at(value), style.end(), label);
    }
    let doubling = (0..=30)
        .map(|i| f64::from(i).exp2())
        .take_while(|p| *p <= workers);
    let mut free = f64::NEG_INFINITY;
    for p in doubling {
        let at = x.at(p);
        chart.line((at, BOTTOM), (at, BOTTOM + 5.0), 1.0, Role::Muted);
        if at >= free {
            chart.text(at, BOTTOM + 16.0, style.middle(), format::count(p as u64));
            free = at + 20.0;
        }
    }
    chart.text(
        f64::midpoint(LEFT, RIGHT),
        BOTTOM + 34.0,
        style.middle(),
        "slots",
    );
}

fn describe(curves: &[&WhatIf]) -> String {
    let told = curves.iter().filter_map(|curve| {
        let last = points(curve).last()?;
        Some(format!(
            "{}: {} on {} in submission order, {} with the longest task first; no number of slots gives more than {}.",
            format::clean(&curve.arm, 40),
            format::speedup(last.fifo),
            format::counted(u64::from(last.workers), "slot"),
            format::speedup(last.longest_first),
            format::speedup(curve.limit),
        ))
    });
    let told: Vec<String> = told.collect();
    format!("Computed, not measured. {}", told.join(" "))
}
