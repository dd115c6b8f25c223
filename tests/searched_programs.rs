//! Programs that the tune lab searches, with the real binary: the example, what goes wrong with
//! trials, and what is left of them.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod common;

use std::fs;
use std::path::Path;

use common::{Bench, findings, stderr, stdout};
use serde_json::Value;

const SPACE: &str = "lr=loguniform(1e-3,1) ;; momentum=uniform(0,0.95) ;; degree=integer(1,9)";

/// A search of 6 trials of up to 9 units.
fn search<'a>(command: &'a str, space: &'a str, arms: &'a str) -> Vec<&'a str> {
    let mut args = vec!["--lab", "tune", "--quiet", "--repeats", "1", "--arms", arms];
    args.extend([
        "--workers",
        "1",
        "--set",
        "objective=program",
        "--space",
        space,
    ]);
    for set in [
        "trials=6",
        "budget=9",
        "grace=1",
        "reduction=3",
        "retries=0",
    ] {
        args.extend(["--set", set]);
    }
    args.extend(["--set", command]);
    args
}

fn example() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/search/train.py");
    format!(
        "command=python3 '{}' --lr {{lr}} --momentum {{momentum}} --degree {{degree}} --seed {{seed}} \
         --epochs {{units}} --keep {{checkpoint}}",
        file.display()
    )
}

/// Runs a search, and reads its document.
fn document(bench: &Bench, args: &[&str]) -> Value {
    let output = bench.run(args.iter().chain(&["--json"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A program for a shell; `$1` is the value of the parameter `x`.
fn script(bench: &Bench, text: &str) -> String {
    let path = bench.path("train.sh");
    let tell = r#"tell() { echo "{\"event\":\"metric\",\"name\":\"loss\",\"step\":$1,\"value\":$2}" >&"$WORKBENCH_EVENTS"; }"#;
    fs::write(&path, format!("{tell}\n{text}\n")).unwrap();
    format!("command=bash '{}' {{x}}", path.display())
}

/// The events of items, in order.
fn items(bench: &Bench) -> Vec<Value> {
    bench
        .events()
        .into_iter()
        .filter(|event| event["event"] == "item")
        .collect()
}

#[test]
fn the_example_is_searched_judged_and_trained_again() {
    let bench = Bench::new();
    let command = example();
    let document = document(&bench, &search(&command, SPACE, "random,random+asha,pbt"));
    assert_eq!(findings(&document, "arm_left_out").len(), 1);
    assert!(findings(&document, "not_reproduced").is_empty());
    let arms = document["arms"].as_array().unwrap();
    for arm in arms {
        let test = &arm["quality"]["test_mse"];
        assert!(test.is_object() || test.is_number(), "{arm}");
    }
    // What a program did counts as work.
    assert!(arms[0]["cpu_s"][0].as_f64().unwrap() > 0.0);
    let best = bench.run(["tune", "best", "latest", "--json"]);
    let best: Value = serde_json::from_slice(&best.stdout).unwrap();
    let line = best["command"].as_str().unwrap();
    let again = std::process::Command::new("sh")
        .args(["-c", line])
        .current_dir(bench.path(""))
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", stderr(&again));
    let told = stdout(&again);
    let last = told.lines().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["value"], best["validation_mse"]);
    assert_eq!(last["step"], best["units"]);
}

#[test]
fn a_paused_trial_goes_on_from_what_it_kept_or_from_nothing() {
    for keeps in [true, false] {
        let bench = Bench::new();
        let keep = if keeps { r#"echo "$i" > "$kept""# } else { ":" };
        let text = format!(
            r#"
kept=$WORKBENCH_CHECKPOINT/unit
i=$(cat "$kept" 2>/dev/null || echo 0)
echo "$WORKBENCH_TRIAL $i" >> starts
[ "$i" -gt 0 ] && tell "$i" "$1$i"
while [ "$i" -lt "$WORKBENCH_UNITS" ]; do i=$((i + 1)); {keep}; tell "$i" "$1$i"; done"#
        );
        let command = script(&bench, &text);
        document(
            &bench,
            &search(&command, "x=integer(1,9)", "random,random+asha"),
        );
        let starts = fs::read_to_string(bench.path("starts")).unwrap();
        let is_new = |item: &&Value| item["settings"].is_object();
        let trials = items(&bench).iter().filter(is_new).count();
        // Each arm's best is trained once more, from nothing.
        assert!(starts.lines().count() > trials + 2, "{starts}");
        let goes_on = starts.lines().any(|line| !line.ends_with(" 0"));
        assert_eq!(goes_on, keeps, "{starts}");
    }
}

#[test]
fn what_goes_wrong_is_the_trials_failure_and_says_what() {
    for (text, failure, said) in [
        (
            "tell 1 5; echo broken >&2; exit 3",
            "died",
            "exit code 3: broken",
        ),
        ("tell 1 5; kill -9 $$", "died", "SIGKILL"),
        ("tell 1 5", "died", "after telling loss of 1 units"),
        ("tell 1 '\"NaN\"'", "not_finite", "NaN"),
        (
            "tell 1 5; tell 3 5; sleep 60",
            "error",
            "unit 3 after unit 1",
        ),
        (
            "echo no >&\"$WORKBENCH_EVENTS\"; sleep 60",
            "error",
            "cannot be read",
        ),
        ("sleep 60", "time_limit", "trial_time_s"),
        (
            "exec python3 -c 'import time; x = b\"1\" * (300 << 20); time.sleep(60)'",
            "out_of_memory",
            "memory_mb",
        ),
    ] {
        let bench = Bench::new();
        let rest = "; i=0; while [ $i -lt 9 ]; do i=$((i + 1)); tell $i $1; done";
        let text = format!("if [ \"$WORKBENCH_TRIAL\" = 1 ]; then {text}; exit 0; fi{rest}");
        let command = script(&bench, &text);
        let mut args = search(&command, "x=integer(1,9)", "random");
        args.extend(["--set", "trial_time_s=3", "--set", "memory_mb=100"]);
        let document = document(&bench, &args);
        assert_eq!(findings(&document, "failed_trials").len(), 1, "{text}");
        let items = items(&bench);
        let failed: Vec<&Value> = items
            .iter()
            .filter(|item| item["phase"] == "failed")
            .collect();
        assert_eq!(failed.len(), 1, "{text}");
        assert_eq!(failed[0]["failure"], failure, "{text}: {}", failed[0]);
        let message = failed[0]["message"].as_str().unwrap();
        assert!(message.contains(said), "{text}: {message}");
        let is_done = |item: &&Value| item["phase"] == "done" && item["kept"].is_null();
        assert_eq!(items.iter().filter(is_done).count(), 5);
    }
}

#[test]
fn a_stopped_trial_takes_all_its_processes_with_it() {
    let bench = Bench::new();
    let text = "sleep 1000 & echo $! >> pids; i=0; \
                while :; do i=$((i + 1)); tell $i $1; done";
    let command = script(&bench, text);
    document(
        &bench,
        &search(&command, "x=integer(1,9)", "random,random+asha"),
    );
    let pids = fs::read_to_string(bench.path("pids")).unwrap();
    assert!(pids.lines().count() >= 6);
    for pid in pids.lines() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z"), "{pid}: {stat}");
    }
}

#[test]
fn what_cannot_be_searched_is_refused_with_a_reason() {
    let bench = Bench::new();
    let objective = "objective=program";
    for (args, said) in [
        (vec![objective], "python3 train.py"),
        (
            vec![objective, "command=true {nothing}", "lr=uniform(0,1)"],
            "{nothing}",
        ),
        (vec![objective, "command=true {seed}"], "nothing to search"),
        (
            vec![objective, "command=no-such-program {lr}"],
            "no-such-program",
        ),
        (
            vec![objective, "command=true {lr}", "dir=/no/such"],
            "no such directory",
        ),
        (vec!["command=true"], "objective=program"),
        (
            vec![objective, "command=true {lr}", "space=seed=uniform(0,1)"],
            "taken",
        ),
    ] {
        let args = args.iter().flat_map(|set| ["--set", set]);
        let output = bench.run(["--lab", "tune", "--quiet"].into_iter().chain(args));
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(said),
            "{said}: {}",
            stderr(&output)
        );
    }
}
