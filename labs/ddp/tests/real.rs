//! The quick preset with the real worker, where `WORKBENCH_WORKER` names one; without it there is nothing to be tested here.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use workbench_engine::experiment::{Control, Request, resolve, run};
use workbench_engine::lab::{Lab, Quantity};
use workbench_engine::machine::usable_cores;
use workbench_engine::record::{RunStatus, Store};
use workbench_lab_ddp::{DataParallel, WORKER_VARIABLE};

#[test]
fn the_quick_preset_reaches_97_percent_in_every_arm() {
    if std::env::var_os(WORKER_VARIABLE).is_none() {
        return;
    }
    let lab = DataParallel::new(|| None).unwrap();
    let request = Request {
        preset: Some("quick".to_owned()),
        workers: vec![2],
        oversubscribe: true,
        ..Request::default()
    };
    let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Some(dir.path().to_owned())).unwrap();
    let ended = run(&lab, config, &store, Box::new(|_| {}), &Control::default()).unwrap();
    let result = &ended.result;
    assert_eq!(result.status, RunStatus::Completed, "{:?}", ended.failure);
    assert!(result.check.passed(), "{:?}", result.check);
    assert_eq!(result.arms.len(), 3);
    let mut parameters = Vec::new();
    for arm in &result.arms {
        let Some(Quantity::Number(accuracy)) = arm.quality.get("test_accuracy") else {
            panic!("{} has no accuracy", arm.name);
        };
        assert!(*accuracy >= 0.97, "{} reached {accuracy}", arm.name);
        assert_eq!(arm.work["images_trained"], 60_000);
        assert_eq!(arm.work["images_tested"], 10_000);
        parameters.push(arm.quality.get("parameters_sha256").cloned());
    }
    // Two ranks train the same model by hand and under the launcher.
    assert_eq!(parameters[1], parameters[2]);
}
