//! How the screens look, apart from what they say.

use ratatui::style::Style;

use super::*;
use crate::views::ViewAction;
use crate::views::run::RunPanel;

/// The style of the first place where a text stands.
fn style_of(buf: &Buffer, wanted: &str) -> Style {
    for y in buf.area.top()..buf.area.bottom() {
        let line: Vec<&str> = (0..buf.area.right())
            .map(|x| buf[(x, y)].symbol())
            .collect();
        let joined: String = line.concat();
        if let Some(at) = joined.find(wanted) {
            let x = joined[..at].chars().count() as u16;
            return buf[(x, y)].style();
        }
    }
    panic!("{wanted:?} is not on the screen:\n{}", text(buf));
}

#[test]
fn a_failed_check_is_drawn_as_bad_and_no_speedup_is_stated() {
    for theme in [dark(), mono()] {
        let buf = result_screen(
            (120, 40),
            &mut ResultView::default(),
            &fixture::failed_check(),
            &theme,
        );
        let shown = style_of(&buf, "No speed-up is stated");
        assert_eq!(
            (shown.fg, shown.add_modifier),
            (patched(&theme.bad).fg, theme.bad.add_modifier)
        );
        assert!(!text(&buf).contains("faster than"), "{}", text(&buf));
    }
}

/// A style as a cell has it: nothing set means the terminal's own.
fn patched(style: &Style) -> Style {
    let mut cell = ratatui::buffer::Cell::default();
    cell.set_style(*style);
    cell.style()
}

#[test]
fn the_border_of_the_chosen_panel_stands_out() {
    let snapshot = fixture::two_cores();
    let theme = dark();
    let mut view = RunView::default();
    let buf = run_screen((80, 24), &mut view, &snapshot, &theme);
    assert_eq!(style_of(&buf, "╭─ Arms").fg, theme.border_focus.fg);
    assert_eq!(style_of(&buf, "╭─ Cores").fg, theme.border.fg);
    view.act(ViewAction::NextPanel);
    assert_eq!(view.focus(), RunPanel::Cores);
    let buf = run_screen((80, 24), &mut view, &snapshot, &theme);
    assert_eq!(style_of(&buf, "╭─ Arms").fg, theme.border.fg);
    assert_eq!(style_of(&buf, "╭─ Cores").fg, theme.border_focus.fg);
    view.act(ViewAction::PrevPanel);
    view.act(ViewAction::PrevPanel);
    assert_eq!(view.focus(), RunPanel::Log);
}

#[test]
fn warnings_stand_out_in_the_log_and_on_the_tab() {
    let theme = dark();
    let buf = run_screen(
        (200, 60),
        &mut RunView::default(),
        &fixture::two_cores(),
        &theme,
    );
    assert_eq!(style_of(&buf, "Core 1 was taken").fg, theme.warn.fg);
    let buf = result_screen(
        (80, 24),
        &mut ResultView::default(),
        &fixture::finished(),
        &theme,
    );
    assert_eq!(style_of(&buf, "Findings ").fg, theme.warn.fg);
}

#[test]
fn a_frozen_screen_stays_as_it_was_and_goes_on_afterwards() {
    let early = fixture::run(&fixture::Shape {
        finished: 3,
        ..fixture::Shape::default()
    });
    let late = fixture::run(&fixture::Shape {
        finished: 9,
        ..fixture::Shape::default()
    });
    let mut view = RunView::default();
    run_screen((120, 40), &mut view, &early, &dark());
    view.act(ViewAction::Freeze);
    assert!(view.is_frozen());
    let frozen = run_screen((120, 40), &mut view, &early, &dark());
    let later = run_screen((120, 40), &mut view, &late, &dark());
    assert_eq!(text(&frozen), text(&later));
    assert!(text(&later).contains("FROZEN"));
    view.act(ViewAction::Freeze);
    let live = run_screen((120, 40), &mut view, &late, &dark());
    assert_ne!(text(&frozen), text(&live));
}

#[test]
fn the_running_result_is_computed_once_per_finished_repeat() {
    let snapshot = fixture::two_cores();
    let mut view = RunView::default();
    for _ in 0..5 {
        run_screen((80, 24), &mut view, &snapshot, &dark());
    }
    assert_eq!(view.times_computed(), 1);
    let more = fixture::run(&fixture::Shape {
        finished: 8,
        ..fixture::Shape::default()
    });
    run_screen((80, 24), &mut view, &more, &dark());
    assert_eq!(view.times_computed(), 2);
}

#[test]
fn every_key_has_one_action_and_a_help() {
    for table in [keys::RUN, keys::RESULT, keys::COMPARE] {
        let mut seen = std::collections::BTreeSet::new();
        for binding in bindings(table) {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty());
            for key in binding.keys {
                assert!(seen.insert(*key), "{key} is bound twice");
                assert!(action(table, key).is_some(), "{key}");
            }
        }
        assert_eq!(action(table, "F13"), None);
    }
}
