//! The form stands for the same configuration as the command line, and says what is wrong as the
//! command line does.

use workbench_experiment::lab::{LabDefinition, LabHost, Opt, ParamValue, RunConfig};
use workbench_experiment::{Request, resolve};
use workbench_record::{RunStatus, Until};
use workbench_report::Format;

use super::fixture::{Fixture, flat, labs, quick, refused, usable};
use crate::event::{AppEvent, Effect};
use crate::screens::Preferences;
use crate::screens::form::{Form, Row};
use crate::theme::ThemeName;
use workbench_history::estimate::{PastRun, estimate};
use workbench_history::list::{RunRow, of_result};

fn past(rows: &[RunRow]) -> impl Iterator<Item = &PastRun> {
    rows.iter().filter_map(|row| row.past.as_ref())
}

fn form() -> Form {
    Form::new(labs()[0].definition())
}

#[test]
fn untouched_it_is_the_default_request() {
    let definition = form().definition;
    let expected = resolve(&definition, &Request::default(), &usable()).unwrap();
    assert_eq!(form().config(&usable()).unwrap(), expected);
}

#[test]
fn peers_are_offered_and_run_when_they_are_chosen() {
    let mut form = form();
    let arms = form.definition.arms.clone();
    let peer = arms.iter().position(|arm| arm.peer.is_some()).unwrap();
    assert!(form.rows().contains(&Row::Arm(peer)) && !form.is_on(&Row::Arm(peer)));
    form.toggle(&Row::Arm(peer));
    let config = form.config(&usable()).unwrap();
    assert_eq!(config.arms.last(), Some(&arms[peer].name));
    assert!(
        config
            .command
            .contains("--arms sequential,tasks,trees,sklearn")
    );
}

#[test]
fn every_row_reaches_the_configuration() {
    let mut form = form();
    form.turn(&Row::Preset, 1, &usable());
    form.toggle(&Row::Arm(2));
    form.toggle(&Row::Arm(0));
    form.toggle(&Row::Oversubscribe);
    form.set(&Row::Workers, "8, 1,4");
    form.set(&Row::Repeats, "7");
    form.set(&Row::Seed, "0");
    form.set(&Row::Param("max_depth".to_owned()), " 12");
    form.turn(&Row::Param("order".to_owned()), 1, &usable());
    form.turn(&Row::Param("test_share".to_owned()), 5, &usable());
    form.set(&Row::Data, "/tmp/houses.csv");
    form.set(&Row::Target, "price");
    let config = form.config(&usable()).unwrap();
    assert_eq!(
        config.command,
        "workbench --lab rf --preset quick --seed 0 --repeats 7 --workers 1,4,8 --arms sequential,tasks \
         --set max_depth=12 --set order=longest-first --set test_share=0.25 --data /tmp/houses.csv --target price \
         --oversubscribe"
    );
}

#[test]
fn the_arms_are_those_that_a_parameter_names() {
    let lab = workbench_lab_commands::lab(LabHost::default()).unwrap();
    let mut form = Form::new(lab.definition());
    let row = Row::Param("arms".to_owned());
    form.set(&row, "a=true ;; b=true {workers} ;; c=true");
    form.follow(lab.as_ref());
    let names = |form: &Form| -> Vec<String> {
        let arms = form.definition.arms.iter();
        arms.map(|arm| arm.name.clone()).collect()
    };
    assert_eq!(names(&form), ["a", "b", "c"]);
    form.toggle(&Row::Arm(2));
    // What was switched off stays off where it still is.
    form.set(&row, "a=true ;; c=true ;; d=false");
    form.follow(lab.as_ref());
    let config = form.config(&usable()).unwrap();
    assert_eq!(config.arms, ["a", "d"]);
    assert!(
        config
            .command
            .contains(" --arm a=true --arm c=true --arm d=false ")
    );
    for wrong in ["nonsense", "a=true {workers}", "a=true {who}", "a='true"] {
        form.set(&row, wrong);
        form.follow(lab.as_ref());
        assert_eq!(form.config(&usable()).unwrap_err().0, row, "{wrong}");
        assert!(form.error(&row, &usable()).is_some(), "{wrong}");
        assert_eq!(names(&form), ["a", "c", "d"]);
    }
    form.reset(&row);
    form.follow(lab.as_ref());
    assert_eq!(names(&form), ["serial", "parallel"]);
}

#[test]
fn the_data_is_what_a_parameter_asks_for() {
    let lab = workbench_lab_tune::lab(LabHost::default()).unwrap();
    let mut form = Form::new(lab.definition());
    let row = Row::Param("objective".to_owned());
    // A table has a column to predict, and a folder of images none.
    for (objective, has_column) in [("mlp", true), ("cnn", false), ("forest", true)] {
        form.set(&row, objective);
        form.follow(lab.as_ref());
        let rows = form.rows();
        assert!(rows.contains(&Row::Data), "{objective}");
        assert_eq!(rows.contains(&Row::Target), has_column, "{objective}");
    }
    assert_eq!(form.definition, *lab.definition());
}

#[test]
fn what_is_wrong_is_told_at_its_row() {
    let param = |name: &str| Row::Param(name.to_owned());
    for (row, text, told) in [
        (Row::Workers, "9", "4 usable cores"),
        (Row::Workers, "1,,2", "whole numbers with commas"),
        (Row::Workers, "0", "from 1 to"),
        (Row::Repeats, "0", "from 1 to"),
        (Row::Repeats, "99999999", "up to 10000"),
        (Row::Seed, "-1", "a whole number"),
        (Row::Seed, "4294967296", "4294967295"),
        (param("models"), "0", "a whole number from 1 to 1000"),
        (param("models"), "ten", "a whole number from 1 to 1000"),
        (param("test_share"), "1.5", "a number from 0.01 to 0.9"),
        (Row::Target, "price", "choose the file"),
    ] {
        let mut form = form();
        form.set(&row, text);
        let (at, error) = form.config(&usable()).unwrap_err();
        assert_eq!(at, row, "{error}");
        assert!(error.contains(told), "{row:?} {text}: {error}");
        assert!(!error.contains("--"), "no options at a field: {error}");
        form.reset(&row);
        assert!(form.config(&usable()).is_ok());
    }
}

#[test]
fn another_preset_keeps_what_was_typed() {
    let mut form = form();
    let models = Row::Param("models".to_owned());
    form.set(&models, "3");
    form.turn(&Row::Preset, 1, &usable());
    assert_eq!(form.preset_name(), "quick");
    assert_eq!(form.value(&models, &usable()), "3");
    assert_eq!(
        form.value(&Row::Param("n_estimators_step".to_owned()), &usable()),
        "2"
    );
    form.reset(&models);
    assert_eq!(form.value(&models, &usable()), "10");
}

#[test]
fn typing_replaces_and_escape_takes_back() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter");
    let workers = |fixture: &Fixture| {
        let form = &fixture.app.form.as_ref().unwrap().form;
        form.value(&Row::Workers, &usable())
    };
    fixture.go_to(&Row::Workers);
    fixture.press("2");
    assert_eq!(workers(&fixture), "2");
    fixture.press("esc");
    assert_eq!(workers(&fixture), "4");
    fixture.press("3 enter left left left");
    assert_eq!(workers(&fixture), "1");
    fixture.press("enter , 2 down up");
    assert_eq!(workers(&fixture), "1,2");
    fixture.press("2 backspace enter");
    assert_eq!(workers(&fixture), "4");
    // A pasted megabyte is cut, and control characters do not get in.
    fixture
        .app
        .update(AppEvent::Paste(format!("\u{1b}[2J{}", "7".repeat(1 << 20))));
    let text = workers(&fixture);
    assert!(
        text.len() < 1000 && !text.contains('\u{1b}'),
        "{}",
        text.len()
    );
    fixture.shown(80, 24);
}

#[test]
fn a_wrong_form_does_not_start_and_points_at_the_row() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter");
    fixture.go_to(&Row::Workers);
    fixture.press("9 enter home");
    assert_eq!(fixture.press("s"), [] as [Effect; 0]);
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("▸ Workers"), "{shown}");
}

#[test]
fn what_is_wrong_is_told_in_full_as_long_as_it_is_wrong() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        fixture.press("enter");
        fixture.go_to(&Row::Workers);
        fixture.press("2");
        for key in [". . 1", "enter", "home", "s", "down"] {
            fixture.press(key);
            let shown = fixture.shown(width, height);
            let flat = flat(&shown);
            for part in [
                "✗",
                "or the fewest and the most of an arm that can do with fewer, for example 1..2",
            ] {
                assert!(flat.contains(part), "{key} {part}:\n{shown}");
            }
        }
        fixture.press("up x");
        assert!(!fixture.shown(width, height).contains('✗'));
    }
}

/// What only the lab can judge comes back when it is started, and stays until the form
/// says something else.
#[test]
fn what_the_lab_refuses_is_told_at_its_row() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter s");
    let why = "`--set models=300`: there is a long sentence on what that is and why it cannot be, with several kinds of \
               things that may be given instead, of which the last is the one that helps: give models=7";
    fixture
        .app
        .update(AppEvent::Ended(Err(refused(why, Some(set("models"))))));
    fixture.press("home");
    for (width, height) in [(80, 24), (120, 40)] {
        let shown = fixture.shown(width, height);
        assert!(
            flat(&shown).contains("the last is the one that helps: give models=7"),
            "{shown}"
        );
    }
    assert!(fixture.shown(120, 40).contains('✗'));
    fixture.go_to(&Row::Workers);
    fixture.press("2 enter");
    assert!(!fixture.shown(120, 40).contains("models=7"));
    let form = form();
    assert_eq!(
        form.row_of(Some(&set("models"))),
        Row::Param("models".to_owned())
    );
    assert_eq!(form.row_of(Some(&Opt::Workers)), Row::Workers);
    // What the form has no row for is said at its button.
    for other in [Some(set("nothing")), Some(Opt::Fault), None] {
        assert_eq!(form.row_of(other.as_ref()), Row::Start);
    }
}

fn set(name: &str) -> Opt {
    Opt::Set(name.to_owned())
}

#[test]
fn ranges_of_workers_are_told_where_an_arm_can_do_with_fewer() {
    for (lab, told) in [("rf", false), ("ddp", true)] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        fixture.app.prefer(Some(lab), Preferences::default());
        fixture.press("enter");
        fixture.go_to(&Row::Workers);
        let shown = fixture.shown(120, 40);
        assert!(shown.contains("▸ Workers"), "{shown}");
        assert_eq!(shown.contains("1..2"), told, "{shown}");
    }
}

fn told_of<'a>(
    past: impl Iterator<Item = &'a PastRun>,
    config: &RunConfig,
    lab: &LabDefinition,
) -> String {
    estimate(past, config, lab, None).told()
}

#[test]
fn the_estimate_says_where_it_comes_from() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("?");
    let rows = fixture.app.shared.rows();
    let mut config = quick();
    let labs = labs();
    let lab = labs[0].definition();
    // 1 s sequential and half a second each on two workers, the second repeat a millisecond slower.
    let told = told_of(past(rows), &config, lab);
    assert_eq!(told, "about 4.00 s, as run 20261121-101502-rf-3f9a took");
    config.workers = vec![1, 2];
    let told = told_of(past(rows), &config, lab);
    // Nobody has timed the arm with one worker yet.
    assert_eq!(
        told,
        "at least 8.01 s, as far as run 20261121-101502-rf-3f9a tells"
    );
    config.workers = vec![2];
    config.control = true;
    let told = told_of(past(rows), &config, lab);
    assert!(told.starts_with("about 6.00 s"), "{told}");
    config.control = false;
    let (width, max_time_s) = (0.02, 600);
    config.until = Some(Until { width, max_time_s });
    let told = told_of(past(rows), &config, lab);
    assert!(told.starts_with("at least 4.00 s"), "{told}");
    config.preset = "full".to_owned();
    assert!(told_of(past(rows), &config, lab).contains("no run of `full`"));
}

/// Of equally near runs the latest counts, and what it had otherwise is said; faults tell nothing
/// of runs without.
#[test]
fn the_estimate_rests_on_the_latest_of_the_nearest_runs() {
    let fixture = Fixture::new(ThemeName::Dark, false);
    let labs = labs();
    // Both have the arms of the run; one has faults.
    let mut lab = labs[0].definition().clone();
    lab.roles.faults = Some("fault".to_owned());
    let lab = &lab;
    let row = |id: &str, set: &[(&str, ParamValue)]| {
        let mut config = quick();
        for (name, value) in set {
            config.params.insert((*name).to_owned(), value.clone());
        }
        let loaded = fixture.loaded(id, &config, RunStatus::Completed);
        let mut result = loaded.result.clone();
        result.lab_facts = lab.facts();
        of_result(loaded.run.clone(), &result)
    };
    let rows = |n| ("rows", ParamValue::Integer(n));
    let fault = ("fault", ParamValue::Text("slow:rank=1,factor=3".to_owned()));
    let history = [
        row("20261121-140000-rf-0004", std::slice::from_ref(&fault)),
        row(
            "20261121-130000-rf-0003",
            &[rows(1000), ("models", ParamValue::Integer(2))],
        ),
        row("20261121-120000-rf-0002", &[rows(1000)]),
        row("20261121-110000-rf-0001", &[rows(2000)]),
    ];
    let mut config = quick();
    let told = told_of(past(&history), &config, lab);
    assert_eq!(
        told,
        "not known; 4.00 s if it were as in the most similar run, 20261121-120000-rf-0002, which had \
         rows=1000 instead of 0"
    );
    config
        .params
        .insert("rows".to_owned(), ParamValue::Integer(2000));
    let told = told_of(past(&history), &config, lab);
    assert_eq!(told, "about 4.00 s, as run 20261121-110000-rf-0001 took");
    let only_with_fault = &history[..1];
    assert!(told_of(past(only_with_fault), &config, lab).starts_with("not known: no run"));
    config.params.insert("fault".to_owned(), fault.1);
    let told = told_of(past(only_with_fault), &config, lab);
    assert!(
        told.contains("rf-0004, which had rows=0 instead of 2000"),
        "{told}"
    );
}

#[test]
fn a_new_form_and_a_report_begin_as_is_configured() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let prefer = Preferences {
        preset: Some("quick".to_owned()),
        repeats: Some(7),
        export_dir: Some("/home/ada/reports".into()),
        export_format: Format::Markdown,
    };
    fixture.app.prefer(Some("rf"), prefer);
    fixture.press("enter");
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("--preset quick --seed 42 --repeats 7 "),
        "{shown}"
    );
    // The row goes back to the preset like one that was typed.
    fixture.go_to(&Row::Repeats);
    fixture.press("x");
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("--preset quick --seed 42 --repeats 5 "),
        "{shown}"
    );
    fixture.press("esc");
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    fixture.press("e");
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("/home/ada/reports/a-run.md"), "{shown}");
    // A preset that the lab has not, and a lab that there is not, change nothing.
    let mut form = form();
    form.begin_with(Some("gigantic"), None);
    assert_eq!(form.preset_name(), self::form().preset_name());
    fixture.app.prefer(Some("none"), Preferences::default());
    fixture.press("esc esc");
    assert!(fixture.shown(120, 40).contains("▸ rf"));
}
