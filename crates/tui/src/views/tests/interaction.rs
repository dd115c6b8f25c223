//! What keys and mouse do to the screens: the cursor that charts share, filters, selection, clicks.

use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use workbench_record::{Event, Record, Snapshot};

use super::*;
use crate::kit::Motion;
use crate::tests::fixture::{quick, records};
use crate::views::ViewAction;
use crate::views::run::RunPanel;

fn event(kind: MouseEventKind, (column, row): (u16, u16)) -> MouseEvent {
    MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }
}

fn down(at: (u16, u16)) -> MouseEvent {
    event(MouseEventKind::Down(MouseButton::Left), at)
}

/// The first cell of a text on a screen.
fn find(shown: &str, wanted: &str) -> (u16, u16) {
    for (y, line) in (0..).zip(shown.lines()) {
        if let Some(at) = line.find(wanted) {
            return (line[..at].chars().count() as u16, y);
        }
    }
    panic!("{wanted:?} is not on the screen:\n{shown}");
}

#[test]
fn a_click_on_the_timeline_puts_one_cursor_into_every_panel_of_time() {
    let snapshot = fixture::training();
    let size = (120, 40);
    let mut view = RunView::default();
    let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
    let (x, y) = find(&shown, "Timeline");
    view.mouse(down((x + 30, y + 1)));
    assert_eq!(view.focus(), RunPanel::Timeline);
    let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
    for panel in ["Cores · at ", "GPU · at ", "busy", "at step "] {
        assert!(shown.contains(panel), "{panel}:\n{shown}");
    }
    // To the left in the timeline is earlier, by one cell of it.
    let time = |shown: &str| {
        let (x, y) = find(shown, "Timeline");
        let title: String = shown
            .lines()
            .nth(usize::from(y))
            .unwrap()
            .chars()
            .skip(x.into())
            .collect();
        title
            .split("· at ")
            .nth(1)
            .unwrap()
            .split(':')
            .next()
            .unwrap()
            .to_owned()
    };
    let before = time(&shown);
    view.act(ViewAction::Left);
    let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert_ne!(time(&shown), before);
    view.act(ViewAction::Right);
    let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert_eq!(time(&shown), before);
    view.act(ViewAction::Cursor);
    let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(!shown.contains("at step"), "{shown}");
}

#[test]
fn a_cursor_before_this_repeat_shows_the_repeat_that_ran_then() {
    let snapshot = fixture::forests();
    let size = (120, 40);
    let mut view = RunView::default();
    let now = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(
        now.contains("Timeline · trees on 2 workers, repeat 3 of 5"),
        "{now}"
    );
    view.act(ViewAction::Cursor);
    (0..2).for_each(|_| view.act(ViewAction::FarLeft));
    let then = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(
        then.contains("Timeline · tasks on 2 workers, repeat 3 of 5"),
        "{then}"
    );
}

#[test]
fn in_the_curves_the_cursor_goes_from_step_to_step() {
    let snapshot = fixture::forests();
    let size = (120, 40);
    let mut view = RunView::default();
    run_screen(size, &mut view, &snapshot, &dark());
    while view.focus() != RunPanel::Curves {
        view.act(ViewAction::NextPanel);
    }
    view.act(ViewAction::Cursor);
    let mut steps = Vec::new();
    for _ in 0..4 {
        let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
        let (x, y) = find(&shown, "at step");
        let line: String = shown
            .lines()
            .nth(usize::from(y))
            .unwrap()
            .chars()
            .skip(x.into())
            .collect();
        steps.push(
            line.split_whitespace()
                .nth(2)
                .unwrap()
                .parse::<u64>()
                .unwrap(),
        );
        view.act(ViewAction::Left);
    }
    assert!(
        steps.windows(2).all(|pair| pair[0] == pair[1] + 10),
        "{steps:?}"
    );
}

#[test]
fn a_click_goes_to_a_panel_and_one_on_its_title_zooms() {
    let snapshot = fixture::two_cores();
    let mut view = RunView::default();
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    let title = find(&shown, "Log");
    view.mouse(down(title));
    assert_eq!(view.focus(), RunPanel::Log);
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(shown.contains("Timeline"), "{shown}");
    view.mouse(down(title));
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(!shown.contains("Timeline"), "{shown}");
    view.mouse(down(find(&shown, "Log")));
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(shown.contains("Timeline"), "{shown}");
}

#[test]
fn the_wheel_scrolls_the_panel_under_it_and_not_the_chosen_one() {
    let snapshot = fixture::training();
    let mut view = RunView::default();
    let size = (120, 40);
    let first = text(&run_screen(size, &mut view, &snapshot, &dark()));
    let (x, y) = find(&first, "Log");
    view.mouse(event(MouseEventKind::ScrollUp, (x + 2, y + 2)));
    assert_eq!(view.focus(), RunPanel::Arms);
    let second = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(second.contains("End: follow"), "{second}");
    view.mouse(event(MouseEventKind::ScrollDown, (x + 2, y + 2)));
    let third = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert_eq!(first, third);
}

fn type_all(mut type_key: impl FnMut(KeyEvent, &str), words: &str) {
    for c in words.chars() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        type_key(key, &c.to_string());
    }
}

#[test]
fn the_log_shows_what_was_printed_and_what_the_filter_lets_through() {
    let snapshot = fixture::training();
    let size = (200, 60);
    let mut view = RunView::default();
    let all = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(all.contains("rank 1: epoch"), "{all}");
    assert!(all.contains("single was stopped by hand"), "{all}");
    view.act(ViewAction::Output);
    let printed = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(printed.contains("printed lines only"), "{printed}");
    assert!(!printed.contains("was stopped by hand"), "{printed}");
    view.act(ViewAction::Output);
    view.act(ViewAction::Filter);
    assert!(is_typing(&view));
    type_all(|key, name| type_key(&mut view, key, name), "RANK 1: 5:");
    let some = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(some.contains("/ RANK 1: 5:"), "{some}");
    assert!(
        some.contains("rank 1: epoch 5: step 600") && !some.contains("rank 0:"),
        "{some}"
    );
    view.filter_mut().unwrap().paste(" nowhere");
    let none = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(none.contains("no entry has all these words"), "{none}");
    type_key(
        &mut view,
        KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
        "esc",
    );
    assert!(!is_typing(&view));
    let again = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(again.contains("was stopped by hand"), "{again}");
}

/// A log far longer than what is kept: its end is there, and what is kept is bounded.
#[test]
fn a_flood_of_output_is_bounded() {
    use workbench_record::{Event, Record};
    let mut snapshot = fixture::two_cores();
    for i in 0..50_000_u64 {
        let event = Event::Output {
            source: format!("rank {}", i % 5000),
            text: format!("line {i} {}", "x".repeat(50)),
        };
        snapshot.apply(&Record { t_ns: i, event });
    }
    let mut view = RunView::default();
    view.act(ViewAction::Output);
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(shown.contains("line 49999"), "{shown}");
    view.act(ViewAction::Filter);
    type_all(|key, name| type_key(&mut view, key, name), "line 40000");
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(shown.contains("no entry has all these words"), "{shown}");
}

/// A view of a result with the table chosen and alone.
fn table(snapshot: &Snapshot, size: (u16, u16)) -> ResultView {
    let mut view = ResultView::default();
    result_screen(size, &mut view, snapshot, &dark());
    view.act(ViewAction::Filter);
    type_key(
        &mut view,
        KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
        "enter",
    );
    view.act(ViewAction::Zoom);
    view
}

#[test]
fn the_table_shows_the_rows_that_have_all_words() {
    let snapshot = fixture::finished();
    let size = (120, 40);
    let mut view = table(&snapshot, size);
    view.act(ViewAction::Toggle);
    view.act(ViewAction::Filter);
    type_all(
        |key, name| type_key(&mut view, key, name),
        "slot 1 estimators=60",
    );
    let shown = text(&result_screen(size, &mut view, &snapshot, &dark()));
    assert!(
        shown.contains(" of 1260 tasks of trees on 2 workers"),
        "{shown}"
    );
    assert!(!shown.contains("n_estimators=70"), "{shown}");
    let before = view.times_sorted();
    result_screen(size, &mut view, &snapshot, &dark());
    assert_eq!(view.times_sorted(), before, "a filter is applied once");
    view.filter_mut().unwrap().paste(&"x".repeat(100_000));
    let shown = text(&result_screen(size, &mut view, &snapshot, &dark()));
    assert!(shown.contains("no row has all these words"), "{shown}");
    insta::assert_snapshot!("result_table_no_row_120x40", shown);
}

#[test]
fn a_click_in_the_table_selects_and_one_on_a_column_sorts() {
    let snapshot = fixture::finished();
    let size = (120, 40);
    let theme = dark();
    let mut view = table(&snapshot, size);
    let shown = text(&result_screen(size, &mut view, &snapshot, &theme));
    let row = find(&shown, "n_estimators=90");
    view.mouse(down(row));
    let buf = result_screen(size, &mut view, &snapshot, &theme);
    assert_eq!(buf[row].bg, theme.selected.bg.unwrap());
    assert_ne!(buf[(row.0, row.1 + 1)].bg, theme.selected.bg.unwrap());
    // The keys go on from there.
    view.act(ViewAction::Move(Motion::Down));
    let buf = result_screen(size, &mut view, &snapshot, &theme);
    assert_eq!(buf[(row.0, row.1 + 1)].bg, theme.selected.bg.unwrap());
    // By CPU seconds, and the other way round; the selected row stays the same one.
    let head = find(&shown, "CPU s");
    view.mouse(down(head));
    view.mouse(down(head));
    let shown = text(&result_screen(size, &mut view, &snapshot, &theme));
    let place = |name: &str| find(&shown, name).1;
    assert!(
        place("n_estimators=160") < place("n_estimators=150 "),
        "{shown}"
    );
    assert!(shown.contains(" n_estimators=100 ─╮"), "{shown}");
}

#[test]
fn a_click_on_a_chart_over_workers_moves_the_cursor_of_them_all() {
    let snapshot = fixture::scaling();
    let size = (120, 40);
    let mut view = ResultView::default();
    let shown = text(&result_screen(size, &mut view, &snapshot, &dark()));
    let (x, y) = find(&shown, "Scaling: measured");
    // The mark of 2 workers.
    let below = shown.lines().skip(usize::from(y));
    let axis: Vec<char> = below
        .filter(|line| line.ends_with("workers │"))
        .flat_map(str::chars)
        .collect();
    let at = (usize::from(x)..axis.len())
        .find(|i| axis[*i] == '2')
        .unwrap() as u16;
    view.mouse(down((at, y + 4)));
    let shown = text(&result_screen(size, &mut view, &snapshot, &dark()));
    assert!(shown.contains("2 workers  ━ longest first"), "{shown}");
    assert!(shown.contains("tasks  1.89× on 2"), "{shown}");
}

#[test]
fn a_click_on_a_tab_opens_it() {
    let snapshot = fixture::scaling();
    let mut view = ResultView::default();
    let shown = text(&result_screen((80, 24), &mut view, &snapshot, &dark()));
    view.mouse(down(find(&shown, "What if")));
    let shown = text(&result_screen((80, 24), &mut view, &snapshot, &dark()));
    assert!(shown.contains("What if · trees"), "{shown}");
}

/// No key of a table is dead: in some panel of some run it changes the view.
#[test]
fn every_key_of_a_view_does_something() {
    let snapshot = fixture::training();
    for binding in bindings(keys::RUN) {
        let action = action(keys::RUN, binding.keys[0]).unwrap();
        let changes = (0..6).any(|panel| {
            let mut view = RunView::default();
            run_screen((80, 24), &mut view, &snapshot, &dark());
            (0..panel).for_each(|_| view.act(ViewAction::NextPanel));
            run_screen((80, 24), &mut view, &snapshot, &dark());
            view.act(ViewAction::Move(Motion::Down));
            let before = format!("{view:?}");
            view.act(action);
            before != format!("{view:?}")
        });
        assert!(changes, "{action:?}");
    }
    let snapshot = fixture::trained();
    for binding in bindings(keys::RESULT) {
        let action = action(keys::RESULT, binding.keys[0]).unwrap();
        let changes = (0..8).any(|panel| {
            let mut view = ResultView::default();
            result_screen((80, 24), &mut view, &snapshot, &dark());
            (0..panel).for_each(|_| view.act(ViewAction::NextPanel));
            result_screen((80, 24), &mut view, &snapshot, &dark());
            view.act(ViewAction::Move(Motion::Down));
            let before = format!("{view:?}");
            view.act(action);
            before != format!("{view:?}")
        });
        assert!(changes, "{action:?}");
    }
}

/// What is played again has the times that it had, however one came to where one is.
#[test]
fn the_log_tells_when_something_was_said_and_not_when_it_was_read() {
    let all = records("a-run", &quick());
    let mut said = Vec::new();
    let mut failed = false;
    for record in all {
        let t_ns = record.t_ns;
        let over = matches!(record.event, Event::RepeatFinished(_));
        said.push(record);
        if over && !failed {
            failed = true;
            let event = fixture::arm_failed("trees", "it was to fail");
            said.push(Record { t_ns, event });
        }
    }
    let entries = |jumps: usize| {
        let (mut view, mut snapshot) = (RunView::default(), Snapshot::default());
        let mut shown = String::new();
        for part in said.chunks(said.len().div_ceil(jumps)) {
            for record in part {
                snapshot.apply(record);
            }
            shown = text(&run_screen((200, 60), &mut view, &snapshot, &dark()));
        }
        let log = shown
            .lines()
            .filter(|line| line.contains(" ! ") || line.contains(" ◆ "));
        log.map(str::to_owned).collect::<Vec<_>>()
    };
    let at_once = entries(1);
    assert!(
        at_once
            .iter()
            .any(|line| line.contains("trees failed: it was to fail."))
    );
    for jumps in [2, 5, said.len()] {
        assert_eq!(entries(jumps), at_once, "{jumps}");
    }
}

#[test]
fn an_arm_that_failed_is_not_left_to_do() {
    let mut snapshot = fixture::training();
    snapshot.stopped_arms.clear();
    let t_ns = snapshot.now_ns;
    let event = fixture::arm_failed("ddp-small", "rank 1 died");
    snapshot.apply(&Record { t_ns, event });
    for size in SIZES {
        let shown = text(&run_screen(
            size,
            &mut RunView::default(),
            &snapshot,
            &dark(),
        ));
        let line = shown.lines().find(|line| line.contains("✗ ddp-small"));
        assert!(line.is_some(), "{shown}");
    }
}

/// An axis for nothing but zeros would go from 0 to a millionth.
#[test]
fn there_is_no_axis_before_the_first_figure() {
    let mut snapshot = Snapshot::default();
    let all = records("a-run", &quick());
    for record in &all[..2] {
        snapshot.apply(record);
    }
    for (t_ns, done) in [(1_000_000, 0), (2_000_000, 0), (900_000_000, 10)] {
        let said = |snapshot: &Snapshot| {
            text(&run_screen(
                (120, 40),
                &mut RunView::default(),
                snapshot,
                &dark(),
            ))
        };
        let shown = said(&snapshot);
        assert!(!shown.contains("0.000000"), "{shown}");
        if t_ns == 900_000_000 {
            assert!(shown.contains("no figures yet"), "{shown}");
        }
        let event = Event::Progress { done, total: 100 };
        snapshot.apply(&Record { t_ns, event });
        assert_eq!(
            said(&snapshot).contains("no figures yet"),
            t_ns == 2_000_000
        );
    }
}
