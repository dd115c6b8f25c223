//! What is special about this lab: its target, its stopped trials, and the curves of its trials.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use workbench_experiment::lab::LabHost;
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_machine::{BuildFacts, UsableCores};
use workbench_record::{RunStatus, RunStore};

fn play(set: &[&str]) -> Ended {
    let lab = workbench_lab_halving::lab(LabHost::default()).unwrap();
    let request = Request {
        set: set.iter().map(|text| (*text).to_owned()).collect(),
        workers: vec![2].into(),
        repeats: Some(1),
        ..Request::default()
    };
    let usable = UsableCores {
        cores: 2.0,
        limit: String::new(),
    };
    let config = resolve(lab.definition(), &request, &usable).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    run(
        lab.as_ref(),
        config,
        &BuildFacts::default(),
        &store,
        Box::new(|_| {}),
        &Control::default(),
    )
    .unwrap()
}

#[test]
fn a_search_ends_at_its_target_and_its_total_with_it() {
    let ended = play(&["step_us=50"]);
    assert_eq!(ended.result.status, RunStatus::Completed);
    assert_eq!(ended.result.check.target_reached, Some(true));
    for repeat in &ended.snapshot.repeats {
        let (done, total) = repeat.progress;
        assert!(done > 0 && done < 12 * 40, "{done}");
        assert_eq!(done, total, "what was left out does not count");
        let trials = &repeat.item_curves["score"];
        assert!(trials.keys().all(|trial| trial.starts_with("trial ")));
        let points: usize = trials.values().map(Vec::len).sum();
        assert_eq!(points as u64, done);
        assert!(repeat.curves.is_empty());
    }
}

#[test]
fn a_target_out_of_reach_is_no_speed_up() {
    let ended = play(&["step_us=0", "target=0.99"]);
    assert_eq!(ended.result.status, RunStatus::Completed);
    assert_eq!(ended.result.check.target_reached, Some(false));
    assert!(
        ended
            .result
            .arms
            .iter()
            .skip(1)
            .all(|arm| arm.speedup.is_none())
    );
}
