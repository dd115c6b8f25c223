//! How much the best item depends on each input: one bar per input, the most important first.

use super::axis::PixelScale;
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use crate::format;
use workbench_record::Importance;
use workbench_result::RunResult;

const LEFT: f64 = 170.0;
const RIGHT: f64 = WIDTH - 90.0;
const PITCH: f64 = 24.0;
const BAR: f64 = 14.0;
/// Inputs that are drawn at most.
const MOST: usize = 16;

/// The chart; `None` where the lab tells no importances.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let all = result.importances();
    let drawn = &all[..all.len().min(MOST)];
    let reach = |one: &&Importance| one.range.map_or(one.share, |[_, high]| high.max(one.share));
    let most = drawn.iter().map(reach).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let hidden = all.len() - drawn.len();
    let rows = drawn.len() + usize::from(hidden > 0);
    let mut chart = Chart::new(rows as f64 * PITCH + 6.0, "Importance of the inputs");
    let scale = PixelScale::linear((0.0, most), (LEFT, RIGHT));
    let name = Lettering::new(Role::Ink).small();
    let muted = Lettering::new(Role::Muted).small();
    for (row, one) in drawn.iter().enumerate() {
        let middle = row as f64 * PITCH + PITCH / 2.0;
        let label = name.fit(&format::clean(&one.input, 60), LEFT - 14.0);
        chart.text(LEFT - 10.0, middle, name.end(), label);
        let end = scale.at(one.share);
        chart.rect(LEFT, middle - BAR / 2.0, end - LEFT, BAR, Role::Series(0));
        let mut after = end;
        if let Some(ends) = one.range {
            let [low, high] = ends.map(|share| scale.at(share));
            chart.line((low, middle), (high, middle), 1.5, Role::Ink);
            after = end.max(high);
        }
        chart.text(after + 8.0, middle, name, format::percent(one.share));
    }
    if hidden > 0 {
        let middle = drawn.len() as f64 * PITCH + PITCH / 2.0;
        let more = format!("{} more", format::count(hidden as u64));
        chart.text(LEFT - 10.0, middle, muted.end(), more);
    }
    let words: Vec<String> = drawn
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                format::clean(&one.input, 60),
                format::percent(one.share)
            )
        })
        .collect();
    chart.description = format!("{}.", format::join_words(&words, "and"));
    Some(chart)
}
