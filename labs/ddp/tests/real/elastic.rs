//! Ranks that are lost and come back: every row counts once all the same.

use workbench_experiment::Request;

use crate::common::{Played, is_there, play};

/// 2 epochs of an odd number of rows, with 3 ranks of which one is lost early, and comes back when
/// the training still goes on.
fn lose_and_regain(set: &[&str]) -> Played {
    let small = [
        "model=cnn",
        "epochs=2",
        "train_rows=1001",
        "test_rows=101",
        "checkpoint_every=4",
        "accuracy_tolerance=1",
        "away_s=0.1",
        "fault=kill:rank=2,step=3;slow:rank=0,s=0.1",
    ];
    let request = Request {
        set: small.iter().chain(set).map(|s| (*s).to_owned()).collect(),
        workers: "2..3".parse().unwrap(),
        repeats: Some(1),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    play(&request, Some(&["single", "launcher"]))
}

fn is_whole(played: &Played) {
    assert!(played.ended.result.check.passed(), "{played:#?}");
    for name in ["single", "launcher"] {
        let arm = played.arm(name).unwrap();
        assert_eq!(arm.work["images_trained"], 2002, "{played:#?}");
        assert_eq!(arm.work["images_tested"], 202, "{played:#?}");
    }
    assert!(played.arm("launcher").unwrap().speedup.is_some());
    assert!(played.number("launcher", "resizes") >= 1.0, "{played:#?}");
    played.warning(&["launcher went on after a failure", "rank 2"]);
}

#[test]
fn every_row_counts_once_in_weak_scaling() {
    if is_there() {
        is_whole(&lose_and_regain(&["batch=32"]));
    }
}

#[test]
fn every_row_counts_once_in_strong_scaling() {
    if is_there() {
        is_whole(&lose_and_regain(&["batch=96", "scaling=strong"]));
    }
}
