//! Whether what a peer needs is there: asked of Python, package by package, in processes of their
//! own, because importing a package can fail in any way.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use workbench_experiment::lab::PeerPackage;

/// What is run.
const PROBE: &str = include_str!("../python/probe.py");
/// How long a package may take to be imported.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a package stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum PackageState {
    /// It can be used.
    Fine {
        /// Its release.
        version: String,
        /// That of Python.
        python: String,
    },
    /// It is not installed.
    Missing,
    /// It is older than what can be used.
    TooOld {
        /// Its release.
        version: String,
    },
    /// It cannot be imported.
    Broken {
        /// What Python says.
        why: String,
    },
    /// Python itself does not answer.
    #[serde(skip)]
    NoAnswer {
        /// What happened.
        why: String,
    },
}

/// Why a peer cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PeerProblem {
    /// It cannot do what the run asks for; why, as a part of a sentence.
    Unfit(String),
    /// There is no Python for it.
    NoEnvironment,
    /// Something that it needs is not as it has to be.
    Package {
        /// Its name.
        name: String,
        /// The oldest release that can be used.
        least: String,
        /// How it stands.
        state: PackageState,
    },
}

impl PeerProblem {
    /// The problem that the state of a package is; `None` where it can be used.
    pub(crate) fn of(package: &PeerPackage, state: &PackageState) -> Option<Self> {
        let is_fine = matches!(state, PackageState::Fine { .. });
        (!is_fine).then(|| Self::Package {
            name: package.name.clone(),
            least: package.least.clone(),
            state: state.clone(),
        })
    }
}

/// Asks for several packages at once.
pub(crate) fn probe(python: &Path, packages: &[&PeerPackage]) -> Vec<PackageState> {
    thread::scope(|scope| {
        let asked: Vec<_> = packages
            .iter()
            .map(|package| scope.spawn(|| ask(python, package)))
            .collect();
        let answers = asked.into_iter().map(|thread| {
            let why = || "the question ended early".to_owned();
            let lost = |_| PackageState::NoAnswer { why: why() };
            thread.join().unwrap_or_else(lost)
        });
        answers.collect()
    })
}

fn ask(python: &Path, package: &PeerPackage) -> PackageState {
    let no_answer = |why: String| PackageState::NoAnswer { why };
    let mut command = Command::new(python);
    command
        .args(["-c", PROBE])
        .args([&package.name, &package.module, &package.least])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return no_answer(error.to_string()),
    };
    let (say, heard) = channel();
    if let Some(mut out) = child.stdout.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = out.read_to_end(&mut text);
            // Nobody waits any more where it took too long.
            let _ = say.send(text);
        });
    }
    let text = heard.recv_timeout(PATIENCE);
    if text == Err(RecvTimeoutError::Timeout) {
        // It may have ended meanwhile.
        let _ = child.kill();
    }
    let ended = child.wait();
    let Ok(text) = text else {
        return no_answer(format!("no answer within {} s", PATIENCE.as_secs()));
    };
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| match ended {
        Ok(status) if !status.success() => PackageState::Broken {
            why: format!("Python ended with {status}"),
        },
        _ => no_answer("what it prints is no answer".to_owned()),
    })
}
