//! What is special about this lab: its workers are this program, and one may be made to end.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use workbench_experiment::lab::LabHost;
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_machine::{BuildFacts, UsableCores};
use workbench_record::{RunStatus, RunStore};

fn play(faults: &[&str]) -> Ended {
    let lab = workbench_lab_mill::lab(LabHost {
        program: |_| std::env::current_exe().ok(),
        ..LabHost::default()
    })
    .unwrap();
    let request = Request {
        faults: faults.iter().map(|text| (*text).to_owned()).collect(),
        workers: vec![2].into(),
        repeats: Some(1),
        ..Request::default()
    };
    let usable = UsableCores {
        cores: 2.0,
        limit: String::new(),
    };
    let config = resolve(lab.definition(), &request, &usable).unwrap();
    assert_eq!(config.command.contains("--fault 5"), faults == ["5"]);
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let build = BuildFacts::default();
    run(
        lab.as_ref(),
        config,
        &build,
        &store,
        Box::new(|_| {}),
        &Control::default(),
    )
    .unwrap()
}

/// This program is also the worker: making the lab does a worker's work and ends the process.
fn main() {
    let ended = play(&[]);
    assert_eq!(ended.result.status, RunStatus::Completed);
    assert!(ended.result.check.passed(), "{:?}", ended.result.check);
    let helpers = &ended.result.arms[1];
    assert_eq!((helpers.work["blocks"], helpers.tasks), (24, 24));
    assert_eq!(helpers.breakdown.slots.len(), 2);
    assert!(helpers.cpu_s[0] > 0.0, "the workers' time is the run's");

    let ended = play(&["5"]);
    assert_eq!(ended.result.status, RunStatus::Failed);
    let failure = ended.failure.unwrap().reason;
    assert!(failure.contains("helper 1 ended with code 3"), "{failure}");
    assert_eq!(ended.result.lab_facts.slot_word(), "helper");
}
