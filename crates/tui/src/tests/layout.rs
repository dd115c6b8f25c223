//! Panels that are hidden: the rest takes their room, they are named, and they stay hidden.

use workbench_record::RunStatus;

use super::fixture::{Fixture, quick};
use crate::event::{AppEvent, Effect, TerminalEffect};
use crate::screens::PanelLayout;
use crate::theme::ThemeName;

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
    assert_eq!(layout.hidden["result"], ["Lost time"]);
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
    assert!(kept(&effects).hidden.is_empty());
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
    fixture.app.shared.layout.hidden = [("result".to_owned(), names)].into();
    result(&mut fixture, "20261121-101502-rf-3f9a");
    let shown = fixture.shown(200, 60);
    assert!(shown.contains("hidden:  Machine "), "{shown}");
    assert!(!shown.contains("Nonsense"), "{shown}");
}
