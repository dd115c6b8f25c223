//! Searching handouts, and going to a time in what is played again.

use std::time::Duration;

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::fixture::{Fixture, quick, recorded, records};
use crate::app::{Feed, Screen};
use crate::event::AppEvent;
use crate::theme::ThemeName;

fn fixture() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

#[test]
fn a_handout_is_searched_and_matches_are_counted() {
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let mut fixture = fixture();
        fixture.shown(width, height);
        fixture.press("/ s p e e d - u p");
        let shown = fixture.shown(width, height);
        assert!(shown.contains("/ speed-up"), "{shown}");
        let counted = |shown: &str| {
            let at = shown.find("1 of ").or_else(|| shown.find("2 of "))?;
            shown[at..].split_whitespace().nth(2)?.parse::<u32>().ok()
        };
        let all = counted(&shown).unwrap();
        assert!(all > 2, "{shown}");
        fixture.press("enter n");
        let shown = fixture.shown(width, height);
        assert!(shown.contains(&format!("2 of {all}")), "{shown}");
        fixture.press("N N");
        let shown = fixture.shown(width, height);
        assert!(shown.contains(&format!("{all} of {all}")), "{shown}");
        assert!(shown.to_lowercase().contains("speed-up"), "{shown}");
        // Esc ends the search, and the screen stays.
        fixture.press("esc");
        assert!(!fixture.shown(width, height).contains("/ speed-up"));
        assert!(matches!(fixture.app.screen, Screen::Home));
    }
}

#[test]
fn what_is_not_there_is_said() {
    let mut fixture = fixture();
    fixture.shown(80, 24);
    fixture.press("/ z z z z");
    assert!(fixture.shown(80, 24).contains("not found"));
    // Keys that would leave are text here.
    fixture.press("q r");
    assert!(fixture.shown(80, 24).contains("/ zzzzqr"));
    fixture.press("esc");
    assert!(!fixture.shown(80, 24).contains("not found"));
}

#[test]
fn the_handout_beside_questions_is_searched_too() {
    let mut fixture = fixture();
    fixture.open_questions();
    fixture.shown(120, 40);
    fixture.press("/ f o r e s t s enter");
    assert!(fixture.shown(120, 40).contains("1 of "));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Questions(_)));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Home));
}

fn playing() -> Fixture {
    let mut fixture = fixture();
    fixture.press("r");
    let id = "20261121-101502-rf-3f9a";
    let recorded = recorded(fixture.run_dir(id), records(id, &quick()));
    fixture.app.update(AppEvent::Replay(Ok(Box::new(recorded))));
    fixture
}

fn position(fixture: &Fixture) -> (u64, u64) {
    let Screen::Watch(watched) = &fixture.app.screen else {
        panic!("nothing is played");
    };
    match &watched.feed {
        Feed::Replay(player) => player.position(),
        Feed::Follow => panic!("nothing is played"),
    }
}

#[test]
fn a_click_on_the_bar_goes_there() {
    for (width, height) in [(60, 16), (80, 24), (200, 60)] {
        let mut fixture = playing();
        fixture.shown(width, height);
        let bar = fixture.app.bar.unwrap();
        assert!(bar.right() <= width && bar.y == height - 1);
        let mut click = |column| {
            fixture.app.update(AppEvent::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column,
                row: bar.y,
                modifiers: KeyModifiers::NONE,
            }));
            let (at, end) = position(&fixture);
            at as f64 / end as f64
        };
        assert!((click(bar.right() - 1) - 1.0).abs() < 1e-6);
        assert!((click(bar.x + bar.width / 2) - 0.5).abs() < 0.1);
        assert!(click(bar.x).abs() < 1e-6);
    }
}

#[test]
fn a_time_that_is_typed_is_gone_to() {
    let mut fixture = playing();
    fixture.press("J 1 . 5");
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let shown = fixture.shown(width, height);
        assert!(
            shown.contains("Go to a time") && shown.contains("› 1.5"),
            "{shown}"
        );
    }
    fixture.press("enter");
    assert_eq!(position(&fixture).0, 1_500_000_000);
    assert!(fixture.app.overlay.is_none());
    fixture.press("J 5 0 % enter");
    let (at, end) = position(&fixture);
    assert_eq!(
        Duration::from_nanos(at * 2).as_secs(),
        Duration::from_nanos(end).as_secs()
    );
    fixture.press("J s o o n enter");
    assert!(fixture.shown(80, 24).contains("This is no time"));
    fixture.press("esc");
    assert_eq!(position(&fixture).0, at);
}
