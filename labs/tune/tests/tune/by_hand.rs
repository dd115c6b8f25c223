//! Trials that a person stops while the search goes on.

use crate::common::{SMALL, play_with, request};
use workbench_experiment::Control;
use workbench_record::{Event, ItemPhase, RunStatus};

#[test]
fn a_trial_that_is_stopped_by_hand_leaves_the_search_to_the_others() {
    let control = Control::default();
    let asked = control.clone();
    // Trials so long that the request always comes in time: all but one are stopped by hand.
    let long = ["trials=3", "budget=100000", "grace=100000"];
    let stop = move |event: &Event| {
        if let Event::Metric {
            item: Some(item), ..
        } = event
        {
            asked.stop_item(item);
        }
    };
    let ended = play_with(
        &request("random", 2, &[&SMALL[..], &long].concat()),
        &control,
        stop,
    );
    assert_eq!(ended.result.status, RunStatus::Completed);
    let repeat = &ended.snapshot.repeats[0];
    for trial in ["trial 0", "trial 1", "trial 2"] {
        let mut events = repeat.items.iter().map(|(_, event)| event);
        let last = events.rfind(|event| event.item == trial).unwrap();
        assert_eq!(
            (last.phase, last.asked),
            (ItemPhase::Stopped, true),
            "{trial}"
        );
    }
    // The record tells it, so that what follows from it is the same search.
    workbench_lab_tune::replay(&ended.snapshot, repeat).unwrap();
    assert!(repeat.finished.is_some());
}
