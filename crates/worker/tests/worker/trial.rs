//! Trials of a search, by command line: what they tell, and how they go on.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::common::program;

/// A trial on 200 images, of which 50 are set apart.
fn trial(epochs: u32, more: &[&str]) -> Output {
    let epochs = epochs.to_string();
    let mut command = program();
    command.args([
        "trial", "--model", "cnn", "--epochs", &epochs, "--rows", "200",
    ]);
    command.args(["--validation-rows", "50", "--batch", "16"]);
    // A launcher around a search is none of its business.
    command.env("WORLD_SIZE", "4").args(more).output().unwrap()
}

/// Name, epoch and value of everything that was told.
fn told(output: &Output) -> Vec<(String, u64, Value)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let name = line["name"].as_str().unwrap().to_owned();
        (name, line["step"].as_u64().unwrap(), line["value"].clone())
    };
    text.lines().map(line).collect()
}

fn files(dir: &Path) -> usize {
    fs::read_dir(dir).map_or(0, Iterator::count)
}

#[test]
fn a_trial_that_goes_on_tells_what_one_tells_that_was_not_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let keep = dir.path().join("state");
    let keep = ["--keep", keep.to_str().unwrap(), "--weight-decay", "0.01"];
    let whole = told(&trial(4, &keep[2..]));
    let names: Vec<_> = whole
        .iter()
        .map(|(name, at, _)| (name.as_str(), *at))
        .collect();
    assert_eq!(names, [("loss", 1), ("loss", 2), ("loss", 3), ("loss", 4)]);
    let first = trial(2, &keep);
    assert!(first.status.success());
    assert_eq!(told(&first), whole[..2]);
    // What it had told last is told again, for a search that may have missed it.
    assert_eq!(told(&trial(4, &keep)), whole[1..]);
    // The newest, and the one that it went on from.
    assert!(files(Path::new(keep[1])) <= 2);
}

#[test]
fn settings_and_split_change_what_is_told_and_the_test_rows_are_looked_at_on_request() {
    let usual = told(&trial(1, &[]));
    for more in [
        ["--lr", "0.01"],
        ["--weight-decay", "0.5"],
        ["--split-seed", "2"],
        ["--seed", "2"],
    ] {
        assert_ne!(told(&trial(1, &more)), usual, "{more:?}");
    }
    assert_eq!(told(&trial(1, &["--weight-decay", "0"])), usual);
    let judged = told(&trial(1, &["--judge", "1", "--test-rows", "100"]));
    assert_eq!(judged[..1], usual);
    assert_eq!((judged[1].0.as_str(), judged[1].1), ("test", 1));
    assert_eq!(judged.len(), 2);
}

#[test]
fn a_loss_that_is_no_number_is_told_and_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let keep = dir.path().join("state");
    let output = trial(3, &["--lr", "1e12", "--keep", keep.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told(&output), [("loss".to_owned(), 1, "NaN".into())]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("lower the learning rate"), "{said}");
    assert_eq!(files(&keep), 0);
}

#[test]
fn rows_that_cannot_be_set_apart_are_refused() {
    for (more, said) in [
        (["--validation-rows", "200"], "give 1 to 199"),
        (["--validation-rows", "0"], "give 1 to 199"),
        (
            ["--validation-rows", "190"],
            "more than the 10 training rows",
        ),
        (["--weight-decay", "2"], "give 0 to 1"),
        (["--batch", "1"], "2 or more"),
    ] {
        let mut args = vec!["trial", "--model", "cnn", "--epochs", "1", "--rows", "200"];
        let usual = [["--validation-rows", "50"], ["--batch", "16"]];
        let usual = usual.iter().filter(|of| of[0] != more[0]).flatten();
        args.extend(usual.chain(&more));
        let output = program().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(said), "{more:?}: {told}");
    }
}
