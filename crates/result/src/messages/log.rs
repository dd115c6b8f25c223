//! What a reader has to know about the log itself.

use std::collections::BTreeSet;

use workbench_record::{Damage, Finding, Made, RepeatId, Snapshot, Unreadable};

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

/// That repeats of another program or machine do not count.
pub(crate) fn kept_apart(made: &[Made<'_>]) -> Option<Finding> {
    let (counted, others) = made
        .split_first()
        .filter(|(_, others)| !others.is_empty())?;
    let by = |made: &Made<'_>| match made.by {
        Some(start) => {
            let (program, machine) = (start.machine.program_name(), &start.machine);
            let (cpu, cores) = (machine.cpu_model.trim(), machine.cores_usable);
            format!("{program} on {cpu} with {cores} usable cores")
        }
        None => "a start of which the record is damaged".to_owned(),
    };
    let told = |made: &Made<'_>| {
        let ids: Vec<&RepeatId> = made.repeats.iter().map(|repeat| &repeat.id).collect();
        format!("{} by {}", names(&ids), by(made))
    };
    let others: Vec<String> = others.iter().map(told).collect();
    let apart: usize = made[1..].iter().map(|made| made.repeats.len()).sum();
    let text = format!(
        "Repeats of different programs or machines are kept apart, and no speed-up is stated across them: the numbers here are of the {} by {}. Kept apart: {}.",
        counted_repeats(counted),
        by(counted),
        others.join("; ")
    );
    let finding = Finding::warning("kept_apart", text);
    let finding = finding.number("counted", counted.repeats.len() as f64);
    Some(finding.number("apart", apart as f64))
}

fn counted_repeats(made: &Made<'_>) -> String {
    counted(made.repeats.len() as u64, "repeat")
}

/// That the machine was started anew between repeats that count.
pub(crate) fn rebooted(snapshot: &Snapshot) -> Option<Finding> {
    let counted = snapshot.counted();
    let boots = counted.iter().filter_map(|repeat| {
        let start = snapshot.starts.get(repeat.start as usize)?;
        start.machine.boot_id.as_deref()
    });
    let boots = boots.collect::<BTreeSet<&str>>().len();
    let text = format!(
        "The machine was started anew while this run was interrupted: its repeats are of {boots} starts of the machine."
    );
    (boots > 1).then(|| Finding::note("rebooted", text).number("boots", boots as f64))
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
    let ids: Vec<&RepeatId> = damage.repeats.iter().collect();
    (!ids.is_empty()).then(|| {
        format!(
            "Not counted, because a part of it is missing: {}. `workbench resume {run_id}` runs it again.",
            names(&ids)
        )
    })
}

/// The first repeats by name, and how many more there are.
fn names(ids: &[&RepeatId]) -> String {
    let name = |id: &&RepeatId| {
        let number = u64::from(id.repeat) + 1;
        format!("{} (repeat {number})", arm_on(&id.arm, id.workers))
    };
    let mut named: Vec<String> = ids.iter().take(NAMED).map(name).collect();
    let more = ids.len().saturating_sub(named.len());
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named.join(", ")
}

fn counted(number: u64, unit: &str) -> String {
    match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}
