//! What the time to the first step consisted of: a stacked bar per arm on a common scale.

use super::axis::{self, PixelScale};
use super::lost::place_labels;
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use super::rows::{self, LEFT, row_label};
use super::stack::StackedParts;
use crate::{arms, breakdown, format};
use workbench_record::Part;
use workbench_result::{ArmResult, RunResult};

const RIGHT: f64 = WIDTH - 110.0;
const TOP: f64 = 34.0;
const ROW: f64 = 54.0;
const BAR: f64 = 18.0;
/// Rows drawn at most; the table has them all.
const MOST_ROWS: usize = 24;
/// Parts below this share of the axis carry no label.
const LEAST_LABELLED: f64 = 0.012;
const TONES: [Role; 6] = [
    Role::Ramp(1),
    Role::Ramp(3),
    Role::Ramp(5),
    Role::Ramp(7),
    Role::Heat(3),
    Role::Ramp(2),
];

/// The chart; `None` when no arm tells how it started.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let told: Vec<&ArmResult> = arms::finished(result)
        .filter(|arm| breakdown::whole_s(&arm.breakdown.start_up) > 0.0)
        .take(MOST_ROWS)
        .collect();
    let whole = |arm: &&ArmResult| breakdown::whole_s(&arm.breakdown.start_up);
    let most = told.iter().map(whole).reduce(f64::max)?;
    let end = TOP + told.len() as f64 * ROW;
    let mut chart = Chart::new(end + 28.0, "Time to the first step");
    let scale = PixelScale::linear((0.0, most), (LEFT, RIGHT));
    let ticks = axis::labelled_ticks(most, 6, "s");
    rows::grid(&mut chart, scale, ticks, (TOP - 6.0, end, 15.0));
    let stages = told.iter().flat_map(|arm| &arm.breakdown.start_up);
    let stages: Vec<&Part> = stages.collect();
    let parts = StackedParts::new(&stages, &TONES);
    parts.legend(&mut chart, LEFT, 10.0, WIDTH);
    for (row, arm) in told.iter().enumerate() {
        draw(&mut chart, &parts, arm, scale, TOP + row as f64 * ROW);
    }
    let told: Vec<String> = told.iter().map(|arm| tell(result, arm)).collect();
    chart.description = told.join(" ");
    Some(chart)
}

fn draw(chart: &mut Chart, parts: &StackedParts<'_>, arm: &ArmResult, scale: PixelScale, top: f64) {
    let workers = format::counted(u64::from(arm.workers), "worker");
    row_label(chart, (top + 11.0, &arm.name), (top + 28.0, &workers));
    let bar_top = top + 4.0;
    let (mut from, mut drawn, mut labels) = (0.0, Vec::new(), Vec::new());
    for stage in &arm.breakdown.start_up {
        let took = stage.ns as f64 / 1e9;
        let (left, right) = (scale.at(from), scale.at(from + took));
        drawn.push((stage.name.as_str(), right - left));
        if (right - left) / (RIGHT - LEFT) >= LEAST_LABELLED {
            let stage = format::clean(&stage.name, 24);
            let text = format!("{stage} {}", format::seconds(took));
            labels.push((f64::midpoint(left, right), right - left, text));
        }
        from += took;
    }
    parts.bar(chart, (LEFT, bar_top, BAR), &drawn);
    let room = scale.at(from) - LEFT + 60.0;
    place_labels(chart, &fitting(labels, room), bar_top + BAR);
    let strong = Lettering::new(Role::Ink).size(14.0).bold();
    let x = scale.at(from) + 12.0;
    chart.text(x, bar_top + BAR / 2.0, strong, format::seconds(from));
}

/// The labels of the widest parts, as many as there is room for, in their order.
fn fitting(labels: Vec<(f64, f64, String)>, room: f64) -> Vec<(f64, String)> {
    let style = Lettering::new(Role::Muted).size(10.5);
    let mut by_width: Vec<usize> = (0..labels.len()).collect();
    by_width.sort_by(|a, b| labels[*b].1.total_cmp(&labels[*a].1));
    let mut left = room;
    let mut kept: Vec<usize> = Vec::new();
    for place in by_width {
        left -= style.width(&labels[place].2) + 12.0;
        if left < 0.0 {
            break;
        }
        kept.push(place);
    }
    let labels = labels.into_iter().enumerate();
    labels
        .filter(|(place, _)| kept.contains(place))
        .map(|(_, (middle, _, text))| (middle, text))
        .collect()
}

fn tell(result: &RunResult, arm: &ArmResult) -> String {
    let stages = &arm.breakdown.start_up;
    let told: Vec<String> = stages
        .iter()
        .map(|stage| {
            let took = format::seconds(stage.ns as f64 / 1e9);
            format!("{} {took}", format::clean(&stage.name, 40))
        })
        .collect();
    format!(
        "{}: {} to the first step, of which {}.",
        arms::arm_on_workers(result, arm),
        format::seconds(breakdown::whole_s(stages)),
        format::join_words(&told, "and")
    )
}
