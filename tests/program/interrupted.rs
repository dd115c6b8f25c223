//! Runs that are killed or stopped for real: nothing finished is lost, and resuming gives
//! the same outcome.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;

use crate::common::{Bench, only_hash, read_json, stderr, stdout};

const ARGS: [&str; 11] = [
    "--lab",
    "rf",
    "--preset",
    "quick",
    "--set",
    "models=4",
    "--set",
    "rows=2500",
    "--workers",
    "2",
    "--oversubscribe",
];

/// Repeats of every arm of a run that has to be under way for as long as a test looks at it,
/// however busy the machine is. It is ended, never waited for.
const MANY: usize = 300;
/// Repeats of every arm of a run that has to be met before its end.
const SOME: usize = 15;

/// Starts a run of three arms with so many repeats `of_each`, and waits until its progress says
/// that so many are `finished`.
fn start_and_wait_for(
    bench: &Bench,
    of_each: usize,
    finished: usize,
    more: &[&str],
) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = bench
        .command()
        .args(ARGS)
        .args(["--repeats", &of_each.to_string()])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    let wanted = format!("{finished}/{}", 3 * of_each);
    while !line.starts_with(&wanted) {
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
    let (mut child, _stderr) = start_and_wait_for(&bench, SOME, 4, &[]);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let list = stdout(&bench.run(["runs"]));
    assert!(list.contains("killed"), "{list}");
    let shown = bench.run(["show", "latest", "--json"]);
    let killed: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(killed["status"], "unfinished");
    let before = walls(&killed);
    let finished: usize = before.iter().map(Vec::len).sum();
    assert!((4..3 * SOME).contains(&finished), "{before:?}");
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
    assert!(after.iter().all(|walls| walls.len() == SOME), "{after:?}");
    for (before, after) in before.iter().zip(&after) {
        assert!(
            before.iter().all(|wall| after.contains(wall)),
            "{before:?} {after:?}"
        );
    }
    // The same outcome as a run that nothing happened to.
    let calm = Bench::new();
    let args = ARGS.iter().chain(&["--repeats", "3", "--json", "--quiet"]);
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
        let (mut child, stderr) = start_and_wait_for(&bench, MANY, 2, &[]);
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
        let (mut child, stderr) = start_and_wait_for(&bench, MANY, 2, &["--report", "out.md"]);
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
    let (mut child, stderr_of_child) = start_and_wait_for(&bench, MANY, 1, &[]);
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
    let (mut child, mut stderr) = start_and_wait_for(&bench, SOME, 1, &[]);
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

/// A run of 9 repeats that take long enough to be met in the middle.
const LONG: [&str; 11] = [
    "--lab",
    "rf",
    "--preset",
    "quick",
    "--set",
    "models=6",
    "--repeats",
    "3",
    "--workers",
    "2",
    "--oversubscribe",
];

/// How long a stop takes.
const STOP: Duration = Duration::from_millis(400);

/// The log of a run that another process writes.
struct Log {
    lines: BufReader<std::fs::File>,
    part: String,
}

impl Log {
    fn of(bench: &Bench) -> Self {
        let path = loop {
            let runs = std::fs::read_dir(bench.runs()).into_iter().flatten();
            let mut logs = runs.map(|run| run.unwrap().path().join("events.jsonl"));
            match logs.find(|log| log.exists()) {
                Some(log) => break log,
                None => std::thread::yield_now(),
            }
        };
        Self {
            lines: BufReader::new(std::fs::File::open(path).unwrap()),
            part: String::new(),
        }
    }

    /// The next event of one of these kinds; none when the child has ended without one.
    fn next(&mut self, kinds: &[&str], child: &mut Child) -> Option<Value> {
        loop {
            let over = child.try_wait().unwrap().is_some();
            while self.lines.read_line(&mut self.part).unwrap() > 0 {
                if !self.part.ends_with('\n') {
                    continue;
                }
                let event: Value = serde_json::from_str(&std::mem::take(&mut self.part)).unwrap();
                if kinds.iter().any(|kind| event["event"] == *kind) {
                    return Some(event);
                }
            }
            if over {
                return None;
            }
            std::thread::yield_now();
        }
    }
}

/// Starts a run and stops it for a while in the middle of a repeat, without telling it. Returns
/// what the log says of that repeat.
fn start_and_stop(bench: &Bench) -> (Child, Log, Value) {
    let mut command = bench.command();
    command.args(LONG).arg("--json");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut log = Log::of(bench);
    // A repeat may be over before the signal arrives; another one follows.
    loop {
        let started = log.next(&["repeat_started"], &mut child);
        assert!(started.is_some(), "no repeat was met");
        signal(&child, Signal::STOP);
        let pid = Pid::from_child(&child);
        let stopped = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(stopped.1.stopped());
        std::thread::sleep(STOP);
        signal(&child, Signal::CONT);
        let finished = log.next(&["repeat_finished"], &mut child).unwrap();
        if finished["disturbances"].is_array() {
            return (child, log, finished);
        }
    }
}

fn assert_one_left_out(result: &Value, repeat: &Value) {
    assert_eq!(result["status"], "completed");
    let walls = walls(result);
    assert!(walls.iter().all(|walls| walls.len() == 3), "{walls:?}");
    let left_out = result["left_out"].as_array().unwrap();
    let same = |found: &&Value| {
        ["arm", "workers", "repeat"]
            .iter()
            .all(|key| found[key] == repeat[key])
    };
    let found = left_out.iter().find(same).unwrap();
    assert_eq!(found["replaced"], true);
    let cause = &found["disturbances"][0];
    assert_eq!(cause["kind"], "stopped", "{found}");
    let (seconds, wall_s) = (cause["seconds"].as_f64().unwrap(), &found["wall_s"]);
    assert!(seconds >= 0.8 * STOP.as_secs_f64(), "{found}");
    assert!(seconds <= wall_s.as_f64().unwrap() + 0.001, "{found}");
    // Its wall time is none of those that count.
    assert!(
        walls
            .iter()
            .flatten()
            .all(|wall| Some(*wall) != wall_s.as_f64())
    );
    let warnings = result["warnings"].as_array().unwrap();
    for kind in ["stopped", "repeats_left_out"] {
        assert!(
            warnings.iter().any(|found| found["kind"] == kind),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_repeat_that_was_stopped_is_left_out_and_runs_again() {
    let bench = Bench::new();
    let (mut child, _log, repeat) = start_and_stop(&bench);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let result = read_json(&bench.only_run().join("result.json"));
    assert_one_left_out(&result, &repeat);
    let shown = stdout(&bench.run(["show", "latest"]));
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        shown.contains("This run was disturbed: the program was stopped for"),
        "{shown}"
    );
}

#[test]
fn a_resumed_run_runs_again_what_was_left_out() {
    let bench = Bench::new();
    let (mut child, _log, repeat) = start_and_stop(&bench);
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let shown = bench.run(["show", "latest", "--json"]);
    let killed: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(killed["left_out"][0]["arm"], repeat["arm"]);
    let resumed = bench.run(["resume", "latest", "--json", "--quiet"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_one_left_out(&resumed, &repeat);
}
