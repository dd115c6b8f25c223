//! A stored document is believed only while it fits its log.

use std::fs;

use crate::common::completed;
use workbench_record::{RunDir, RunStore};
use workbench_result::{RunResult, load, load_result, store};

/// A run with its document.
fn run() -> (tempfile::TempDir, RunDir, RunResult) {
    let dir = tempfile::tempdir().unwrap();
    let runs = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let run = runs.create("rf", 1_795_000_000_000).unwrap();
    fs::write(run.events(), completed(3).bytes()).unwrap();
    let result = store(&run).unwrap().unwrap().result;
    (dir, run, result)
}

/// Whether the document was not believed; the numbers are those of the log in any case.
fn is_refused(run: &RunDir, right: &RunResult) -> bool {
    let quick = load_result(run).unwrap().unwrap();
    let full = load(run).unwrap().unwrap().result;
    assert_eq!(quick.warnings, full.warnings);
    for result in [quick, full] {
        assert_eq!(result.arms, right.arms);
        assert_eq!(result.run_id, right.run_id);
    }
    let told = load(run).unwrap().unwrap().result.warnings;
    told.iter()
        .any(|finding| finding.kind == "result_not_believed")
}

#[test]
fn a_document_is_believed_while_it_fits() {
    let (_dir, run, result) = run();
    assert!(!is_refused(&run, &result));
    assert_eq!(load_result(&run).unwrap().unwrap(), result);
    // Of a version that did not seal it, or gone.
    fs::remove_file(run.result()).unwrap();
    assert!(!is_refused(&run, &result));
    let mut older = result.clone();
    older.fingerprint = None;
    older.arms.clear();
    run.write_json("result.json", &older).unwrap();
    assert!(!is_refused(&run, &result));
}

#[test]
fn a_document_that_was_changed_is_not_believed() {
    let (_dir, run, result) = run();
    let text = fs::read_to_string(run.result()).unwrap();
    for (from, to) in [
        ("\"wall_median_s\": 4.01", "\"wall_median_s\": 9.01"),
        ("\"status\": \"completed\"", "\"status\": \"failed\""),
        ("\"equal_work\": true", "\"equal_work\": false"),
        ("\"schema\"", "\"shema\""),
        ("{", "{{"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(run.result(), text.replacen(from, to, 1)).unwrap();
        assert!(is_refused(&run, &result), "{from}");
    }
    fs::write(run.result(), "").unwrap();
    assert!(is_refused(&run, &result));
}

#[test]
fn a_document_of_another_log_is_not_believed() {
    let (_dir, run, result) = run();
    let (_other_dir, other, _) = self::run();
    let mut log = completed(2).bytes();
    fs::write(other.events(), &log).unwrap();
    store(&other).unwrap();
    fs::copy(other.result(), run.result()).unwrap();
    assert!(is_refused(&run, &result));
    // A log that has gone on since is nothing to warn of.
    log.extend(b"{\"t_ns\":9,\"event\":\"run_resumed\",\"unix_ms\":1,\"cut_bytes\":0}\n");
    fs::write(other.events(), &log).unwrap();
    let now = load_result(&other).unwrap().unwrap();
    assert!(
        now.warnings
            .iter()
            .all(|found| found.kind != "result_not_believed")
    );
    assert_eq!(now.status, workbench_record::RunStatus::Unfinished);
    // One that was cut, or changed in place, is.
    for log in [&log[..log.len() / 2], &completed(2).bytes().repeat(1)] {
        let mut log = log.to_vec();
        let at = log.len() - 30;
        log[at] ^= 1;
        fs::write(other.events(), &log).unwrap();
        let now = load_result(&other).unwrap().unwrap();
        assert!(
            now.warnings
                .iter()
                .any(|found| found.kind == "result_not_believed")
        );
    }
}

/// A number that is not finite would be `null` where its field does not go through `Floats`.
#[test]
fn every_number_of_the_document_can_be_read_back() {
    let schema = serde_json::to_string(&schemars::schema_for!(RunResult)).unwrap();
    let plain = schema.matches("\"format\":\"double\"").count();
    assert_eq!(plain, 1, "only the definition of `Number`");
    assert!(!schema.contains("\"format\":\"float\""));
}
