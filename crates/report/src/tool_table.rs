//! What handing work to the workers of every parallel arm costs.

use super::format;
use super::tables::ReportTable;
use workbench_result::{Interval, RunResult, ToolCost};

/// What stands below the table on a page.
pub(super) const EXPLAINED: &str = "A task that does nothing costs the wall time of many of them, handed over at once, divided by their \
     number. Tasks pay from the size on at which p workers do them sooner than one core: cost × p / (p − 1); \
     likewise the work that makes up for the start-up, which is in no wall time. Speed-up and memory are \
     against the arm that does the same with the same engine on one core.";

/// A row for each of them; empty in a run without arms of other engines.
pub(super) fn table(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[
        ("arm", false),
        ("workers", true),
        ("cost of a task", true),
        ("tasks pay from", true),
        ("start-up", true),
        ("work pays from", true),
        ("speed-up", true),
        ("interval", true),
        ("over", false),
        ("peak memory", true),
        ("of one core's", true),
    ]);
    table.rows = result.tools.iter().map(row).collect();
    table
}

fn row(tool: &ToolCost) -> Vec<String> {
    let seconds = |value: Option<f64>| format::or_missing(value, format::seconds);
    let ratio = |value: Option<f64>| format::or_missing(value, format::speedup);
    let ends = tool.speedup_interval.as_ref().map(Interval::ends);
    vec![
        tool.arm.clone(),
        tool.workers.to_string(),
        seconds(tool.task_overhead_s),
        seconds(tool.pays_from_task_s),
        seconds(tool.start_up_s),
        seconds(tool.pays_from_work_s),
        ratio(tool.speedup),
        format::or_missing(ends, format::interval),
        tool.serial.clone(),
        format::bytes(tool.peak_memory_bytes),
        ratio(tool.memory_factor),
    ]
}
