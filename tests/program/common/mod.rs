//! Running the real binary.

mod hang;
pub mod screen;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A directory for runs and files that goes away with the test.
pub struct Bench {
    dir: TempDir,
    /// What the watchdog names if the test never ends.
    _under_way: hang::UnderWay,
}

/// A problem so small that an arm takes a fraction of a second even unoptimised.
pub const TINY: [&str; 12] = [
    "--lab",
    "rf",
    "--preset",
    "quick",
    "--set",
    "models=3",
    "--set",
    "rows=600",
    "--workers",
    "2",
    "--oversubscribe",
    "--quiet",
];

impl Bench {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            _under_way: hang::UnderWay::new(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn runs(&self) -> PathBuf {
        self.path("runs")
    }

    /// The binary with its runs in this directory and no terminal.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workbench"));
        command
            .current_dir(self.dir.path())
            .env("WORKBENCH_RUN_DIR", self.runs())
            .env("XDG_CONFIG_HOME", self.path("config"))
            // Runs of other tests are none of its neighbours.
            .env("TMPDIR", self.dir.path())
            .env_remove("WORKBENCH_CONFIG")
            .env_remove("WORKBENCH_PEERS_PYTHON")
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env_remove("NO_COLOR")
            .stdin(std::process::Stdio::null());
        command
    }

    pub fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        self.command().args(args).output().unwrap()
    }

    /// Runs the tiny problem with more arguments and returns its document.
    pub fn tiny(&self, more: &[&str]) -> Value {
        let output = self.run(TINY.iter().chain(more).chain(&["--json"]));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The directory of the only run.
    pub fn only_run(&self) -> PathBuf {
        let runs: Vec<PathBuf> = std::fs::read_dir(self.runs())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("events.jsonl").exists())
            .collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    /// The events of the only run.
    pub fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.only_run().join("events.jsonl")).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Cuts the log of the only run off before its last repeat, as a kill may do.
    pub fn cut_last_repeat(&self) {
        let log = self.only_run().join("events.jsonl");
        let text = std::fs::read_to_string(&log).unwrap();
        let at = text.rfind("\"event\":\"repeat_started\"").unwrap();
        let at = text[..at].rfind('\n').unwrap() + 1;
        std::fs::write(&log, &text[..at]).unwrap();
    }

    /// The names of the directories of runs, also of those that hold no log.
    pub fn run_names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.runs()).into_iter().flatten();
        names
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            // Where the store keeps the numbers that are taken.
            .filter(|name| name != ".numbers")
            .collect()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Everything that lies in this directory besides the runs.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "runs" && name != "workbench-measuring")
            .collect();
        names.sort();
        names
    }
}

/// The findings of a kind, warnings and notes.
pub fn findings<'a>(document: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = ["warnings", "notes"].map(|list| document[list].as_array());
    let all = all.into_iter().flatten().flatten();
    all.filter(|found| found["kind"] == kind).collect()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The hashes of all arms, which have to be one and the same.
pub fn only_hash(document: &Value) -> String {
    let hashes: std::collections::BTreeSet<&str> = document["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arm| arm["outputs_sha256"].as_str().unwrap())
        .collect();
    assert_eq!(hashes.len(), 1, "{hashes:?}");
    hashes.into_iter().next().unwrap().to_owned()
}

/// Whether there is a worker to be started; says so, past the capture of the tests' output, where
/// there is none.
pub fn worker_is_there() -> bool {
    use std::io::Write as _;
    let is_there = std::env::var_os("WORKBENCH_WORKER").is_some();
    if !is_there {
        let name = std::thread::current().name().unwrap_or("?").to_owned();
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: {name}, because WORKBENCH_WORKER names no worker (tests/run sets it)"
        );
    }
    is_there
}
