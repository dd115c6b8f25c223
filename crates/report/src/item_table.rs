//! The table of what the arms made, item by item.

use std::collections::BTreeSet;

use super::arms::{finished, one_each};
use super::tables::{ReportTable, name};
use super::{format, label};
use workbench_record::Basis;
use workbench_result::{ArmResult, ItemResult, RunResult};

/// What every arm made: figures and CPU time per item, and whether the arms agree.
pub(super) fn items(result: &RunResult) -> ReportTable {
    let arms = one_each(result);
    let mut names: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for item in arms.iter().flat_map(|arm| &arm.items) {
        if known.insert(item.item.name.as_str()) {
            names.push(&item.item.name);
        }
    }
    let metrics: BTreeSet<&str> = arms
        .iter()
        .flat_map(|arm| &arm.items)
        .flat_map(|item| item.item.metrics.keys().map(String::as_str))
        .collect();
    let mut metrics: Vec<&str> = metrics.into_iter().collect();
    result.lab_facts.sort(&mut metrics);
    let mut table = ReportTable::new(&[("item", false)]);
    for metric in &metrics {
        table.column(label::label(&result.lab_facts, metric), true);
    }
    for arm in &arms {
        table.column(format!("CPU time, {}", name(&arm.name)), true);
    }
    table.column("output", false);
    // Where outputs need only be near each other, their hashes differ and say nothing.
    let must_agree = result.comparison.basis == Basis::EqualOutputs;
    if must_agree {
        table.column("all arms agree", false);
    }
    let best = result.best_item();
    for item in names {
        let made: Vec<Option<&ItemResult>> = arms.iter().map(|arm| find(arm, item)).collect();
        let first = made.iter().flatten().next();
        let is_best = best == Some(item);
        let mut row = vec![if is_best {
            format!("{} (best)", name(item))
        } else {
            name(item)
        }];
        row.extend(metrics.iter().map(|metric| {
            let value = first.and_then(|i| i.item.metrics.get(*metric));
            format::or_missing(value.copied(), format::number)
        }));
        row.extend(
            made.iter()
                .map(|i| format::or_missing(i.map(|i| i.cpu_s), format::seconds)),
        );
        row.push(first.map_or_else(String::new, |i| format::hash_prefix(&i.item.sha256)));
        if must_agree {
            row.push(agreement(result, item));
        }
        table.rows.push(row);
    }
    table
}

fn find<'a>(arm: &'a ArmResult, item: &str) -> Option<&'a ItemResult> {
    arm.items.iter().find(|i| i.item.name == item)
}

/// Whether every arm that finished made the same of an item.
fn agreement(result: &RunResult, item: &str) -> String {
    let arms: Vec<&ArmResult> = finished(result).collect();
    let hashes: Vec<Option<&str>> = arms
        .iter()
        .map(|arm| find(arm, item).map(|i| i.item.sha256.as_str()))
        .collect();
    let reference = hashes.iter().flatten().next();
    let differing: Vec<String> = arms
        .iter()
        .zip(&hashes)
        .filter(|(_, hash)| hash.as_ref() != reference)
        .map(|(arm, _)| format!("{} on {}", name(&arm.name), arm.workers))
        .collect();
    match (arms.len(), differing.len()) {
        (0 | 1, _) => "one arm only".to_owned(),
        (_, 0) => "yes".to_owned(),
        (_, n) if n > 3 => format!(
            "no: {} and {} more differ",
            differing[..3].join(", "),
            n - 3
        ),
        _ => format!("no: {} differ", format::join_words(&differing, "and")),
    }
}
