//! What the form says at a field, and what is asked before a run starts.

use workbench_experiment::lab::{Calibration, NotTimed, TimedOn};
use workbench_machine::measuring::Measuring;

use super::fixture::{Fixture, flat, key_event, labs, usable};
use crate::event::{AppEvent, Effect, RunEffect, RunJob};
use crate::screens::Preferences;
use crate::screens::form::{Form, Row};
use crate::screens::form_calibration::CalibrationRequest;
use crate::theme::ThemeName;

#[test]
fn a_file_without_a_column_to_predict_is_told_at_the_column() {
    let mut form = Form::new(labs()[0].definition());
    form.set(&Row::Data, "houses.csv");
    let (at, error) = form.config(&usable()).unwrap_err();
    assert_eq!(at, Row::Target, "{error}");
    assert!(error.contains("the column to predict"), "{error}");
    form.set(&Row::Data, "~/houses.csv");
    let home = std::env::home_dir().unwrap();
    assert_eq!(form.data().0, Some(home.join("houses.csv")));
}

/// What is wrong stands right below its field, and the cursor passes over it.
#[test]
fn what_is_wrong_stands_below_its_field() {
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        fixture.press("enter");
        fixture.go_to(&Row::Workers);
        fixture.press("9 enter");
        let shown = fixture.shown(width, height);
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines.iter().position(|l| l.contains("▸ Workers")).unwrap();
        assert!(lines[at + 1].contains("this machine has 4"), "{shown}");
        fixture.press("down");
        let shown = fixture.shown(width, height);
        assert!(shown.contains("▸ More than cores"), "{shown}");
        fixture.press("up");
        let shown = fixture.shown(width, height);
        assert!(shown.contains("▸ Workers"), "{shown}");
    }
}

/// What a lab alone can judge, it judges while one types.
#[test]
fn a_fault_that_cannot_be_is_marked_before_the_run() {
    let fault = Row::Param("fault".to_owned());
    for (text, told) in [
        ("kil:rank=1", "kill"),
        ("kill:rank=9,step=1", "the ranks are 0 to"),
        ("kill:rank=1,step=99999999", "the training has"),
    ] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        fixture.app.prefer(Some("ddp"), Preferences::default());
        fixture.press("enter");
        fixture.go_to(&fault);
        fixture.press("enter");
        fixture.app.update(AppEvent::Paste(text.to_owned()));
        fixture.press("enter");
        let shown = fixture.shown(120, 40);
        assert!(
            shown.contains('✗') && flat(&shown).contains(told),
            "{shown}"
        );
        assert_eq!(fixture.press("s"), [] as [Effect; 0]);
    }
}

/// Every row has a name in words, short enough for its column.
#[test]
fn rows_have_names_in_words() {
    for lab in labs().iter() {
        for (name, spec) in &lab.definition().params {
            let label = spec.label(name);
            assert!(label.len() <= 24 && !label.contains('_'), "{label}");
            assert!(label.starts_with(char::is_uppercase), "{label}");
        }
    }
}

/// A set-up that nobody ran here is timed, and what takes minutes is asked about.
#[test]
fn a_run_of_many_minutes_is_asked_about_before_it_starts() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let effects = fixture.app.update(AppEvent::Key(key_event("enter")));
    let asked = asked_to_time(effects).unwrap();
    assert!(fixture.shown(80, 24).contains("being estimated"));
    assert_eq!(fixture.press("s"), [], "it waits for the estimate");
    let timed = |unit_s| trees(unit_s, 3_000);
    let effects = fixture
        .app
        .update(AppEvent::Calibrated(asked.clone(), Ok(timed(1.0))));
    assert_eq!(effects, []);
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let shown = flat(&fixture.shown(width, height));
        assert!(shown.contains("Start this run?"), "{shown}");
        assert!(
            shown.contains("one tree takes 1.00 s on one core here"),
            "{shown}"
        );
        assert!(shown.contains("[ Run quick first ]"), "{shown}");
    }
    assert_eq!(fixture.press("enter"), [], "changing nothing is first");
    let effects = fixture.press("s tab enter");
    let [Effect::Run(RunEffect::Make(RunJob::Start(0, config)))] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(config.preset, "quick");
}

/// The workers of the ddp lab are timed as the trees of the rf lab are.
#[test]
fn what_a_step_takes_is_told_and_what_it_was_timed_on() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.app.prefer(Some("ddp"), Preferences::default());
    fixture.app.update(AppEvent::Key(key_event("enter")));
    // Nobody has run it here, so it begins with `quick`.
    let asked = asked_to_time(fixture.app.update(AppEvent::Key(key_event("left")))).unwrap();
    assert_eq!(asked.config.preset, "standard");
    assert_eq!(fixture.press("s"), []);
    let found = Ok(Calibration {
        unit: "step of 64 rows".to_owned(),
        on: TimedOn::Threads(1),
        unit_s: 0.5,
        units: 2814,
    });
    assert_eq!(fixture.app.update(AppEvent::Calibrated(asked, found)), []);
    insta::assert_snapshot!(fixture.shown(80, 24));
    let shown = flat(&fixture.shown(80, 24));
    assert!(
        shown.contains("one step of 64 rows takes 500 ms on one core here"),
        "{shown}"
    );
    assert!(shown.contains("[ Run quick first ]"), "{shown}");
}

/// Nothing is known of a program before it runs, so the person is asked.
#[test]
fn programs_without_an_estimate_are_asked_about() {
    for (found, is_asked) in [
        (NotTimed::Programs, true),
        (NotTimed::NoUnit, false),
        // What is missing is asked about on its own.
        (NotTimed::NotSetUp, false),
        (NotTimed::Failed, false),
    ] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        let asked = asked_to_time(fixture.app.update(AppEvent::Key(key_event("enter"))));
        fixture.press("s");
        let answer = AppEvent::Calibrated(asked.unwrap(), Err(found));
        let effects = fixture.app.update(answer);
        assert_eq!(effects.is_empty(), is_asked, "{found:?}: {effects:?}");
        if !is_asked {
            continue;
        }
        for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
            let shown = flat(&fixture.shown(width, height));
            let told = "not known: programs do the work, and none is run before the start";
            assert!(shown.contains(told), "{shown}");
        }
        let shown = flat(&fixture.shown(80, 24));
        assert!(shown.contains("[ Run quick first ]"), "{shown}");
        assert!(matches!(fixture.press("y")[..], [Effect::Run(_)]));
    }
}

/// What nobody waits for is ended: the form is left, or stands for something else.
#[test]
fn timing_ends_when_the_form_is_left_or_changed() {
    let ends = |effects: &[Effect]| effects.contains(&Effect::EndTiming);
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let key = |fixture: &mut Fixture, key| fixture.app.update(AppEvent::Key(key_event(key)));
    let effects = key(&mut fixture, "enter");
    assert!(!ends(&effects));
    let first = asked_to_time(effects).unwrap();
    assert!(ends(&key(&mut fixture, "esc")), "it is left");
    let again = asked_to_time(key(&mut fixture, "enter"));
    assert_eq!(again.unwrap(), first, "it is timed anew");
    fixture.go_to(&Row::Seed);
    assert!(ends(&key(&mut fixture, "7")), "it is changed");
    let effects = key(&mut fixture, "enter");
    assert!(!ends(&effects));
    let changed = asked_to_time(effects).unwrap();
    // What has been answered needs no end.
    let answer = AppEvent::Calibrated(changed, Ok(trees(0.001, 30)));
    assert!(!ends(&fixture.app.update(answer)));
    assert!(!ends(&key(&mut fixture, "esc")));
}

/// What takes seconds starts at once, also when it had to be timed first.
#[test]
fn a_short_run_starts_as_soon_as_it_is_timed() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let effects = fixture.app.update(AppEvent::Key(key_event("enter")));
    let asked = asked_to_time(effects);
    fixture.press("s");
    let timed = trees(0.001, 3_000);
    let effects = fixture
        .app
        .update(AppEvent::Calibrated(asked.unwrap(), Ok(timed)));
    assert!(
        matches!(effects[..], [Effect::Run(RunEffect::Make(_))]),
        "{effects:?}"
    );
}

/// What a person goes on to change is not started by itself.
#[test]
fn a_start_that_waits_is_off_when_something_is_changed() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let asked = asked_to_time(fixture.app.update(AppEvent::Key(key_event("enter")))).unwrap();
    let timed = trees(0.001, 3_000);
    assert_eq!(fixture.press("s"), []);
    fixture.go_to(&Row::Seed);
    fixture.app.update(AppEvent::Key(key_event("7")));
    let again = asked_to_time(fixture.app.update(AppEvent::Key(key_event("enter"))));
    let again = again.unwrap();
    assert_ne!(again, asked);
    // The unit of work is the same with other repeats, and the run is not.
    assert_eq!(fixture.press("s"), []);
    fixture.go_to(&Row::Repeats);
    assert_eq!(fixture.press("right"), []);
    for request in [asked, again] {
        let answer = AppEvent::Calibrated(request, Ok(timed.clone()));
        assert_eq!(fixture.app.update(answer), []);
    }
    assert!(matches!(fixture.press("s")[..], [Effect::Run(_)]));
}

fn trees(unit_s: f64, units: u64) -> Calibration {
    Calibration {
        unit: "tree".to_owned(),
        on: TimedOn::Threads(1),
        unit_s,
        units,
    }
}

fn asked_to_time(effects: Vec<Effect>) -> Option<Box<CalibrationRequest>> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Calibrate(asked) => Some(asked),
        _ => None,
    })
}

/// Neither of the two could be trusted.
#[test]
fn nothing_is_timed_while_another_process_measures() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let other = Measuring {
        pid: 4711,
        what: "20261121-110000-rf-0001".to_owned(),
    };
    fixture.app.update(AppEvent::Beside(vec![other]));
    let effects = fixture.app.update(AppEvent::Key(key_event("enter")));
    assert_eq!(asked_to_time(effects), None);
    let effects = fixture.app.update(AppEvent::Beside(Vec::new()));
    assert!(asked_to_time(effects).is_some());
}

/// Whoever has no run of a lab begins with the preset that is short.
#[test]
fn a_first_time_user_begins_with_the_short_preset() {
    let mut fixture = Fixture::bare(ThemeName::Dark, false);
    fixture.app.update(AppEvent::History(Ok(Vec::new())));
    fixture.press("enter");
    let form = &fixture.app.form.as_ref().unwrap().form;
    assert_eq!(form.preset_name(), "quick");
    // Who has made runs of it begins with the usual one.
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter");
    let form = &fixture.app.form.as_ref().unwrap().form;
    assert_eq!(form.preset_name(), "standard");
}

#[test]
fn another_process_that_measures_is_told_before_the_start() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter right");
    let other = Measuring {
        pid: 4711,
        what: "20261121-110000-rf-0001".to_owned(),
    };
    fixture.app.update(AppEvent::Beside(vec![other]));
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let shown = flat(&fixture.shown(width, height));
        assert!(shown.contains("Another run is under way"), "{shown}");
        assert!(shown.contains("(process 4711)"), "{shown}");
    }
    assert_eq!(fixture.press("s"), []);
    assert!(flat(&fixture.shown(80, 24)).contains("Start this run?"));
    let effects = fixture.press("y");
    assert!(matches!(effects[..], [Effect::Run(_)]), "{effects:?}");
    // Once it is over, nothing is asked.
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter right");
    fixture.app.update(AppEvent::Beside(Vec::new()));
    assert!(matches!(fixture.press("s")[..], [Effect::Run(_)]));
}
