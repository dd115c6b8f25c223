//! Searches that are killed at random moments, also while they are resumed: no trial is lost, no
//! finished rung is run again, and the trials are those of a search that nothing happened to.
//!
//! The long tests kill each objective at 50 moments:
//! `cargo test --test program search_kills:: -- --ignored --nocapture`.

#![allow(
    clippy::print_stdout,
    reason = "shown with a failure: the seed and what was seen"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::common::{Bench, findings, stderr, worker_is_there};

/// What a search trains.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trained {
    /// The lab's own network.
    Network,
    /// A program for a shell, which notes every unit before it trains it.
    Script,
    /// The example in Python.
    Example,
    /// A network on images, which the worker's program trains.
    Images,
}

/// Trains a unit in no time. It keeps its state, in one step, before it tells the unit.
const SCRIPT: &str = r#"
tell() {
    echo "{\"event\":\"metric\",\"name\":\"loss\",\"step\":$1,\"value\":$2}" >&"$WORKBENCH_EVENTS"
}
kept=$WORKBENCH_CHECKPOINT/unit
i=0
if [ -e "$kept" ]; then
    i=$(<"$kept")
    tell "$i" "$1.$((i * 7919 % 1000))"
fi
while [ "$i" -lt "$WORKBENCH_UNITS" ]; do
    i=$((i + 1))
    [ "$WORKBENCH_JUDGE" = 1 ] || echo "$WORKBENCH_CHECKPOINT $i" >> trained
    echo "$i" > "$kept.new"
    mv "$kept.new" "$kept"
    tell "$i" "$1.$((i * 7919 % 1000))"
done
"#;

impl Trained {
    /// The arguments of its search, with everything that it needs.
    fn args(self, bench: &Bench) -> Vec<String> {
        let mut set = vec!["budget=9", "grace=1", "reduction=3", "retries=0"];
        let (arms, space, command) = match self {
            Self::Network => {
                set.extend(["trials=12", "rows=1500"]);
                let space = "lr=loguniform(1e-4,1e-1) ;; hidden=integer(16,64)";
                ("random,random+asha,random+hyperband,pbt", space, None)
            }
            Self::Script => {
                set.extend(["trials=8", "objective=program"]);
                let path = bench.write("train.sh", SCRIPT);
                let command = format!("command=bash '{}' {{x}}", path.display());
                let arms = "random,random+asha,random+hyperband";
                (arms, "x=integer(1,999)", Some(command))
            }
            Self::Example => {
                set.extend(["trials=6", "objective=program"]);
                let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/search/train.py");
                let command = format!(
                    "command=python3 '{}' --lr {{lr}} --seed {{seed}} --epochs {{units}} \
                     --keep {{checkpoint}}",
                    file.display()
                );
                ("random,random+asha", "lr=loguniform(1e-3,1)", Some(command))
            }
            Self::Images => {
                set.extend(["trials=5", "objective=cnn", "rows=120"]);
                let space = "lr=loguniform(1e-4,1e-2) ;; batch=grid(16,32)";
                ("random,random+asha", space, None)
            }
        };
        let usual = "--lab tune --quiet --repeats 1 --workers 1".split(' ');
        let mut args: Vec<String> = usual.map(str::to_owned).collect();
        args.extend(["--arms", arms, "--space", space].map(str::to_owned));
        for set in set.into_iter().map(str::to_owned).chain(command) {
            args.extend(["--set".to_owned(), set]);
        }
        args
    }
}

/// A place for one search.
struct Place {
    bench: Bench,
    args: Vec<String>,
}

/// What a log says of its searches.
#[derive(Debug, Default, PartialEq)]
struct Recorded {
    /// What the trials were run with, by arm and trial.
    settings: BTreeMap<(String, String), Value>,
    /// What they told, by arm, trial and unit of budget.
    told: BTreeMap<(String, String, u64), Value>,
    /// What became of them, in order.
    states: Vec<(String, String, Value)>,
    /// The units whose state is kept, by arm and trial.
    kept: BTreeMap<(String, String), BTreeSet<u64>>,
}

impl Place {
    fn new(trained: Trained) -> Self {
        let bench = Bench::new();
        let args = trained.args(&bench);
        Self { bench, args }
    }

    fn start(&self) -> Command {
        let mut command = self.bench.command();
        command.args(&self.args);
        command
    }

    fn resume(&self) -> Command {
        let mut command = self.bench.command();
        command.args(["resume", "latest", "--quiet"]);
        command
    }

    /// The log of the latest run. One that was killed before its record began may have none.
    fn log(&self) -> Option<PathBuf> {
        let names = self.bench.run_names().into_iter();
        let logs = names.map(|name| self.bench.runs().join(name).join("events.jsonl"));
        logs.filter(|log| log.exists()).max()
    }

    /// What the log says. A repeat that was disturbed from outside is made again, so the last one
    /// of each arm counts.
    fn recorded(&self) -> Recorded {
        let mut all = Recorded::default();
        let mut arm = String::new();
        let text = self.log().map(|log| fs::read_to_string(log).unwrap());
        for line in text.unwrap_or_default().lines() {
            // The last line may be a part of one.
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            match text("event").as_str() {
                "repeat_started" => {
                    arm = text("arm");
                    all.forget(&arm);
                }
                "metric" if event["item"].is_string() && text("name") == "validation_mse" => {
                    let key = (arm.clone(), text("item"), event["step"].as_u64().unwrap());
                    let before = all.told.insert(key.clone(), event["value"].clone());
                    assert_eq!(before, None, "{key:?} was told twice");
                }
                "item" => all.take(&arm, &event),
                _ => {}
            }
        }
        all
    }

    /// How many notes the script has made.
    fn notes(&self) -> Vec<(String, String, u64)> {
        let text = fs::read_to_string(self.bench.path("trained")).unwrap_or_default();
        let note = |line: &str| {
            let (folder, unit) = line.rsplit_once(' ')?;
            let mut parts = Path::new(folder).iter().rev().skip(1);
            let trial = parts.next()?.to_str()?.strip_prefix("program-")?;
            let arm = parts.next()?.to_str()?.strip_suffix("-1-0")?;
            Some((arm.to_owned(), format!("trial {trial}"), unit.parse().ok()?))
        };
        text.lines().filter_map(note).collect()
    }
}

impl Recorded {
    fn forget(&mut self, arm: &str) {
        self.settings.retain(|(of, _), _| of != arm);
        self.told.retain(|(of, ..), _| of != arm);
        self.states.retain(|(of, ..)| of != arm);
        self.kept.retain(|(of, _), _| of != arm);
    }

    fn take(&mut self, arm: &str, event: &Value) {
        let trial = event["item"].as_str().unwrap().to_owned();
        let key = (arm.to_owned(), trial.clone());
        if event["settings"].is_object() {
            let before = self.settings.insert(key.clone(), event["settings"].clone());
            assert_eq!(before, None, "{key:?} began twice");
        }
        if let Some(unit) = event["kept"].as_u64() {
            let units = self.kept.entry(key.clone()).or_default();
            assert!(units.insert(unit), "{key:?} was kept twice after {unit}");
        } else {
            self.states
                .push((arm.to_owned(), trial, event["phase"].clone()));
        }
    }

    /// The last unit of a trial whose state is kept.
    fn last(&self, arm: &str, trial: &str) -> u64 {
        let units = self.kept.get(&(arm.to_owned(), trial.to_owned()));
        units.and_then(|units| units.last().copied()).unwrap_or(0)
    }
}

/// What has been seen in some killed searches.
#[derive(Debug, Default)]
struct Seen {
    kills: usize,
    /// Kills while a search was under way, and not before, between or after them.
    within: usize,
    /// Units that were recorded before a kill, and not kept.
    lost: usize,
}

/// Starts a command and kills it after a random part of the time that a whole search takes.
fn kill(mut command: Command, rng: &mut ChaCha8Rng, took: Duration) {
    let mut child = quiet(&mut command);
    std::thread::sleep(took.mul_f64(rng.random_range(0.0..1.0)));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn quiet(command: &mut Command) -> Child {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Kills a search, and sometimes its resumption, and finishes it. No unit that was kept before a
/// kill is trained after it.
fn harm(place: &Place, rng: &mut ChaCha8Rng, took: Duration, seen: &mut Seen) {
    kill(place.start(), rng, took);
    let mut is_killed_again = rng.random_bool(0.5);
    loop {
        let (before, notes) = (place.recorded(), place.notes().len());
        seen.kills += 1;
        seen.within += usize::from(before.is_under_way());
        seen.lost += before.not_kept();
        let mut command = if place.is_begun() {
            place.resume()
        } else {
            place.start()
        };
        if is_killed_again {
            kill(command, rng, took);
        } else {
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        }
        for (arm, trial, unit) in place.notes().into_iter().skip(notes) {
            let kept = before.last(&arm, &trial);
            assert!(
                unit > kept,
                "{arm}, {trial}: {unit} was trained again, {kept} was kept"
            );
        }
        if !std::mem::take(&mut is_killed_again) {
            break;
        }
    }
}

impl Place {
    /// Whether its log can be resumed: it has its first line.
    fn is_begun(&self) -> bool {
        let shown = self.bench.run(["show", "latest", "--json"]);
        shown.status.success()
    }
}

impl Recorded {
    fn is_under_way(&self) -> bool {
        let over = ["done", "stopped", "failed"];
        let is_over = |phase: &Value| over.contains(&phase.as_str().unwrap_or_default());
        let states = self.states.iter();
        let states = states.map(|(arm, trial, phase)| ((arm, trial), phase));
        let last: BTreeMap<_, _> = states.collect();
        last.values().any(|phase| !is_over(phase))
    }

    fn not_kept(&self) -> usize {
        let is_lost = |(arm, trial, unit): &&(String, String, u64)| *unit > self.last(arm, trial);
        self.told.keys().filter(is_lost).count()
    }
}

/// Harms so many searches, and compares each with one that nothing happened to.
fn killed_searches_end_like_unharmed_ones(trained: Trained, times: usize) {
    // Other moments each time. A failure names the seed.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = since.as_secs() % 1_000_000;
    let calm = Place::new(trained);
    let begun = Instant::now();
    let output = calm.start().output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (took, expected) = (begun.elapsed(), calm.recorded());
    assert!(expected.settings.len() > 12, "{expected:?}");
    let mut seen = Seen::default();
    for seed in (first..).take(times) {
        println!("{trained:?}, seed {seed}");
        let place = Place::new(trained);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        harm(&place, &mut rng, took, &mut seen);
        let recorded = place.recorded();
        assert_eq!(recorded.settings, expected.settings, "seed {seed}");
        assert_eq!(recorded.told, expected.told, "seed {seed}");
        assert_eq!(recorded.states, expected.states, "seed {seed}");
        assert_eq!(recorded.kept, expected.kept, "seed {seed}");
        let shown = place.bench.run(["show", "latest", "--json"]);
        let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(document["status"], "completed", "seed {seed}");
        for kind in ["failed_trials", "not_reproduced"] {
            assert!(findings(&document, kind).is_empty(), "seed {seed}: {kind}");
        }
    }
    println!(
        "{trained:?}: {times} searches of {} trials, {seen:?}",
        expected.settings.len()
    );
}

/// A search that was killed right after it had recorded what became of a trial.
#[test]
fn what_became_of_a_trial_is_recorded_once() {
    let mut place = Place::new(Trained::Network);
    let arms = place.args.iter().position(|arg| arg == "--arms").unwrap() + 1;
    place.args[arms] = "random".to_owned();
    let output = place.start().output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (expected, log) = (place.recorded(), place.log().unwrap());
    let text = fs::read_to_string(&log).unwrap();
    let is_done = |line: &&str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event"] == "item" && event["phase"] == "done"
    };
    let before = text.lines().position(|line| is_done(&line)).unwrap() + 1;
    let lines = text.split_inclusive('\n').take(before);
    fs::write(&log, lines.collect::<String>()).unwrap();
    let output = place.resume().output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let recorded = place.recorded();
    assert_eq!(recorded.states, expected.states);
    assert_eq!(recorded.told, expected.told);
    assert_eq!(recorded.settings, expected.settings);
}

#[test]
fn some_killed_searches_of_a_network_end_like_unharmed_ones() {
    killed_searches_end_like_unharmed_ones(Trained::Network, 3);
}

#[test]
fn some_killed_searches_of_a_program_end_like_unharmed_ones() {
    killed_searches_end_like_unharmed_ones(Trained::Script, 3);
}

/// The worker's losses are the same, bit for bit, where its trials go on from their checkpoints.
#[test]
fn a_killed_search_on_images_ends_like_an_unharmed_one() {
    if worker_is_there() {
        killed_searches_end_like_unharmed_ones(Trained::Images, 1);
    }
}

#[test]
#[ignore = "takes minutes"]
fn searches_of_a_network_survive_kills_at_fifty_moments() {
    killed_searches_end_like_unharmed_ones(Trained::Network, 50);
}

#[test]
#[ignore = "takes minutes"]
fn searches_of_a_program_survive_kills_at_fifty_moments() {
    killed_searches_end_like_unharmed_ones(Trained::Script, 50);
}

#[test]
#[ignore = "takes minutes"]
fn searches_of_the_example_survive_kills_at_fifty_moments() {
    killed_searches_end_like_unharmed_ones(Trained::Example, 50);
}
