//! What keys lead to, from start to leaving.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use workbench_engine::record::RunStatus;

use super::fixture::{Fixture, quick, records};
use crate::tui::app::{GLOBAL_KEYS, RESULT_KEYS, RUN_KEYS, Screen};
use crate::tui::event::{Effect, Event};
use crate::tui::keys::told;
use crate::tui::overlay::{export, help, quit};
use crate::tui::screens::{home, runs, setup};
use crate::tui::theme::ThemeName;
use crate::tui::views::result::ResultView;
use crate::tui::views::run::RunView;

fn fixture() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

fn is_result(fixture: &Fixture) -> bool {
    matches!(fixture.app.screen, Screen::Result(_))
}

#[test]
fn a_run_from_the_form_to_its_result_and_the_words_at_parting() {
    let mut fixture = fixture();
    let effects = fixture.press("enter right s");
    let [Effect::Start(0, config)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(config.preset, "quick");
    assert!(matches!(fixture.app.screen, Screen::Run));
    assert!(fixture.app.parting().is_none());
    let id = "20261121-120000-rf-aaaa";
    fixture.app.update(Event::Records(records(id, config)));
    let loaded = fixture.loaded(id, config, RunStatus::Completed);
    let effects = fixture.app.update(Event::Ended(Ok(loaded)));
    assert_eq!(effects, [Effect::ReadHistory]);
    assert!(is_result(&fixture));
    assert_eq!(fixture.app.parting().unwrap().0.id(), id);
    fixture.press("esc");
    assert_eq!(fixture.press("q"), [Effect::Quit(0)]);
}

#[test]
fn a_run_goes_on_while_one_looks_elsewhere() {
    let mut fixture = fixture();
    fixture.press("enter s esc");
    assert!(matches!(fixture.app.screen, Screen::Home));
    // Two runs would disturb each other.
    assert!(fixture.press("enter s").is_empty());
    fixture.press("esc w");
    assert!(matches!(fixture.app.screen, Screen::Run));
    fixture.press("esc");
    let loaded = fixture.loaded("20261121-120000-rf-aaaa", &quick(), RunStatus::Completed);
    fixture.app.update(Event::Ended(Ok(loaded)));
    assert!(matches!(fixture.app.screen, Screen::Home));
    assert!(fixture.shown(100, 30).contains("The run has ended"));
}

#[test]
fn leaving_during_a_run_waits_for_its_record() {
    for (keys, code) in [("q y", 0), ("q tab enter", 0), ("ctrl-c ctrl-c", 0)] {
        let mut fixture = fixture();
        fixture.press("enter s");
        assert_eq!(fixture.press(keys), [Effect::Cancel], "{keys}");
        let loaded = fixture.loaded("a-run", &quick(), RunStatus::Interrupted);
        let effects = fixture.app.update(Event::Ended(Ok(loaded)));
        assert_eq!(effects, [Effect::Quit(code)], "{keys}");
    }
    let mut fixture = fixture();
    fixture.press("enter s");
    assert!(fixture.press("q n q esc q enter").is_empty());
    assert!(fixture.app.is_running());
}

#[test]
fn a_signal_closes_the_record_and_a_second_one_does_not_wait() {
    let mut fixture = fixture();
    assert_eq!(fixture.app.update(Event::Stop), [Effect::Quit(130)]);
    fixture.press("enter s");
    assert_eq!(fixture.app.update(Event::Stop), [Effect::Cancel]);
    assert_eq!(fixture.app.update(Event::Stop), [Effect::Quit(130)]);
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Interrupted);
    let effects = fixture.app.update(Event::Ended(Ok(loaded)));
    assert_eq!(effects, [Effect::Quit(130)]);
}

#[test]
fn without_its_terminal_the_record_is_still_closed() {
    let mut fixture = fixture();
    fixture.press("enter s");
    assert_eq!(fixture.app.update(Event::Gone), [Effect::Cancel]);
    // The signal comes, reading fails and drawing fails: all the same news.
    assert_eq!(fixture.app.update(Event::Gone), [] as [Effect; 0]);
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Interrupted);
    let effects = fixture.app.update(Event::Ended(Ok(loaded)));
    assert_eq!(effects, [Effect::Quit(130)]);
}

#[test]
fn a_run_that_cannot_be_made_leads_back_to_the_form() {
    let mut fixture = fixture();
    fixture.press("enter s");
    fixture
        .app
        .update(Event::Ended(Err("houses.csv: no such file".to_owned())));
    assert!(matches!(fixture.app.screen, Screen::SetUp));
    assert!(fixture.shown(100, 30).contains("houses.csv: no such file"));
}

#[test]
fn old_runs_open_from_home_and_from_the_history() {
    let mut fixture = fixture();
    let effects = fixture.press("backtab down enter");
    assert_eq!(
        effects,
        [Effect::Open(fixture.run_dir("20261120-093000-rf-0b1c"))]
    );
    let loaded = fixture.loaded("20261120-093000-rf-0b1c", &quick(), RunStatus::Interrupted);
    fixture.app.update(Event::Opened(Ok(Arc::clone(&loaded))));
    assert!(is_result(&fixture));
    fixture.press("esc r");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    assert_eq!(fixture.press("/ 0 b 1 c enter enter").len(), 1);
    fixture.app.update(Event::Opened(Ok(loaded)));
    assert!(is_result(&fixture));
    assert_eq!(fixture.press("u").len(), 1);
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    fixture.press("esc esc");
    assert!(matches!(fixture.app.screen, Screen::Home));
}

#[test]
fn clicks_select_and_open() {
    let mut fixture = fixture();
    fixture.press("r");
    let shown = fixture.shown(100, 30);
    let line = |words: &str| shown.lines().position(|l| l.contains(words)).unwrap() as u16;
    let click = |row| {
        Event::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 10,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let row = line("20261119-230159");
    assert!(fixture.app.update(click(row)).is_empty());
    assert_eq!(
        fixture.app.update(click(row)),
        [Effect::Open(fixture.run_dir("20261119-230159-rf-77aa"))]
    );
    assert!(fixture.app.update(click(29)).is_empty());
}

#[test]
fn no_key_means_two_things() {
    let run = RunView::bindings().to_vec();
    let result = ResultView::bindings().to_vec();
    let screens = [
        ("home", told(home::KEYS), true),
        ("runs", told(runs::KEYS), true),
        ("set up", told(setup::KEYS), true),
        ("run", [told(RUN_KEYS), run].concat(), true),
        ("result", [told(RESULT_KEYS), result].concat(), true),
        ("help", told(help::KEYS), false),
        ("stop", told(quit::KEYS), false),
        ("export", told(export::KEYS), false),
    ];
    for (screen, mut bindings, with_global) in screens {
        if with_global {
            bindings.extend(told(GLOBAL_KEYS));
        }
        let mut seen = std::collections::BTreeSet::new();
        for binding in bindings {
            assert!(!binding.help.is_empty(), "{screen}: {binding:?}");
            for key in binding.keys {
                let name = crate::tui::keys::canonical(key);
                assert!(seen.insert(name), "{screen}: {key} means two things");
            }
        }
    }
}
