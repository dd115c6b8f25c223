//! What the run was made on and with, whether the arms were comparable, and what measuring cost.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_experiment::lab::Basis;
use workbench_report::format;
use workbench_result::RunResult;

use crate::theme::Theme;
use crate::views::text::wrap;
use crate::views::widgets::{Row, Scroll, panel, position};

/// Columns of the labels.
const LABEL: u16 = 11;

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    result: &RunResult,
    theme: &Theme,
) {
    let columns = area.width.saturating_sub(LABEL + 4);
    let mut lines: Vec<(&'static str, String)> = Vec::new();
    for (label, text) in facts(result) {
        for (i, part) in wrap(&text, columns).into_iter().enumerate() {
            lines.push((if i == 0 { label } else { "" }, part));
        }
    }
    let window = scroll.window(lines.len(), usize::from(area.height.saturating_sub(2)));
    let note = position(&window, lines.len());
    let inner = panel(buf, area, ("Machine and instrument", &note), focused, theme);
    for (line, (label, text)) in (0..).zip(&lines[window]) {
        Row::new(buf, inner, line)
            .skip(1)
            .left(label, LABEL, theme.dim, theme)
            .text(text, theme.text, theme);
    }
}

fn facts(result: &RunResult) -> Vec<(&'static str, String)> {
    let machine = &result.machine;
    let cores = format!(
        "{} of {} logical ({})",
        format::counted_number(machine.cores_usable, "usable core"),
        machine.cores_logical,
        machine.cores_limit
    );
    let gpus = if machine.gpus.is_empty() {
        "none reported".to_owned()
    } else {
        let names: Vec<String> = machine
            .gpus
            .iter()
            .map(|g| format!("{} {} ({})", g.index, g.name, format::bytes(g.memory_bytes)))
            .collect();
        names.join(", ")
    };
    let mut instrument = format!(
        "measuring cost {} of one core, {} of CPU over the run",
        format::percent(result.instrument.share_of_one_core),
        format::seconds(result.instrument.cpu_s)
    );
    if result.instrument.screen_cpu_s > 0.0 {
        let _ = write!(
            instrument,
            "; showing it cost {}, {}",
            format::percent(result.instrument.screen_share_of_one_core),
            format::seconds(result.instrument.screen_cpu_s)
        );
    }
    let check = match (result.check.equal_work, result.check.equal_outputs) {
        _ if result.check.target_reached == Some(true) => {
            "every arm reached the target, in every repeat".to_owned()
        }
        _ if result.check.target_reached.is_some() => "not every arm reached the target".to_owned(),
        (true, true) => match &result.comparison.basis {
            Basis::EqualOutputs | Basis::TimeToTarget { .. } => {
                "all arms did equal work with equal outputs, in every repeat".to_owned()
            }
            Basis::NearOutputs { metric, tolerance } => format!(
                "all arms did equal work, and their {metric} differs by {tolerance} at most"
            ),
        },
        (false, true) => "the arms did not do equal work".to_owned(),
        (true, false) => "the outputs of the arms differ".to_owned(),
        (false, false) => "work and outputs of the arms differ".to_owned(),
    };
    let build = format!(
        "workbench {} {} ({}, {})",
        machine.workbench_version,
        machine.workbench_commit.as_deref().unwrap_or(""),
        machine.build_profile,
        machine.compiler
    );
    vec![
        ("instrument", instrument),
        ("check", check),
        ("processor", machine.cpu_model.clone()),
        ("cores", cores),
        ("memory", format::bytes(machine.memory_bytes)),
        ("GPUs", gpus),
        (
            "system",
            format!("{}, kernel {}", machine.os, machine.kernel),
        ),
        ("build", build),
        ("seed", result.seed.to_string()),
        ("again", result.command.clone()),
    ]
}
