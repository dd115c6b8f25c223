//! Set-ups that are kept under a name: kept, listed, opened, deleted; and paths that are completed.

use workbench_experiment::setup::SetupStore;
use workbench_record::RunStatus;

use super::fixture::{Fixture, flat, quick};
use crate::event::{AppEvent, Effect, SetupsEffect};
use crate::reader;
use crate::screens::form::Row;
use crate::theme::ThemeName;

fn fixture() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

/// Does what is wanted, in the fixture's folder.
fn answer(fixture: &mut Fixture, effects: Vec<Effect>) {
    let folder = fixture.dir.path().join("setups");
    for effect in effects {
        if let Effect::Setups(effect) = effect {
            let event = reader::setups(Some(folder.clone()), effect);
            fixture.app.update(event);
        }
    }
}

/// Presses keys; what each wants is done before the next.
fn press(fixture: &mut Fixture, keys: &str) {
    for key in keys.split(' ') {
        let effects = fixture.press(key);
        answer(fixture, effects);
    }
}

/// A form with a switch, an arm, a number and a parameter that are not the preset's.
fn changed(fixture: &mut Fixture) {
    fixture.press("enter");
    fixture.go_to(&Row::Repeats);
    fixture.press("7 enter");
    fixture.go_to(&Row::Control);
    fixture.press("space");
    fixture.go_to(&Row::Arm(1));
    fixture.press("space");
    fixture.go_to(&Row::Param("max_depth".to_owned()));
    fixture.press("9 enter");
}

#[test]
fn a_set_up_is_kept_and_opened_again() {
    let mut fixture = fixture();
    changed(&mut fixture);
    let kept = fixture.app.form.as_ref().unwrap().form.saved();
    press(&mut fixture, "S");
    fixture.press("d e e p");
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let shown = fixture.shown(width, height);
        assert!(flat(&shown).contains("workbench --setup NAME"), "{shown}");
        assert!(shown.contains("› deep"), "{shown}");
    }
    press(&mut fixture, "enter");
    assert!(fixture.app.overlay.is_none());
    assert!(fixture.shown(80, 24).contains("Kept as deep."));
    // The same name again asks first.
    press(&mut fixture, "S enter");
    assert!(fixture.shown(80, 24).contains("Enter replaces it"));
    press(&mut fixture, "enter");
    assert!(fixture.app.overlay.is_none());
    // Another lab's form, and back.
    fixture.press("esc down enter");
    assert_ne!(fixture.app.form.as_ref().unwrap().lab, 0);
    press(&mut fixture, "o");
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("▸ deep  rf standard, 2 values"), "{shown}");
    press(&mut fixture, "enter");
    let form = fixture.app.form.as_ref().unwrap();
    assert_eq!(form.form.saved(), kept);
    assert!(!form.form.is_on(&Row::Arm(1)) && form.form.is_on(&Row::Control));
    assert!(fixture.shown(80, 24).contains("The set-up deep is open."));
}

#[test]
fn deleting_asks_first_and_changes_nothing_else() {
    let mut fixture = fixture();
    fixture.press("enter");
    for name in ["a", "b"] {
        press(&mut fixture, &format!("S ctrl-u {name} enter"));
    }
    press(&mut fixture, "o down D");
    assert!(
        fixture
            .shown(80, 24)
            .contains("Delete the set-up b for good?")
    );
    press(&mut fixture, "enter");
    assert!(
        fixture.shown(80, 24).contains("▸ b"),
        "the first button keeps it"
    );
    press(&mut fixture, "D tab enter");
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("▸ a") && !shown.contains("  b  "), "{shown}");
    press(&mut fixture, "D y");
    assert!(fixture.shown(80, 24).contains("None was kept yet"));
}

/// What is not here any more is said; the rest is opened, and no file is changed.
#[test]
fn what_is_gone_from_a_lab_is_said_and_loses_nothing_else() {
    let mut fixture = fixture();
    fixture.press("enter");
    let store = SetupStore::at(fixture.dir.path().join("setups"));
    std::fs::create_dir_all(store.folder()).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(store.folder().join(format!("{name}.toml")), text).unwrap();
    };
    write(
        "old",
        "lab = \"rf\"\npreset = \"huge\"\narms = [\"sequential\", \"magic\"]\nrepeats = 4\n\
         colour = \"red\"\n[set]\nmax_depth = 5\nmax_dept = 6\n",
    );
    write("lost", "lab = \"gone\"\n");
    write("torn", "lab = \"rf\nrepeats");
    press(&mut fixture, "o");
    let shown = fixture.shown(120, 40);
    for part in [
        "▸ lost  gone",
        "old",
        "torn  the set-up `torn` cannot be used: line 2",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    press(&mut fixture, "enter");
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("is for the lab gone, which is not here"),
        "{shown}"
    );
    press(&mut fixture, "o down enter");
    let told = fixture.app.notice.clone().unwrap();
    for part in [
        "`colour` is no field of a set-up",
        "there is no preset `huge`",
        "there is no arm `magic`",
        "there is no parameter `max_dept`; did you mean `max_depth`?",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let saved = fixture.app.form.as_ref().unwrap().form.saved();
    assert_eq!(saved.repeats.as_deref(), Some("4"));
    assert_eq!(saved.set["max_depth"], "5");
    assert_eq!(saved.arms, ["sequential"]);
    assert_eq!(store.list().unwrap().len(), 3);
    // What cannot be read cannot be opened, and stays in the list.
    press(&mut fixture, "o end enter");
    assert!(fixture.app.overlay.is_some());
}

#[test]
fn without_a_folder_it_says_so() {
    let mut fixture = fixture();
    fixture.press("enter o");
    fixture.app.update(reader::setups(None, SetupsEffect::Read));
    assert!(flat(&fixture.shown(80, 24)).contains("no set-up is kept"));
}

#[test]
fn tab_completes_a_path_and_shows_what_is_possible() {
    let mut fixture = fixture();
    let effects = fixture.press("enter end up up / d tab");
    let [Effect::CompletePath(asked)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(asked, "/d");
    let found = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let two = found(&["/data/a.csv", "/data/b.csv"]);
    fixture
        .app
        .update(AppEvent::PathCompleted("/d".to_owned(), two));
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("/data/") && shown.contains("a.csv b.csv"),
        "{shown}"
    );
    assert!(shown.contains("Tab complete"), "{shown}");
    // A late answer to what stands there no more changes nothing.
    let late = found(&["/dev/"]);
    fixture
        .app
        .update(AppEvent::PathCompleted("/d".to_owned(), late));
    let typed = |fixture: &Fixture| {
        let form = &fixture.app.form.as_ref().unwrap().form;
        form.typed(&Row::Data).unwrap()
    };
    assert_eq!(typed(&fixture), "/data/");
    fixture.press("x");
    assert!(!fixture.shown(120, 40).contains("a.csv"));
    let effects = fixture.press("tab");
    assert_eq!(effects.len(), 1);
    let none = AppEvent::PathCompleted("/data/x".to_owned(), Vec::new());
    fixture.app.update(none);
    assert!(fixture.shown(120, 40).contains("Nothing begins like this."));
    assert_eq!(typed(&fixture), "/data/x");
}

#[test]
fn tab_completes_the_name_of_a_file_that_is_written() {
    for (keys, written) in [("e", "a report"), ("T", "hand-in")] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
        fixture.app.update(AppEvent::Opened(Ok(loaded)));
        fixture.press(keys);
        let effects = fixture.press("ctrl-u / d tab");
        assert_eq!(
            effects,
            [Effect::CompletePath("/d".to_owned())],
            "{written}"
        );
        let two = ["/data/a/", "/data/b/"].map(str::to_owned).to_vec();
        let found = AppEvent::PathCompleted("/d".to_owned(), two);
        fixture.app.update(found);
        let shown = flat(&fixture.shown(120, 40));
        assert!(shown.contains("› /data/"), "{shown}");
        assert!(shown.contains("a/ b/"), "{shown}");
        assert!(shown.contains("Tab complete"), "{shown}");
        // The next key makes it another path, and Tab asks anew.
        assert!(fixture.press("a").is_empty());
        assert!(!flat(&fixture.shown(120, 40)).contains("a/ b/"));
        let effects = fixture.press("tab");
        assert_eq!(effects, [Effect::CompletePath("/data/a".to_owned())]);
    }
}
