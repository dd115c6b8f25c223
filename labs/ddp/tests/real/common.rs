//! Runs of the lab, and what is looked up in them.

use std::io::Write as _;

use workbench_experiment::lab::{Lab as _, LabHost, Quantity};
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_lab_ddp::DataParallel;
use workbench_machine::{BuildFacts, usable_cores};
use workbench_record::RunStore;
use workbench_result::ArmResult;
use workbench_training::WORKER_VARIABLE;

/// Whether there is a worker to be tested. Says so when there is none, past the capture of the
/// tests' output: a skipped test must not be taken for one that passed.
pub fn is_there() -> bool {
    let is_there = std::env::var_os(WORKER_VARIABLE).is_some();
    if !is_there {
        let name = std::thread::current().name().unwrap_or("?").to_owned();
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: {name}, because {WORKER_VARIABLE} names no worker (tests/run sets it)"
        );
    }
    is_there
}

/// A run that has ended.
pub struct Played {
    pub ended: Ended,
    pub lines: Vec<String>,
    _dir: tempfile::TempDir,
}

/// Runs what is asked for, all arms of it or just some.
pub fn play(request: &Request, arms: Option<&[&str]>) -> Played {
    let lab = DataParallel::new(LabHost::default()).unwrap();
    let mut config = resolve(lab.definition(), request, &usable_cores()).unwrap();
    // A person could not leave out the base; here no speed-up is looked at.
    let wanted = |arm: &String| arms.is_none_or(|arms| arms.contains(&arm.as_str()));
    config.arms.retain(wanted);
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let ended = run(
        &lab,
        config,
        &BuildFacts::default(),
        &store,
        Box::new(|_| {}),
        &Control::default(),
    )
    .unwrap();
    let output = ended.snapshot.output.iter();
    let lines = output.map(|line| format!("{}: {}", line.source, line.text));
    Played {
        lines: lines.collect(),
        ended,
        _dir: dir,
    }
}

impl Played {
    /// An arm that has come to its end.
    pub fn arm(&self, name: &str) -> Option<&ArmResult> {
        let mut arms = self.ended.result.arms.iter();
        arms.find(|arm| arm.name == name && !arm.quality.is_empty())
    }

    pub fn number(&self, arm: &str, figure: &str) -> f64 {
        let arm = self.arm(arm).unwrap_or_else(|| panic!("{self:?}"));
        match arm.quality.get(figure) {
            Some(Quantity::Number(value)) => *value,
            other => panic!("{figure} is {other:?}: {self:?}"),
        }
    }

    pub fn text(&self, arm: &str, figure: &str) -> &str {
        let arm = self.arm(arm).unwrap_or_else(|| panic!("{self:?}"));
        match arm.quality.get(figure) {
            Some(Quantity::Text(text)) => text,
            other => panic!("{figure} is {other:?}: {self:?}"),
        }
    }

    /// The one warning or note with these words in it.
    pub fn warning(&self, words: &[&str]) -> &str {
        let result = &self.ended.result;
        let all = result.warnings.iter().chain(&result.notes);
        let mut found = all
            .map(|found| found.text.as_str())
            .filter(|text| words.iter().all(|word| text.contains(word)));
        let warning = found
            .next()
            .unwrap_or_else(|| panic!("no warning with {words:?}: {self:#?}"));
        assert!(found.next().is_none(), "twice {words:?}: {self:#?}");
        warning
    }
}

impl std::fmt::Debug for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Played")
            .field("failure", &self.ended.failure)
            .field("warnings", &self.ended.result.warnings)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}
