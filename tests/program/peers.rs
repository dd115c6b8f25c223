//! Arms that do a lab's work with what others have made, with the real binary: those that are there
//! run, and those that are not cost one sentence.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::{Bench, TINY, findings, stderr, stdout};

const PEERS: [&str; 5] = ["sklearn", "sklearn-jobs", "joblib", "ray", "dask"];

fn run(bench: &Bench, python: Option<&Path>, more: &[&str]) -> Value {
    let mut command = bench.command();
    command
        .args(TINY.iter().chain(more).chain(&["--json"]))
        .args(["--repeats", "1"]);
    match python {
        Some(python) => command.env("WORKBENCH_PEERS_PYTHON", python),
        None => command.env("WORKBENCH_CACHE_DIR", bench.path("cache")),
    };
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn arms(document: &Value) -> Vec<&str> {
    let arms = document["arms"].as_array().unwrap().iter();
    arms.map(|arm| arm["name"].as_str().unwrap()).collect()
}

/// The sentence about an arm that does not run.
fn skipped<'a>(document: &'a Value, arm: &str) -> &'a str {
    let found = findings(document, "peer_skipped");
    let of = |found: &&&Value| found["subject"]["arm"] == arm;
    let found = found.iter().find(of).unwrap();
    let text = found["text"].as_str().unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

/// A Python that knows a package of this release, which does this when it is imported.
fn python_with(bench: &Bench, packages: &[(&str, &str, &str, &str)]) -> PathBuf {
    let folder = bench.path("packages");
    for (name, version, module, text) in packages {
        let facts = folder.join(format!("{}-{version}.dist-info", name.replace('-', "_")));
        std::fs::create_dir_all(&facts).unwrap();
        let facts_text = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        std::fs::write(facts.join("METADATA"), facts_text).unwrap();
        let file = folder.join(module).with_extension("py");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let line = format!(
        "#!/bin/sh\nPYTHONPATH='{}' exec python3 -S \"$@\"\n",
        folder.display()
    );
    let python = bench.write("python", line);
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    python
}

#[test]
fn peers_run_only_when_they_are_asked_for() {
    let bench = Bench::new();
    let document = run(&bench, None, &[]);
    assert_eq!(arms(&document), ["sequential", "tasks", "trees"]);
    assert!(document.get("tools").is_none());
    assert!(findings(&document, "peer_skipped").is_empty());
}

#[test]
fn without_an_environment_every_peer_costs_one_sentence() {
    let bench = Bench::new();
    let document = run(&bench, None, &["--peers"]);
    assert_eq!(arms(&document), ["sequential", "tasks", "trees"]);
    assert_eq!(findings(&document, "peer_skipped").len(), PEERS.len());
    for arm in PEERS {
        let text = skipped(&document, arm);
        assert!(text.contains("`workbench setup peers`"), "{text}");
    }
    // It does not begin again what is not there.
    assert_eq!(document["asked"]["arms"].as_array().unwrap().len(), 3);
    assert!(document["command"].as_str().unwrap().contains("ray"));
}

#[test]
fn what_is_missing_too_old_or_broken_is_named() {
    let bench = Bench::new();
    let python = python_with(
        &bench,
        &[
            ("scikit-learn", "1.9.1", "sklearn/ensemble", ""),
            ("ray", "1.13.0", "ray", ""),
            (
                "distributed",
                "2026.1.0",
                "distributed",
                "raise ImportError('no\\nlibrary')",
            ),
        ],
    );
    let document = run(
        &bench,
        Some(&python),
        &["--arms", "sequential,joblib,ray,dask"],
    );
    assert_eq!(arms(&document), ["sequential"]);
    assert!(skipped(&document, "joblib").contains("joblib is not installed"));
    let old = "ray 1.13.0 is too old (2.9 or later is needed)";
    assert!(skipped(&document, "ray").contains(old));
    let broken = "distributed is installed and cannot be imported (ImportError: no library)";
    assert!(skipped(&document, "dask").contains(broken));
}

#[test]
fn a_python_that_is_none_is_named() {
    let bench = Bench::new();
    let python = bench.write("python", "no program");
    let document = run(&bench, Some(&python), &["--arms", "sequential,sklearn"]);
    let text = skipped(&document, "sklearn");
    assert!(text.contains("Python does not say"), "{text}");
    std::fs::write(&python, "#!/bin/sh\nkill -9 $$\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let document = run(&bench, Some(&python), &["--arms", "sequential,sklearn"]);
    let text = skipped(&document, "sklearn");
    assert!(text.contains("SIGKILL"), "{text}");
}

#[test]
fn a_lab_without_peers_says_so() {
    let bench = Bench::new();
    let output = bench.run(["--lab", "commands", "--arm", "a=true", "--peers"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`--peers`: the commands lab has no peers"));
}

fn set_up(bench: &Bench, args: &[&str]) -> Output {
    let mut command = bench.command();
    command
        .args(["setup", "peers"])
        .args(args)
        .env("WORKBENCH_CACHE_DIR", bench.path("cache"))
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", bench.path("index"));
    command.output().unwrap()
}

#[test]
fn the_set_up_says_what_it_would_do_and_what_fails_is_not_taken_for_whole() {
    let bench = Bench::new();
    let output = set_up(&bench, &["rf"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    for part in [
        "peers of rf",
        "MiB to download",
        "workbench setup peers --yes",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!bench.path("cache").exists());
    let output = set_up(&bench, &["rf", "--check"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stdout(&output).starts_with("missing"),
        "{}",
        stdout(&output)
    );
    // An index without packages.
    let output = set_up(&bench, &["rf", "--yes"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(said.contains("2/3  install scikit-learn=="), "{said}");
    assert!(said.contains("run `workbench setup peers` again"), "{said}");
    assert_eq!(set_up(&bench, &["rf", "--check"]).status.code(), Some(3));
    let output = set_up(&bench, &["commands"]);
    assert_eq!(output.status.code(), Some(2));
}

/// All peers, where `workbench setup peers rf` has installed them.
#[test]
fn the_real_peers_do_equal_work_and_are_judged_apart() {
    let bench = Bench::new();
    if bench.run(["setup", "peers", "rf", "--check"]).status.code() != Some(0) {
        eprintln!("NOT RUN: the peers of rf are not installed; `workbench setup peers rf`");
        return;
    }
    let output = bench.run(TINY.iter().chain(&[
        "--peers",
        "--repeats",
        "2",
        "--set",
        "peer_tolerance=0.2",
        "--json",
    ]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(arms(&document)[3..], PEERS);
    assert_eq!(document["check"]["equal_work"], true);
    assert_eq!(
        document["check"]["equal_outputs"], true,
        "{}",
        document["check"]
    );
    assert_eq!(document["comparison"]["basis"], "equal_outputs");
    assert_eq!(document["comparison"]["peers"]["metric"], "r2");
    for arm in &document["arms"].as_array().unwrap()[3..] {
        assert_eq!(arm["peer"], true);
        assert_eq!(arm["items"].as_array().unwrap().len(), 3);
        assert!(arm["speedup"].as_f64().unwrap() < 1.0, "{arm}");
        assert!(arm["bound"].is_null() && arm["efficiency"].is_null());
        // Python, its packages and its workers start before the clock does.
        let start = arm["breakdown"]["start_up"][0]["ns"].as_f64().unwrap() / 1e9;
        assert!(start > 0.1, "{start}");
    }
    let tools = document["tools"].as_array().unwrap();
    let costs: Vec<(&str, bool)> = tools
        .iter()
        .map(|tool| {
            let pays = tool["pays_from_task_s"].as_f64();
            (tool["arm"].as_str().unwrap(), pays.is_some())
        })
        .collect();
    for arm in ["tasks", "trees", "joblib", "ray", "dask"] {
        assert!(costs.contains(&(arm, true)), "{costs:?}");
    }
    assert!(costs.contains(&("sklearn-jobs", false)), "{costs:?}");
    let told = document["diagnoses"].as_array().unwrap().iter();
    assert_eq!(
        told.filter(|found| found["kind"] == "tool_order").count(),
        1
    );
}
