//! The tasks of a run as CSV: one row per attempt at a task, for spreadsheets and data frames. A
//! repeat of a program that told no tasks has one row.
//!
//! Times are seconds since the clock of the task's repeat was started, to the nanosecond. Tasks of
//! a repeat that was interrupted are there too. The last columns are what the whole repeat used.

use std::cmp::Ordering;

use super::error::ReportError;
use super::usage;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{RepeatFinished, RepeatState, Snapshot};
use workbench_result::RunResult;

/// The columns, in order.
const COLUMNS: [&str; 16] = [
    "arm",
    "workers",
    "repeat",
    "task",
    "name",
    "group",
    "part",
    "slot",
    "attempt",
    "queued_s",
    "ready_s",
    "started_s",
    "finished_s",
    "wall_s",
    "cpu_s",
    "outcome",
];

/// The whole table: rows ordered by arm (as in the lab), workers, repeat, task and attempt.
pub(super) fn csv(result: &RunResult, snapshot: &Snapshot) -> Result<Vec<u8>, ReportError> {
    let mut repeats: Vec<&RepeatState> = snapshot.repeats.iter().collect();
    repeats.sort_by(|a, b| order(result, a, b));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| ReportError::drawing(&e);
    let columns = COLUMNS.iter().chain(&usage::COLUMNS);
    writer.write_record(columns).map_err(failed)?;
    for repeat in repeats {
        let mut tasks: Vec<&TaskSpan> = repeat.tasks.iter().collect();
        tasks.sort_by_key(|t| (t.task, t.attempt, t.started_ns));
        let finished = repeat.finished.as_ref();
        let used = usage::cells(finished.and_then(|finished| finished.usage.as_ref()));
        let by_processes = finished.filter(|finished| {
            let usage = finished.usage.as_ref();
            tasks.is_empty() && usage.is_some_and(|usage| usage.processes.is_some())
        });
        if let Some(finished) = by_processes {
            let row = row_without_tasks(repeat, finished);
            writer
                .write_record(row.iter().chain(&used))
                .map_err(failed)?;
        }
        for task in tasks {
            let row = row(repeat, task);
            let cells = row.iter().chain(&used);
            writer.write_record(cells).map_err(failed)?;
        }
    }
    writer
        .into_inner()
        .map_err(|e| ReportError::Render(e.to_string()))
}

fn order(result: &RunResult, a: &RepeatState, b: &RepeatState) -> Ordering {
    let place = |name: &str| {
        let known = result.arms.iter().position(|arm| arm.name == name);
        known.unwrap_or(usize::MAX)
    };
    let key = |r: &RepeatState| (place(&r.id.arm), r.id.clone());
    key(a).cmp(&key(b))
}

/// The row of a repeat that told no tasks: when it ran, and its CPU time.
fn row_without_tasks(repeat: &RepeatState, finished: &RepeatFinished) -> [String; 16] {
    let wall_s = seconds(i128::from(finished.wall_ns));
    let mut row: [String; 16] = Default::default();
    let own = [
        (0, repeat.id.arm.clone()),
        (1, repeat.id.workers.to_string()),
        (2, repeat.id.repeat.to_string()),
        (11, seconds(0)),
        (12, wall_s.clone()),
        (13, wall_s),
        (14, seconds(i128::from(finished.cpu_ns))),
        (15, Outcome::Done.word().to_owned()),
    ];
    for (column, cell) in own {
        row[column] = cell;
    }
    row
}

fn row(repeat: &RepeatState, task: &TaskSpan) -> [String; 16] {
    let since = |ns: u64| seconds(i128::from(ns) - i128::from(repeat.started_ns));
    [
        repeat.id.arm.clone(),
        repeat.id.workers.to_string(),
        repeat.id.repeat.to_string(),
        task.task.to_string(),
        task.name.to_string(),
        task.group.to_string(),
        task.part.to_string(),
        task.slot.to_string(),
        task.attempt.to_string(),
        since(task.queued_ns),
        since(task.ready_ns),
        since(task.started_ns),
        since(task.finished_ns),
        seconds(i128::from(task.wall_ns())),
        seconds(i128::from(task.cpu_ns)),
        task.outcome.word().to_owned(),
    ]
}

/// Nanoseconds as seconds, exactly.
fn seconds(ns: i128) -> String {
    let size = ns.unsigned_abs();
    let sign = if ns < 0 { "-" } else { "" };
    format!("{sign}{}.{:09}", size / 1_000_000_000, size % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(0), "0.000000000");
        assert_eq!(seconds(1_234_567_891), "1.234567891");
        assert_eq!(seconds(-5), "-0.000000005");
        assert_eq!(seconds(i128::from(u64::MAX)), "18446744073.709551615");
    }
}
