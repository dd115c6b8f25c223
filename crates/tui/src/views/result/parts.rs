//! What steps and start-ups consisted of, in the repeat with the median wall time: a stacked bar
//! per rank and per arm.

use workbench_experiment::lab::{Health, Part};
use workbench_report::format;
use workbench_result::{ArmResult, RunResult};

use super::bars::short;
use crate::kit::stack::{Names, per_step, total_ns};
use crate::kit::{Pane, Scroll, cells, safe};

/// One bar.
struct Line {
    arm: String,
    what: String,
    parts: Vec<Part>,
    remark: String,
}

/// Whether any arm told what its slots spent their time on.
pub fn any_steps(result: &RunResult) -> bool {
    result
        .arms
        .iter()
        .any(|arm| !arm.breakdown.slots.is_empty())
}

/// Whether any arm told what starting up took.
pub fn any_start_up(result: &RunResult) -> bool {
    result
        .arms
        .iter()
        .any(|arm| !arm.breakdown.start_up.is_empty())
}

/// Draws the panel of steps: a bar per rank, all on one scale.
pub fn steps(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let word = safe(result.lab_facts.slot_word());
    let arms = result.arms.iter();
    let lines: Vec<Line> = arms.flat_map(|arm| steps_of(arm, &word)).collect();
    // What was done again is part of it, and a reader who adds up steps has to know.
    let mut slots = result.arms.iter().flat_map(|arm| &arm.breakdown.slots);
    let title = if slots.any(|slot| slot.attempt > 0) {
        format!("A step of each {word}, over all attempts of the median repeat")
    } else {
        format!("A step of each {word}, in the median repeat")
    };
    draw(pane, &title, (scroll, &lines));
}

fn steps_of(arm: &ArmResult, word: &str) -> impl Iterator<Item = Line> {
    arm.breakdown.slots.iter().map(move |slot| {
        let parts = per_step(&slot.parts, slot.steps);
        let total = total_ns(&parts);
        let waited: f64 = parts.iter().filter(|p| p.waits).map(|p| p.ns as f64).sum();
        let share = waited / total;
        let mut remark = format::seconds(total / 1e9);
        if slot.health == Health::Lost {
            let steps = format::counted(slot.steps, "step");
            remark = format!("{remark}, gone after {steps}");
        }
        if share.is_finite() && waited > 0.0 {
            remark = format!("{remark}, waits for others {}", format::percent(share));
        }
        Line {
            arm: short(arm),
            what: format!("{word} {}", slot.slot),
            parts,
            remark,
        }
    })
}

/// Draws the panel of start-ups: a bar per arm, all on one scale.
pub fn start_up(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let lines: Vec<Line> = result
        .arms
        .iter()
        .filter(|arm| !arm.breakdown.start_up.is_empty())
        .map(|arm| Line {
            arm: short(arm),
            what: String::new(),
            parts: arm.breakdown.start_up.clone(),
            remark: format::seconds(total_ns(&arm.breakdown.start_up) / 1e9),
        })
        .collect();
    let title = "Start-up: time to the first step";
    draw(pane, title, (scroll, &lines));
}

fn draw(pane: Pane<'_>, title: &str, (scroll, lines): (&mut Scroll, &[Line])) {
    let theme = pane.theme;
    // The last line is the legend; above it a line stays empty where there is room.
    let room = usize::from(pane.area.height.saturating_sub(3));
    let (mut inner, window) = pane.scrolled(title, scroll, (lines.len(), room.max(1)));
    // Whoever has the most parts has all of them in order.
    let fullest = lines.iter().max_by_key(|line| line.parts.len());
    let names = Names::of(fullest.into_iter().chain(lines).flat_map(|l| &l.parts));
    names.legend_below(&mut inner);
    let widest = |f: fn(&Line) -> &str| lines.iter().map(|l| cells(f(l))).max().unwrap_or(0);
    let (arm, what) = (widest(|l| &l.arm).min(20), widest(|l| &l.what));
    let remark = widest(|l| &l.remark);
    let whole_ns = lines.iter().map(|l| total_ns(&l.parts)).fold(0.0, f64::max);
    // An empty line between arms, where that hides nothing.
    let arms = lines.chunk_by(|a, b| a.arm == b.arm).count();
    let airy = lines.len() + arms <= room;
    let (mut y, mut before) = (0, "");
    for line in &lines[window] {
        if airy && !before.is_empty() && before != line.arm {
            y += 1;
        }
        let name = if before == line.arm { "" } else { &line.arm };
        before = &line.arm;
        let mut row = inner.row(y);
        row.left(name, arm + 2, theme.text);
        if what > 0 {
            row.left(&line.what, what + 2, theme.dim);
        }
        let columns = row.rest().saturating_sub(remark + 2);
        names.bar(&mut row, &line.parts, (whole_ns, columns));
        row.skip(2).text(&line.remark, theme.text);
        y += 1;
    }
}
