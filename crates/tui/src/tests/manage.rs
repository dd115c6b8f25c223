//! Runs as a place: preview, order, names, stars, removal; and telling somebody who looks
//! elsewhere.

use workbench_record::{Event as Fact, Record, RunLabel, RunStatus};

use super::fixture::{Fixture, flat, quick};
use crate::event::{AppEvent, Effect, HistoryEffect, TerminalEffect};
use crate::tell::Telling;
use crate::theme::ThemeName;

fn fixture() -> Fixture {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("r");
    fixture
}

fn labelled(fixture: &mut Fixture, at: usize, label: RunLabel) {
    let Some(Ok(mut rows)) = fixture.app.shared.history.clone() else {
        panic!("there is a history");
    };
    rows[at].facts = rows[at].facts.clone().labelled(&label);
    rows[at].label = label;
    fixture.app.update(AppEvent::History(Ok(rows)));
}

#[test]
fn the_selected_run_is_shown_beside_the_list() {
    let mut fixture = fixture();
    let label = RunLabel {
        name: "before the fix".to_owned(),
        note: "the fan was loud".to_owned(),
        tags: vec!["slow".to_owned()],
        starred: true,
    };
    labelled(&mut fixture, 0, label);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let shown = fixture.shown(width, height);
        let text = flat(&shown);
        for part in ["before the fix", "slow", "★", "20261121-101502-rf-3f9a"] {
            assert!(text.contains(part), "{part}\n{shown}");
        }
    }
    assert!(!fixture.shown(60, 16).contains("Selected"));
    insta::assert_snapshot!("runs_labelled_120x40", fixture.shown(120, 40));
}

#[test]
fn a_run_gets_a_name_a_note_tags_and_a_star() {
    let mut fixture = fixture();
    for (key, text) in [("n", "first"), ("tab", "a note"), ("tab", "a b")] {
        fixture.press(key);
        fixture.app.update(AppEvent::Paste(text.to_owned()));
    }
    assert!(fixture.shown(80, 24).contains("About this run"));
    let effects = fixture.press("enter");
    let [Effect::History(HistoryEffect::Label(run, label))] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(run.id().ends_with("3f9a"));
    let expected = RunLabel {
        name: "first".to_owned(),
        note: "a note".to_owned(),
        tags: vec!["a".to_owned(), "b".to_owned()],
        starred: false,
    };
    assert_eq!(**label, expected);
    assert!(fixture.app.overlay.is_none());
    let effects = fixture.press("*");
    let [Effect::History(HistoryEffect::Label(_, label))] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(label.starred);
}

#[test]
fn deleting_asks_first() {
    let mut fixture = fixture();
    assert_eq!(fixture.press("D enter"), [], "keeping it is first");
    fixture.press("D");
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let shown = flat(&fixture.shown(width, height));
        assert!(shown.contains("Delete this run?"), "{shown}");
    }
    let effects = fixture.press("tab enter");
    let [Effect::History(HistoryEffect::Delete(run))] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(run.id().ends_with("3f9a"));
    let refused = AppEvent::RunChanged(Err("it is under way".to_owned()));
    fixture.app.update(refused);
    assert!(fixture.shown(80, 24).contains("it is under way"));
}

#[test]
fn runs_are_sorted_and_the_selection_stays_on_its_run() {
    let mut fixture = fixture();
    let label = RunLabel {
        note: "elephant".to_owned(),
        starred: true,
        ..RunLabel::default()
    };
    labelled(&mut fixture, 2, label);
    let first = |fixture: &mut Fixture| {
        let shown = fixture.shown(120, 40);
        let mut lines = shown.lines().filter(|line| line.contains("-rf-"));
        lines.next().unwrap().to_owned()
    };
    fixture.press("s s s s s");
    assert!(fixture.shown(120, 40).contains("starred first"));
    assert!(first(&mut fixture).contains("77aa"));
    let selected = fixture.app.runs.selected(&fixture.app.shared).unwrap();
    assert!(selected.id.ends_with("3f9a"));
    fixture.press("s");
    assert!(first(&mut fixture).contains("3f9a"));
    fixture.press("S");
    assert!(first(&mut fixture).contains("77aa"));
    // Names and notes are looked through by the filter.
    fixture.press("/ e l e p h enter");
    assert!(fixture.shown(120, 40).contains("1 of 3"));
}

#[test]
fn the_end_of_a_run_is_told_when_that_is_wanted() {
    for tell in [Telling::Off, Telling::Bell, Telling::Desktop] {
        let mut fixture = Fixture::new(ThemeName::Dark, false);
        fixture.app.tell = tell;
        fixture.press("enter right s esc");
        let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
        let effects = fixture.app.update(AppEvent::Ended(Ok(loaded)));
        let told = effects.iter().find_map(|effect| match effect {
            Effect::Terminal(TerminalEffect::Tell(tell, text)) => Some((*tell, text.clone())),
            _ => None,
        });
        let expected = (tell != Telling::Off).then(|| (tell, "Run a-run: completed".to_owned()));
        assert_eq!(told, expected);
    }
    // It is chosen in the palette, too.
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press(": r i n g");
    fixture.press("enter");
    assert_ne!(fixture.app.tell, Telling::Off);
}

#[test]
fn a_gpu_that_stays_hot_is_told_once_per_run() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.app.tell = Telling::Bell;
    fixture.press("enter right s");
    let mut sampled = |second: u64, degrees: u32| {
        let gpu = workbench_machine::monitor::GpuSample {
            temperature_c: Some(degrees),
            ..Default::default()
        };
        let sample = workbench_machine::monitor::Sample {
            gpus: vec![gpu],
            ..Default::default()
        };
        let event = Fact::Sample(sample);
        let t_ns = second * 1_000_000_000;
        let records = vec![Record { t_ns, event }];
        fixture.app.update(AppEvent::Records(records)).len()
    };
    // One sample says nothing, and nor do two with a cool one between them.
    assert_eq!([sampled(1, 95), sampled(4, 86), sampled(6, 95)], [0, 0, 0]);
    assert_eq!(
        [sampled(9, 87), sampled(11, 93), sampled(20, 95)],
        [0, 1, 0]
    );
}

/// Times are those of the person's clock.
#[test]
fn times_are_shown_in_the_zone_of_the_person() {
    let mut fixture = fixture();
    assert!(fixture.shown(200, 60).contains("2026-11-21 10:15"));
    fixture.app.shared.zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let list = fixture.shown(200, 60);
    assert!(list.contains("2026-11-21 19:15"), "{list}");
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    let result = fixture.shown(200, 60);
    assert!(result.contains("21 November 2026, 19:15 +09"), "{result}");
}
