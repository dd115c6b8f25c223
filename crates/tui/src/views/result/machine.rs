//! What the run was made on and with, whether the arms were comparable, and what measuring cost.

use std::fmt::Write as _;

use ratatui::text::{Line, Span};
use workbench_experiment::lab::Basis;
use workbench_report::{format, ideal};
use workbench_result::RunResult;

use crate::kit::list::panel_of_lines;
use crate::kit::{Pane, Scroll, wrap};

/// Columns of the labels.
const LABEL: usize = 11;
/// Characters of a fact that are shown.
const LONGEST: usize = 4000;

/// Draws the panel.
pub fn draw(pane: Pane<'_>, scroll: &mut Scroll, result: &RunResult) {
    let theme = pane.theme;
    let columns = usize::from(pane.area.width).saturating_sub(4);
    let rest = Span::raw(" ".repeat(LABEL));
    let facts = facts(result).into_iter();
    let lines = facts.flat_map(|(label, text)| {
        let first = Span::styled(format!("{label:LABEL$}"), theme.dim);
        let text = Span::styled(format::clean(&text, LONGEST), theme.text);
        wrap(&[text], columns, &first, &rest)
    });
    let lines: Vec<Line<'_>> = lines.collect();
    panel_of_lines(pane, "Machine and instrument", scroll, &lines, "");
}

fn facts(result: &RunResult) -> Vec<(&'static str, String)> {
    let machine = &result.machine;
    let cores = format!(
        "{} of {} logical ({})",
        format::counted_number(machine.cores_usable, "usable core"),
        machine.cores_logical,
        machine.cores_limit
    );
    let speeds = ideal::core_speeds(machine);
    let speeds = speeds.map_or_else(String::new, |speeds| format!("; speeds: {speeds}"));
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
    let build = format!(
        "workbench {} {} ({}, {})",
        machine.workbench_version,
        machine.workbench_commit.as_deref().unwrap_or(""),
        machine.build_profile,
        machine.compiler
    );
    let with = workbench_report::software(result);
    let with = with.map_or_else(String::new, |list| format!(", with {list}"));
    let quotients = workbench_report::quotients(result);
    let first = [("instrument", instrument), ("check", check(result))].into_iter();
    let rest = [
        ("processor", machine.cpu_model.clone()),
        ("cores", cores + &speeds),
        ("memory", format::bytes(machine.memory_bytes)),
        ("GPUs", gpus),
        (
            "system",
            format!("{}, kernel {}", machine.os, machine.kernel),
        ),
        ("build", build + &with),
        ("seed", result.seed.to_string()),
        ("again", result.command.clone()),
    ];
    let told = quotients.map(|note| ("speed-ups", note));
    first.chain(told).chain(rest).collect()
}

/// What the check of the arms against each other found.
fn check(result: &RunResult) -> String {
    match (result.check.equal_work, result.check.equal_outputs) {
        _ if result.check.target_reached == Some(true) => {
            "every arm reached the target, in every repeat".to_owned()
        }
        _ if result.check.target_reached.is_some() => "not every arm reached the target".to_owned(),
        (true, true) => match &result.comparison.basis {
            Basis::TimeOnCurve { .. } => "the base has no finished repeat".to_owned(),
            Basis::EqualOutputs | Basis::TimeToTarget { .. } => {
                "all arms did equal work with equal outputs, in every repeat".to_owned()
            }
            Basis::OutputsNotCompared => {
                "every repeat was done to the end; outputs were not compared".to_owned()
            }
            Basis::NearOutputs { metric, tolerance } => format!(
                "all arms did equal work, and their {metric} differs by {tolerance} at most"
            ),
            Basis::EqualOrNear { tolerances } => {
                let near = |(metric, most)| format!("{metric} (differs by {most} at most)");
                let near: Vec<String> = tolerances.iter().map(near).collect();
                format!(
                    "all arms did equal work with equal outputs, but for {}",
                    near.join(", ")
                )
            }
        },
        (false, true) => "the arms did not do equal work".to_owned(),
        (true, false) => "the outputs of the arms differ".to_owned(),
        (false, false) => "work and outputs of the arms differ".to_owned(),
    }
}
