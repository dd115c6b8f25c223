//! The rows of the table of items or of tasks, as they are in the record: names, columns, order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use workbench_clock::seconds;
use workbench_pool::{NEVER_RAN, Outcome, TaskSpan};
use workbench_record::{RepeatState, Snapshot};
use workbench_report::format;
use workbench_result::{ArmResult, ItemResult};

use super::natural::natural;
use crate::kit::text::{fit_end, shared_start};
use crate::kit::{PaneRow, cells, safe};
use crate::theme::letter;

/// What the rows of the table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowKind {
    /// The lab's items.
    #[default]
    Items,
    /// The tasks of the median repeat.
    Tasks,
}

/// A column of the table of tasks.
const TASK_COLUMNS: [(&str, u16); 8] = [
    ("task", 8),
    ("slot", 5),
    ("start s", 9),
    ("wall s", 9),
    ("CPU s", 8),
    ("waited s", 9),
    ("try", 4),
    ("outcome", 10),
];

/// The rows of the table as they are in the record.
pub struct TableRows<'a> {
    kind: RowKind,
    items: &'a [ItemResult],
    /// The name of the best item.
    best: Option<&'a str>,
    metrics: Vec<&'a str>,
    /// The repeat that the tasks are of.
    pub repeat: Option<&'a RepeatState>,
    tasks: &'a [TaskSpan],
    /// The column that the rows are sorted by.
    sorted: Option<usize>,
    /// Bytes of the start that the names of all items share.
    shared: usize,
}

impl<'a> TableRows<'a> {
    /// The rows of an arm.
    pub fn new(
        (kind, sorted): (RowKind, Option<usize>),
        arm: &'a ArmResult,
        snapshot: &'a Snapshot,
    ) -> Self {
        let repeat = snapshot.median_repeat(&arm.name, arm.workers);
        let looked_at = arm
            .items
            .iter()
            .take(8)
            .flat_map(|item| item.item.metrics.keys());
        let metrics: BTreeSet<&str> = looked_at.map(String::as_str).collect();
        let best = arm.analysis.as_ref().and_then(|found| found.best.as_ref());
        Self {
            kind,
            items: &arm.items,
            best: best.map(|best| best.item.as_str()),
            metrics: metrics.into_iter().collect(),
            repeat,
            tasks: repeat.map_or(&[], |r| &r.tasks),
            sorted,
            shared: shared_start(arm.items.iter().map(|item| item.item.name.as_str())),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self.kind {
            RowKind::Items => self.items.len(),
            RowKind::Tasks => self.tasks.len(),
        }
    }

    /// The whole name of a row.
    pub fn name(&self, at: usize) -> String {
        match self.kind {
            RowKind::Items => self.items.get(at).map(|item| {
                let best = if self.is_best(item) { " (best)" } else { "" };
                format!("{}{best}", safe(&item.item.name))
            }),
            RowKind::Tasks => self
                .tasks
                .get(at)
                .map(|task| format!("{} {}", safe(&task.name), task.part)),
        }
        .unwrap_or_default()
    }

    fn is_best(&self, item: &ItemResult) -> bool {
        self.best == Some(item.item.name.as_str())
    }

    /// What a filter looks at: names, and of a task its slot, its try and its outcome.
    pub fn words(&self, at: usize) -> String {
        let name = self.name(at);
        match self.tasks.get(at).filter(|_| self.kind == RowKind::Tasks) {
            None => name,
            Some(task) if task.slot == NEVER_RAN => {
                format!("{name} none {}", task.outcome.word())
            }
            Some(task) => format!(
                "{name} slot {} try {} {}",
                task.slot,
                u64::from(task.attempt) + 1,
                task.outcome.word()
            ),
        }
    }

    /// Names and widths of the columns; the first takes what is left.
    pub fn columns(&self) -> Vec<(String, u16)> {
        let mut columns = match self.kind {
            RowKind::Tasks => TASK_COLUMNS
                .iter()
                .map(|(name, w)| ((*name).to_owned(), *w))
                .collect(),
            RowKind::Items => {
                let mut columns = vec![("item".to_owned(), 12), ("CPU s".to_owned(), 10)];
                columns.extend(
                    self.metrics
                        .iter()
                        .map(|m| (safe(m), cells(m).clamp(8, 14) + 2)),
                );
                columns
            }
        };
        // The arrow of the order has its own room.
        if let Some((_, columns)) = self.sorted.and_then(|at| columns.get_mut(at)) {
            *columns += 2;
        }
        columns
    }

    /// Cells of the first column.
    pub fn name_width(&self, inner: u16) -> u16 {
        let others: u16 = self.columns().iter().skip(1).map(|c| c.1).sum();
        inner.saturating_sub(others).clamp(10, 34)
    }

    /// The order of two rows by a column.
    pub fn compare(&self, column: usize, a: usize, b: usize) -> Ordering {
        match self.kind {
            RowKind::Items => {
                let (a, b) = (&self.items[a], &self.items[b]);
                match column {
                    0 => natural(&a.item.name).cmp(&natural(&b.item.name)),
                    1 => a.cpu_s.total_cmp(&b.cpu_s),
                    _ => {
                        let value = |item: &ItemResult| {
                            let name = self.metrics.get(column - 2);
                            name.and_then(|m| item.item.metrics.get(*m))
                                .copied()
                                .unwrap_or(f64::NAN)
                        };
                        value(a).total_cmp(&value(b))
                    }
                }
            }
            RowKind::Tasks => {
                let (a, b) = (&self.tasks[a], &self.tasks[b]);
                match column {
                    0 => (a.group, a.part, a.task).cmp(&(b.group, b.part, b.task)),
                    1 => a.slot.cmp(&b.slot),
                    2 => a.started_ns.cmp(&b.started_ns),
                    3 => a.wall_ns().cmp(&b.wall_ns()),
                    4 => a.cpu_ns.cmp(&b.cpu_ns),
                    5 => waited(a).cmp(&waited(b)),
                    6 => a.attempt.cmp(&b.attempt),
                    _ => a.outcome.word().cmp(b.outcome.word()),
                }
            }
        }
    }

    /// Draws a row.
    pub fn draw(&self, row: PaneRow<'_>, at: usize, name: u16) {
        match self.kind {
            RowKind::Items => self.item(row, at, name),
            RowKind::Tasks => self.task(row, at, name),
        }
    }

    fn item(&self, mut row: PaneRow<'_>, at: usize, name: u16) {
        let Some(item) = self.items.get(at) else {
            return;
        };
        let text = if self.is_best(item) {
            row.theme.accent
        } else {
            row.theme.text
        };
        let columns = self.columns();
        let shown = fit_end(&self.name(at), self.shared, name, row.theme);
        let cpu = format::plain_seconds(item.cpu_s);
        row.left(&shown, name, text)
            .skip(1)
            .right(&cpu, columns[1].1 - 1, text);
        for (metric, (_, columns)) in self.metrics.iter().zip(columns.iter().skip(2)) {
            let value = item.item.metrics.get(*metric);
            let value = value.map_or_else(|| format::MISSING.to_owned(), |v| format::number(*v));
            if row.rest() < *columns {
                break;
            }
            row.skip(1).right(&value, columns - 1, text);
        }
    }

    fn task(&self, mut row: PaneRow<'_>, at: usize, name: u16) {
        let theme = row.theme;
        let Some(task) = self.tasks.get(at) else {
            return;
        };
        let start = self.repeat.map_or(0, |r| r.started_ns);
        let slot = match task.slot {
            NEVER_RAN => "none".to_owned(),
            slot => slot.to_string(),
        };
        let plain = |ns: u64| format::plain_seconds(seconds(ns));
        let values = [
            slot,
            plain(task.started_ns.saturating_sub(start)),
            plain(task.wall_ns()),
            plain(task.cpu_ns),
            plain(waited(task)),
            (u64::from(task.attempt) + 1).to_string(),
            task.outcome.word().to_owned(),
        ];
        let style = if task.outcome == Outcome::Done {
            theme.text
        } else {
            theme.bad
        };
        row.cell(letter(task.group), theme.series(task.group as usize))
            .skip(1)
            .left(&self.name(at), name.saturating_sub(2), theme.text);
        for (value, (_, columns)) in values.iter().zip(&self.columns()[1..]) {
            row.skip(1).right(value, columns - 1, style);
        }
    }
}

/// Time between being ready and being started, in nanoseconds.
fn waited(task: &TaskSpan) -> u64 {
    task.started_ns.saturating_sub(task.ready_ns)
}
