//! The command palette: what it offers, what it finds, and that it does what the keys do.

use ratatui::style::Modifier;
use workbench_record::{RunDir, RunStatus};

use super::fixture::{Fixture, quick};
use crate::action::Action;
use crate::app::Screen;
use crate::bindings;
use crate::event::{AppEvent, Effect, HistoryEffect, TerminalEffect};
use crate::keys::{event, name, told};
use crate::overlay::Overlay;
use crate::screens::form::Row;
use crate::theme::ThemeName;
use crate::views::keys;
use crate::views::tests::bindings;

fn dark() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

/// Types a text into the palette, which is open.
fn type_in(fixture: &mut Fixture, text: &str) {
    fixture.app.update(AppEvent::Paste(text.to_owned()));
}

/// Opens the palette, types, and does what comes first.
fn command(fixture: &mut Fixture, text: &str) -> Vec<Effect> {
    fixture.press(":");
    type_in(fixture, text);
    fixture.press("enter")
}

#[test]
fn it_looks_like_this() {
    for (theme, ascii, kind) in [
        (ThemeName::Dark, false, "dark"),
        (ThemeName::Mono, true, "mono"),
    ] {
        let mut fixture = Fixture::new(theme, ascii);
        fixture.press("ctrl-p");
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let shown = fixture.shown(width, height);
            insta::assert_snapshot!(format!("palette_{kind}_{width}x{height}"), shown);
            assert!(!ascii || shown.is_ascii(), "{shown}");
        }
        type_in(&mut fixture, "theme");
        let shown = fixture.shown(80, 24);
        insta::assert_snapshot!(format!("palette_typed_{kind}_80x24"), shown);
        type_in(&mut fixture, "zzzz");
        assert!(fixture.shown(80, 24).contains("Nothing matches."));
    }
}

#[test]
fn what_matches_stands_out_in_every_theme() {
    for theme in ThemeName::ALL {
        let mut fixture = Fixture::new(theme, false);
        fixture.press(": r u n s");
        let mut terminal =
            ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| fixture.app.render(frame)).unwrap();
        let lit: String = terminal
            .backend()
            .buffer()
            .content
            .iter()
            .filter(|cell| {
                cell.modifier
                    .contains(Modifier::UNDERLINED | Modifier::BOLD)
            })
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert!(lit.to_lowercase().starts_with("runs"), "{theme:?}: {lit}");
    }
}

#[test]
fn every_key_of_the_tables_can_be_pressed_by_its_name() {
    let tables = [
        told(bindings::HOME),
        told(bindings::RUNS),
        told(bindings::RUNS_FILTER),
        told(bindings::FORM),
        told(bindings::FORM_FIELD),
        told(bindings::RUN),
        told(bindings::RESULT),
        told(bindings::GLOBAL),
        bindings(keys::RUN),
        bindings(keys::RESULT),
    ];
    for key in tables.iter().flatten().flat_map(|binding| binding.keys) {
        let pressed = event(key).unwrap_or_else(|| panic!("{key} is no key"));
        assert_eq!(name(pressed), *key);
    }
    assert!(event("").is_none() && event("enterr").is_none() && event("f99x").is_none());
}

/// What a person sees of the interface: screen, dialog, last line.
fn seen(fixture: &mut Fixture) -> String {
    fixture.shown(100, 40)
}

#[test]
fn every_command_does_what_its_key_does() {
    let screens: [fn(&mut Fixture); 5] = [
        |_| (),
        |fixture| drop(fixture.press("r")),
        |fixture| drop(fixture.press("enter")),
        |fixture| drop(fixture.press("enter s")),
        |fixture| {
            let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
            fixture.app.update(AppEvent::Opened(Ok(loaded)));
        },
    ];
    let mut done = 0;
    for go in screens {
        let fixture = || {
            let mut fixture = dark();
            go(&mut fixture);
            // Views know their panels once they were drawn.
            seen(&mut fixture);
            fixture
        };
        let keys = fixture().app.screen_keys();
        let global = bindings::GLOBAL.iter();
        let global = global.filter(|bound| bound.action != Action::Palette);
        for bound in keys.iter().chain(global) {
            let binding = &bound.binding;
            let mut by_key = fixture();
            let by_key_effects = by_key
                .app
                .update(AppEvent::Key(event(binding.keys[0]).unwrap()));
            let by_key_effects = by_key.untimed(by_key_effects);
            let mut by_name = fixture();
            by_name.press(":");
            let Some(Overlay::Palette(palette)) = &by_name.app.overlay else {
                panic!("{binding:?}");
            };
            let rows = palette.rows();
            let row = rows.iter().position(|key| *key == binding.keys[0]).unwrap();
            let down = "down ".repeat(row);
            let by_name_effects = by_name.press(&format!("{down}enter"));
            let told =
                format!("{by_key_effects:?}").replace(by_key.dir.path().to_str().unwrap(), "");
            let same =
                format!("{by_name_effects:?}").replace(by_name.dir.path().to_str().unwrap(), "");
            assert_eq!(same, told, "{binding:?}");
            assert_eq!(seen(&mut by_name), seen(&mut by_key), "{binding:?}");
            done += 1;
        }
    }
    assert!(done > 50, "{done}");
}

#[test]
fn one_goes_anywhere_from_anywhere() {
    let mut fixture = dark();
    command(&mut fixture, "go to all runs");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    command(&mut fixture, "set up rf");
    assert!(matches!(fixture.app.screen, Screen::Form));
    command(&mut fixture, "go to first screen");
    assert!(matches!(fixture.app.screen, Screen::Home));
    fixture.press("enter s esc");
    command(&mut fixture, "under way go to");
    assert!(matches!(fixture.app.screen, Screen::Run));
    let effects = command(&mut fixture, "open 0b1c");
    let run = fixture.run_dir("20261120-093000-rf-0b1c");
    assert_eq!(
        effects,
        [Effect::History(HistoryEffect::Open(RunDir::clone(&run)))]
    );
    let loaded = fixture.loaded(&run.id(), &quick(), RunStatus::Interrupted);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    assert!(matches!(fixture.app.screen, Screen::Result(_)));
}

#[test]
fn themes_and_ascii_change_at_once() {
    let mut fixture = dark();
    for theme in [
        ThemeName::Light,
        ThemeName::HighContrast,
        ThemeName::Mono,
        ThemeName::Dark,
    ] {
        command(&mut fixture, &format!("theme {}", theme.name()));
        assert_eq!(fixture.app.shared.theme.name, theme);
    }
    assert_eq!(
        fixture.app.shared.theme,
        dark().app.shared.theme,
        "the depth of colours survives mono"
    );
    command(&mut fixture, "ascii");
    assert!(fixture.shown(100, 30).is_ascii());
    command(&mut fixture, "blocks braille");
    assert_eq!(fixture.shown(100, 30), dark().shown(100, 30));
}

#[test]
fn ctrl_p_keeps_what_is_being_typed() {
    let mut fixture = dark();
    fixture.press("r / r f : ctrl-p");
    assert!(matches!(fixture.app.overlay, Some(Overlay::Palette(_))));
    fixture.press("esc");
    assert!(fixture.shown(80, 24).contains("/ rf:"));
    let mut fixture = dark();
    fixture.press("enter");
    fixture.go_to(&Row::Workers);
    fixture.press("2 ctrl-p esc");
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("--workers 2"), "{shown}");
}

#[test]
fn a_screen_that_changed_meanwhile_is_not_given_the_key() {
    let mut fixture = dark();
    fixture.press("enter s :");
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Ended(Ok(loaded)));
    assert_eq!(fixture.press("enter"), [] as [Effect; 0]);
    assert!(fixture.shown(80, 24).contains("The screen has changed"));
    assert!(matches!(fixture.app.screen, Screen::Result(_)));
}

#[test]
fn a_pasted_megabyte_is_cut_and_control_characters_do_not_get_in() {
    let mut fixture = dark();
    fixture.press(":");
    type_in(&mut fixture, &"\u{1b}[2Jab\n".repeat(1 << 18));
    let shown = fixture.shown(200, 60);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert!(shown.matches("[2Jab").count() <= 20, "{shown}");
    fixture.press("ctrl-u");
    assert!(fixture.shown(80, 24).contains("type what to do"));
}

#[test]
fn the_command_is_copied_from_the_form_and_from_a_result() {
    let mut fixture = dark();
    let effects = fixture.press("enter right Y");
    let [Effect::Terminal(TerminalEffect::Copy(text))] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(
        text.starts_with("workbench --lab rf --preset quick"),
        "{text}"
    );
    assert!(fixture.shown(200, 40).contains(&format!("Copied: {text}")));
    // A form that is wrong has no command.
    fixture.go_to(&Row::Workers);
    fixture.press("9 enter home");
    assert_eq!(fixture.press("Y"), [] as [Effect; 0]);
    assert!(fixture.shown(120, 40).contains("▸ Workers"));
    let mut fixture = dark();
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
    let command = loaded.result.command.clone();
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    assert_eq!(
        fixture.press("Y"),
        [Effect::Terminal(TerminalEffect::Copy(command))]
    );
}
