//! What every slot did in the median repeat of each arm, on one scale of time, and what cores and
//! GPUs did meanwhile.
//!
//! ```text
//! │ sequential on 1 worker, 2.10 s                          │
//! │    0 A▒▒B▒▒▒C▒▒▒▒D▒▒▒▒▒E▒▒▒▒▒▒                          │
//! │ cores ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅                          │
//! │ tasks on 2 workers, 1.12 s                              │
//! │    0 A▒▒C▒▒▒▒E▒▒▒▒▒                                     │
//! │    1 B▒▒▒D▒▒▒▒▒                                         │
//! │ cores ████████████                                      │
//! │      ╵0 s           ╵1 s                                │
//! ```

use std::ops::Range;

use workbench_clock::seconds;
use workbench_machine::monitor::Sample;
use workbench_record::{RepeatState, Snapshot};
use workbench_report::format;
use workbench_result::RunResult;

use crate::kit::strip::{Extent, strip};
use crate::kit::{Pane, Scroll};
use crate::model::ended::EndedRepeat;
use crate::views::arm_slots::{draw_axis, draw_head, draw_slot, step_of, used, wall_ns};

/// Columns of the label of a row.
const LABEL: u16 = 6;

/// The median repeats of a result, by slot.
#[derive(Debug, Default)]
pub struct ArmTimelines {
    /// What they were made of: the run, and how far its record goes.
    of: Option<(String, u64)>,
    arms: Vec<EndedRepeat>,
}

/// A line of the panel.
#[derive(Clone, Copy)]
enum Row {
    Head,
    Slot(usize),
    Cores,
    Gpu(usize),
}

impl ArmTimelines {
    /// Puts the tasks of the median repeats into lists, where the result is another one.
    pub fn update(&mut self, result: &RunResult, snapshot: &Snapshot) {
        let of = (result.run_id.clone(), snapshot.now_ns);
        if self.of.as_ref() == Some(&of) {
            return;
        }
        let arms = result.arms.iter().filter_map(|arm| {
            let repeat = snapshot.median_repeat(&arm.name, arm.workers)?;
            Some(EndedRepeat::of(0, repeat))
        });
        self.arms = arms.collect();
        self.of = Some(of);
    }

    /// Whether there is anything to draw.
    pub fn any(&self) -> bool {
        !self.arms.is_empty()
    }

    /// Draws the panel.
    pub fn draw(&self, pane: Pane<'_>, scroll: &mut Scroll, snapshot: &Snapshot) {
        let arms: Vec<(&EndedRepeat, &RepeatState)> = self
            .arms
            .iter()
            .filter_map(|arm| Some((arm, snapshot.median_repeat(&arm.arm, arm.workers)?)))
            .collect();
        let rows: Vec<(usize, Row)> = (0..)
            .zip(&arms)
            .flat_map(|(at, (arm, _))| rows_of(arm, snapshot).map(move |row| (at, row)))
            .collect();
        let columns = pane.area.width.saturating_sub(LABEL + 4);
        let longest = arms.iter().map(|(_, repeat)| wall_ns(repeat)).max();
        let step = step_of(longest.unwrap_or(0), columns);
        let page = usize::from(pane.area.height.saturating_sub(3));
        let cell = format::stretch(seconds(step));
        let title = format!(
            "Timelines, median repeats {} 1 cell = {cell}",
            pane.theme.glyphs.dot
        );
        let (mut inner, window) = pane.scrolled(&title, scroll, (rows.len(), page));
        if arms.is_empty() {
            inner.nothing("no repeat of any arm has finished");
            return;
        }
        for (line, (at, row)) in (0..).zip(&rows[window]) {
            let (arm, repeat) = arms[*at];
            let place = inner.band(line, 1);
            draw_row(place, (arm, repeat), *row, (snapshot, step, columns));
        }
        let line = inner.area.height.saturating_sub(1);
        draw_axis(&mut inner, line, (LABEL, step, columns), 0);
    }
}

fn rows_of(arm: &EndedRepeat, snapshot: &Snapshot) -> impl Iterator<Item = Row> {
    let gpus = snapshot
        .samples
        .last()
        .map_or(0, |(_, last)| last.gpus.len());
    let cores = (!snapshot.samples.is_empty()).then_some(Row::Cores);
    let slots = (0..arm.slots.rows(arm.workers)).map(Row::Slot);
    let machine = cores.into_iter().chain((0..gpus).map(Row::Gpu));
    std::iter::once(Row::Head).chain(slots).chain(machine)
}

fn draw_row(
    mut place: Pane<'_>,
    (arm, repeat): (&EndedRepeat, &RepeatState),
    row: Row,
    (snapshot, step, columns): (&Snapshot, u64, u16),
) {
    let theme = place.theme;
    let label = match row {
        Row::Head => {
            let slots = arm.slots.rows(arm.workers);
            return draw_head(&mut place, (arm, repeat), slots);
        }
        Row::Slot(at) => {
            return draw_slot(&mut place, (arm, repeat), at, (LABEL, step, columns));
        }
        Row::Cores => "cores".to_owned(),
        Row::Gpu(gpu) => format!("GPU {gpu}"),
    };
    place.row(0).right(&label, LABEL - 1, theme.dim);
    let used = used(repeat, step, columns);
    let cells = (0..used).map(|column| {
        let from = repeat.started_ns + u64::from(column) * step;
        from..from + step
    });
    let history: Vec<Option<Extent>> = cells
        .map(|cell| share_of(sample_of(snapshot, &cell)?, row))
        .collect();
    let mut area = place.area;
    area.x += LABEL.min(area.width);
    area.width = used.min(place.area.width.saturating_sub(LABEL));
    strip(&mut place.part(area), &history, None);
}

/// What a sample says of the cores together, or of a GPU.
fn share_of(sample: &Sample, row: Row) -> Option<Extent> {
    let share = match row {
        Row::Gpu(gpu) => sample.gpus.get(gpu)?.busy?,
        _ => mean(&sample.cores)?,
    };
    Some(Extent {
        low: share,
        mean: share,
        high: share,
    })
}

/// The sample that tells of the middle of a stretch of time: each tells of the time since the one
/// before.
fn sample_of<'a>(snapshot: &'a Snapshot, cell: &Range<u64>) -> Option<&'a Sample> {
    let middle = cell.start + (cell.end - cell.start) / 2;
    let at = snapshot.samples.partition_point(|(t, _)| *t < middle);
    Some(&snapshot.samples.get(at)?.1)
}

fn mean(shares: &[f32]) -> Option<f32> {
    (!shares.is_empty()).then(|| shares.iter().sum::<f32>() / shares.len() as f32)
}
