//! The ddp lab through the real binary: what is refused before anything starts, and that nobody is
//! left behind when the program is killed. The latter needs the real worker, and says so where
//! there is none.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::{Bench, stderr, stdout, worker_is_there};

/// Two epochs of 50 steps of 2 ranks.
const SMALL: [&str; 13] = [
    "--lab",
    "ddp",
    "--preset",
    "quick",
    "--set",
    "epochs=2",
    "--set",
    "train_rows=6400",
    "--set",
    "test_rows=500",
    "--oversubscribe",
    "--repeats",
    "1",
];
const TWO: [&str; 2] = ["--workers", "2"];

#[test]
fn what_makes_no_sense_is_refused_with_exit_code_2() {
    let bench = Bench::new();
    for (more, said) in [
        (
            &["--set", "train_rows=100"][..],
            "who have 50 training rows each; give a batch that makes 2 to 50",
        ),
        (&["--set", "train_rows=70000"], "the data has 60000"),
        (
            &["--set", "device=cuda", "--workers", "64"],
            "each worker needs one; give fewer --workers, or --set device=cpu",
        ),
        (
            &["--set", "scaling=strong", "--workers", "3"],
            "give a multiple of 3",
        ),
        (
            &["--set", "fault=kill:rank=1,step=4,in=lunch"],
            "`in=lunch` is no place (start-up, forward, all-reduce, checkpoint or evaluation)",
        ),
        (
            &["--set", "fault=kill:rank=1,step=4,in=checkpoint"],
            "`rank=1` writes no checkpoints, rank 0 does",
        ),
        (
            &["--set", "fault=disk-full:step=101"],
            "the training has 100 steps; give one of 0 to 100",
        ),
        (&["--set", "checkpoint_every_s=-1"], "checkpoint_every_s"),
    ] {
        let two: &[&str] = if more.contains(&"--workers") {
            &[]
        } else {
            &TWO
        };
        let output = bench.run(SMALL.iter().chain(two).chain(more));
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {told}");
        assert!(told.contains(said), "{more:?}: {told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

/// A process by its number and what makes it this one and no later one of that number:
/// when it began.
type Process = (u32, u64);

/// Parent, state and beginning of a process that is there and not over.
fn look(pid: u32) -> Option<(u32, char, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let columns: Vec<&str> = rest.split_ascii_whitespace().collect();
    let state = columns.first()?.chars().next()?;
    let parent = columns.get(1)?.parse().ok()?;
    let began = columns.get(19)?.parse().ok()?;
    // Who is dead and waits to be fetched is over.
    (!matches!(state, 'Z' | 'X')).then_some((parent, state, began))
}

/// The processes that `child` has started, and what each is doing.
fn workers_of(child: &Child) -> Vec<(Process, char)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let (parent, state, began) = look(pid)?;
        (parent == child.id()).then_some(((pid, began), state))
    })
    .collect()
}

/// Asks again until there is an answer, for as long as a slow machine may need.
fn wait_for<T>(limit: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < limit, "{what} took too long");
        thread::sleep(Duration::from_millis(5));
    }
}

const LONG: Duration = Duration::from_secs(120);

fn start(bench: &Bench, more: &[&str]) -> Child {
    let mut command = bench.command();
    command
        .args(SMALL.iter().chain(&TWO))
        .args(more)
        .args(["--quiet", "--json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Kills the program, and sees all its workers go, long before any of them would give up waiting
/// for the others.
fn kill(child: &mut Child, workers: &BTreeSet<Process>) {
    let pid = Pid::from_child(child);
    kill_process(pid, Signal::KILL).unwrap();
    child.wait().unwrap();
    let is_left = |(pid, began): &&Process| look(*pid).is_some_and(|(.., now)| now == *began);
    wait_for(Duration::from_secs(30), "the workers' end", || {
        workers.iter().find(is_left).is_none().then_some(())
    });
}

#[test]
fn a_killed_program_leaves_no_worker_behind_and_its_run_is_resumed() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    let mut child = start(&bench, &[]);
    // Two ranks whose training has begun: the first checkpoint is there.
    let workers = wait_for(LONG, "a parallel arm", || {
        let workers = workers_of(&child);
        let runs = std::fs::read_dir(bench.runs()).ok()?.flatten();
        let mut logs =
            runs.filter_map(|run| std::fs::read_to_string(run.path().join("events.jsonl")).ok());
        let trains = workers.len() == 2
            && logs.any(|log| {
                let arm = log
                    .lines()
                    .rev()
                    .take_while(|line| !line.contains("repeat_started"));
                arm.filter(|line| line.contains("\"loss\"")).count() > 0
            });
        trains.then(|| workers.into_iter().map(|(process, _)| process).collect())
    });
    kill(&mut child, &workers);
    assert!(stdout(&bench.run(["runs"])).contains("killed"));
    let resumed = bench.run(["resume", "latest", "--json", "--quiet"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(resumed["status"], "completed");
    let arms = resumed["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 4);
    for arm in arms {
        assert_eq!(arm["wall_s"].as_array().unwrap().len(), 1, "{arm}");
        assert_eq!(arm["work"]["images_trained"], 12_800, "{arm}");
    }
}

#[test]
fn a_worker_that_stands_still_goes_with_the_program_too() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    let mut child = start(&bench, &["--set", "fault=stall:rank=1,step=3"]);
    let workers = wait_for(LONG, "a stalled rank", || {
        let workers = workers_of(&child);
        let stopped = workers.iter().any(|(_, state)| *state == 'T');
        (stopped && workers.len() == 2)
            .then(|| workers.into_iter().map(|(process, _)| process).collect())
    });
    kill(&mut child, &workers);
}

/// The time of a run's last event, on its own clock.
fn last_event(bench: &Bench) -> Duration {
    let log = std::fs::read_to_string(bench.only_run().join("events.jsonl")).unwrap();
    let event: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    Duration::from_nanos(event["t_ns"].as_u64().unwrap())
}

#[test]
fn workers_and_clock_stand_still_with_the_program() {
    if !worker_is_there() {
        return;
    }
    let bench = Bench::new();
    let began = Instant::now();
    let mut child = start(&bench, &[]);
    let pid = Pid::from_child(&child);
    wait_for(LONG, "two workers", || {
        (workers_of(&child).len() == 2).then_some(())
    });
    kill_process(pid, Signal::TSTP).unwrap();
    wait_for(LONG, "the program's standstill", || {
        (look(child.id())?.1 == 'T').then_some(())
    });
    let stopped = Instant::now();
    // They were told before it was.
    wait_for(LONG, "the workers' standstill", || {
        let workers = workers_of(&child);
        workers.iter().all(|(_, state)| *state == 'T').then_some(())
    });
    // Longer than anything is waited for by those that would take silence for death.
    thread::sleep(Duration::from_secs(4));
    let stood_still = stopped.elapsed();
    kill_process(pid, Signal::CONT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let all = began.elapsed();
    assert!(last_event(&bench) + stood_still <= all);
    let result: Value =
        serde_json::from_slice(&std::fs::read(bench.only_run().join("result.json")).unwrap())
            .unwrap();
    assert_eq!(result["status"], "completed");
    let told = result["warnings"].to_string();
    assert!(
        !told.contains("went on after a failure") && !told.contains("is stopped"),
        "{told}"
    );
}
