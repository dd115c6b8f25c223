//! The labs that exist only in tests, each from the form to the comparison of two runs. Nothing
//! here, and nothing else outside a lab's folder and its line in the manifest, knows one of them.
//!
//! This program is also the program `workbench` with those labs, and the worker of labs whose
//! workers are the program that made them: such a lab sees by its environment that it is made
//! in a worker.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may end on the spot, and this program is a test harness"
)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::{Arc, Mutex};

use ratatui::crossterm::event::KeyCode;
use serde_json::Value;
use tempfile::TempDir;
use workbench_experiment::lab::{Lab, LabHost, MakeLab, RunConfig};
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_history::outlook::Ahead;
use workbench_machine::gpu::HELPER;
use workbench_machine::{BuildFacts, MachineFacts, UsableCores};
use workbench_record::{Event, Record, RunStatus, RunStore, Snapshot};
use workbench_tui::offscreen::Offscreen;

const LABS: &[MakeLab] = include!(concat!(env!("OUT_DIR"), "/test_labs.rs"));
const HOST: LabHost = LabHost {
    program: |_| std::env::current_exe().ok(),
    peers_python: |_| None,
};
/// As its first argument, this makes the program that of the labs.
const AS_WORKBENCH: &str = "as-workbench";

/// What is tried with each lab, by its place in the list.
type Case = (&'static str, fn(usize));

const CASES: [Case; 5] = [
    ("form_and_screens", form_and_screens),
    ("reports", reports),
    ("side_by_side", side_by_side),
    ("resume", resume),
    ("closed_room", closed_room),
];

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|arg| arg == AS_WORKBENCH) {
        return workbench::program(LABS, args.into_iter().skip(1));
    }
    if args.get(1).is_some_and(|arg| arg == HELPER) {
        return workbench::program(LABS, args);
    }
    let labs = labs();
    let filters: Vec<&OsStr> = args.iter().skip(1).map(AsRef::as_ref).collect();
    let is_wanted = |name: &str| {
        let names = filters.iter().filter_map(|filter| filter.to_str());
        let mut names = names.filter(|filter| !filter.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|filter| name.contains(filter))
    };
    let mut failed = 0;
    for (index, lab) in labs.iter().enumerate() {
        for (case, test) in CASES {
            let name = format!("{}::{case}", lab.definition().name);
            if is_wanted(&name) {
                let passed = catch_unwind(|| test(index)).is_ok();
                failed += u32::from(!passed);
                println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
            }
        }
    }
    println!("\ntest result: {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(101)
    }
}

fn labs() -> Vec<Box<dyn Lab>> {
    LABS.iter().map(|make| make(HOST).unwrap()).collect()
}

fn usable() -> UsableCores {
    UsableCores {
        cores: 2.0,
        limit: "as many as the test says".to_owned(),
    }
}

/// A directory for runs.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> RunStore {
        RunStore::open(Some(self.path("runs"))).unwrap()
    }

    /// Runs a lab in this process; also gives its records.
    fn run(&self, lab: &dyn Lab, config: RunConfig) -> (Ended, Vec<Record>) {
        let records: Arc<Mutex<Vec<Record>>> = Arc::default();
        let taken = Arc::clone(&records);
        let take = Box::new(move |record: &Record| taken.lock().unwrap().push(record.clone()));
        let ended = run(
            lab,
            config,
            &BuildFacts::default(),
            &self.store(),
            take,
            &Control::default(),
        )
        .unwrap();
        let records = std::mem::take(&mut *records.lock().unwrap());
        (ended, records)
    }

    /// Runs the program with the labs of this test.
    fn program(&self, args: &[&str]) -> Output {
        Command::new(std::env::current_exe().unwrap())
            .arg(AS_WORKBENCH)
            .args(args)
            .env("WORKBENCH_RUN_DIR", self.path("runs"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("TMPDIR", self.path(""))
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// The document that the program prints.
    fn document(&self, args: &[&str]) -> Value {
        let output = self.program(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn quick(lab: &dyn Lab) -> RunConfig {
    let request = Request {
        workers: vec![2].into(),
        repeats: Some(2),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    resolve(lab.definition(), &request, &usable()).unwrap()
}

/// What the form starts is run, watched from its records, and its result is shown.
fn form_and_screens(index: usize) {
    let labs = labs();
    let definition = labs[index].definition().clone();
    let mut screen = Offscreen::new(labs, (120, 40), "dark", false).unwrap();
    screen.machine(MachineFacts::default(), usable());
    for _ in 0..index {
        screen.press(KeyCode::Down);
    }
    screen.press(KeyCode::Enter);
    screen.draw();
    let form = screen.text();
    assert!(form.contains(&definition.title), "{form}");
    for arm in &definition.arms {
        assert!(form.contains(&arm.name), "{form}");
    }
    screen.press(KeyCode::Char('s'));
    let config = screen.take_started().unwrap();
    assert_eq!(config.lab, definition.name);

    let bench = Bench::new();
    let (ended, records) = bench.run(self::labs()[index].as_ref(), config);
    assert_eq!(
        ended.result.status,
        RunStatus::Completed,
        "{:?}",
        ended.failure
    );
    assert!(ended.result.check.passed(), "{:?}", ended.result.check);
    assert_eq!(ended.snapshot, Snapshot::of(&records));
    progress_is_sane(&records);
    for some in records.chunks(records.len() / 10 + 1) {
        screen.fold(some.to_vec());
        screen.draw();
    }
    let base = definition.base.as_str();
    assert!(screen.text().contains(base), "{}", screen.text());
    screen.end(ended.run, ended.snapshot, ended.result);
    screen.draw();
    let result = screen.text();
    for arm in &definition.arms {
        assert!(result.contains(&arm.name), "{result}");
    }
}

/// Totals only shrink, and neither a repeat nor the run goes beyond its end or back.
fn progress_is_sane(records: &[Record]) {
    let mut snapshot = Snapshot::default();
    let mut ahead = Ahead::default();
    let (mut of_repeat, mut of_run, mut least) = (0.0, 0.0, u64::MAX);
    for record in records {
        snapshot.apply(record);
        let whole = ahead.look(&snapshot.tally).done;
        assert!(whole >= of_run && whole <= 1.0, "{whole} after {of_run}");
        of_run = whole;
        match &record.event {
            Event::RepeatStarted(_) => (of_repeat, least) = (0.0, u64::MAX),
            Event::Progress { done, total } => {
                assert!(done <= total && *total <= least, "{done} of {total}");
                least = *total;
                let share = snapshot.repeats.last().unwrap().share();
                assert!(share >= of_repeat && share <= 1.0);
                of_repeat = share;
            }
            _ => {}
        }
    }
}

/// Every form of report has what the lab declares and recorded.
fn reports(index: usize) {
    let labs = labs();
    let lab = labs[index].as_ref();
    let bench = Bench::new();
    let (ended, _) = bench.run(lab, quick(lab));
    let files = ["report.html", "report.md", "report.csv", "report.json"].map(|f| bench.path(f));
    for file in &files {
        workbench_report::write(file, &ended.result, &ended.snapshot, None).unwrap();
    }
    let [html, markdown, csv, json] = files.map(|file| fs::read_to_string(file).unwrap());
    let arms: Vec<&str> = ended
        .result
        .arms
        .iter()
        .map(|arm| arm.name.as_str())
        .collect();
    for text in [&html, &markdown, &csv, &json] {
        assert!(arms.iter().all(|arm| text.contains(arm)), "{text}");
    }
    for text in [&html, &markdown] {
        let basis = ended.result.comparison.words(&ended.result.lab_facts);
        assert!(basis.is_none_or(|words| text.contains(&words)), "{text}");
    }
    for repeat in &ended.snapshot.repeats {
        for name in repeat.item_curves.keys() {
            assert!(html.contains(&format!("{name} by item")) || html.contains("longest"));
        }
    }
    let document: Value = serde_json::from_str(&json).unwrap();
    let slot = &document["lab_facts"]["slot"];
    assert_eq!(slot, lab.definition().slot.as_str());
}

/// Two runs by the program, side by side on the command line and on the screen.
fn side_by_side(index: usize) {
    let labs = labs();
    let name = labs[index].definition().name.clone();
    let bench = Bench::new();
    let args = [
        "--lab",
        &name,
        "--workers",
        "2",
        "--oversubscribe",
        "--repeats",
        "2",
        "--json",
    ];
    let ids = [42, 43].map(|seed: u32| {
        let seed = seed.to_string();
        let document = bench.document(&[&args[..], &["--seed", &seed]].concat());
        document["run_id"].as_str().unwrap().to_owned()
    });
    let output = bench.program(&["compare", &ids[0], &ids[1]]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains(&ids[1]), "{text}");

    let store = bench.store();
    let runs = ids.map(|id| store.find(&id).unwrap());
    let mut screen = Offscreen::new(labs, (120, 40), "dark", false).unwrap();
    screen.compare(runs.into());
    screen.draw();
    let base = self::labs()[index].definition().base.clone();
    assert!(screen.text().contains(&base), "{}", screen.text());
}

/// A run that is stopped after its first repeats is finished by the program.
fn resume(index: usize) {
    let labs = labs();
    let lab = labs[index].as_ref();
    let bench = Bench::new();
    let control = Control::default();
    let stop = control.clone();
    let stopper = Box::new(move |record: &Record| {
        if matches!(record.event, Event::RepeatFinished(_)) {
            stop.stop();
        }
    });
    let ended = run(
        lab,
        quick(lab),
        &BuildFacts::default(),
        &bench.store(),
        stopper,
        &control,
    )
    .unwrap();
    assert_eq!(ended.result.status, RunStatus::Interrupted);
    let done: usize = ended.result.arms.iter().map(|arm| arm.wall_s.len()).sum();
    assert!(done >= 1);
    let document = bench.document(&["resume", &ended.run.id(), "--json"]);
    assert_eq!(document["status"], "completed");
    for arm in document["arms"].as_array().unwrap() {
        assert_eq!(arm["wall_s"].as_array().unwrap().len(), 2, "{arm}");
    }
}

/// No file outside the lab's folder speaks of it, but for its line in the manifest and
/// cargo's lock file.
fn closed_room(index: usize) {
    let labs = labs();
    let definition = labs[index].definition();
    let package = format!("workbench-lab-{}", definition.name);
    let mut marks = vec![
        package.clone(),
        package.replace('-', "_"),
        format!("labs/{}", definition.name),
        definition.title.clone(),
    ];
    marks.extend(
        definition
            .arms
            .iter()
            .map(|arm| format!("\"{}\"", arm.name)),
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = root.join("tests/labs").join(&definition.name);
    assert!(own.is_dir(), "{} is not the folder of a lab", own.display());
    let mut found = Vec::new();
    for folder in [
        "src", "crates", "labs", "tests", "benches", "docs", "examples",
    ] {
        mentions(&root.join(folder), &own, &marks, &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let lines = manifest
        .lines()
        .filter(|line| marks.iter().any(|mark| line.contains(mark)));
    assert_eq!(lines.count(), 1, "the lab is one line of the manifest");
}

/// The files below a folder, but not below `own`, in which one of the marks stands.
fn mentions(folder: &Path, own: &Path, marks: &[String], found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path == own {
            continue;
        }
        if path.is_dir() {
            mentions(&path, own, marks, found);
        } else if let Ok(text) = fs::read_to_string(&path)
            && marks.iter().any(|mark| text.contains(mark))
        {
            found.push(path);
        }
    }
}
