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
use workbench_record::fold_log;
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
    let result = compute(&fold_log(log).unwrap()).unwrap();
    (old, serde_json::to_value(result).unwrap())
}

/// Takes out what is not comparable: the version.
fn without_prose(document: &mut Value) {
    let document = document.as_object_mut().unwrap();
    document.remove("schema").unwrap();
}

/// Every number of both, written out, one a line.
#[test]
fn logs_of_the_old_schema_give_the_same_numbers() {
    let logs = fixtures();
    assert!(logs.len() >= 15, "{logs:?}");
    for log in logs {
        let (mut old, mut new) = documents(&log);
        without_prose(&mut old);
        without_prose(&mut new);
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
