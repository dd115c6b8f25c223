//! Any text as a parameter, as a space and as a configuration: one that can be written and read
//! again and whose configurations belong to it, or a message of one line with its place.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_search::{
    Configuration, Dimension, FiniteLoss, GridSearch, RandomSearch, Searcher, Space, SpaceError,
    Tpe, TrialId,
};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match Dimension::parse(text) {
        Ok(dimension) => {
            let again = Dimension::parse(&dimension.to_string());
            assert_eq!(again.as_ref(), Ok(&dimension));
        }
        Err(error) => judge(&error, text),
    }
    match Space::from_toml(text) {
        Ok(space) => search(&space),
        Err(error) => judge(&error, text),
    }
    if let Ok(configuration) = serde_json::from_str::<Configuration>(text) {
        let json = serde_json::to_string(&configuration).expect("what was read can be written");
        let again: Configuration = serde_json::from_str(&json).expect("and read again");
        assert_eq!(again, configuration);
    }
});

/// All that is chosen from a space belongs to it.
fn search(space: &Space) {
    let json = serde_json::to_string(space).expect("what was read can be written");
    let again: Space = serde_json::from_str(&json).expect("and read again");
    assert_eq!(&again, space);
    let random = RandomSearch::new(space.clone(), 1);
    let mut tpe = Tpe::new(space.clone(), 1).startup(3);
    for number in 0..6 {
        let trial = TrialId(number);
        let configuration = tpe.ask(trial).expect("TPE has no end");
        space.check(&configuration).expect("it is of the space");
        tpe.started(trial, &configuration);
        let loss = FiniteLoss::new((number % 3) as f64).expect("it is finite");
        tpe.told(trial, 1, loss);
        let drawn = random.configuration(trial);
        space.check(&drawn).expect("it is of the space");
    }
    if let Ok(grid) = GridSearch::new(space.clone(), 3, 1) {
        for trial in [0, grid.points() / 2, grid.points() - 1] {
            let point = grid.ask(TrialId(trial)).expect("it is on the grid");
            space.check(&point).expect("it is of the space");
        }
    }
}

fn judge(error: &SpaceError, text: &str) {
    let said = error.to_string();
    assert!(!said.contains(char::is_control), "{said:?}");
    let place = error.place.expect("a mistake in a text has a place");
    assert!(place.line >= 1 && place.column >= 1);
    assert!(place.line <= text.matches('\n').count() + 1);
}
