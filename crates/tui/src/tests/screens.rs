//! What every screen and dialog looks like, in three sizes.

use std::path::PathBuf;

use workbench_record::RunStatus;

use super::fixture::{Fixture, quick, records};
use crate::event::{AppEvent, Effect, Exported, HandedIn};
use crate::screens::form::Row;
use crate::theme::ThemeName;

fn snapshots(name: &str, fixture: &mut Fixture) {
    for (width, height) in [(80, 24), (120, 40)] {
        let shown = fixture.shown(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown);
    }
}

fn dark() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

#[test]
fn a_window_that_is_too_small_says_what_is_needed() {
    insta::assert_snapshot!("too_small_40x12", dark().shown(40, 12));
    for (width, height) in [(1, 1), (59, 40), (200, 15), (0, 0)] {
        let shown = dark().shown(width, height);
        assert!(!shown.contains("Labs"), "{shown}");
    }
    assert!(dark().shown(60, 16).contains("Labs"));
}

#[test]
fn home() {
    snapshots("home", &mut dark());
    snapshots("home_first", &mut Fixture::bare(ThemeName::Dark, false));
    let mut ascii = Fixture::new(ThemeName::Mono, true);
    let shown = ascii.shown(120, 40);
    insta::assert_snapshot!("home_ascii_120x40", shown);
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn set_up() {
    let mut fixture = dark();
    fixture.press("enter right");
    snapshots("setup", &mut fixture);
    fixture.go_to(&Row::Workers);
    fixture.press("9");
    let shown = fixture.shown(80, 24);
    insta::assert_snapshot!("setup_wrong_80x24", shown);
    assert!(shown.contains("4 usable cores"), "{shown}");
}

#[test]
fn runs() {
    let mut fixture = dark();
    fixture.press("r");
    snapshots("runs", &mut fixture);
    fixture.press("/ i n t e r");
    let shown = fixture.shown(80, 24);
    insta::assert_snapshot!("runs_filtered_80x24", shown);
    assert!(shown.contains("1 of 3"), "{shown}");
    fixture.press("x");
    assert!(fixture.shown(80, 24).contains("No run matches this filter"));
}

#[test]
fn help() {
    let mut fixture = dark();
    fixture.press("?");
    snapshots("help", &mut fixture);
    fixture.press("pgdn pgdn");
    assert!(fixture.shown(80, 24).contains("Everywhere"));
}

#[test]
fn stopping_a_run_says_what_is_kept_and_what_is_lost() {
    let mut fixture = dark();
    fixture.press("enter s");
    let mut records = records("20261121-120000-rf-aaaa", &quick());
    records.truncate(6);
    fixture.app.update(AppEvent::Records(records));
    fixture.press("c");
    let shown = fixture.shown(80, 24);
    for words in [
        "1 of 6 repeats",
        "under way",
        "workbench resume 20261121-120000-rf-aaaa",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    fixture.press("esc");
    assert!(!fixture.shown(80, 24).contains("workbench resume"));
    fixture.press("esc q");
    snapshots("leave", &mut fixture);
    assert!(fixture.shown(80, 24).contains("Leave?"));
}

#[test]
fn export() {
    let mut fixture = dark();
    let loaded = fixture.loaded("20261121-101502-rf-3f9a", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    fixture.press("e");
    assert!(
        fixture
            .shown(80, 24)
            .contains("20261121-101502-rf-3f9a.html")
    );
    fixture.press("down");
    assert!(
        fixture
            .shown(80, 24)
            .contains("20261121-101502-rf-3f9a.json")
    );
    fixture.press("ctrl-u a . t x t enter");
    assert!(fixture.shown(80, 24).contains("no report is written as"));
    let effects = fixture.press("backspace backspace backspace m d enter");
    assert_eq!(effects.len(), 1, "{effects:?}");
    let there = Exported::Exists(PathBuf::from("/home/ada/a.md"));
    fixture.app.update(exported(effects, there));
    assert!(fixture.shown(80, 24).contains("Enter replaces it"));
    let effects = fixture.press("enter");
    assert!(format!("{effects:?}").contains("replace: true"));
    let written = Exported::Written(PathBuf::from("/home/ada/a.md"));
    fixture.app.update(exported(effects, written));
    assert!(fixture.shown(80, 24).contains("Written to /home/ada/a.md"));
}

#[test]
fn hand_in() {
    let mut fixture = dark();
    let loaded = fixture.loaded("20261121-101502-rf-3f9a", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    fixture.press("T");
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("20261121-101502-rf-3f9a.zip"), "{shown}");
    let effects = fixture.press("ctrl-u a . z i p enter");
    assert_eq!(effects.len(), 1, "{effects:?}");
    // Keys while it is packed change nothing.
    assert!(fixture.press("b enter").is_empty());
    let missing = vec![
        "an answer to `efficiency`; `workbench answer` takes it".to_owned(),
        "the arm `trees`".to_owned(),
    ];
    let incomplete = HandedIn::Incomplete(missing.clone());
    fixture.app.update(handed_in(effects, incomplete));
    snapshots("hand_in_incomplete", &mut fixture);
    let effects = fixture.press("enter");
    assert!(format!("{effects:?}").contains("draft: true"));
    let path = PathBuf::from("a.zip");
    let there = HandedIn::Exists(path.clone());
    fixture.app.update(handed_in(effects, there));
    assert!(fixture.shown(80, 24).contains("Enter replaces it"));
    let effects = fixture.press("enter");
    assert!(format!("{effects:?}").contains("replace: true, draft: true"));
    let written = HandedIn::Written {
        path,
        files: vec![
            ("manifest.json".to_owned(), 4_000),
            ("answers.json".to_owned(), 96),
        ],
        missing,
    };
    fixture.app.update(handed_in(effects, written));
    snapshots("hand_in_written", &mut fixture);
}

/// The answer to the request of a report.
fn exported(mut effects: Vec<Effect>, answer: Exported) -> AppEvent {
    match effects.pop() {
        Some(Effect::Export(loaded, request)) => {
            AppEvent::Exported(loaded.run.clone(), request, answer)
        }
        other => panic!("{other:?}"),
    }
}

/// The answer to the request of a hand-in.
fn handed_in(mut effects: Vec<Effect>, answer: HandedIn) -> AppEvent {
    match effects.pop() {
        Some(Effect::HandIn(run, request)) => AppEvent::HandedIn(run, request, answer),
        other => panic!("{other:?}"),
    }
}

/// A dialog that was closed while its file was written, and opened again for another run, waits
/// for its own answer.
#[test]
fn an_answer_of_a_closed_dialog_is_not_another_ones() {
    let ids = ["20261121-101502-rf-3f9a", "20261121-110000-rf-0001"];
    let mut fixture = dark();
    let [first, second] = ids.map(|id| {
        let loaded = fixture.loaded(id, &quick(), RunStatus::Completed);
        fixture.app.update(AppEvent::Opened(Ok(loaded)));
        let effects = fixture.press("T ctrl-u a . z i p enter");
        if id == ids[0] {
            // Closes the dialog, then the result.
            fixture.press("esc esc");
        }
        effects
    });
    let refused = || HandedIn::Refused("no space is left".to_owned());
    fixture.app.update(handed_in(first, refused()));
    assert!(fixture.app.notice.is_some());
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("Packing."), "{shown}");
    fixture.app.update(handed_in(second, refused()));
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("│ no space is left"), "{shown}");
    assert!(!shown.contains("Packing."), "{shown}");
}

/// No shell expands it here.
#[test]
fn a_tilde_is_the_home_folder_where_a_file_is_named() {
    let home = std::env::home_dir().unwrap();
    let mut fixture = dark();
    let loaded = fixture.loaded("20261121-101502-rf-3f9a", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    let effects = fixture.press("e ctrl-u ~ / a . m d enter");
    let [Effect::Export(_, request)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(request.path, home.join("a.md"));
    let effects = fixture.press("esc T ctrl-u ~ / a . z i p enter");
    let [Effect::HandIn(_, request)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(request.path, home.join("a.zip"));
}
