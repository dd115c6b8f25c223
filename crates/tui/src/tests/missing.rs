//! A run that lacks what the set-up brings: the person is asked, and the run goes on where it
//! was asked for.

use workbench_experiment::lab::RunConfig;
use workbench_experiment::{Request, resolve};

use super::fixture::{Fixture, labs, usable};
use crate::event::{AppEvent, Effect, Exit, MissingSetup, RunEffect, RunJob, TerminalEffect};
use crate::theme::ThemeName;

fn config() -> RunConfig {
    let labs = labs();
    resolve(labs[1].definition(), &Request::default(), &usable()).unwrap()
}

fn start() -> RunJob {
    RunJob::Start(1, Box::new(config()))
}

fn missing(plan: Result<&str, &str>) -> MissingSetup {
    MissingSetup {
        what: "the worker is not there".to_owned(),
        gpus: false,
        plan: plan.map(str::to_owned).map_err(str::to_owned),
        job: start(),
    }
}

/// A form whose start has found that something is missing.
fn asked(plan: Result<&str, &str>) -> Fixture {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("down enter");
    let effects = fixture.press("s");
    assert!(
        matches!(
            effects[..],
            [Effect::Run(RunEffect::Make(RunJob::Start(1, _)))]
        ),
        "{effects:?}"
    );
    let none = fixture
        .app
        .update(AppEvent::SetupMissing(Box::new(missing(plan))));
    assert!(none.is_empty() && !fixture.app.is_running());
    fixture
}

#[test]
fn it_says_what_is_missing_and_brings_it_on_request() {
    for keys in ["y", "tab enter", "right space", "left left tab enter"] {
        let mut fixture = asked(Ok("It is large."));
        for size in [(60, 20), (80, 24), (200, 60)] {
            let shown = fixture.shown(size.0, size.1);
            for part in [
                "Not started: the worker is not there.",
                "It is large.",
                "Not now",
            ] {
                assert!(
                    shown.contains(part),
                    "`{part}` is missing at {size:?} in\n{shown}"
                );
            }
        }
        let expected = Effect::Terminal(TerminalEffect::Install(Box::new(missing(Ok(
            "It is large.",
        )))));
        assert_eq!(fixture.press(keys), [expected], "{keys}");
        // It is there now, and the run begins.
        let again = fixture.app.update(AppEvent::SetupDone(Ok(start())));
        assert_eq!(again, [Effect::Run(RunEffect::Make(start()))]);
        assert!(fixture.app.is_running());
    }
}

#[test]
fn a_no_goes_back_to_the_form() {
    for keys in ["n", "esc", "enter", "ctrl-c", "tab tab enter"] {
        let mut fixture = asked(Ok("It is large."));
        assert_eq!(fixture.press(keys), [] as [Effect; 0], "{keys}");
        let shown = fixture.shown(120, 40);
        assert!(
            !shown.contains("Not now") && shown.contains("Data-parallel training"),
            "{shown}"
        );
    }
}

#[test]
fn what_cannot_be_set_up_cannot_be_asked_for() {
    let mut fixture = asked(Err("this is libtorch 2.9.0"));
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("this is libtorch 2.9.0"), "{shown}");
    assert!(!shown.contains("Set it up"), "{shown}");
    assert_eq!(fixture.press("y tab"), [] as [Effect; 0]);
    assert_eq!(fixture.press("enter"), [] as [Effect; 0]);
    assert!(!fixture.shown(120, 40).contains("Not now"));
}

#[test]
fn a_set_up_that_fails_is_told_on_the_form() {
    let mut fixture = asked(Ok("It is large."));
    fixture.press("y");
    let failed = AppEvent::SetupDone(Err("the disk is full".to_owned()));
    assert_eq!(fixture.app.update(failed), [] as [Effect; 0]);
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("the disk is full") && shown.contains("Data-parallel training"),
        "{shown}"
    );
}

#[test]
fn who_leaves_meanwhile_is_not_asked() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("down enter s q y");
    let effects = fixture
        .app
        .update(AppEvent::SetupMissing(Box::new(missing(Ok("")))));
    assert_eq!(
        effects,
        [Effect::Terminal(TerminalEffect::Quit(Exit::Done))]
    );
}

#[test]
fn the_form_of_images_has_a_folder_and_no_column() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("down enter end up / i m g enter");
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("--data /img"), "{shown}");
    assert!(shown.contains("with CIFAR's files"), "{shown}");
    assert!(!shown.contains("Column to predict"), "{shown}");
    fixture.press("esc up enter end up up");
    assert!(fixture.shown(120, 40).contains("CSV file"));
}
