//! Runs that are killed at random moments, also twice in a row and while they are resumed, with and
//! without a change of data or program: each ends like one that nothing happened to, or is refused.
//!
//! The two long tests do it 100 times each:
//! `cargo test --release --test program kills:: -- --ignored`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::common::{Bench, only_hash, stderr};

const ARGS: [&str; 15] = [
    "--lab",
    "rf",
    "--preset",
    "quick",
    "--set",
    "models=3",
    "--set",
    "rows=800",
    "--repeats",
    "3",
    "--workers",
    "2",
    "--oversubscribe",
    "--target",
    "y",
];

/// A place for one run, with its data.
struct Place {
    bench: Bench,
    data: PathBuf,
}

/// How an unharmed run ends, and how long it takes.
struct Calm {
    hash: String,
    repeats: Vec<usize>,
    took: Duration,
}

impl Place {
    fn new() -> Self {
        let bench = Bench::new();
        let row = |n: u64| format!("{},{},{}", n % 97, n % 13, (n * 7919) % 1009);
        let rows: Vec<String> = (0..1200).map(row).collect();
        let data = bench.write("data.csv", format!("a,b,y\n{}\n", rows.join("\n")));
        Self { bench, data }
    }

    fn start(&self) -> Command {
        let mut command = self.bench.command();
        command
            .args(ARGS)
            .arg("--data")
            .arg(&self.data)
            .arg("--quiet");
        command
    }

    /// `workbench resume`, by a program of the caller's choice.
    fn resume(&self, program: &Path, more: &[&str]) -> Command {
        let own = self.bench.command();
        let mut command = Command::new(program);
        for (name, value) in own.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .args(["resume", "latest", "--quiet", "--json"])
            .args(more);
        command.stdin(Stdio::null());
        command
    }

    fn shown(&self) -> Option<Value> {
        let shown = self.bench.run(["show", "latest", "--json"]);
        serde_json::from_slice(&shown.stdout).ok()
    }

    fn calm(&self) -> Calm {
        let begin = Instant::now();
        let output = self.start().arg("--json").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let document = document(&output);
        Calm {
            hash: only_hash(&document),
            repeats: repeats(&document),
            took: begin.elapsed(),
        }
    }
}

fn own() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_workbench"))
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn repeats(document: &Value) -> Vec<usize> {
    let arms = document["arms"].as_array().unwrap();
    arms.iter()
        .map(|arm| arm["wall_s"].as_array().unwrap().len())
        .collect()
}

fn is_complete(document: &Value) -> bool {
    document["status"] == "completed"
}

/// Starts a command and kills it after a random part of the time that a whole run takes.
fn kill(mut command: Command, rng: &mut ChaCha8Rng, took: Duration) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(took.mul_f64(rng.random_range(0.0..1.1)));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Kills a run, and up to three resumptions of it.
fn kill_some(place: &Place, rng: &mut ChaCha8Rng, took: Duration) {
    kill(place.start(), rng, took);
    for _ in 0..rng.random_range(0..3) {
        kill(place.resume(own(), &[]), rng, took);
    }
}

/// Resumes what is left, or starts anew where the first kill came before the record began.
fn finish(place: &Place) -> Value {
    let output = match place.shown() {
        Some(_) => place.resume(own(), &[]).output().unwrap(),
        None => place.start().arg("--json").output().unwrap(),
    };
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    document(&output)
}

fn assert_as_calm(document: &Value, calm: &Calm, what: &str) {
    assert!(is_complete(document), "{what}");
    assert_eq!(only_hash(document), calm.hash, "{what}");
    assert_eq!(repeats(document), calm.repeats, "{what}");
}

fn killed_runs_end_like_unharmed_ones(times: u64) {
    let calm = Place::new().calm();
    for seed in 0..times {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let place = Place::new();
        kill_some(&place, &mut rng, calm.took);
        assert_as_calm(&finish(&place), &calm, &format!("seed {seed}"));
    }
}

/// Another build of the program: what it does is the same, its file is not.
fn other_program(bench: &Bench) -> PathBuf {
    let path = bench.path("other-workbench");
    let mut bytes = std::fs::read(own()).unwrap();
    bytes.push(0);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::metadata(own()).unwrap().permissions()).unwrap();
    path
}

fn changed_runs_are_refused_or_kept_apart(times: u64) {
    let calm = Place::new().calm();
    let elsewhere = Bench::new();
    let other = other_program(&elsewhere);
    for seed in 0..times {
        let what = format!("seed {seed}");
        let mut rng = ChaCha8Rng::seed_from_u64(1000 + seed);
        let place = Place::new();
        kill_some(&place, &mut rng, calm.took);
        let Some(before) = place.shown().filter(|document| !is_complete(document)) else {
            // Killed before the record began, or after the end: nothing to go on with.
            assert_as_calm(&finish(&place), &calm, &what);
            continue;
        };
        if rng.random_bool(0.5) {
            let data = std::fs::read_to_string(&place.data).unwrap();
            std::fs::write(&place.data, data.replacen("\n0,0,0", "\n0,0,1", 1)).unwrap();
            assert_refused(&place, own(), "data has changed", &what);
            assert_eq!(place.shown().unwrap()["arms"], before["arms"], "{what}");
            std::fs::write(&place.data, data).unwrap();
            assert_as_calm(&finish(&place), &calm, &what);
        } else {
            assert_refused(&place, &other, "--keep-apart", &what);
            let apart = place.resume(&other, &["--keep-apart"]).output().unwrap();
            assert_eq!(apart.status.code(), Some(0), "{what}: {}", stderr(&apart));
            assert_kept_apart(&document(&apart), &before, &calm, &what);
        }
    }
}

/// `resume` ends with a usage error that says so.
fn assert_refused(place: &Place, program: &Path, said: &str, what: &str) {
    let refused = place.resume(program, &[]).output().unwrap();
    let told = stderr(&refused);
    assert_eq!(refused.status.code(), Some(2), "{what}: {told}");
    assert!(told.contains(said), "{what}: {told}");
}

/// All repeats were made, and only those of one program count.
fn assert_kept_apart(document: &Value, before: &Value, calm: &Calm, what: &str) {
    assert!(is_complete(document), "{what}");
    let made = document["made"].as_array().unwrap();
    let count = |made: &Value| made["repeats"].as_u64().unwrap() as usize;
    let all: usize = made.iter().map(count).sum();
    assert_eq!(all, calm.repeats.iter().sum::<usize>(), "{what}");
    assert_eq!(
        repeats(document).iter().sum::<usize>(),
        count(&made[0]),
        "{what}"
    );
    assert_eq!(only_hash(document), calm.hash, "{what}");
    let first: usize = repeats(before).iter().sum();
    let mixed = first > 0 && first < all;
    assert_eq!(made.len(), 1 + usize::from(mixed), "{what}");
    let warnings = document["warnings"].as_array().unwrap();
    let told = warnings.iter().any(|found| found["kind"] == "kept_apart");
    assert_eq!(told, mixed, "{what}");
}

#[test]
fn some_killed_runs_end_like_unharmed_ones() {
    killed_runs_end_like_unharmed_ones(3);
}

#[test]
fn some_changed_runs_are_refused_or_kept_apart() {
    changed_runs_are_refused_or_kept_apart(4);
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_killed_runs_end_like_unharmed_ones() {
    killed_runs_end_like_unharmed_ones(100);
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_changed_runs_are_refused_or_kept_apart() {
    changed_runs_are_refused_or_kept_apart(100);
}
