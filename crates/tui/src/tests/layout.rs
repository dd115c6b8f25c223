//! Panels that are hidden: the rest takes their room, they are named, and they stay hidden.

use workbench_record::RunStatus;

use super::fixture::{Fixture, quick};
use crate::event::{AppEvent, Effect, TerminalEffect};
use crate::screens::PanelLayout;
use crate::theme::ThemeName;
use crate::views::ScreenLayout;

fn result(fixture: &mut Fixture, id: &str) {
    let loaded = fixture.loaded(id, &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
}

fn kept(effects: &[Effect]) -> &PanelLayout {
    let [Effect::Terminal(TerminalEffect::KeepLayout(layout))] = effects else {
        panic!("{effects:?}");
    };
    layout
}

#[test]
fn a_hidden_panel_gives_its_room_and_stays_hidden() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    result(&mut fixture, "20261121-101502-rf-3f9a");
    let before = fixture.shown(200, 60);
    assert!(before.contains("Lost time"), "{before}");
    let effects = fixture.press("tab X");
    let layout = kept(&effects).clone();
    assert_eq!(layout.screens["result"].hidden, ["Lost time"]);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let shown = fixture.shown(width, height);
        assert!(!shown.contains("─ Lost time"), "{shown}");
        assert!(shown.contains("hidden:  Lost time"), "{shown}");
        insta::assert_snapshot!(format!("hidden_{width}x{height}"), shown);
    }
    // The next result has the same panels, and so has the next start.
    fixture.press("esc");
    result(&mut fixture, "20261120-093000-rf-0b1c");
    assert!(!fixture.shown(200, 60).contains("─ Lost time"));
    let mut next = Fixture::new(ThemeName::Dark, false);
    next.app.shared.layout = layout;
    result(&mut next, "20261121-101502-rf-3f9a");
    assert!(!next.shown(200, 60).contains("─ Lost time"));
    // Tab goes there, and there the same key shows it again.
    next.press("tab");
    assert!(next.shown(200, 60).contains("─ Lost time"));
    let effects = next.press("X");
    assert!(kept(&effects).screens.is_empty());
    next.press("tab");
    assert!(next.shown(200, 60).contains("─ Lost time"));
}

#[test]
fn one_panel_stays() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    result(&mut fixture, "20261121-101502-rf-3f9a");
    for _ in 0..30 {
        fixture.shown(120, 40);
        fixture.press("X");
    }
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let shown = fixture.shown(width, height);
        assert!(shown.contains("hidden:"), "{shown}");
    }
}

/// What is kept may be of another version: names that mean nothing are passed over.
#[test]
fn unknown_names_hide_nothing() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let names = vec!["Nonsense".to_owned(), "Machine".to_owned()];
    let result_layout = ScreenLayout {
        hidden: names,
        lines: [("Nonsense".to_owned(), 3)].into(),
    };
    fixture.app.shared.layout.screens = [("result".to_owned(), result_layout)].into();
    result(&mut fixture, "20261121-101502-rf-3f9a");
    let shown = fixture.shown(200, 60);
    assert!(shown.contains("hidden:  Machine "), "{shown}");
    assert!(!shown.contains("Nonsense"), "{shown}");
}

#[test]
fn a_panel_that_was_made_taller_stays_so() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let height = |fixture: &mut Fixture| {
        let shown = fixture.shown(200, 60);
        let lines = shown.lines();
        // From its title to the next border below it.
        let lines = lines.skip_while(|line| !line.contains("─ Speed-up"));
        1 + lines
            .skip(1)
            .take_while(|line| !line.starts_with('╰'))
            .count()
    };
    result(&mut fixture, "20261121-101502-rf-3f9a");
    let before = height(&mut fixture);
    fixture.press("ctrl-down");
    fixture.shown(200, 60);
    let effects = fixture.press("}");
    assert_eq!(kept(&effects).screens["result"].lines["Speed-up"], 2);
    let layout = kept(&effects).clone();
    assert_eq!(height(&mut fixture), before + 2);
    let mut next = Fixture::new(ThemeName::Dark, false);
    next.app.shared.layout = layout;
    result(&mut next, "20261121-101502-rf-3f9a");
    assert_eq!(height(&mut next), before + 2);
    // More than there is room for is not asked for: one step back is seen at once.
    for _ in 0..100 {
        next.press("ctrl-down");
        next.shown(200, 60);
    }
    let most = height(&mut next);
    next.press("ctrl-up");
    assert_eq!(height(&mut next), most - 1);
    // Back where it was, nothing is kept.
    next.shown(200, 60);
    let mut last = Vec::new();
    for _ in before..most {
        last = next.press("{");
        next.shown(200, 60);
        if height(&mut next) == before {
            break;
        }
    }
    assert!(kept(&last).screens.is_empty());
}
