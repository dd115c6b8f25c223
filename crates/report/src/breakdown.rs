//! The tables of what arms consisted of, for labs that tell: time per step, start-up, what was
//! equal, failures, programs.
//!
//! Belongs here: which rows and columns, and sentences that are counts. Does not belong here:
//! drawings and layout.

use std::collections::BTreeMap;

use super::arms::{arm_on_workers, figure_names, finished};
use super::counters::counters;
use super::tables::{ReportTable, subject};
use super::{format, label};
use workbench_record::{FigureFacts, FigureGroup, LabFacts, Part, Quantity, SlotState, Unit};
use workbench_result::{ArmResult, ArmSource, RunResult};

/// Rows of slots in a table at most.
const MOST_SLOTS: usize = 256;
/// Whether the run's lab tells what its arms consisted of.
pub(super) fn any(result: &RunResult) -> bool {
    finished(result).any(|arm| !arm.breakdown.is_empty()) || !result.sources.is_empty()
}

/// The names of parts in order of their first appearance.
pub(super) fn names<'a>(parts: impl Iterator<Item = &'a Part>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for part in parts {
        if !names.contains(&part.name.as_str()) {
            names.push(&part.name);
        }
    }
    names
}

/// Seconds of a part per step; nothing where no step was done.
pub(super) fn per_step_s(slot: &SlotState, part: &Part) -> Option<f64> {
    (slot.steps > 0).then(|| part.ns as f64 / 1e9 / slot.steps as f64)
}

/// The first figure of a slot that is a rate: `images/s` and how much.
pub(super) fn rate<'a>(facts: &LabFacts, slot: &'a SlotState) -> Option<(&'a str, f64)> {
    let is_rate = |name: &str| facts.unit(name) == Unit::PerSecond;
    let rate = slot.figures.iter().find(|figure| is_rate(&figure.name))?;
    rate.value
        .is_finite()
        .then_some((rate.name.as_str(), rate.value))
}

fn milliseconds(seconds: Option<f64>) -> String {
    format::or_missing(seconds.map(|s| s * 1e3), |ms| {
        let digits = if ms < 10.0 { 2 } else { 1 };
        format!("{ms:.digits$}")
    })
}

/// Milliseconds of every part per step, slot by slot.
pub(super) fn steps(result: &RunResult) -> ReportTable {
    let arms: Vec<&ArmResult> = finished(result).collect();
    let slots = || arms.iter().flat_map(|arm| &arm.breakdown.slots);
    let names = names(slots().flat_map(|slot| &slot.parts));
    let facts = &result.lab_facts;
    let speed = slots()
        .find_map(|slot| rate(facts, slot))
        .map(|(name, _)| name);
    if names.is_empty() {
        return ReportTable::default();
    }
    let mut table = ReportTable::new(&[("arm", false), ("workers", true)]);
    table.column(format::clean(facts.slot_word(), 20), true);
    table.column("steps", true);
    for name in &names {
        table.column(format!("{}, ms", format::clean(name, 40)), true);
    }
    table.column("in all, ms", true);
    if let Some(name) = speed {
        table.column(format!("{} at the end", format::clean(name, 40)), true);
    }
    let rows = arms
        .iter()
        .flat_map(|arm| arm.breakdown.slots.iter().map(move |slot| (arm, slot)));
    for (arm, slot) in rows.take(MOST_SLOTS) {
        let mut row = subject(arm);
        row.extend([slot.slot.to_string(), format::count(slot.steps)]);
        for name in &names {
            let part = slot.parts.iter().find(|part| part.name == *name);
            row.push(milliseconds(part.and_then(|part| per_step_s(slot, part))));
        }
        let whole: Option<f64> = slot.parts.iter().map(|part| per_step_s(slot, part)).sum();
        row.push(milliseconds(whole));
        if speed.is_some() {
            row.push(format::or_missing(rate(facts, slot), |(_, value)| {
                label::rate(value)
            }));
        }
        table.rows.push(row);
    }
    table
}

/// The stages of starting up, arm by arm.
pub(super) fn start_up(result: &RunResult) -> ReportTable {
    let arms = || finished(result).filter(|arm| !arm.breakdown.start_up.is_empty());
    let names = names(arms().flat_map(|arm| &arm.breakdown.start_up));
    let mut table = ReportTable::new(&[("arm", false), ("workers", true)]);
    for name in &names {
        table.column(format::clean(name, 40), true);
    }
    table.column("in all", true);
    for arm in arms() {
        let stages = &arm.breakdown.start_up;
        let mut row = subject(arm);
        row.extend(names.iter().map(|name| {
            let stage = stages.iter().find(|stage| stage.name == *name);
            format::or_missing(stage, |stage| format::seconds(stage.ns as f64 / 1e9))
        }));
        row.push(format::seconds(whole_s(stages)));
        table.rows.push(row);
    }
    table
}

/// What parts add up to, in seconds.
pub(super) fn whole_s(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.ns as f64 / 1e9).sum()
}

/// A table whose columns are the arms, after a column of names.
fn by_arm(result: &RunResult, first: &str) -> ReportTable {
    let mut table = ReportTable::new(&[(first, false)]);
    for arm in finished(result) {
        table.column(arm_on_workers(result, arm), true);
    }
    table
}

/// What was counted: the counters of work, which must be equal, and other facts, in which arms may
/// differ.
pub(super) fn counts(result: &RunResult) -> ReportTable {
    let mut table = by_arm(result, "what was counted");
    table.column("comparison", false);
    let differs = if result.comparison.basis.needs_equal_work() {
        "DIFFERS"
    } else {
        "may differ"
    };
    let arms: Vec<&ArmResult> = finished(result).collect();
    let mut rows = |of: fn(&ArmResult) -> &BTreeMap<String, u64>, otherwise: &str| {
        for counter in counters(&arms, &result.lab_facts, of) {
            let comparison = match (arms.len(), counter.equal) {
                (1, _) => "one arm only",
                (_, true) => "equal",
                (_, false) => otherwise,
            };
            let row = [
                vec![counter.label],
                counter.values,
                vec![comparison.to_owned()],
            ];
            table.rows.push(row.concat());
        }
    };
    rows(|arm| &arm.work, differs);
    rows(|arm| &arm.breakdown.facts, "may differ");
    table
}

/// How good what came out is, and other figures, but for those of failures; the hashes of the
/// outputs last.
pub(super) fn figures(result: &RunResult) -> ReportTable {
    let mut table = quality(result);
    let hashes: Vec<String> = finished(result)
        .map(|arm| format::hash_prefix(&arm.outputs_sha256))
        .collect();
    if !hashes.is_empty() {
        let name = "all outputs, SHA-256".to_owned();
        table.rows.push([vec![name], hashes].concat());
    }
    table
}

/// [`figures`] without the hashes.
pub(super) fn quality(result: &RunResult) -> ReportTable {
    let mut table = by_arm(result, "figure");
    let arms: Vec<&ArmResult> = finished(result).collect();
    let facts = &result.lab_facts;
    let names = figure_names(result, &arms);
    for name in names
        .into_iter()
        .filter(|name| facts.group(name) != FigureGroup::Failure)
    {
        let mut row = vec![label::label(facts, name)];
        row.extend(arms.iter().map(|arm| {
            let value = arm.quality.get(name);
            format::or_missing(value, |value| label::value(facts, name, value))
        }));
        table.rows.push(row);
    }
    table
}

/// What went wrong in which arm, and what that cost; no row where nothing did. A column for each
/// arm to which something happened.
pub(super) fn failures(result: &RunResult) -> ReportTable {
    let struck: Vec<&ArmResult> = finished(result)
        .filter(|arm| is_struck(result, arm))
        .collect();
    let ended = &result.failed_arms;
    let mut table = ReportTable::new(&[("", false)]);
    if !any(result) || struck.is_empty() && ended.is_empty() {
        return table;
    }
    let mut end = vec!["how it ended".to_owned()];
    for arm in &struck {
        table.column(arm_on_workers(result, arm), false);
        end.push("it continued to the end".to_owned());
    }
    for failed in ended {
        table.column(format::clean(&failed.arm, 80), false);
        end.push("the arm failed".to_owned());
    }
    table.rows.push(end);
    let facts = &result.lab_facts;
    let of_failures = |figure: &&FigureFacts| figure.group == FigureGroup::Failure;
    let cause = facts.figures.iter().find(of_failures);
    let mut names = figure_names(result, &struck);
    names.retain(|name| facts.group(name) == FigureGroup::Failure);
    // The cause comes first, and always: arms that failed outright have nothing else to tell.
    let cause = cause.map_or("", |figure| figure.name.as_str());
    names.retain(|name| *name != cause);
    names.insert(0, cause);
    for name in names {
        let mut row = vec![if name.is_empty() {
            "what went wrong".to_owned()
        } else {
            label::label(facts, name)
        }];
        row.extend(struck.iter().map(|arm| {
            let value = arm.quality.get(name);
            format::or_missing(value, |value| long_value(facts, name, value))
        }));
        row.extend(ended.iter().map(|failed| {
            let reason = (name == cause).then_some(&failed.reason);
            format::or_missing(reason, |reason| format::clean(reason, 600))
        }));
        table.rows.push(row);
    }
    table
}

/// A text in full length: what went wrong may take a sentence or two.
fn long_value(facts: &LabFacts, name: &str, value: &Quantity) -> String {
    match value {
        Quantity::Text(text) => format::clean(text, 600),
        value @ Quantity::Number(_) => label::value(facts, name, value),
    }
}

/// Whether something went wrong in an arm: a figure of failures is a text or counts something.
fn is_struck(result: &RunResult, arm: &ArmResult) -> bool {
    arm.quality.iter().any(|(name, value)| {
        let counts = match value {
            Quantity::Number(n) => *n > 0.0,
            Quantity::Text(_) => true,
        };
        counts && result.lab_facts.group(name) == FigureGroup::Failure
    })
}

/// How long the programs are that the arms run.
pub(super) fn programs(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[
        ("arm", false),
        ("program", false),
        ("lines", true),
        ("of code", true),
    ]);
    table.rows = result
        .sources
        .iter()
        .map(|source| {
            vec![
                format::clean(&source.arm, 80),
                format::clean(&source.source.file, 80),
                format::count(source.source.lines() as u64),
                format::count(source.source.lines_of_code() as u64),
            ]
        })
        .collect();
    table
}

/// What the programs have in common with the base's, in counts; empty where there is nothing to
/// compare.
pub(super) fn programs_compared(result: &RunResult) -> String {
    let base = result.sources.iter().find(|s| s.arm == result.base);
    let Some(base) = base.filter(|_| result.sources.len() > 1) else {
        return String::new();
    };
    let told: Vec<String> = result
        .sources
        .iter()
        .filter(|source| source.arm != base.arm)
        .map(|source| {
            format!(
                "of the {} of {}, {} also stand in that of {}",
                format::counted(source.source.lines_of_code() as u64, "line"),
                format::clean(&source.arm, 40),
                format::count(in_common(base, source)),
                format::clean(&base.arm, 40),
            )
        })
        .collect();
    let lines = format::counted(base.source.lines_of_code() as u64, "line");
    let arm = format::clean(&base.arm, 40);
    format!(
        "Without comments and empty lines, the program of {arm} has {lines}; {}.",
        format::join_words(&told, "and")
    )
}

/// Lines of code that stand in both, each counted as often as in the one that has it less often.
fn in_common(base: &ArmSource, other: &ArmSource) -> u64 {
    let mut left: BTreeMap<&str, u64> = BTreeMap::new();
    for line in code(base) {
        *left.entry(line).or_default() += 1;
    }
    let mut common = 0;
    for line in code(other) {
        if let Some(n) = left.get_mut(line).filter(|n| **n > 0) {
            *n -= 1;
            common += 1;
        }
    }
    common
}

fn code(source: &ArmSource) -> impl Iterator<Item = &str> {
    let lines = source.source.text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//"))
}
