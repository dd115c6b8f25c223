//! Logs that were recorded when result documents had schema 1, and the documents that were made of
//! them then: the numbers must stay. `fixtures/logs_v1/make.sh` says how the files were made.
//!
//! Since schema 3, a speed-up is the median of the ratios of the repeats and not the ratio of their
//! medians, and has an interval of another kind, because the old one held the true value too seldom
//! (`docs/statistics.md`). With one repeat both are the same; with more, speed-ups and what follows
//! from them are compared no longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use workbench_record::{ArmComparison, fold_log};
use workbench_result::compute;

fn fixtures() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs_v1");
    let mut logs: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    logs.sort();
    logs
}

/// The document of schema 1, and what this program makes of the same log.
fn documents(log: &Path) -> (Value, Value) {
    let old = log.with_extension("").with_extension("result.json");
    let old = serde_json::from_str(&fs::read_to_string(old).unwrap()).unwrap();
    let mut result = compute(&fold_log(log).unwrap()).unwrap();
    // They had what leaves no number in doubt among the warnings.
    let notes = std::mem::take(&mut result.notes);
    result.warnings.extend(notes);
    // Documents of schema 1 did not tell of lines that were passed over.
    let is_new = |kind: &str| kind == "unknown_events";
    result.warnings.retain(|found| !is_new(&found.kind));
    (old, serde_json::to_value(result).unwrap())
}

/// Findings that say what speed-ups and intervals show, by their kind and a part of their old text.
const ABOUT_SPEEDUPS: [(&str, &str); 7] = [
    ("peak", "after the universal scalability law"),
    ("serial_fraction", "after Amdahl's law"),
    ("above_bound", "is above its bound"),
    ("few_repeats", "Intervals from "),
    ("no_difference", "no difference can be claimed"),
    ("best_arm", "their intervals do not overlap"),
    ("too_close", "their intervals overlap"),
];

/// Takes out findings that say what intervals show, of a document of either schema.
fn without_findings_about_speedups(document: &mut Value) {
    for list in ["warnings", "diagnoses"] {
        document[list].as_array_mut().unwrap().retain(|found| {
            let single = |text: &str| text.starts_with("A single repeat");
            !ABOUT_SPEEDUPS.iter().any(|(kind, part)| match found {
                Value::String(text) => text.contains(part),
                typed => typed["kind"] == *kind && !single(typed["text"].as_str().unwrap()),
            })
        });
    }
}

/// Puts findings into the form that they had: their sentences alone.
fn as_sentences(findings: &mut Value) {
    for found in findings.as_array_mut().unwrap() {
        *found = found["text"].take();
    }
}

/// Puts what is prose in old documents into their form: texts have not changed.
fn with_sentences(document: &mut Value) {
    for list in ["/warnings", "/diagnoses", "/check/differences"] {
        as_sentences(document.pointer_mut(list).unwrap());
    }
    for curve in document["scaling"].as_array_mut().unwrap() {
        for law in ["amdahl", "usl"] {
            if let Some(refused) = curve[law].get_mut("refused") {
                *refused = refused["text"].take();
            }
        }
    }
    for failed in document["failed_arms"].as_array_mut().unwrap() {
        *failed = failed["arm"].take();
    }
}

/// Takes out what has been made in another way since schema 3.
fn without_speedups(document: &mut Value) {
    let mut all_single = true;
    for arm in document["arms"].as_array_mut().unwrap() {
        let several = arm["wall_s"].as_array().unwrap().len() > 1;
        all_single &= !several;
        let arm = arm.as_object_mut().unwrap();
        for interval in ["speedup_ci95", "speedup_interval", "ideal"] {
            arm.shift_remove(interval);
        }
        for ratio in ["speedup", "efficiency", "karp_flatt"] {
            if several {
                arm.shift_remove(ratio);
            }
        }
    }
    for curve in document["scaling"].as_array_mut().unwrap() {
        for point in curve["points"].as_array_mut().unwrap() {
            let point = point.as_object_mut().unwrap();
            point.shift_remove("ci95");
            point.shift_remove("interval");
            if !all_single {
                point.shift_remove("speedup");
            }
        }
        for law in ["amdahl", "usl"] {
            // Numbers of workers that share cores are no longer fitted.
            if !all_single {
                curve[law].take();
            }
        }
    }
}

/// Takes out what is lost and useful where the base's CPU time is not recorded: older versions
/// called all work of the other arms inflation then, and now each arm's own work is the measure.
fn without_unknown_inflation(documents: [&mut Value; 2]) {
    let base = &documents[0]["arms"][0];
    let is_base = base["name"] == documents[0]["base"];
    if !is_base || base["useful_s"].as_f64() != Some(0.0) {
        return;
    }
    for document in documents {
        for arm in document["arms"].as_array_mut().unwrap() {
            arm.as_object_mut().unwrap().shift_remove("useful_s");
            let lost = arm["lost_s"].as_object_mut().unwrap();
            lost.shift_remove("inflation");
        }
        let found = document["diagnoses"].as_array_mut().unwrap();
        found.retain(|found| !found.as_str().unwrap().contains("more CPU time"));
    }
}

/// Takes out what is not comparable: the version, and what only newer documents have.
fn without_additions(document: &mut Value) {
    without_speedups(document);
    for arm in document["arms"].as_array_mut().unwrap() {
        // Older logs do not say for how long tasks had no core.
        let lost = arm["lost_s"].as_object_mut().unwrap();
        assert!(matches!(
            lost.shift_remove("no_core").map(|v| v.as_f64()),
            None | Some(Some(0.0))
        ));
    }
    let document = document.as_object_mut().unwrap();
    // Before the schema, in whose place the last one of the old document moves.
    for newer in [
        "fingerprint",
        "data_sha256",
        "made",
        "left_out",
        "disturbances",
    ] {
        document.shift_remove(newer);
    }
    document.remove("schema").unwrap();
    document.shift_remove("lab_facts");
    let machine = document["machine"].as_object_mut().unwrap();
    for newer in ["program_sha256", "boot_id"] {
        machine.shift_remove(newer);
    }
    let check = document["check"].as_object_mut().unwrap();
    check.shift_remove("target_reached");
    // How arms are compared has another name and shape now, and says the same.
    let comparison = document
        .shift_remove("terms")
        .or_else(|| document.shift_remove("comparison"));
    let comparison: ArmComparison = serde_json::from_value(comparison.unwrap()).unwrap();
    document.insert(
        "comparison".to_owned(),
        serde_json::to_value(comparison).unwrap(),
    );
}

fn health(old: &str) -> &str {
    match old {
        "still" => "stalled",
        "gone" => "lost",
        "over" => "ended",
        same => same,
    }
}

/// Gives the states of slots their new names.
fn renamed(document: Value) -> Value {
    match document {
        Value::Array(all) => all.into_iter().map(renamed).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| match (key.as_str(), &value) {
                ("standing", Value::String(old)) => ("health".to_owned(), health(old).into()),
                _ => (key, renamed(value)),
            })
            .collect(),
        other => other,
    }
}

/// Takes out what the sentences on lost time say of causes: that changed on purpose, since old
/// versions named causes that nobody had measured. Short times are written with other digits.
fn without_causes(document: &mut Value) {
    for found in document["diagnoses"].as_array_mut().unwrap() {
        let text = found.as_str().unwrap();
        let ends = [
            ("of the slot time): ", " ("),
            ("is lost to waiting: ", ": "),
            ("is overhead, ", " ("),
            // What another order brings is a difference of the time now, not a second speed-up.
            ("is lost to imbalance because", "; "),
        ];
        let end = ends
            .iter()
            .find_map(|(sign, end)| text.contains(sign).then(|| text.find(end))?);
        let text = end.map_or(text, |end| &text[..end]);
        *found = without_short_times(text).into();
    }
}

/// Takes out times in parentheses: ` (0.00 s)` was written for what is ` (0.67 ms)` now, and "1
/// tasks" for one task.
fn without_short_times(text: &str) -> String {
    let is_time = |inside: &str| inside.ends_with(" s") || inside.ends_with(" ms");
    let mut parts = text.split(" (");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((inside, rest)) if is_time(inside) => out.push_str(rest),
            _ => out.extend([" (", part]),
        }
    }
    out.replace(" 1 tasks ", " 1 task ")
}

/// Every number of both, written out, one a line.
#[test]
fn logs_of_the_old_schema_give_the_same_numbers() {
    let logs = fixtures();
    assert!(logs.len() >= 15, "{logs:?}");
    for log in logs {
        let (mut old, mut new) = documents(&log);
        old = renamed(old);
        without_findings_about_speedups(&mut old);
        without_findings_about_speedups(&mut new);
        with_sentences(&mut new);
        for document in [&mut old, &mut new] {
            let warnings = document["warnings"].as_array_mut().unwrap();
            warnings.sort_by_key(ToString::to_string);
        }
        without_additions(&mut old);
        without_additions(&mut new);
        without_unknown_inflation([&mut old, &mut new]);
        without_causes(&mut old);
        without_causes(&mut new);
        // Sums of nothing were -0 in old documents.
        let text = |value: &Value| {
            let text = serde_json::to_string_pretty(value).unwrap();
            text.replace(": -0.0", ": 0.0")
        };
        let (old, new) = (text(&old), text(&new));
        let at = old
            .lines()
            .zip(new.lines())
            .position(|(old, new)| old != new);
        let line = |text: &str| at.and_then(|at| text.lines().nth(at)).map(str::to_owned);
        assert!(
            old == new,
            "{}, line {at:?}: {:?} became {:?}",
            log.display(),
            line(&old),
            line(&new)
        );
    }
}
