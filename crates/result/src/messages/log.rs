//! What a reader has to know about the log itself.

use workbench_record::{Damage, Finding, RepeatId, Unreadable};

use super::arm_on;
use crate::facts::DocumentMisfit;

/// Repeats beyond this many are counted, not named.
const NAMED: usize = 5;

/// The kinds of findings about a run's files: damage, and a document that is not believed.
pub const OF_FILES: [&str; 2] = ["log_damaged", "result_not_believed"];

/// What of the log could not be read.
pub(crate) fn unreadable(damage: &Damage, run_id: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if damage.lines > 0 || !damage.repeats.is_empty() {
        findings.push(damaged(damage, run_id));
    }
    if damage.unknown_lines > 0 {
        let lines = counted(damage.unknown_lines, "line");
        findings.push(
            Finding::note(
                "unknown_events",
                format!(
                    "{lines} of the log, of kinds that this version of workbench does not know, were passed over."
                ),
            )
            .number("lines", damage.unknown_lines as f64),
        );
    }
    findings
}

/// That the stored document of a run is not believed.
pub(crate) fn misfit(misfit: DocumentMisfit, run_id: &str) -> Finding {
    let why = match misfit {
        DocumentMisfit::Unreadable => "cannot be read",
        DocumentMisfit::Changed => "was changed after it was written",
        DocumentMisfit::OtherLog => "does not belong to this log, or the log was changed since",
    };
    Finding::warning(
        "result_not_believed",
        format!(
            "The run's result.json {why}: all numbers here are computed anew from the log. `workbench resume {run_id}` of a complete run writes it again."
        ),
    )
}

fn damaged(damage: &Damage, run_id: &str) -> Finding {
    let mut sentences = Vec::new();
    if damage.lines > 0 {
        let (lines, bytes) = (counted(damage.lines, "line"), counted(damage.bytes, "byte"));
        let are = if damage.lines == 1 { "is" } else { "are" };
        let places = places(damage);
        sentences.push(format!(
            "{lines} of the log {are} damaged ({places}, {bytes}); all others count."
        ));
    }
    sentences.extend(missing(damage, run_id));
    Finding::warning("log_damaged", sentences.join(" "))
        .number("lines", damage.lines as f64)
        .number("bytes", damage.bytes as f64)
        .number("repeats", damage.repeats.len() as f64)
}

/// Where the damaged lines are: `lines 7 and 12 to 14`.
fn places(damage: &Damage) -> String {
    let place = |found: &Unreadable| match found.lines {
        1 => found.line.to_string(),
        lines => format!("{} to {}", found.line, found.line + lines - 1),
    };
    let shown = damage.stretches.iter().map(place).collect::<Vec<_>>();
    let told: u64 = damage.stretches.iter().map(|found| found.lines).sum();
    let more = damage.lines.saturating_sub(told);
    let word = if damage.lines == 1 { "line" } else { "lines" };
    match more {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}

/// The repeats that are not counted.
fn missing(damage: &Damage, run_id: &str) -> Option<String> {
    let name =
        |id: &RepeatId| format!("{} (repeat {})", arm_on(&id.arm, id.workers), id.repeat + 1);
    let mut named: Vec<String> = damage.repeats.iter().take(NAMED).map(name).collect();
    let more = damage.repeats.len().saturating_sub(named.len());
    if named.is_empty() {
        return None;
    }
    if more > 0 {
        named.push(format!("{more} more"));
    }
    Some(format!(
        "Not counted, because a part of it is missing: {}. `workbench resume {run_id}` runs it again.",
        named.join(", ")
    ))
}

fn counted(number: u64, unit: &str) -> String {
    match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}
