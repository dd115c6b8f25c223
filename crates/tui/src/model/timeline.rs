//! The tasks of the repeat under way by slot, and which of them a cell of the timeline shows.
//!
//! Tasks are put into a list per slot once, when they are new; a drawing then looks at a few of
//! them per visible cell, however many there are. Does not belong here: drawing.

use std::collections::BTreeMap;

use workbench_pool::{NEVER_RAN, TaskSpan};
use workbench_record::{RepeatId, RepeatState};

use super::snapshot_view::SnapshotView;

/// Tasks that are looked at for one cell; a cell that holds more is drawn as "many".
pub const PER_CELL: usize = 8;
/// Multiples of a power of ten that a cell may stand for.
const NICE: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
/// The finest cell, in nanoseconds.
const FINEST: f64 = 100_000.0;
/// Number of steps from fine to coarse: up to 80,000 s per cell.
pub const STEPS: usize = 9 * NICE.len();
/// The coarsest step that is chosen without being asked for: 0.5 s per cell.
const FOLLOW: usize = 3 * NICE.len() + 5;
/// Steps of one key press.
pub const STRIDE: isize = 3;
/// The tasks of the repeat under way by slot, and how much time a cell stands for.
#[derive(Debug, Default)]
pub struct Timeline {
    repeat: Option<(RepeatId, u64)>,
    seen: usize,
    /// Places in the repeat's list of tasks, by slot, in the order in which the tasks ended.
    pub slots: BTreeMap<u32, Vec<usize>>,
    /// Tasks that were put into the lists so far.
    pub indexed: u64,
}

impl Timeline {
    /// The task that ran on a slot at a time.
    pub fn task_at<'a>(&self, slot: u32, t_ns: u64, tasks: &'a [TaskSpan]) -> Option<&'a TaskSpan> {
        let list = self.slots.get(&slot)?;
        let after = list.partition_point(|i| tasks.get(*i).is_none_or(|t| t.finished_ns <= t_ns));
        let task = tasks.get(*list.get(after)?)?;
        (task.started_ns <= t_ns).then_some(task)
    }

    /// Whether nothing that ended on a slot after a time is recorded.
    pub fn is_open(&self, slot: u32, t_ns: u64, tasks: &[TaskSpan]) -> bool {
        let list = self.slots.get(&slot).and_then(|list| list.last());
        let last = list.and_then(|at| tasks.get(*at));
        last.is_none_or(|task| task.finished_ns <= t_ns)
    }

    /// Takes in the tasks that are new.
    pub fn update(&mut self, current: &RepeatState) {
        let key = (current.id.clone(), current.started_ns);
        // The start is corrected once the repeat is over; that does not make it another repeat.
        let same = self.repeat.as_ref().is_some_and(|(id, _)| *id == key.0);
        if !same || self.seen > current.tasks.len() {
            self.slots.clear();
            self.seen = 0;
        }
        self.repeat = Some(key);
        for (at, task) in current.tasks.iter().enumerate().skip(self.seen) {
            self.indexed += 1;
            if task.slot == NEVER_RAN {
                continue;
            }
            let list = self.slots.entry(task.slot).or_default();
            let end = |i: &usize| current.tasks.get(*i).map_or(0, |t| t.finished_ns);
            if list.last().is_none_or(|last| end(last) <= task.finished_ns) {
                list.push(at);
            } else {
                let place = list.partition_point(|i| end(i) <= task.finished_ns);
                list.insert(place, at);
            }
        }
        self.seen = current.tasks.len();
    }

    /// The slot of a row: the repeat's own first, then any others that tasks name.
    pub fn slot(&self, row: usize, workers: u32) -> Option<u32> {
        match u32::try_from(row) {
            Ok(slot) if slot < workers => Some(slot),
            _ => {
                let beyond = row - workers as usize;
                self.slots
                    .range(workers..)
                    .nth(beyond)
                    .map(|(slot, _)| *slot)
            }
        }
    }

    /// Rows: the repeat's own slots, and any others that tasks name.
    pub fn rows(&self, workers: u32) -> usize {
        let strangers = self.slots.range(workers..).count();
        workers as usize + strangers
    }
}

/// Nanoseconds per cell of a step.
pub fn step_ns(step: usize) -> u64 {
    let power = i32::try_from(step / NICE.len()).unwrap_or(0);
    (FINEST * NICE[step % NICE.len()] * 10_f64.powi(power)).round() as u64
}

/// The visible stretch of time.
pub struct Window {
    /// When the first cell begins, nanoseconds on the run's clock.
    pub from_ns: u64,
    /// Nanoseconds that a cell stands for.
    pub step_ns: u64,
    /// Cells.
    pub columns: u16,
    /// When the repeat ends, or now.
    pub end_ns: u64,
}

impl Window {
    /// The whole repeat where it fits at a readable step, its latest stretch otherwise. `stretch`
    /// is the number of steps coarser than what would be chosen.
    pub fn of(current: &RepeatState, run: &SnapshotView<'_>, columns: u16, stretch: isize) -> Self {
        let start = current.started_ns;
        let end_ns = match &current.finished {
            Some(finished) => start.saturating_add(finished.wall_ns),
            None => run.snapshot.now_ns.max(start),
        };
        let elapsed = end_ns - start;
        let cells = u64::from(columns.max(1));
        let fits = (0..STEPS).find(|i| elapsed.div_ceil(step_ns(*i)) <= cells);
        let chosen = fits
            .unwrap_or(STEPS)
            .min(FOLLOW)
            .saturating_add_signed(stretch);
        let step_ns = step_ns(chosen.min(STEPS - 1));
        let last = elapsed.div_ceil(step_ns).max(cells);
        let mut first = last - cells;
        if let Some(cursor) = run.cursor {
            first = first.min(cursor.saturating_sub(start) / step_ns);
        }
        Self {
            from_ns: start + first * step_ns,
            step_ns,
            columns,
            end_ns,
        }
    }

    /// The column of a time, where it is visible.
    pub fn column(&self, t_ns: u64) -> Option<u16> {
        let cell = t_ns.checked_sub(self.from_ns)? / self.step_ns;
        u16::try_from(cell).ok().filter(|c| *c < self.columns)
    }

    /// When a cell begins and ends.
    pub fn cell(&self, column: u16) -> (u64, u64) {
        let from = self
            .from_ns
            .saturating_add(u64::from(column).saturating_mul(self.step_ns));
        (from, from.saturating_add(self.step_ns))
    }
}

/// What a cell shows.
#[derive(Clone, Copy, PartialEq)]
pub enum Cell {
    /// Before the repeat, or after it.
    Outside,
    /// Nothing ran.
    Idle,
    /// Not recorded yet.
    Open,
    /// One task, by its place in the list.
    Task(usize),
    /// Several tasks; the one with the largest part.
    Many(usize),
}

impl Cell {
    /// The task that a cell shows, or the one with the largest part.
    pub fn task<'a>(&self, tasks: &'a [TaskSpan]) -> Option<&'a TaskSpan> {
        match self {
            Self::Task(at) | Self::Many(at) => tasks.get(*at),
            Self::Outside | Self::Idle | Self::Open => None,
        }
    }
}

/// What a cell shows of a slot's tasks: looks at [`PER_CELL`] of them at the most.
pub fn cell_of(list: &[usize], tasks: &[TaskSpan], (from, to): (u64, u64), running: bool) -> Cell {
    let ended = |i: &usize| tasks.get(*i).is_none_or(|t| t.finished_ns <= from);
    let first = list.partition_point(ended);
    let mut best: Option<(u64, usize)> = None;
    let mut n = 0;
    for at in list[first..].iter().take(PER_CELL) {
        let Some(task) = tasks.get(*at) else { continue };
        let part = task
            .finished_ns
            .min(to)
            .saturating_sub(task.started_ns.max(from));
        if part == 0 {
            continue;
        }
        n += 1;
        if best.is_none_or(|(most, _)| part > most) {
            best = Some((part, *at));
        }
    }
    match best {
        None if running && first >= list.len() => Cell::Open,
        // A sliver of a task in a cell that is otherwise idle.
        None => Cell::Idle,
        Some((part, _)) if n == 1 && part * 4 < to - from => Cell::Idle,
        Some((_, at)) if n > 2 => Cell::Many(at),
        Some((_, at)) => Cell::Task(at),
    }
}
