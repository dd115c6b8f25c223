//! The arms against each other: repeats done, last wall time, and the speed-up as it forms, with
//! its interval, the bound and the ideal.

use workbench_clock::seconds;
use workbench_record::{Basis, RunStatus};
use workbench_report::format;
use workbench_report::intervals::Kinds;
use workbench_result::{ArmResult, RunResult, workers_of};

use super::header::left_text;
use crate::kit::{Pane, PaneRow, Scroll, cells, position, safe};
use crate::model::RunModel;
use crate::model::past::PastRepeats;
use crate::model::snapshot_view::SnapshotView;
use crate::views::speedup_gauge;

/// What keeps an arm from going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GivenUp {
    Stopped,
    Failed,
}

/// One arm at one number of workers.
struct Entry<'a> {
    name: &'a str,
    workers: u32,
    /// Place of the arm in the lab, 0 for the base.
    index: usize,
    done: u32,
    last_wall_s: Option<f64>,
    /// Share of the repeat under way, where it is this arm's.
    running: Option<f64>,
    /// What keeps it from going on.
    given_up: Option<GivenUp>,
    /// Seconds that its repeats will still take.
    left_s: Option<f64>,
    /// The base has a finished repeat to be compared with.
    compared: bool,
    result: Option<&'a ArmResult>,
}

/// Whether arms are compared by when a curve of theirs reached a target.
fn is_race(run: &SnapshotView<'_>) -> bool {
    matches!(run.snapshot.comparison.basis, Basis::TimeOnCurve { .. })
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, run: &SnapshotView<'_>, model: &RunModel) {
    let theme = pane.theme;
    let mut entries = entries(run, &model.past, model.estimate.result());
    let under_way = run.snapshot.status == RunStatus::Unfinished;
    for entry in entries.iter_mut().filter(|_| under_way) {
        let key = (entry.name.to_owned(), entry.workers);
        entry.left_s = model.ahead.outlook().arms.get(&key).copied();
    }
    let page = usize::from(pane.area.height.saturating_sub(3));
    let window = scroll.window(entries.len(), page);
    let base = run.started().and_then(|s| s.arms.first());
    let title = match base {
        Some(base) if is_race(run) => format!(
            "Arms {} speed-up = time of {} to the target {} that of the arm, median over the rounds",
            theme.glyphs.dot,
            safe(&base.name),
            theme.either("÷", "/")
        ),
        Some(base) => format!(
            "Arms {} speed-up = wall time of {} {} wall time of the arm, median over the rounds",
            theme.glyphs.dot,
            safe(&base.name),
            theme.either("÷", "/")
        ),
        None => "Arms".to_owned(),
    };
    let mut inner = pane.frame((&title, &position(&window, entries.len())));
    if entries.is_empty() {
        let why = "the run has not recorded its arms yet";
        inner.row(0).skip(1).text(why, theme.dim);
        return;
    }
    let columns = Columns::new(inner.area.width, &entries);
    columns.header(inner.row(0));
    let axis = entries
        .iter()
        .map(|e| f64::from(e.workers))
        .fold(1.0, f64::max);
    for (line, entry) in (1..).zip(&entries[window]) {
        columns.entry(inner.row(line), entry, (run.repeats_each(), axis));
    }
}

fn entries<'a>(
    run: &SnapshotView<'a>,
    past: &PastRepeats,
    result: Option<&'a RunResult>,
) -> Vec<Entry<'a>> {
    let Some(started) = run.started() else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (index, arm) in started.arms.iter().enumerate() {
        for workers in workers_of(arm, &started.config.workers) {
            entries.push(Entry {
                name: &arm.name,
                workers,
                index,
                done: 0,
                last_wall_s: None,
                running: None,
                left_s: None,
                compared: false,
                given_up: given_up(run, &arm.name),
                result: result.and_then(|r| {
                    r.arms
                        .iter()
                        .find(|a| a.name == arm.name && a.workers == workers)
                }),
            });
        }
    }
    for entry in &mut entries {
        let done = past.done(&run.snapshot.repeats, entry.name, entry.workers);
        entry.done = done.count;
        entry.last_wall_s = (done.count > 0).then(|| seconds(done.wall_ns));
    }
    let compared = entries
        .iter()
        .any(|entry| entry.index == 0 && entry.done > 0);
    for entry in &mut entries {
        entry.compared = compared;
    }
    if let Some(current) = run.current().filter(|c| c.finished.is_none())
        && run.snapshot.status == RunStatus::Unfinished
        && let Some(entry) = find(&mut entries, &current.id.arm, current.id.workers)
    {
        entry.running = Some(current.share());
    }
    entries
}

/// What keeps an arm from going on.
fn given_up(run: &SnapshotView<'_>, arm: &str) -> Option<GivenUp> {
    if run.snapshot.failed_arms.contains_key(arm) {
        return Some(GivenUp::Failed);
    }
    let stopped = run.snapshot.stopped_arms.contains_key(arm);
    stopped.then_some(GivenUp::Stopped)
}

fn find<'b, 'a>(
    entries: &'b mut [Entry<'a>],
    name: &str,
    workers: u32,
) -> Option<&'b mut Entry<'a>> {
    entries
        .iter_mut()
        .find(|e| e.name == name && e.workers == workers)
}

/// Widths of the columns; a column of no width is left out.
struct Columns {
    name: u16,
    bar: u16,
    left: u16,
    bound: u16,
    gauge: u16,
    kinds: Kinds,
}

const WORKERS: u16 = 7;
const REPEATS: u16 = 7;
const WALL: u16 = 13;
const SPEEDUP: u16 = 9;
const INTERVAL: u16 = 14;

impl Columns {
    fn new(inner: u16, entries: &[Entry<'_>]) -> Self {
        let longest = entries
            .iter()
            .map(|e| cells(&safe(e.name)))
            .max()
            .unwrap_or(4);
        let name = longest.clamp(4, 20);
        // A mark, the gaps, and what always has its place.
        let fixed = 3 + name + 1 + WORKERS + 2 + REPEATS + 1 + WALL + SPEEDUP + 2 + INTERVAL;
        let mut rest = inner.saturating_sub(fixed);
        let mut take = |wanted: u16, least: u16| {
            let given = if rest >= least { wanted.min(rest) } else { 0 };
            rest -= given;
            given
        };
        let bound = take(8, 8);
        let bar = take(11, 7);
        let left = take(13, 13);
        let gauge = take(60, 14);
        Self {
            name,
            bar,
            left,
            bound,
            gauge,
            kinds: Kinds::of_arms(entries.iter().filter_map(|e| e.result)),
        }
    }

    fn header(&self, mut row: PaneRow<'_>) {
        let (glyphs, dim) = (row.theme.glyphs, row.theme.dim);
        row.skip(3)
            .left("arm", self.name + 1, dim)
            .right("workers", WORKERS, dim)
            .skip(2)
            .left("repeats", self.bar + REPEATS + 1, dim)
            .right("left", self.left, dim)
            .right("last wall", WALL, dim)
            .right("speed-up", SPEEDUP, dim)
            .skip(2)
            .left(self.kinds.narrow_name(), INTERVAL, dim)
            .right("bound", self.bound, dim);
        if self.gauge > 0 {
            let legend = format!(
                "{}{} {}  {} bound  {} ideal",
                glyphs.low,
                glyphs.high,
                self.kinds.narrow_name(),
                glyphs.bound,
                glyphs.ideal
            );
            row.skip(2).left(&legend, self.gauge.saturating_sub(2), dim);
        }
    }

    fn entry(&self, mut row: PaneRow<'_>, entry: &Entry<'_>, (repeats, axis): (u32, f64)) {
        let theme = row.theme;
        let done = f64::from(entry.done) + entry.running.unwrap_or(0.0);
        let colour = theme.arm(entry.index);
        let (mark, name_style) = if entry.running.is_some() {
            (theme.glyphs.running, theme.accent)
        } else if entry.done >= repeats && repeats > 0 {
            (theme.glyphs.ok, theme.text)
        } else if entry.given_up.is_some() {
            (theme.glyphs.failed, theme.dim)
        } else {
            (theme.glyphs.waiting, theme.text)
        };
        let share = done / f64::from(repeats.max(1));
        let count = format!("{}/{repeats}", entry.done);
        row.skip(1)
            .left(mark, 2, colour)
            .left(entry.name, self.name + 1, name_style)
            .right(&entry.workers.to_string(), WORKERS, theme.text)
            .skip(2)
            .bar(share, self.bar.saturating_sub(1), colour)
            .skip(u16::from(self.bar > 0))
            .left(&count, REPEATS + 1, theme.text);
        let left = entry.left_s.filter(|left| *left > 0.0).map(left_text);
        // Both would touch.
        let short = left.is_some() && self.left > 0;
        row.right(&left.unwrap_or_default(), self.left, theme.dim);
        let none = match entry.given_up {
            Some(GivenUp::Failed) => ("failed", theme.bad),
            Some(GivenUp::Stopped) => ("stopped", theme.dim),
            None if short => ("none yet", theme.dim),
            None => ("no repeat yet", theme.dim),
        };
        match entry.last_wall_s {
            Some(wall) => row.right(&format::seconds(wall), WALL, theme.text),
            None => row.right(none.0, WALL, none.1),
        };
        if let Some(result) = entry.result {
            self.estimate(&mut row, result, (entry, axis));
        }
    }

    /// The part of a line that needs finished repeats: speed-up, interval, bound, and all
    /// of them drawn.
    fn estimate(
        &self,
        row: &mut PaneRow<'_>,
        result: &ArmResult,
        (entry, axis): (&Entry<'_>, f64),
    ) {
        let theme = row.theme;
        let (compared, base) = (entry.compared, entry.index == 0);
        let (speedup, style) = match result.speedup {
            Some(speedup) if base => (format::speedup(speedup), theme.dim),
            Some(speedup) => (format::speedup(speedup), theme.accent),
            None if compared => ("none".to_owned(), theme.bad),
            None => (String::new(), theme.bad),
        };
        let interval = match result.speedup_interval {
            _ if base => "is the base".to_owned(),
            Some(interval) => self.kinds.narrow_cell(&interval),
            None if !compared => "no base yet".to_owned(),
            None if result.speedup.is_none() => "unequal work".to_owned(),
            None => "1 repeat: none".to_owned(),
        };
        let bound = result.bound.map_or_else(String::new, format::speedup);
        row.right(&speedup, SPEEDUP, style)
            .skip(2)
            .left(&interval, INTERVAL, theme.dim)
            .right(&bound, self.bound, theme.dim)
            .skip(2);
        if self.gauge > 2 && !base {
            let fill = (theme.glyphs.thin, theme.arm(entry.index));
            speedup_gauge(result, fill).draw(row, self.gauge - 2, axis);
        }
    }
}
