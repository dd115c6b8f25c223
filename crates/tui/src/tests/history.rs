//! The history: its filter, its marks, and a thousand runs in it.

use std::fs;

use workbench_record::RunStatus;

use super::fixture::{Fixture, key_event, quick, records};
use super::side_by_side::side_by_side;
use crate::app::Screen;
use crate::event::{AppEvent, Effect, HistoryEffect};
use crate::reader;
use crate::theme::ThemeName;
use workbench_history::filter::FilterFacts;
use workbench_history::list::{RunRow, of_result};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

fn snapshots(name: &str, fixture: &mut Fixture) {
    for (width, height) in SIZES {
        let shown = fixture.shown(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown);
    }
}

/// An interface with three runs, at its history.
fn history() -> Fixture {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("r");
    fixture
}

/// Types a text into the filter and leaves it.
fn filter(fixture: &mut Fixture, text: &str) {
    fixture.press("/ ctrl-u");
    fixture.app.update(AppEvent::Paste(text.to_owned()));
    fixture.press("enter");
}

/// A thousand runs, one per hour back from noon; every seventh was killed.
fn thousand(fixture: &Fixture) -> Vec<RunRow> {
    let loaded = fixture.loaded("20261121-101502-rf-3f9a", &quick(), RunStatus::Completed);
    let noon: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    (0..1000_i64)
        .map(|hours| {
            let start = jiff::Timestamp::from_second(noon.as_second() - hours * 3600).unwrap();
            let id = format!("{}-rf-{hours:04x}", start.strftime("%Y%m%d-%H%M%S"));
            let mut result = loaded.result.clone();
            result.run_id.clone_from(&id);
            result.started_at = start.to_string();
            if hours % 7 == 0 {
                result.status = RunStatus::Unfinished;
            }
            of_result(fixture.run_dir(&id), &result)
        })
        .collect()
}

#[test]
fn a_thousand_runs_are_filtered_when_something_changes_and_never_while_drawing() {
    let mut fixture = history();
    let rows = thousand(&fixture);
    fixture.app.update(AppEvent::History(Ok(rows)));
    snapshots("runs_thousand", &mut fixture);
    fixture.press("end");
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("-rf-03e7") && shown.contains("Runs · 1000"),
        "{shown}"
    );
    filter(&mut fixture, "status:killed since:7d");
    let times = fixture.app.runs.narrowed.times;
    for _ in 0..5 {
        fixture.press("down pgdn pgup up");
        let shown = fixture.shown(120, 40);
        // 169 hours of 7 days and the hour at their end, every seventh killed.
        assert!(shown.contains("Runs · 25 of 1000"), "{shown}");
    }
    assert_eq!(fixture.app.runs.narrowed.times, times);
    fixture.press("home");
    snapshots("runs_thousand_filtered", &mut fixture);
}

#[test]
fn a_filter_that_is_wrong_says_so_as_it_is_typed() {
    let mut fixture = history();
    fixture.press("/");
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("words, or lab:rf  preset:quick"), "{shown}");
    fixture.press("s t a t u s :");
    assert!(
        fixture
            .shown(120, 40)
            .contains("`status:` takes running, completed")
    );
    fixture.press("k i l e d");
    snapshots("runs_bad_filter", &mut fixture);
    let shown = fixture.shown(80, 24);
    assert!(
        shown.contains("did you mean `killed`") && shown.contains("Runs · 3"),
        "{shown}"
    );
    fixture.press("backspace backspace l e d");
    let shown = fixture.shown(80, 24);
    assert!(
        shown.contains("1 of 3") && shown.contains("77aa"),
        "{shown}"
    );
    fixture.press("ctrl-u");
    fixture
        .app
        .update(AppEvent::Paste("since:2026-11-2".to_owned()));
    assert!(
        fixture
            .shown(80, 24)
            .contains("`since:2026-11-2` is no date")
    );
    // It is still said when the filter is left.
    fixture.press("enter");
    assert!(fixture.shown(80, 24).contains("is no date"));
    fixture.press("esc");
    assert!(!fixture.shown(80, 24).contains("is no date"));
}

#[test]
fn the_help_tells_the_fields() {
    let mut fixture = history();
    fixture.press("?");
    let shown = fixture.shown(120, 60);
    for words in [
        "What a filter can hold",
        "lab:rf",
        "check-failed",
        "until:2026-11-20",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn marks_are_letters_that_stay_through_filters_and_reading_again() {
    let mut fixture = history();
    fixture.press("m down m");
    snapshots("runs_marked", &mut fixture);
    let shown = fixture.shown(80, 24);
    assert!(
        shown.contains("2 marked") && shown.contains("A 20261121") && shown.contains("B 20261119")
    );
    filter(&mut fixture, "3f9a");
    assert!(
        fixture
            .shown(80, 24)
            .contains("2 marked, 1 of them not shown")
    );
    let rows = fixture.app.shared.rows().to_vec();
    fixture
        .app
        .update(AppEvent::History(Err("cannot list".to_owned())));
    fixture.app.update(AppEvent::History(Ok(rows.clone())));
    assert!(fixture.shown(80, 24).contains("2 marked"));
    // A run that is gone has no mark, and the next one moves up.
    fixture
        .app
        .update(AppEvent::History(Ok(rows[1..].to_vec())));
    fixture.press("esc");
    let shown = fixture.shown(80, 24);
    assert!(
        shown.contains("1 marked") && shown.contains("A 20261119"),
        "{shown}"
    );
    fixture.press("M");
    assert!(!fixture.shown(80, 24).contains("marked"));
    let mut ascii = Fixture::new(ThemeName::Mono, true);
    ascii.press("r m m /");
    assert!(ascii.shown(60, 16).is_ascii());
}

#[test]
fn comparing_takes_two_marks_and_at_most_eight() {
    let mut fixture = history();
    assert!(fixture.press("c").is_empty());
    assert!(fixture.shown(80, 24).contains("No run is marked"));
    assert!(fixture.press("m c").is_empty());
    assert!(fixture.shown(80, 24).contains("One run is marked"));
    let effects = fixture.press("m c");
    let runs = ["20261121-101502-rf-3f9a", "20261120-093000-rf-0b1c"].map(|id| fixture.run_dir(id));
    assert_eq!(
        effects,
        [Effect::History(HistoryEffect::Compare(runs.into()))]
    );
    let rows = thousand(&fixture);
    fixture.app.update(AppEvent::History(Ok(rows)));
    fixture.press("m m m m m m m m m");
    assert!(
        fixture
            .shown(120, 40)
            .contains("8 runs are marked, and more")
    );
    let Some(Effect::History(HistoryEffect::Compare(runs))) = fixture.press("c").pop() else {
        panic!("eight runs can be compared");
    };
    assert_eq!(runs.len(), 8);
}

#[test]
fn a_run_that_cannot_be_read_is_not_marked() {
    let mut fixture = history();
    let mut rows = fixture.app.shared.rows().to_vec();
    rows[0].standing = None;
    rows[0].facts = FilterFacts::unreadable("20261121-101502-rf-3f9a", "damaged");
    rows[0].best = "line 3: damaged".to_owned();
    fixture.app.update(AppEvent::History(Ok(rows)));
    fixture.press("m");
    let shown = fixture.shown(100, 30);
    assert!(
        shown.contains("cannot be compared: line 3: damaged"),
        "{shown}"
    );
    assert!(!shown.contains("1 marked"));
}

#[test]
fn the_selection_stays_on_its_run_when_the_list_is_read_again() {
    let mut fixture = history();
    fixture.press("down");
    let mut rows = fixture.app.shared.rows().to_vec();
    let new = of_result(
        fixture.run_dir("20261121-115959-rf-ffff"),
        &fixture
            .loaded("20261121-115959-rf-ffff", &quick(), RunStatus::Completed)
            .result,
    );
    rows.insert(0, new);
    fixture.app.update(AppEvent::History(Ok(rows)));
    assert!(fixture.shown(80, 24).contains("▸   20261120-093000"));
}

#[test]
fn a_run_that_vanished_or_is_damaged_is_told_and_nothing_changes() {
    let fixture = Fixture::bare(ThemeName::Dark, false);
    let whole = fixture.run_dir("20261121-101502-rf-0001");
    let log = |records: &[workbench_record::Record]| -> String {
        let lines = records
            .iter()
            .map(|r| serde_json::to_string(r).unwrap() + "\n");
        lines.collect()
    };
    fs::write(
        whole.events(),
        log(&records("20261121-101502-rf-0001", &quick())),
    )
    .unwrap();
    assert!(reader::side_by_side(vec![whole.clone(), whole.clone()]).is_ok());

    let gone = fixture.run_dir("20261121-101502-rf-0002");
    fs::remove_dir_all(gone.path()).unwrap();
    let damaged = fixture.run_dir("20261121-101502-rf-0003");
    fs::write(
        damaged.events(),
        "{\"t_ns\":0,\"event\":\"progress\"}\n{}\n",
    )
    .unwrap();
    let cut = fixture.run_dir("20261121-101502-rf-0005");
    let mut text = log(&records("20261121-101502-rf-0005", &quick()));
    let middle = text.find("progress").unwrap();
    text.replace_range(middle - 1..middle, "{");
    fs::write(cut.events(), text).unwrap();
    // Damage to a line of the log hides only that line, and is told.
    let opened = reader::open(&cut).unwrap();
    let told = &opened.result.warnings[0];
    assert_eq!(told.kind, "log_damaged");
    assert!(told.text.contains("line 3"), "{}", told.text);
    let empty = fixture.run_dir("20261121-101502-rf-0004");
    for (run, words) in [
        (&gone, "20261121-101502-rf-0002 is not there any more"),
        (&damaged, "not an event log"),
        (&empty, "the file is empty"),
    ] {
        let told = reader::open(run).unwrap_err();
        assert!(told.contains(words), "{told}");
        let compared = reader::side_by_side(vec![whole.clone(), run.clone()]);
        assert_eq!(compared.unwrap_err(), told);
        let mut at_history = history();
        at_history.press("m down m");
        let before = at_history.shown(80, 24);
        at_history.app.update(AppEvent::Opened(Err(told.clone())));
        let after = at_history.shown(200, 24);
        assert!(after.contains(&told[..20]), "{after}");
        at_history.app.update(AppEvent::Compared(Err(told)));
        assert!(matches!(at_history.app.screen, Screen::Runs));
        at_history.press("f1");
        assert_eq!(at_history.shown(80, 24), before);
    }
}

#[test]
fn a_comparison_that_comes_late_does_not_take_the_screen() {
    let mut fixture = history();
    let effects = fixture.press("m m c");
    let [Effect::History(HistoryEffect::Compare(runs))] = &effects[..] else {
        panic!("{effects:?}");
    };
    let compared = side_by_side(&fixture, runs.clone());
    fixture.press("esc");
    fixture.app.update(AppEvent::Compared(Ok(compared)));
    assert!(matches!(fixture.app.screen, Screen::Home));
}

/// Lists of runs are looked at when one comes to them and now and then while one is there, and
/// the selection stays.
#[test]
fn lists_of_runs_are_kept_fresh() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    let glance = |fixture: &mut Fixture| fixture.app.update(AppEvent::Poll);
    assert_eq!(
        glance(&mut fixture),
        [Effect::History(HistoryEffect::Refresh)]
    );
    let press =
        |fixture: &mut Fixture, key: &str| fixture.app.update(AppEvent::Key(key_event(key)));
    assert_eq!(
        press(&mut fixture, "r"),
        [Effect::History(HistoryEffect::Refresh)]
    );
    assert_eq!(press(&mut fixture, "down"), []);
    assert_eq!(
        glance(&mut fixture),
        [Effect::History(HistoryEffect::Refresh)]
    );
    assert_eq!(
        press(&mut fixture, "esc"),
        [Effect::History(HistoryEffect::Refresh)]
    );
    fixture.press("enter");
    assert!(matches!(fixture.app.screen, Screen::Form));
    // A form says what else goes on.
    assert_eq!(glance(&mut fixture), [Effect::LookAround]);
    assert_eq!(
        press(&mut fixture, "esc"),
        [Effect::History(HistoryEffect::Refresh)]
    );

    // A run that comes on top moves neither selection from its run.
    fixture.press("tab tab down");
    let selected = |fixture: &Fixture| {
        fixture
            .app
            .home
            .run(&fixture.app.shared)
            .unwrap()
            .id
            .clone()
    };
    assert_eq!(selected(&fixture), "20261120-093000-rf-0b1c");
    let mut rows = fixture.app.shared.rows().to_vec();
    let loaded = fixture.loaded("20261121-120000-rf-ffff", &quick(), RunStatus::Completed);
    rows.insert(0, of_result(loaded.run.clone(), &loaded.result));
    fixture.app.update(AppEvent::History(Ok(rows)));
    assert_eq!(selected(&fixture), "20261120-093000-rf-0b1c");
}
