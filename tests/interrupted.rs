//! Runs that are killed or stopped for real: nothing finished is lost, and resuming gives
//! the same outcome.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

mod common;

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{Bench, only_hash, read_json, stderr, stdout};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;

const ARGS: [&str; 13] = [
    "--lab",
    "rf",
    "--preset",
    "quick",
    "--set",
    "models=4",
    "--set",
    "rows=2500",
    "--repeats",
    "3",
    "--workers",
    "2",
    "--oversubscribe",
];

/// Starts a run and waits until its progress says that `repeats` repeats are finished.
fn start_and_wait_for(
    bench: &Bench,
    repeats: usize,
) -> (Child, BufReader<std::process::ChildStderr>) {
    start_with_and_wait_for(bench, &[], repeats)
}

/// The same with more arguments.
fn start_with_and_wait_for(
    bench: &Bench,
    more: &[&str],
    repeats: usize,
) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = bench
        .command()
        .args(ARGS)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with(&format!("{repeats}/9")) {
        line.clear();
        assert_ne!(
            lines.read_line(&mut line).unwrap(),
            0,
            "the run ended early"
        );
    }
    (child, lines)
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn walls(document: &Value) -> Vec<Vec<f64>> {
    document["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arm| {
            arm["wall_s"]
                .as_array()
                .unwrap()
                .iter()
                .map(|w| w.as_f64().unwrap())
                .collect()
        })
        .collect()
}

#[test]
fn a_killed_run_is_readable_and_resumes_without_repeating_anything() {
    let bench = Bench::new();
    let (mut child, _stderr) = start_and_wait_for(&bench, 4);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let list = stdout(&bench.run(["runs"]));
    assert!(list.contains("killed"), "{list}");
    let shown = bench.run(["show", "latest", "--json"]);
    let killed: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(killed["status"], "unfinished");
    let before = walls(&killed);
    let finished: usize = before.iter().map(Vec::len).sum();
    assert!((4..9).contains(&finished), "{before:?}");
    // A kill can cut a line off; the next part must not be glued to it.
    let log = bench.only_run().join("events.jsonl");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.extend(b"{\"t_ns\":123,\"event\":\"sam");
    std::fs::write(&log, bytes).unwrap();
    let resumed = bench.run(["resume", "latest", "--json", "--quiet"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(resumed["status"], "completed");
    let after = walls(&resumed);
    assert!(after.iter().all(|walls| walls.len() == 3), "{after:?}");
    for (before, after) in before.iter().zip(&after) {
        assert!(
            before.iter().all(|wall| after.contains(wall)),
            "{before:?} {after:?}"
        );
    }
    // The same outcome as a run that nothing happened to.
    let calm = Bench::new();
    let args = ARGS.iter().chain(&["--json", "--quiet"]);
    let calm: Value = serde_json::from_slice(&calm.run(args).stdout).unwrap();
    assert_eq!(only_hash(&resumed), only_hash(&calm));
    // Resuming what is complete changes nothing.
    let again = bench.run(["resume", "latest", "--json", "--quiet"]);
    assert_eq!(
        serde_json::from_slice::<Value>(&again.stdout).unwrap(),
        resumed
    );
}

#[test]
fn ctrl_c_closes_the_record() {
    for stop in [Signal::INT, Signal::TERM, Signal::HUP] {
        let bench = Bench::new();
        let (mut child, stderr) = start_and_wait_for(&bench, 2);
        signal(&child, stop);
        // Draining the standard error keeps the child from blocking on it.
        let rest: Vec<String> = stderr.lines().map_while(Result::ok).collect();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(130),
            "{stop:?}: {rest:?}"
        );
        let result = read_json(&bench.only_run().join("result.json"));
        assert_eq!(result["status"], "interrupted");
        assert!(walls(&result).iter().map(Vec::len).sum::<usize>() >= 2);
    }
}

/// `timeout` signals the program and then its whole group; a shell does the same in its own way.
#[test]
fn one_wish_that_arrives_as_two_signals_keeps_the_report() {
    for (first, second) in [(Signal::TERM, Signal::INT), (Signal::INT, Signal::HUP)] {
        let bench = Bench::new();
        let (mut child, stderr) = start_with_and_wait_for(&bench, &["--report", "out.md"], 2);
        // While the program stands still both wait for it; then they arrive together.
        signal(&child, Signal::STOP);
        signal(&child, first);
        signal(&child, second);
        signal(&child, Signal::CONT);
        let rest: Vec<String> = stderr.lines().map_while(Result::ok).collect();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
        let result = read_json(&bench.only_run().join("result.json"));
        assert_eq!(result["status"], "interrupted");
        assert!(bench.path("out.md").exists(), "{rest:?}");
    }
}

#[test]
fn a_run_under_way_is_not_resumed_by_another_process() {
    let bench = Bench::new();
    let (mut child, stderr_of_child) = start_and_wait_for(&bench, 1);
    let second = bench.run(["resume", "latest", "--quiet"]);
    assert!(stdout(&bench.run(["runs"])).contains("running"));
    signal(&child, Signal::INT);
    assert!(stderr_of_child.lines().all(|line| line.is_ok()));
    child.wait().unwrap();
    assert_eq!(second.status.code(), Some(3), "{}", stderr(&second));
    assert!(stderr(&second).contains("under way"), "{}", stderr(&second));
}

#[test]
fn who_goes_to_the_shell_has_not_worked_for_longer() {
    let bench = Bench::new();
    let began = Instant::now();
    let (mut child, mut stderr) = start_and_wait_for(&bench, 1);
    let pid = Pid::from_child(&child);
    signal(&child, Signal::TSTP);
    assert!(
        waitpid(Some(pid), WaitOptions::UNTRACED)
            .unwrap()
            .unwrap()
            .1
            .stopped()
    );
    let stopped = Instant::now();
    std::thread::sleep(Duration::from_secs(2));
    let stood_still = stopped.elapsed();
    signal(&child, Signal::CONT);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    let all = began.elapsed();
    let log = std::fs::read_to_string(bench.only_run().join("events.jsonl")).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let last = Duration::from_nanos(last["t_ns"].as_u64().unwrap());
    assert!(
        last + stood_still <= all,
        "{last:?} + {stood_still:?} > {all:?}"
    );
}
