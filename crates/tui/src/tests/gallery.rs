//! Every screen and dialog at every size, in colour and without, from made-up runs.
//!
//! Colours are not in these pictures; the views' own tests look at styles. What the themes without
//! colour draw differently (glyphs, letters, patterns) is.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use workbench_history::Standing;
use workbench_record::{Record, Snapshot};
use workbench_result::{RunResult, compute};
use workbench_simulate::{Scenario, events};

use super::fixture::{AIR, Fixture, recorded};
use crate::app::{Back, LiveRun, Screen};
use crate::event::{AppEvent, Loaded};
use crate::theme::ThemeName;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
const ID: &str = "20261121-101502-simulated-3f9a";

/// A name for the pictures, and what leads to them.
pub type Shot = (&'static str, fn(&mut Fixture));

pub const SHOTS: [Shot; 20] = [
    ("home", |_| {}),
    ("setup", |f| drop(f.press("enter right"))),
    ("setup_data", |f| f.choose_file(AIR)),
    ("questions", |f| {
        f.open_questions();
        f.press("enter 1 , 8 enter");
    }),
    ("questions_of_run", |f| f.questions_of_run()),
    ("runs", |f| drop(f.press("r"))),
    ("runs_filter", |f| drop(f.press("r / s t a t u s : k"))),
    ("run_training", |f| run(f, Scenario::Training, 0.7)),
    ("run_gpus", |f| run(f, Scenario::Gpus, 0.6)),
    ("run_cores", |f| run(f, Scenario::Cores, 0.5)),
    ("run_dying", |f| run(f, Scenario::Dying, 0.9)),
    ("follow", |f| follow(f)),
    ("replay", |f| replay(f)),
    ("result_training", |f| result(f, Scenario::Training)),
    ("result_tasks", |f| result(f, Scenario::Tasks)),
    ("help_run", |f| {
        run(f, Scenario::Training, 0.7);
        f.press("?");
    }),
    ("stop", |f| {
        run(f, Scenario::Training, 0.7);
        f.press("c");
    }),
    ("leave", |f| {
        run(f, Scenario::Training, 0.7);
        f.press("q");
    }),
    ("export", |f| {
        result(f, Scenario::Training);
        f.press("e");
    }),
    ("hand_in", |f| {
        result(f, Scenario::Training);
        f.press("T");
    }),
];

/// A made-up run that is over.
struct Whole {
    records: Vec<Record>,
    snapshot: Snapshot,
    result: RunResult,
}

/// A made-up run. All tests share them: each is made once.
fn whole(scenario: Scenario) -> Arc<Whole> {
    static MADE: LazyLock<Mutex<HashMap<Scenario, Arc<Whole>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap();
    let whole = made.entry(scenario).or_insert_with(|| {
        let records = events(scenario, 1, ID, 1_795_256_102_000);
        let snapshot = Snapshot::of(&records);
        let result = compute(&snapshot).unwrap();
        Arc::new(Whole {
            records,
            snapshot,
            result,
        })
    });
    Arc::clone(whole)
}

fn made_up(scenario: Scenario, share: f64) -> Vec<Record> {
    let whole = whole(scenario);
    let some = (whole.records.len() as f64 * share) as usize;
    whole.records[..some].to_vec()
}

fn run(fixture: &mut Fixture, scenario: Scenario, share: f64) {
    fixture.app.live = Some(LiveRun::new(Back::Home));
    fixture.app.screen = Screen::Run;
    let records = made_up(scenario, share);
    fixture.app.update(AppEvent::Records(records));
}

fn loaded(fixture: &Fixture, scenario: Scenario, standing: Standing) -> Arc<Loaded> {
    let whole = whole(scenario);
    Arc::new(Loaded {
        run: fixture.run_dir(ID),
        snapshot: whole.snapshot.clone(),
        result: whole.result.clone(),
        standing,
    })
}

fn result(fixture: &mut Fixture, scenario: Scenario) {
    let loaded = loaded(fixture, scenario, Standing::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
}

fn follow(fixture: &mut Fixture) {
    let loaded = loaded(fixture, Scenario::Training, Standing::Running);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    let run = fixture.run_dir(ID);
    let records = made_up(Scenario::Training, 0.5);
    fixture.app.update(AppEvent::Followed(run, records));
}

fn replay(fixture: &mut Fixture) {
    let run = fixture.run_dir(ID);
    let records = made_up(Scenario::Training, 1.0);
    let read = recorded(run, records);
    fixture.app.update(AppEvent::Replay(Ok(Box::new(read))));
    fixture.app.update(AppEvent::Tick(Duration::from_secs(6)));
}

#[test]
fn every_screen_and_dialog() {
    for theme in [ThemeName::Dark, ThemeName::Mono] {
        for (name, lead_to) in SHOTS {
            let mut fixture = Fixture::new(theme, false);
            lead_to(&mut fixture);
            let small = fixture.shown(40, 12);
            assert!(small.contains("workbench needs 60×16"), "{name}: {small}");
            assert!(small.contains("this window is 40×12"), "{name}: {small}");
            for (width, height) in SIZES {
                let shown = fixture.shown(width, height);
                let file = format!("{name}_{}_{width}x{height}", theme.name());
                insta::assert_snapshot!(file, shown);
            }
        }
    }
}

/// The preview of a table on a light terminal: the same picture as on a dark one, in other colours.
#[test]
fn the_preview_of_a_table_in_the_light_theme() {
    let pictures = [ThemeName::Dark, ThemeName::Light].map(|theme| {
        let mut fixture = Fixture::new(theme, false);
        fixture.choose_file(AIR);
        (fixture.shown(120, 40), fixture.colours(120, 40))
    });
    let [(dark, of_dark), (light, of_light)] = pictures;
    assert_eq!(dark, light);
    assert_ne!(of_dark, of_light);
    insta::assert_snapshot!("setup_data_light_120x40", format!("{light}\n\n{of_light}"));
}

/// What a terminal without Unicode gets is ASCII on every screen.
#[test]
fn every_screen_and_dialog_in_ascii() {
    for (name, lead_to) in SHOTS {
        let mut fixture = Fixture::new(ThemeName::Mono, true);
        lead_to(&mut fixture);
        for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
            let shown = fixture.shown(width, height);
            let odd: String = shown.chars().filter(|c| !c.is_ascii()).collect();
            assert!(odd.is_empty(), "{name} {width}x{height}: {odd:?}\n{shown}");
        }
    }
}
