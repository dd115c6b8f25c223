//! The items of an arm: what each cost, and how that depends on its size.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_record::{LabFacts, RepeatState};
use workbench_stats::line;

use crate::document::{ItemResult, TimeBySize};

/// The items of a repeat, each with the CPU time of its tasks.
pub(crate) fn of(repeat: &RepeatState) -> Vec<ItemResult> {
    let mut cpu_s: BTreeMap<u32, f64> = BTreeMap::new();
    for task in &repeat.tasks {
        *cpu_s.entry(task.group).or_default() += seconds(task.cpu_ns);
    }
    let items = repeat.finished.iter().flat_map(|f| &f.items);
    (0..)
        .zip(items)
        .map(|(group, item)| ItemResult {
            item: item.clone(),
            cpu_s: cpu_s.get(&group).copied().unwrap_or(0.0),
        })
        .collect()
}

/// The line through the items' CPU times over their sizes.
pub(crate) fn time_by_size(items: &[ItemResult], lab: &LabFacts) -> Option<TimeBySize> {
    let size = lab.item.as_ref()?.size.as_deref()?;
    let points: Vec<(f64, f64)> = items
        .iter()
        .filter_map(|item| Some((*item.item.metrics.get(size)?, item.cpu_s)))
        .collect();
    let line = line::fit(&points)?;
    Some(TimeBySize {
        intercept_s: line.intercept,
        slope_s: line.slope,
        r_squared: line.r_squared,
    })
}
