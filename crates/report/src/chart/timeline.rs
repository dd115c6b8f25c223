//! What every slot did over time in the median repeat of an arm, and under it how busy
//! the cores were.

use super::axis::{self, PixelScale};
use super::heat::{Heat, RowPlace};
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use super::rows;
use super::slots::{Groups, Slots};
use crate::{arms, format};
use workbench_clock::seconds;
use workbench_record::{RepeatState, Snapshot};
use workbench_result::{ArmResult, RunResult};

const LEFT: f64 = 60.0;
const RIGHT: f64 = 8.0;
const PLOT: f64 = WIDTH - LEFT - RIGHT;
/// Runs of colour that all timelines of a page may hold together: about 18 bytes each.
const BUDGET: usize = 40_000;
/// The same for the strips of cores.
const HEAT_BUDGET: usize = 20_000;
/// Walls within this ratio share one axis, so that lengths compare across arms.
const SHARED_AXIS: f64 = 6.0;

/// What the timelines of a page have in common: colours, time axis, budget.
pub(crate) struct Timelines<'a> {
    result: &'a RunResult,
    snapshot: &'a Snapshot,
    groups: Groups,
    longest: f64,
    /// Whether all drawings have the same seconds per pixel.
    pub shared_axis: bool,
    budget: usize,
    heat_budget: usize,
}

/// One drawing.
pub(crate) struct TimelineFigure {
    pub chart: Chart,
    /// `tasks on 2 workers`.
    pub subject: String,
    /// What the drawing shows, in sentences.
    pub caption: String,
}

impl<'a> Timelines<'a> {
    /// Looks at the median repeat of every arm.
    pub fn new(result: &'a RunResult, snapshot: &'a Snapshot) -> Self {
        let repeats: Vec<&RepeatState> = arms::finished(result)
            .filter_map(|arm| snapshot.median_repeat(&arm.name, arm.workers))
            .collect();
        let walls = || {
            repeats
                .iter()
                .map(|r| seconds(r.wall_ns()))
                .filter(|w| *w > 0.0)
        };
        let longest = walls().fold(0.0, f64::max);
        let shortest = walls().fold(longest, f64::min);
        let drawings = repeats.len().max(1);
        Self {
            result,
            snapshot,
            groups: Groups::new(&repeats),
            longest,
            shared_axis: longest <= shortest * SHARED_AXIS,
            budget: (BUDGET / drawings).min(BUDGET / 3),
            heat_budget: (HEAT_BUDGET / drawings).min(HEAT_BUDGET / 3),
        }
    }

    /// The timeline of one arm, with or without the meaning of its colours; `None` when the record
    /// holds no finished repeat of it or nothing happened in it.
    pub fn draw(&self, arm: &ArmResult, legend: bool) -> Option<TimelineFigure> {
        let repeat = self.snapshot.median_repeat(&arm.name, arm.workers)?;
        let wall = seconds(repeat.wall_ns());
        let samples = self.snapshot.samples_of(repeat);
        let heat = Heat::new(repeat, samples);
        if wall <= 0.0 || (repeat.tasks.is_empty() && heat.is_none()) {
            return None;
        }
        let slots = Slots::new(repeat, arm.workers, &self.groups);
        let subject = arms::arm_on_workers(self.result, arm);
        let length = if self.shared_axis { self.longest } else { wall };
        let mut chart = self.layout(&slots, heat.as_ref(), (wall, length), legend);
        chart.title = format!("TimelineFigure of {subject}");
        chart.description = slots.describe(&subject, wall, heat.as_ref());
        let caption = self.caption(&slots, repeat, heat.as_ref());
        Some(TimelineFigure {
            chart,
            subject,
            caption,
        })
    }

    fn caption(&self, slots: &Slots, repeat: &RepeatState, heat: Option<&Heat>) -> String {
        let number = u64::from(repeat.id.repeat) + 1;
        let mut sentences = vec![format!(
            "Repeat {number}, the one with the median wall time."
        )];
        if slots.hidden > 0 {
            let (drawn, hidden) = (slots.rows.len(), slots.hidden);
            sentences.push(format!(
                "The first {drawn} slots are drawn, {hidden} are not."
            ));
        }
        if slots.failed > 0 {
            let tasks = format::counted(slots.failed, "attempt");
            sentences.push(format!("{tasks} did not end well, drawn in red."));
        }
        if let Some(heat) = heat.filter(|h| h.has_steal()) {
            let most = format::percent(f64::from(heat.most_steal));
            sentences.push(format!(
                "Red marks: the hypervisor took time from a core, up to {most}."
            ));
        }
        if !self.shared_axis {
            sentences.push("The time axis is this arm's own.".to_owned());
        }
        sentences.join(" ")
    }

    fn layout(
        &self,
        slots: &Slots,
        heat: Option<&Heat>,
        (wall, length): (f64, f64),
        legend: bool,
    ) -> Chart {
        let ramp = legend && self.groups.several();
        let (slot_pitch, slot_gap) = pitch(slots.rows.len());
        let slots_top = if ramp { 62.0 } else { 34.0 };
        let slots_end = slots_top + slots.rows.len() as f64 * slot_pitch;
        let (core_pitch, core_gap) = heat.map_or((0.0, 0.0), |h| core_pitch(h.rows()));
        let cores_top = slots_end + if heat.is_some() { 40.0 } else { 0.0 };
        let end = cores_top + heat.map_or(0.0, |h| h.rows() as f64 * core_pitch);
        let mut chart = Chart::new(end + 30.0, "");
        let scale = PixelScale::linear((0.0, length), (LEFT, LEFT + PLOT));
        let ticks = axis::labelled_ticks(length, 8, "s");
        rows::grid(&mut chart, scale, ticks, (slots_top - 4.0, end + 4.0, 13.0));
        let place = RowPlace {
            left: LEFT,
            top: slots_top,
            width: PLOT,
            pitch: slot_pitch,
            gap: slot_gap,
        };
        if ramp {
            self.groups.legend(&mut chart, LEFT, slots.failed > 0);
        }
        let title = if slots.rows.len() == 1 {
            "Tasks on the slot"
        } else {
            "Tasks on each slot"
        };
        heading(&mut chart, slots_top - 16.0, title);
        row_labels(&mut chart, place, slots.rows.len(), |row| slots.label(row));
        slots.track(&mut chart, place, wall / length);
        slots.draw(&mut chart, place, length, self.budget);
        end_mark(&mut chart, wall, length, slots_top, slots_end);
        if let Some(heat) = heat {
            let place = RowPlace {
                top: cores_top,
                pitch: core_pitch,
                gap: core_gap,
                ..place
            };
            heading(&mut chart, cores_top - 14.0, &heat.heading());
            if legend {
                heat.legend(&mut chart, WIDTH - RIGHT, cores_top - 14.0);
            }
            row_labels(&mut chart, place, heat.rows(), |row| heat.label(row));
            heat.draw(&mut chart, place, length, self.heat_budget);
        }
        chart
    }
}

/// Distance between rows and the gap that it includes.
fn pitch(rows: usize) -> (f64, f64) {
    match rows {
        0..=4 => (30.0, 3.0),
        5..=8 => (24.0, 3.0),
        9..=16 => (18.0, 2.0),
        17..=32 => (12.0, 2.0),
        33..=64 => (8.0, 1.0),
        65..=128 => (5.0, 1.0),
        _ => (3.0, 0.0),
    }
}

fn core_pitch(rows: usize) -> (f64, f64) {
    match rows {
        0..=8 => (14.0, 2.0),
        9..=16 => (10.0, 1.0),
        17..=32 => (7.0, 1.0),
        _ => (4.0, 0.0),
    }
}

fn heading(chart: &mut Chart, y: f64, text: &str) {
    chart.text(LEFT, y, Lettering::new(Role::Ink).small().bold(), text);
}

fn row_labels(chart: &mut Chart, place: RowPlace, rows: usize, label: impl Fn(usize) -> String) {
    let style = Lettering::new(Role::Muted).small();
    let apart = if rows > 16 { 26.0 } else { 13.0 };
    let every = (apart / place.pitch).ceil().max(1.0) as usize;
    let every = if every > 2 {
        every.next_power_of_two()
    } else {
        every
    };
    for row in (0..rows).step_by(every) {
        let y = place.top + (row as f64 + 0.5) * place.pitch - place.gap / 2.0;
        chart.text(0.0, y, style, style.fit(&label(row), LEFT - 4.0));
    }
}

/// Where the repeat ended.
fn end_mark(chart: &mut Chart, wall: f64, length: f64, top: f64, end: f64) {
    let x = PixelScale::linear((0.0, length), (LEFT, LEFT + PLOT)).at(wall);
    chart.line((x, top - 8.0), (x, end + 4.0), 1.5, Role::Ink);
    let style = Lettering::new(Role::Ink).small();
    let text = format!("done after {}", format::seconds(wall));
    let fits_left = x - style.width(&text) - 6.0 > LEFT + 160.0;
    if fits_left {
        chart.text(x - 6.0, top - 16.0, style.end(), text);
    } else {
        chart.text(x.max(LEFT + 160.0) + 6.0, top - 16.0, style, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rows_are_thinner() {
        let heights: Vec<f64> = [4, 8, 16, 32, 64, 128, 256].map(|n| pitch(n).0).to_vec();
        assert!(heights.is_sorted_by(|a, b| a > b));
    }
}
