//! Runs that go on until their intervals are narrow, and runs with a control.

use serde_json::Value;

use crate::common::{Bench, TINY, findings, stderr, stdout};

/// The repeats that each arm of a document has.
fn repeats(document: &Value) -> Vec<u64> {
    let arms = document["arms"].as_array().unwrap();
    arms.iter()
        .map(|arm| arm["wall_s"].as_array().unwrap().len() as u64)
        .collect()
}

#[test]
fn a_run_goes_on_until_its_intervals_are_narrow() {
    let bench = Bench::new();
    let asked = ["--until", "40%", "--max-time", "30m", "--repeats", "3"];
    let document = bench.tiny(&asked);
    let planned = document["repeats"].as_u64().unwrap();
    assert!(repeats(&document).iter().all(|n| *n == planned && *n >= 3));
    assert_eq!(document["precision"]["reached"], true, "{document}");
    assert_eq!(document["precision"]["asked"]["max_time_s"], 1800);
    for arm in &document["arms"].as_array().unwrap()[1..] {
        let interval = &arm["speedup_interval"];
        let [low, high] = ["low", "high"].map(|end| interval[end].as_f64().unwrap());
        assert!((high - low) / arm["speedup"].as_f64().unwrap() < 0.4);
    }
    assert_eq!(findings(&document, "until_reached")[0]["severity"], "note");
    // The command of the report does the same again, and nothing is left to resume.
    let command = document["command"].as_str().unwrap();
    assert!(command.contains("--repeats 3") && command.contains("--until 40% --max-time 30m"));
    let resumed = bench.run(["resume", "latest", "--json", "--quiet"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(repeats(&resumed), repeats(&document));
}

#[test]
fn no_round_begins_after_the_longest_time() {
    let bench = Bench::new();
    let asked = ["--until", "0.01%", "--max-time", "1s", "--repeats", "2"];
    let document = bench.tiny(&asked);
    let planned = document["repeats"].as_u64().unwrap();
    assert!(planned >= 1 && repeats(&document).iter().all(|n| *n == planned));
    assert_eq!(document["status"], "completed");
    assert_eq!(document["precision"]["reached"], false);
    let missed = findings(&document, "until_missed")[0];
    assert_eq!(missed["severity"], "warning");
    let listed = bench.run(["runs"]);
    assert!(stdout(&listed).contains("completed"), "{}", stdout(&listed));
}

#[test]
fn a_control_does_what_the_base_does_and_is_never_a_headline() {
    let bench = Bench::new();
    let document = bench.tiny(&["--control", "--repeats", "3", "--arms", "sequential,tasks"]);
    let arms = document["arms"].as_array().unwrap();
    let names: Vec<&str> = arms.iter().map(|a| a["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sequential", "control", "tasks"]);
    assert_eq!(arms[1]["outputs_sha256"], arms[0]["outputs_sha256"]);
    assert_eq!(arms[1]["work"], arms[0]["work"]);
    let [low, high] = ["low", "high"].map(|end| arms[1]["speedup_interval"][end].as_f64().unwrap());
    let factor = document["noise"]["factor"].as_f64().unwrap();
    assert!((factor - high.max(1.0 / low).max(1.0)).abs() < 1e-12);
    assert!(!findings(&document, "noise").is_empty());
    let shown = bench.run(["show", "latest"]);
    let text = stdout(&shown)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(text.contains("noise from "), "{text}");
    assert!(!text.contains("control is "), "{text}");
    for found in document["diagnoses"].as_array().unwrap() {
        let told = found["text"].as_str().unwrap();
        assert!(!told.contains("control"), "{told}");
    }
    assert_eq!(arms[1]["control"], true);
    let resumed = bench.run(["resume", "latest", "--quiet"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
}

/// Only what was recorded as the control is one: an arm of that name cannot be made.
#[test]
fn no_program_can_pose_as_the_control() {
    let bench = Bench::new();
    let refused = bench.run([
        "--lab",
        "commands",
        "--arm",
        "a=true",
        "--arm",
        "control=false",
    ]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("--control"),
        "{}",
        stderr(&refused)
    );
    assert!(bench.run_names().is_empty());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let bench = Bench::new();
    for (args, word) in [
        (vec!["--until", "2"], "2%"),
        (vec!["--until", "0%"], "0.01%"),
        (vec!["--until", "2%", "--max-time", "10"], "10m"),
        (vec!["--max-time", "10m"], "--until"),
        (vec!["--arms", "sequential,control"], "control"),
    ] {
        let refused = bench.run(TINY.iter().copied().chain(args));
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(word), "{}", stderr(&refused));
    }
    assert!(bench.run_names().is_empty());
}
