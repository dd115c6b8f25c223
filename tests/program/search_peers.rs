//! Search engines of others as arms of the tune lab, with the real binary and an engine that is
//! made up: what they are asked and told, and what becomes of one that fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::{Bench, findings, stderr};

/// What the made-up engine has: it stops every other trial, and notes what it is told.
const OPTUNA: &str = r#"
import random

class logging:
    ERROR = 0
    set_verbosity = staticmethod(lambda level: None)

class pruners:
    NopPruner = object

    class HyperbandPruner:
        def __init__(self, min_resource, max_resource, reduction_factor):
            assert (min_resource, max_resource, reduction_factor) == (2, 8, 2)

class samplers:
    class TPESampler:
        def __init__(self, seed):
            self.rng = random.Random(seed)

class trial:
    class TrialState:
        FAIL = "failed"
        PRUNED = "pruned"

class Trial:
    def __init__(self, study, number):
        self.study, self.number = study, number

    def suggest_float(self, name, low, high, step, log):
        SUGGEST
        return self.study.rng.uniform(low, high)

    def suggest_int(self, name, low, high, step, log):
        return self.study.rng.randint(low, high)

    def suggest_categorical(self, name, values):
        return self.study.rng.choice(values)

    def report(self, loss, step):
        self.study.note("report", self.number, step, loss)

    def should_prune(self):
        return self.number % 2 == 1

class Study:
    def __init__(self, sampler):
        self.rng, self.count = sampler.rng, 0

    def note(self, *words):
        with open("NOTES", "a") as file:
            print(*words, file=file)

    def ask(self):
        self.count += 1
        return Trial(self, self.count - 1)

    def tell(self, trial, value=None, state="done"):
        self.note("tell", trial.number, state, value)

def create_study(study_name, direction, sampler, pruner):
    print("what is printed is no answer")
    return Study(sampler)
"#;

/// A Python that has the engine in this release; `suggest` is done when a number is asked for.
fn python(bench: &Bench, suggest: &str) -> PathBuf {
    let folder = bench.path("packages");
    let facts = folder.join("optuna-5.0.0.dist-info");
    fs::create_dir_all(&facts).unwrap();
    let text = "Metadata-Version: 2.1\nName: optuna\nVersion: 5.0.0\n";
    fs::write(facts.join("METADATA"), text).unwrap();
    let notes = bench.path("notes").display().to_string();
    let engine = OPTUNA.replace("SUGGEST", suggest).replace("NOTES", &notes);
    fs::write(folder.join("optuna.py"), engine).unwrap();
    let folder = folder.display();
    let line = format!("#!/bin/sh\nPYTHONPATH='{folder}' exec python3 -S \"$@\"\n");
    let python = bench.write("python", line);
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    python
}

fn run(bench: &Bench, python: Option<&Path>, arms: &str) -> Output {
    let mut command = bench.command();
    command.args(["--lab", "tune", "--quiet", "--json", "--repeats", "1"]);
    command.args(["--workers", "1", "--arms", arms]);
    for set in [
        "trials=4",
        "budget=8",
        "grace=2",
        "rows=300",
        "hidden=integer(4,8)",
    ] {
        command.args(["--set", set]);
    }
    match python {
        Some(python) => command.env("WORKBENCH_PEERS_PYTHON", python),
        None => command.env("WORKBENCH_CACHE_DIR", bench.path("cache")),
    };
    command.output().unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn engines_of_others_choose_and_stop_and_are_told_what_came_of_it() {
    let bench = Bench::new();
    let python = python(&bench, "pass");
    let output = run(&bench, Some(&python), "random,optuna,optuna+hyperband");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document = document(&output);
    let names: Vec<&str> = document["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arm| arm["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["random", "optuna", "optuna+hyperband"]);
    assert_eq!(findings(&document, "peer_releases").len(), 1);
    // The model was trained here, in the same way as those of the own arms.
    assert!(findings(&document, "not_reproduced").is_empty());
    let notes = fs::read_to_string(bench.path("notes")).unwrap();
    let of = |start: &str| notes.lines().filter(|line| line.starts_with(start)).count();
    // Four trials of the one; the other has the same budget, so more of them.
    assert!(of("tell ") > 8, "{notes}");
    assert!(
        of("tell 1 pruned") == 1 && of("tell 1 done") == 1,
        "{notes}"
    );
    assert_eq!(of("report 1 "), 1, "{notes}");
    assert_eq!(of("report 0 "), 7, "{notes}");
    // What it was told last is what was recorded.
    let events = bench.events();
    let told = notes
        .lines()
        .filter(|line| line.starts_with("tell 0 done "));
    for told in told {
        let told: f64 = told.rsplit(' ').next().unwrap().parse().unwrap();
        let is_it = |event: &&Value| event["value"].as_f64() == Some(told) && event["step"] == 8;
        assert!(events.iter().any(|event| is_it(&event)), "{told}");
    }
    let stopped = events.iter().filter(|event| event["phase"] == "stopped");
    assert!(stopped.count() >= 2);
}

#[test]
fn an_engine_that_fails_is_its_arms_failure_alone() {
    let bench = Bench::new();
    let python = python(&bench, "raise KeyError('lost')");
    let output = run(&bench, Some(&python), "random,optuna");
    let document = document(&output);
    assert_eq!(document["status"], "failed");
    let text = document.to_string();
    assert!(text.contains("KeyError: 'lost'"), "{text}");
    assert_eq!(document["arms"][0]["name"], "random");
}

#[test]
fn engines_that_are_not_there_cost_one_sentence_each() {
    let bench = Bench::new();
    let output = run(&bench, None, "random,optuna,optuna+hyperband,ray-tune");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let document = document(&output);
    let skipped = findings(&document, "peer_skipped");
    assert_eq!(skipped.len(), 3);
    for found in skipped {
        let text = found["text"].as_str().unwrap();
        assert!(text.contains("`workbench setup peers`"), "{text}");
    }
    assert_eq!(document["arms"].as_array().unwrap().len(), 1);
}
