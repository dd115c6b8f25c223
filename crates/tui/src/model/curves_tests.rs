//! Which metrics there are, and the way between times and places on the axis.

use std::collections::BTreeMap;

use workbench_record::{CurvePoint, RepeatId, RepeatState};

use super::*;

pub(in crate::model) fn repeat(arm: &str, repeat: u32) -> RepeatState {
    RepeatState {
        start: 0,
        slots: BTreeMap::new(),
        states: Vec::new(),
        id: RepeatId {
            arm: arm.to_owned(),
            workers: 1,
            repeat,
        },
        started_ns: 0,
        progress: (0, 0),
        progress_points: Vec::new(),
        tasks: Vec::new(),
        curves: BTreeMap::new(),
        item_curves: BTreeMap::new(),
        items: Vec::new(),
        finished: None,
    }
}

fn with_loss(mut state: RepeatState) -> RepeatState {
    let points = [(1_000, 30), (2_000, 10), (3_000, 20)];
    let points = points.map(|(t_ns, step)| CurvePoint {
        t_ns,
        step,
        value: 1.0,
    });
    state.curves.insert("loss".to_owned(), points.to_vec());
    state
}

#[test]
fn the_labs_own_metrics_come_first_and_a_single_stretch_is_no_throughput() {
    let mut state = with_loss(repeat("a", 0));
    state.curves.insert("accuracy".to_owned(), Vec::new());
    state.progress_points = vec![(1, 1)];
    let loss = Metric::Own("loss".to_owned());
    let metrics = |repeats: &[RepeatState]| PastRepeats::default().metrics(repeats);
    assert_eq!(
        metrics(std::slice::from_ref(&state)),
        std::slice::from_ref(&loss)
    );
    state.progress_points.push((2, 2));
    assert_eq!(metrics(&[state]), [loss, Metric::Throughput]);
    assert!(!PastRepeats::default().has_curves(&[repeat("a", 0)]));
}

#[test]
fn a_time_is_at_the_step_that_was_recorded_last_and_a_step_at_its_time() {
    let state = with_loss(repeat("a", 0));
    let mut curves = CurveModel {
        metrics: PastRepeats::default().metrics(std::slice::from_ref(&state)),
        ..CurveModel::default()
    };
    assert_eq!(curves.x_of_time(&state, 2_500), Some(10.0));
    assert_eq!(curves.x_of_time(&state, 999), None);
    // To the right of step 10 comes step 20, although that is later than step 30.
    assert_eq!(curves.time_of_x(&state, 10.5, 1), Some((3_000, 20.0)));
    assert_eq!(curves.time_of_x(&state, 19.5, -1), Some((2_000, 10.0)));
    assert_eq!(curves.time_of_x(&state, 90.0, 1), Some((1_000, 30.0)));
    curves.turn_axis();
    assert_eq!(curves.x_of_time(&state, 2_000_000_000), Some(2.0));
    assert_eq!(curves.time_of_x(&state, 2.0, 0), Some((2_000_000_000, 2.0)));
}
