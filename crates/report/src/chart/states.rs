//! What whoever controls a repeat did over time: a thin strip per repeat in which more
//! happened than usual.

use super::axis::{self, PixelScale};
use super::lost::place_labels;
use super::marks::{Chart, Lettering, SOLID, WIDTH};
use super::palette::Role;
use super::rows::{self, LEFT, row_label};
use crate::format;
use workbench_clock::seconds;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{ControllerPhase, RepeatState, Snapshot};
use workbench_result::RunResult;

const RIGHT: f64 = WIDTH - 12.0;
const TOP: f64 = 30.0;
const ROW: f64 = 62.0;
const STRIP: f64 = 12.0;
/// Repeats drawn at most.
const MOST_ROWS: usize = 12;
const MOST_MARKS: usize = 24;

/// One state, from when to when, in seconds since the repeat began.
struct Stretch<'a> {
    phase: ControllerPhase,
    name: &'a str,
    from: f64,
    to: f64,
}

/// The chart; `None` where every repeat went its usual way.
pub(crate) fn chart(result: &RunResult, snapshot: &Snapshot) -> Option<Chart> {
    let unusual: Vec<&RepeatState> = snapshot
        .repeats
        .iter()
        .filter(|repeat| is_unusual(repeat))
        .take(MOST_ROWS)
        .collect();
    let all: Vec<Vec<Stretch>> = unusual.iter().map(|r| stretches(r, snapshot)).collect();
    let ends = all.iter().flatten().map(|stretch| stretch.to);
    let longest = ends.reduce(f64::max).filter(|longest| *longest > 0.0)?;
    let end = TOP + unusual.len() as f64 * ROW;
    let mut chart = Chart::new(end + 24.0, "What the controller did");
    let scale = PixelScale::linear((0.0, longest), (LEFT, RIGHT));
    let ticks = axis::labelled_ticks(longest, 8, "s");
    rows::grid(&mut chart, scale, ticks, (TOP - 6.0, end, 14.0));
    let mut told = Vec::new();
    for (row, (repeat, stretches)) in unusual.iter().zip(&all).enumerate() {
        let top = TOP + row as f64 * ROW;
        label(&mut chart, repeat, top);
        draw(&mut chart, scale, stretches, top);
        marks(&mut chart, result, repeat, scale, top);
        told.push(tell(repeat, stretches));
    }
    chart.description = told.join(" ");
    Some(chart)
}

/// Whether there was more than one attempt, or the repeat failed before its end. That a person
/// stopped it is not unusual.
fn is_unusual(repeat: &RepeatState) -> bool {
    let states = &repeat.states;
    let again = states.iter().any(|(_, state)| state.attempt > 1);
    let failed = repeat
        .tasks
        .iter()
        .any(|task| task.outcome == Outcome::Failed);
    again || (failed && repeat.finished.is_none() && states.len() > 1)
}

fn stretches<'a>(repeat: &'a RepeatState, snapshot: &Snapshot) -> Vec<Stretch<'a>> {
    let since = |t_ns: u64| seconds(t_ns.saturating_sub(repeat.started_ns));
    let last = repeat.states.last().map_or(0, |(at, _)| *at);
    let end_ns = if repeat.finished.is_some() {
        repeat.started_ns + repeat.wall_ns()
    } else {
        // The next repeat's start, or the end of the record, would say too much.
        let tasks = repeat.tasks.iter().map(|task| task.finished_ns).max();
        tasks.unwrap_or(0).min(snapshot.now_ns)
    };
    let ends = repeat.states.iter().skip(1).map(|(at, _)| *at);
    let ends = ends.chain([end_ns.max(last)]);
    repeat
        .states
        .iter()
        .zip(ends)
        .map(|((from, state), to)| Stretch {
            phase: state.phase,
            name: &state.text,
            from: since(*from),
            to: since(to),
        })
        .collect()
}

/// The phase in which most of the time passed.
fn main_phase(stretches: &[Stretch<'_>]) -> Option<ControllerPhase> {
    let lasted = |phase: ControllerPhase| -> f64 {
        let of = stretches.iter().filter(|stretch| stretch.phase == phase);
        of.map(|stretch| stretch.to - stretch.from).sum()
    };
    let phases = stretches.iter().map(|stretch| stretch.phase);
    phases.max_by(|a, b| lasted(*a).total_cmp(&lasted(*b)))
}

/// The strip: the main phase in ink's grey, what came between two stretches of it in the
/// colour of imbalance.
fn draw(chart: &mut Chart, scale: PixelScale, stretches: &[Stretch<'_>], top: f64) {
    let main = main_phase(stretches);
    let is_main = |stretch: &Stretch| Some(stretch.phase) == main;
    let first = stretches.iter().position(is_main).unwrap_or(0);
    let last = stretches.iter().rposition(is_main).unwrap_or(0);
    let y = top + 16.0;
    let mut labels = Vec::new();
    for (i, stretch) in stretches.iter().enumerate() {
        let (left, right) = (scale.at(stretch.from), scale.at(stretch.to));
        let between = i > first && i < last;
        let role = match (is_main(stretch), between) {
            (true, _) => Role::Heat(3),
            (false, true) => Role::Lost(1),
            (false, false) => Role::Heat(1),
        };
        // What was short is seen all the same.
        let wide = (right - left).max(2.0);
        chart.rect(left, y, wide - 0.5, STRIP, role);
        if is_main(stretch) || between {
            let took = format::seconds(stretch.to - stretch.from);
            let text = format!("{} {took}", format::clean(stretch.name, 24));
            labels.push((f64::midpoint(left, right), text));
        }
    }
    let style = Lettering::new(Role::Muted).size(10.5);
    let room: f64 = labels
        .iter()
        .map(|(_, text)| style.width(text) + 12.0)
        .sum();
    if room <= RIGHT - LEFT {
        place_labels(chart, &labels, y + STRIP);
    }
}

/// Where an attempt of a slot failed.
fn marks(chart: &mut Chart, result: &RunResult, repeat: &RepeatState, scale: PixelScale, top: f64) {
    let style = Lettering::new(Role::Alarm).small();
    let failed = repeat.tasks.iter().filter(|t| t.outcome == Outcome::Failed);
    let mut free = LEFT;
    for task in failed.take(MOST_MARKS) {
        let at = seconds(task.finished_ns.saturating_sub(repeat.started_ns));
        let x = scale.at(at);
        let line = vec![(x, top + 11.0), (x, top + 16.0 + STRIP + 3.0)];
        chart.path(line, 2.0, SOLID, Role::Alarm);
        let text = failure(result, task);
        let from = (x - 4.0).max(free).min(RIGHT - style.width(&text));
        if from >= free {
            chart.text(from, top + 4.0, style, text.as_str());
            free = from + style.width(&text) + 14.0;
        }
    }
}

fn failure(result: &RunResult, task: &TaskSpan) -> String {
    let word = format::clean(result.lab_facts.slot_word(), 20);
    format!("{word} {} failed", task.slot)
}

fn label(chart: &mut Chart, repeat: &RepeatState, top: f64) {
    let end = if repeat.finished.is_some() {
        ""
    } else {
        ", not finished"
    };
    let number = u64::from(repeat.id.repeat) + 1;
    let text = format!("repeat {}{end}", format::count(number));
    row_label(chart, (top + 22.0, &repeat.id.arm), (top + 39.0, &text));
}

fn tell(repeat: &RepeatState, stretches: &[Stretch<'_>]) -> String {
    let told: Vec<String> = stretches
        .iter()
        .take(24)
        .map(|stretch| {
            let name = format::clean(stretch.name, 24);
            format!("{name} from {}", format::seconds(stretch.from))
        })
        .collect();
    let number = u64::from(repeat.id.repeat) + 1;
    let arm = format::clean(&repeat.id.arm, 40);
    format!(
        "{arm}, repeat {number}: {}.",
        format::join_words(&told, "and")
    )
}
