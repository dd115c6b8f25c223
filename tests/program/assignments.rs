//! The example assignments of the labs other than rf, from the handout to the grade, and hand-ins
//! of runs that did not go smoothly, with the real binary. Those of ddp need the real worker.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::common::{Bench, read_json, stderr, stdout, worker_is_there};

/// A training of one process and of two, in seconds.
const TRAIN: [&str; 17] = [
    "--lab",
    "ddp",
    "--preset",
    "quick",
    "--arms",
    "single,launcher",
    "--set",
    "epochs=1",
    "--set",
    "train_rows=1280",
    "--set",
    "test_rows=200",
    "--set",
    "accuracy_tolerance=1",
    "--workers",
    "2",
    "--oversubscribe",
];

#[track_caller]
fn ok(output: &Output) -> String {
    let told = stdout(output) + &stderr(output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    told
}

fn assignment(lab: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join(format!("examples/assignments/{lab}/assignment.toml"));
    file.to_str().unwrap().to_owned()
}

/// A class of one, who answers, runs, answers, hands in and is graded. Returns what was graded.
fn handed_in(lab: &str, before: &[(&str, &str)], after: &[(&str, &str)]) -> (Bench, Value) {
    let bench = Bench::new();
    let file = assignment(lab);
    let answer = |(id, text): &(&str, &str)| {
        ok(&bench.run(["answer", id, text, "--assignment", &file]));
    };
    before.iter().for_each(answer);
    let run = ["--lab", lab, "--assignment", &file, "--workers", "2"];
    let more = ["--oversubscribe", "--preset", "class", "--quiet", "--yes"];
    ok(&bench.run(run.iter().chain(&more)));
    let refused = bench.run(["submit", "latest", "-o", "a.zip"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    for (id, _) in after {
        assert!(stderr(&refused).contains(id), "{}", stderr(&refused));
    }
    after.iter().for_each(answer);
    let class = bench.path("class");
    fs::create_dir(&class).unwrap();
    ok(&bench.run(["submit", "latest", "-o", "class/ada_1_a.zip"]));
    let grade = ["grade", "class", "-o", "grades.csv", "--assignment", &file];
    ok(&bench.run(grade));
    let grades = read_json(&bench.path("grades.json"));
    assert_eq!(grades[0]["holds"], true, "{grades:#}");
    let asked = grades[0]["questions"].as_array().unwrap().len();
    assert_eq!(asked, before.len() + after.len());
    (bench, grades)
}

#[test]
fn programs_from_the_handout_to_the_grade() {
    handed_in(
        "commands",
        &[("predict-speedup", "1.9")],
        &[
            ("efficiency", "0.9"),
            ("equal-work", "a"),
            ("why-not-more", "starting a process takes time"),
        ],
    );
}

fn findings(bench: &Bench, hand_in: &str, outputs: &str) -> Vec<Value> {
    let verified = bench.run(["verify", hand_in, "--reexecute", outputs, "--json"]);
    let documents: Value = serde_json::from_slice(&verified.stdout).unwrap();
    documents[0]["findings"].as_array().unwrap().clone()
}

fn kinds(findings: &[Value]) -> Vec<&str> {
    let kinds = findings.iter().map(|found| found["kind"].as_str());
    kinds.map(Option::unwrap).collect()
}

/// The first steps are trained again, and come out as recorded.
#[test]
fn a_training_from_the_handout_to_the_grade() {
    if !worker_is_there() {
        return;
    }
    let (bench, _) = handed_in(
        "ddp",
        &[("predict-speedup", "1.5"), ("straggler", "a")],
        &[
            ("start-up", "1"),
            ("collectives", "a"),
            ("processes", "each has a heap of its own"),
        ],
    );
    let found = findings(&bench, "class/ada_1_a.zip", "5");
    let again: Vec<&Value> = found.iter().filter(|f| f["kind"] == "reexecuted").collect();
    assert_eq!(again.len(), 1, "{found:#?}");
    assert_eq!(again[0]["numbers"]["outputs"], 1.0, "{again:#?}");
}

/// A rank is killed, the program is killed, and another goes on: nobody is accused.
#[test]
fn trainings_that_did_not_go_smoothly_are_not_accused() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    let fault = ["--set", "fault=kill:rank=1,step=8", "--repeats", "2"];
    ok(&bench.run(TRAIN.iter().chain(&fault).chain(&["--quiet"])));
    bench.cut_last_repeat();
    ok(&bench.run(["resume", "latest", "--quiet"]));
    ok(&bench.run(["submit", "latest", "-o", "a.zip", "--draft"]));
    let found = findings(&bench, "a.zip", "5");
    // A draft without answers, and nothing else.
    let is_accused = |f: &&Value| f["severity"] == "error" && f["kind"] != "incomplete";
    let accused: Vec<&Value> = found.iter().filter(is_accused).collect();
    assert!(accused.is_empty(), "{accused:#?}");
    assert!(kinds(&found).contains(&"reexecuted"), "{found:#?}");
}

/// Losses that no training gave are found by training again.
#[test]
fn a_training_that_was_made_up_does_not_come_out_again() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    ok(&bench.run(TRAIN.iter().chain(&["--repeats", "1", "--quiet"])));
    let run = bench.only_run();
    let log = run.join("events.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let started = text.find("\"first steps\"").unwrap();
    let loss = text[started..].find("\"loss\":").unwrap() + started + 7;
    let end = text[loss..].find('}').unwrap() + loss;
    // What other processors give is much nearer.
    let made_up: f64 = text[loss..end].parse::<f64>().unwrap() * 0.99;
    fs::write(&log, text.replace(&text[loss..end], &made_up.to_string())).unwrap();
    fs::remove_file(run.join("result.json")).unwrap();
    ok(&bench.run(["submit", "latest", "-o", "a.zip", "--draft"]));
    let found = findings(&bench, "a.zip", "1");
    assert!(kinds(&found).contains(&"figures_differ"), "{found:#?}");
}
