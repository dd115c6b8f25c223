//! Makes hand-ins that are not what a run left: damaged files, edited documents, and edited logs
//! whose chain, result and report were made again.

pub mod raw;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;
use workbench_experiment::lab::{Lab, LabHost};
use workbench_questions::RecordedAssignment;
use workbench_record::{Finding, RunDir};
use workbench_submission::{
    Class, FileFacts, Manifest, PackedBy, Private, ToPack, Verified, Verifier, archive, facts,
    open_archive, pack,
};

use crate::common::Bench;

/// An honest run, and what it takes to make others of it.
pub struct Honest {
    pub bench: Bench,
    pub run: PathBuf,
}

/// Runs short tasks in all arms, three times.
pub static SHORT: LazyLock<Honest> = LazyLock::new(|| {
    Honest::run(&[
        "--lab",
        "rf",
        "--preset",
        "quick",
        "--set",
        "models=6",
        "--set",
        "rows=900",
        "--workers",
        "2",
        "--oversubscribe",
        "--quiet",
        "--repeats",
        "3",
    ])
});

/// Runs long enough to be looked at often.
pub static LONG: LazyLock<Honest> = LazyLock::new(|| {
    Honest::run(&[
        "--lab",
        "rf",
        "--preset",
        "quick",
        "--set",
        "models=14",
        "--set",
        "n_estimators_first=60",
        "--workers",
        "1",
        "--oversubscribe",
        "--quiet",
        "--repeats",
        "2",
    ])
});

#[track_caller]
pub fn finds(what: &str, archive: &[u8], kind: &str) {
    let found = verified(archive, None).findings;
    let kinds = errors(&found);
    assert!(
        kinds.contains(&kind),
        "{what}: {kind} is not among {kinds:?}"
    );
}

pub type Files = Vec<(String, Vec<u8>)>;

impl Honest {
    /// A run of the rf lab with these arguments.
    pub fn run(args: &[&str]) -> Self {
        let bench = Bench::new();
        let output = bench.run(args);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            crate::common::stderr(&output)
        );
        let run = bench.only_run();
        Self { bench, run }
    }

    /// The events of its log.
    pub fn events(&self) -> Vec<Value> {
        self.bench.events()
    }

    /// The hand-in.
    pub fn packed(&self) -> Vec<u8> {
        packed(&self.run, None)
    }

    /// Its files.
    pub fn files(&self) -> Files {
        let run = RunDir::at(&self.run).unwrap();
        let mut packed = pack(&to_pack(&[run], None)).unwrap();
        packed.seal(Vec::new());
        packed.all_files()
    }

    /// The hand-in of a log that was edited, with chain, result and report made anew.
    pub fn with_log(&self, edit: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
        self.with_log_and(None, None, edit)
    }

    /// The same with answers, for an assignment.
    pub fn with_log_and(
        &self,
        assignment: Option<&RecordedAssignment>,
        answers: Option<&[u8]>,
        edit: impl FnOnce(&mut Vec<Value>),
    ) -> Vec<u8> {
        let mut events = self.events();
        edit(&mut events);
        let dir = TempDir::new().unwrap();
        let run = dir.path().join(self.run.file_name().unwrap());
        fs::create_dir(&run).unwrap();
        let lines: Vec<String> = events.iter().map(|event| format!("{event}\n")).collect();
        fs::write(run.join("events.jsonl"), lines.concat()).unwrap();
        if let Some(answers) = answers {
            fs::write(run.join("answers.json"), answers).unwrap();
        }
        packed(&run, assignment)
    }

    /// The hand-in with files that were edited after it was packed.
    pub fn with_files(&self, edit: impl FnOnce(&mut Files)) -> Vec<u8> {
        let mut files = self.files();
        edit(&mut files);
        zip(&files)
    }

    /// The same with the manifest's list and hash made anew.
    pub fn resealed(&self, edit: impl FnOnce(&mut Files, &mut Manifest)) -> Vec<u8> {
        let mut files = self.files();
        let mut manifest: Manifest = serde_json::from_slice(&files[0].1).unwrap();
        edit(&mut files, &mut manifest);
        let others = files[1..].iter();
        manifest.files = others
            .map(|(name, content)| FileFacts::of(name, content))
            .collect();
        files[0].1 = serde_json::to_vec(&manifest.sealed()).unwrap();
        zip(&files)
    }
}

pub fn zip(files: &Files) -> Vec<u8> {
    archive(files.iter().map(|(name, content)| (&**name, &**content))).unwrap()
}

fn to_pack<'a>(runs: &'a [RunDir], assignment: Option<&RecordedAssignment>) -> ToPack<'a> {
    ToPack {
        runs,
        program: PackedBy {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: None,
            sha256: None,
            build_profile: "debug".to_owned(),
            compiler: String::new(),
        },
        assignment: assignment.map(facts),
        private: Private::default(),
    }
}

fn packed(run: &Path, assignment: Option<&RecordedAssignment>) -> Vec<u8> {
    let run = RunDir::at(run).unwrap();
    let mut packed = pack(&to_pack(&[run], assignment)).unwrap();
    packed.seal(Vec::new());
    packed.archive().unwrap()
}

pub fn labs() -> Vec<Box<dyn Lab>> {
    vec![workbench_lab_rf::lab(LabHost::default()).unwrap()]
}

pub fn verified(archive: &[u8], assignment: Option<&RecordedAssignment>) -> Verified {
    let labs = labs();
    Verifier::new(&labs, assignment.cloned()).verify_opened("a.zip", open_archive(archive))
}

/// The same with so many outputs made again.
pub fn reexecuted(archive: &[u8], outputs: u32) -> Verified {
    let labs = labs();
    let verifier = Verifier::new(&labs, None);
    let mut verified = verifier.verify_opened("a.zip", open_archive(archive));
    verifier.reexecute(&mut verified, outputs);
    verified
}

/// Several hand-ins, compared.
pub fn class(archives: &[&[u8]]) -> Vec<Verified> {
    let labs = labs();
    let verifier = Verifier::new(&labs, None);
    let mut class = Class::default();
    let mut all = Vec::new();
    for (number, archive) in archives.iter().enumerate() {
        let verified = verifier.verify_opened(&format!("{number}.zip"), open_archive(archive));
        class.add(&verified);
        all.push(verified);
    }
    class.compare(&mut all);
    all
}

/// What does not fit, by kind.
pub fn errors(findings: &[Finding]) -> Vec<&str> {
    // Nobody answers the lab's questions here.
    let severe = |found: &&Finding| {
        found.severity == workbench_record::Severity::Error && found.kind != "incomplete"
    };
    findings
        .iter()
        .filter(severe)
        .map(|found| &*found.kind)
        .collect()
}

pub fn is(event: &Value, kind: &str) -> bool {
    event["event"] == kind
}

/// The events of a kind.
pub fn each<'a>(events: &'a mut [Value], kind: &'a str) -> impl Iterator<Item = &'a mut Value> {
    events.iter_mut().filter(move |event| is(event, kind))
}

/// Multiplies a time.
pub fn scale(value: &mut Value, by: f64) {
    if let Some(ns) = value.as_u64() {
        *value = ((ns as f64 * by) as u64).into();
    }
}
