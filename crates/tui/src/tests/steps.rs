//! Going back goes one step, what looks chosen is what Enter takes, and the last line offers what
//! works.

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use workbench_history::Standing;
use workbench_record::{Event as Fact, RunStatus};

use super::fixture::{Fixture, quick, recorded, records};
use super::gallery::{SHOTS, Shot};
use crate::app::{Feed, Screen};
use crate::event::{AppEvent, Effect};
use crate::theme::ThemeName;
use crate::views::ViewAction;

fn fixture() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

fn result() -> Fixture {
    let mut fixture = fixture();
    fixture.press("r");
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    fixture.shown(120, 40);
    fixture
}

fn is_zoomed(fixture: &mut Fixture) -> bool {
    let shown = fixture.shown(120, 40);
    shown.matches('╭').count() == 1
}

#[test]
fn going_back_leaves_one_level_at_a_time() {
    let mut fixture = result();
    fixture.press("/ m s e enter z");
    assert!(is_zoomed(&mut fixture));
    fixture.press("esc");
    assert!(!fixture.shown(120, 40).contains("/ mse"));
    assert!(is_zoomed(&mut fixture), "only the filter goes");
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Result(_)));
    assert!(!is_zoomed(&mut fixture));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Runs));
}

#[test]
fn a_zoomed_panel_of_the_run_is_left_before_the_screen() {
    let mut fixture = fixture();
    fixture.press("enter s");
    let records = records("20261121-101502-rf-3f9a", &quick());
    fixture.app.update(AppEvent::Records(records));
    fixture.shown(120, 40);
    fixture.press("z");
    assert!(is_zoomed(&mut fixture));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Run));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Home));
}

#[test]
fn a_replay_goes_back_to_the_result_that_it_was_opened_from() {
    let mut fixture = result();
    fixture.press("s");
    let run = fixture.run_dir("a-run");
    let read = recorded(run, records("a-run", &quick()));
    fixture.app.update(AppEvent::Replay(Ok(Box::new(read))));
    assert!(matches!(fixture.app.screen, Screen::Watch(_)));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Result(_)));
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Runs));
}

/// A killed run is killed on every screen, also while it is played, once all of it was.
#[test]
fn a_killed_run_is_called_killed_everywhere() {
    let mut fixture = fixture();
    let id = "20261119-230159-rf-77aa";
    fixture.press("r");
    let list = fixture.shown(120, 40);
    let line = list.lines().find(|line| line.contains(id)).unwrap();
    assert!(line.contains("killed"), "{line}");
    let loaded = fixture.loaded(id, &quick(), RunStatus::Unfinished);
    let mut loaded = std::sync::Arc::try_unwrap(loaded).unwrap();
    loaded.standing = Standing::Killed;
    let loaded = std::sync::Arc::new(loaded);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    let shown = fixture.shown(120, 40);
    assert!(shown.lines().next().unwrap().contains("killed"), "{shown}");
    assert!(!shown.contains("unfinished"), "{shown}");
    let mut all = records(id, &quick());
    all.retain(|record| !matches!(record.event, Fact::RunFinished { .. }));
    all.truncate(all.len() - 1);
    let mut read = recorded(fixture.run_dir(id), all);
    read.standing = Standing::Killed;
    fixture.app.update(AppEvent::Replay(Ok(Box::new(read))));
    assert!(
        !fixture.shown(120, 40).contains("killed"),
        "it is at work yet"
    );
    (0..25).for_each(|_| drop(fixture.press(".")));
    let shown = fixture.shown(120, 40);
    assert!(shown.lines().next().unwrap().contains("killed"), "{shown}");
    assert!(shown.lines().nth(1).unwrap().contains("took"), "{shown}");
}

/// One list looks as if Enter took its row: the one whose row Enter takes.
#[test]
fn only_the_list_that_keys_act_on_has_a_bar() {
    let mut fixture = fixture();
    for (keys, bars) in [("", 1), ("tab", 0), ("tab", 1)] {
        if !keys.is_empty() {
            fixture.press(keys);
        }
        let shown = fixture.shown(120, 40);
        assert_eq!(shown.matches('▸').count(), bars, "{shown}");
    }
    let runs = fixture.shown(120, 40);
    let line = runs.lines().find(|line| line.contains('▸')).unwrap();
    assert!(line.contains("20261121-101502"), "{line}");
    fixture.press("r /");
    let shown = fixture.shown(120, 40);
    assert_eq!(shown.matches('▸').count(), 0, "{shown}");
}

/// What a press changes: the picture, the screen, what is wanted outside.
fn changes(lead_to: fn(&mut Fixture), tabs: usize, (size, key): ((u16, u16), &str)) -> bool {
    let mut fixture = fixture();
    lead_to(&mut fixture);
    fixture.shown(size.0, size.1);
    (0..tabs).for_each(|_| drop(fixture.press("tab")));
    let picture = |f: &mut Fixture| (f.shown(size.0, size.1), f.colours(size.0, size.1));
    let before = picture(&mut fixture);
    let event = crate::keys::event(key).unwrap();
    let effects: Vec<Effect> = fixture.app.update(AppEvent::Key(event));
    if let Screen::Watch(watched) = &fixture.app.screen
        && let Feed::Replay(player) = &watched.feed
        && key == "space"
    {
        return !player.is_playing();
    }
    !effects.is_empty() || picture(&mut fixture) != before
}

#[test]
fn every_key_of_the_last_line_does_something_where_the_focus_is() {
    let some = |(name, _): &Shot| {
        let alike = [
            "questions",
            "run_cores",
            "run_dying",
            "leave",
            "help",
            "export",
            "follow",
        ];
        !alike.iter().any(|start| name.starts_with(start))
    };
    for (name, lead_to) in SHOTS.into_iter().filter(some) {
        let sizes: &[(u16, u16)] = match name {
            "result_tasks" | "run_gpus" => &[(80, 24), (120, 40)],
            _ => &[(120, 40)],
        };
        for &size in sizes {
            let mut fixture = fixture();
            lead_to(&mut fixture);
            fixture.shown(size.0, size.1);
            let has_panels = fixture.app.overlay.is_none() && !fixture.app.is_typing();
            for tabs in 0..if has_panels { 8 } else { 1 } {
                if tabs > 0 {
                    fixture.press("tab");
                    fixture.shown(size.0, size.1);
                }
                for (_, key) in fixture.app.foot.clone() {
                    let told = changes(lead_to, tabs, (size, key));
                    assert!(
                        told,
                        "{name} {size:?} after {tabs} tabs: {key} does nothing"
                    );
                }
            }
        }
    }
}

#[test]
fn the_keys_of_the_last_line_can_be_clicked() {
    let mut fixture = fixture();
    let click = |fixture: &mut Fixture, word: &str| {
        let shown = fixture.shown(120, 40);
        let foot = shown.lines().last().unwrap();
        let at = foot.find(word).unwrap_or_else(|| panic!("{word}: {foot}"));
        let column = foot[..at].chars().count() as u16;
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row: 39,
            modifiers: KeyModifiers::NONE,
        };
        fixture.app.update(AppEvent::Mouse(event));
    };
    click(&mut fixture, "all runs");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    click(&mut fixture, "filter");
    assert!(fixture.app.is_typing());
    click(&mut fixture, "done");
    assert!(!fixture.app.is_typing());
    click(&mut fixture, "help");
    assert!(fixture.app.overlay.is_some());
    click(&mut fixture, "close");
    assert!(fixture.app.overlay.is_none());
    click(&mut fixture, "back");
    assert!(matches!(fixture.app.screen, Screen::Home));
}

/// Without curves, their keys are not offered.
#[test]
fn keys_of_panels_that_are_not_there_are_not_offered() {
    let mut fixture = fixture();
    fixture.press("enter s");
    let records = records("20261121-101502-rf-3f9a", &quick());
    fixture.app.update(AppEvent::Records(records));
    fixture.shown(120, 40);
    let offers = |action| fixture.app.view().unwrap().offers(action);
    assert!(!offers(ViewAction::Metric) && !offers(ViewAction::XAxis));
    assert!(offers(ViewAction::Filter) && offers(ViewAction::Zoom));
}
