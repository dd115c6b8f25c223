//! Logs that were recorded when result documents had schema 1, and the documents that were made of
//! them then: the numbers must stay. `fixtures/logs_v1/make.sh` says how the files were made.

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
    // Documents of schema 1 did not tell of lines that were passed over.
    let is_new = |kind: &str| kind == "unknown_events";
    result.warnings.retain(|found| !is_new(&found.kind));
    (old, serde_json::to_value(result).unwrap())
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

/// Takes out what is not comparable: the version, and what only newer documents have.
fn without_additions(document: &mut Value) {
    let document = document.as_object_mut().unwrap();
    // Before the schema, in whose place the last one of the old document moves.
    for newer in ["fingerprint", "data_sha256", "starts"] {
        document.shift_remove(newer);
    }
    document.remove("schema").unwrap();
    document.shift_remove("lab_facts");
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

/// Every number of both, written out, one a line.
#[test]
fn logs_of_the_old_schema_give_the_same_numbers() {
    let logs = fixtures();
    assert!(logs.len() >= 15, "{logs:?}");
    for log in logs {
        let (mut old, mut new) = documents(&log);
        old = renamed(old);
        with_sentences(&mut new);
        without_additions(&mut old);
        without_additions(&mut new);
        let text = |value: &Value| serde_json::to_string_pretty(value).unwrap();
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
