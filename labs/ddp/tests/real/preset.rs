//! The quick preset.

use workbench_experiment::lab::{Lab as _, LabHost, Quantity, TimedOn};
use workbench_experiment::{Request, resolve};
use workbench_lab_ddp::DataParallel;
use workbench_machine::usable_cores;
use workbench_record::RunStatus;

use crate::common::{is_there, play};

#[test]
fn the_quick_preset_reaches_97_percent_in_every_arm() {
    if !is_there() {
        return;
    }
    let request = Request {
        preset: Some("quick".to_owned()),
        // One repeat shows it; the preset has more for its interval.
        repeats: Some(1),
        workers: vec![2].into(),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    let played = play(&request, None);
    let result = &played.ended.result;
    assert_eq!(
        result.status,
        RunStatus::Completed,
        "{:?}",
        played.ended.failure
    );
    assert!(result.check.passed(), "{:?}", result.check);
    assert_eq!(result.arms.len(), 4);
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
    assert_eq!(parameters[2], parameters[3]);
}

/// What the form asks for before a run.
#[test]
fn a_step_of_the_quick_preset_is_timed() {
    if !is_there() {
        return;
    }
    let lab = DataParallel::new(LabHost::default()).unwrap();
    let request = Request {
        preset: Some("quick".to_owned()),
        workers: vec![1].into(),
        ..Request::default()
    };
    let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    let timed = lab.calibrate(&config, &|| true).unwrap();
    assert_eq!(timed.unit, "step of 64 rows");
    assert_eq!(timed.on, TimedOn::Threads(1));
    assert_eq!(timed.units, 938);
    assert!(timed.unit_s > 0.0 && timed.unit_s.is_finite());
}
