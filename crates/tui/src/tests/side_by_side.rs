//! Runs side by side: what the screen looks like, and what its keys do.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use workbench_experiment::lab::{ParamValue, RunConfig};
use workbench_record::{Event as Fact, Record, RunDir, RunStatus, Snapshot};
use workbench_result::compute;

use super::fixture::{Fixture, quick, records};
use crate::app::Screen;
use crate::event::{AppEvent, Effect, HistoryEffect, SideBySide};
use crate::theme::ThemeName;
use workbench_history::comparison::{compare, curves};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

/// A run `factor` times as slow as the fixture's, with two curves in every repeat.
fn snapshot(id: &str, config: &RunConfig, factor: f64) -> Snapshot {
    let scaled = |ns: u64| (ns as f64 * factor) as u64;
    let mut out = Vec::new();
    let mut end = records(id, config).last().unwrap().clone();
    end.t_ns = scaled(end.t_ns);
    end.event = Fact::RunFinished {
        status: RunStatus::Completed,
        instrument_cpu_ns: 1_000,
        screen_cpu_ns: 0,
    };
    for mut record in records(id, config) {
        record.t_ns = scaled(record.t_ns);
        let begins = matches!(record.event, Fact::RepeatStarted(_));
        if let Fact::RepeatFinished(finished) = &mut record.event {
            finished.started_ns = scaled(finished.started_ns);
            finished.wall_ns = scaled(finished.wall_ns) + u64::from(finished.id.repeat) * 4_000_000;
        }
        let t_ns = record.t_ns;
        out.push(record);
        for step in (0..120_u64).filter(|_| begins) {
            let x = step as f64 / 119.0;
            for (name, value) in [
                ("loss", 2.2 * (-3.0 * x / factor).exp() + 0.1),
                ("test R²", 0.8 - 0.2 * factor * (-4.0 * x).exp()),
            ] {
                let event = Fact::Metric {
                    name: name.to_owned(),
                    item: None,
                    step: step * 10,
                    value,
                };
                out.push(Record { t_ns, event });
            }
        }
    }
    out.push(end);
    Snapshot::of(&out)
}

fn put(runs: Vec<RunDir>, snapshots: &[Snapshot]) -> Arc<SideBySide> {
    let results: Vec<_> = snapshots.iter().map(|s| compute(s).unwrap()).collect();
    let results: Vec<_> = results.iter().collect();
    let snapshots: Vec<_> = snapshots.iter().collect();
    Arc::new(SideBySide {
        runs,
        comparison: compare(&results),
        curves: curves(&snapshots),
    })
}

/// Runs that are the slower the later they come.
pub fn side_by_side(_: &Fixture, runs: Vec<RunDir>) -> Arc<SideBySide> {
    let snapshots: Vec<Snapshot> = (0..)
        .zip(&runs)
        .map(|(i, run)| snapshot(&run.id(), &quick(), 1.0 + 0.12 * f64::from(i)))
        .collect();
    put(runs, &snapshots)
}

/// An interface that shows a comparison of two runs.
fn compared(theme: ThemeName, ascii: bool) -> Fixture {
    let mut fixture = Fixture::new(theme, ascii);
    fixture.press("r m m");
    let Some(Effect::History(HistoryEffect::Compare(runs))) = fixture.press("c").pop() else {
        panic!("two runs are marked");
    };
    let compared = side_by_side(&fixture, runs);
    fixture.app.update(AppEvent::Compared(Ok(compared)));
    fixture
}

/// Three runs over several numbers of workers, on two machines, one of which did other work.
fn rich(fixture: &mut Fixture) {
    rich_of(fixture, 5);
}

/// The same of so many repeats.
fn rich_of(fixture: &mut Fixture, repeats: u32) {
    fixture.press("esc M g m m m");
    let Some(Effect::History(HistoryEffect::Compare(runs))) = fixture.press("c").pop() else {
        panic!("three runs are marked");
    };
    let config = RunConfig {
        workers: vec![1, 2, 4],
        repeats,
        ..quick()
    };
    let mut snapshots: Vec<Snapshot> = runs
        .iter()
        .zip([1.0, 1.12, 0.6])
        .map(|(run, factor)| snapshot(&run.id(), &config, factor))
        .collect();
    let started = snapshots[1].started.as_mut().unwrap();
    started.machine.cpu_model = "Another 7".to_owned();
    started.machine.kernel = "6.9.1".to_owned();
    let started = snapshots[2].started.as_mut().unwrap();
    started.config.seed = 7;
    snapshots[2].status = RunStatus::Unfinished;
    for repeat in &mut snapshots[2].repeats {
        if let Some(finished) = &mut repeat.finished {
            finished.work.insert("models".to_owned(), 6);
        }
    }
    let compared = put(runs, &snapshots);
    fixture.app.update(AppEvent::Compared(Ok(compared)));
}

fn snapshots(name: &str, fixture: &mut Fixture) {
    for (width, height) in SIZES {
        let shown = fixture.shown(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown);
    }
}

#[test]
fn two_runs() {
    snapshots("compare_two_dark", &mut compared(ThemeName::Dark, false));
    snapshots("compare_two_mono", &mut compared(ThemeName::Mono, false));
}

#[test]
fn three_runs_that_differ_in_everything() {
    let mut fixture = compared(ThemeName::Dark, false);
    rich(&mut fixture);
    snapshots("compare_three_dark", &mut fixture);
    let mut fixture = compared(ThemeName::Mono, true);
    rich(&mut fixture);
    for (width, height) in SIZES {
        let shown = fixture.shown(width, height);
        assert!(shown.is_ascii(), "{shown}");
        insta::assert_snapshot!(format!("compare_three_ascii_{width}x{height}"), shown);
    }
}

/// The colours of the letters A and B at the top.
fn letter_colours(fixture: &mut Fixture) -> [Color; 2] {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| fixture.app.render(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    [0, 1].map(|line| {
        let cell = &buffer[(1, line)];
        assert_eq!(cell.symbol(), ["A", "B"][usize::from(line)]);
        cell.fg
    })
}

#[test]
fn runs_differ_in_colour_where_there_is_colour_and_in_letter_always() {
    let [a, b] = letter_colours(&mut compared(ThemeName::Dark, false));
    assert!(a != b && a != Color::Reset && b != Color::Reset);
    let mono = letter_colours(&mut compared(ThemeName::Mono, false));
    assert_eq!(mono, [Color::Reset; 2]);
}

/// A number of repeats with more digits takes room from the bars, not from the intervals.
#[test]
fn intervals_are_written_beside_any_number_of_repeats() {
    for repeats in [5, 12, 150] {
        let mut fixture = compared(ThemeName::Dark, false);
        rich_of(&mut fixture, repeats);
        fixture.shown(80, 24);
        fixture.press("tab");
        let shown = fixture.shown(80, 24);
        let line = shown.lines().find(|line| line.contains('×'));
        let line = line.unwrap_or_else(|| panic!("{shown}"));
        assert!(line.contains(&format!(" {repeats} ")), "{shown}");
        assert_eq!(line.matches(" to ").count(), 2, "{shown}");
    }
}

#[test]
fn every_tab_of_a_small_screen() {
    let mut fixture = compared(ThemeName::Dark, false);
    rich(&mut fixture);
    for tab in ["notes", "arms", "settings", "scaling", "curves"] {
        insta::assert_snapshot!(format!("compare_tab_{tab}_80x24"), fixture.shown(80, 24));
        insta::assert_snapshot!(format!("compare_tab_{tab}_60x16"), fixture.shown(60, 16));
        fixture.press("tab");
    }
    // Round the end.
    assert!(
        fixture.shown(80, 24).contains("do not compare")
            || fixture.shown(80, 24).contains("compare speed-ups")
    );
}

#[test]
fn keys_choose_curves_arms_and_bars() {
    let mut fixture = compared(ThemeName::Dark, false);
    rich(&mut fixture);
    let shown = fixture.shown(120, 40);
    assert!(shown.contains("loss: sequential on 1 worker"), "{shown}");
    fixture.press("right");
    assert!(
        fixture
            .shown(120, 40)
            .contains("test R²: sequential on 1 worker")
    );
    fixture.press("left left");
    assert!(fixture.shown(120, 40).contains("test R²: sequential"));
    fixture.press("right a");
    assert!(!fixture.shown(120, 40).contains("loss: sequential"));
    fixture.shown(80, 24);
    fixture.press("tab z");
    let times = fixture.shown(80, 24);
    assert!(
        times.contains("Arms: median wall time") && !times.contains("What they say"),
        "{times}"
    );
    fixture.press("t");
    assert_ne!(fixture.shown(80, 24), times);
    fixture.press("end");
    fixture.press("home");
    fixture.press("z t");
    assert!(fixture.shown(80, 24).contains("What they say"));
}

#[test]
fn a_comparison_is_read_again_in_its_place_and_left_for_the_history() {
    let mut fixture = compared(ThemeName::Dark, false);
    fixture.press("tab z");
    let before = fixture.shown(120, 40);
    let effects = fixture.press("u");
    let [Effect::History(HistoryEffect::Compare(runs))] = &effects[..] else {
        panic!("{effects:?}");
    };
    let again = side_by_side(&fixture, runs.clone());
    fixture.app.update(AppEvent::Compared(Ok(again)));
    assert_eq!(fixture.shown(120, 40), before);
    // Another comparison than this one is not what the person asked for here.
    let other = side_by_side(&fixture, runs[..1].to_vec());
    fixture.app.update(AppEvent::Compared(Ok(other)));
    assert_eq!(fixture.shown(120, 40), before);
    fixture.press("?");
    assert!(fixture.shown(120, 40).contains("Keys: runs side by side"));
    fixture.press("esc esc esc");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    // The marks are still there for the next one.
    assert!(fixture.shown(80, 24).contains("2 marked"));
}

#[test]
fn runs_without_anything_are_drawn() {
    for empty in [0, 1] {
        let mut fixture = compared(ThemeName::Dark, false);
        let Some(Effect::History(HistoryEffect::Compare(runs))) = fixture.press("u").pop() else {
            panic!("a comparison is shown");
        };
        let mut snapshots: Vec<Snapshot> = runs
            .iter()
            .map(|run| snapshot(&run.id(), &quick(), 1.0))
            .collect();
        snapshots[empty].repeats.clear();
        let compared = put(runs, &snapshots);
        fixture.app.update(AppEvent::Compared(Ok(compared)));
        for (width, height) in SIZES {
            let shown = fixture.shown(width, height);
            assert!(shown.contains("No arm was finished"), "{shown}");
        }
    }
}

/// A long value is told in full: in a wider column where there is room, on further lines where
/// there is not.
#[test]
fn long_values_are_not_cut() {
    let fault = "slow:rank=1,factor=3.5,in=all-reduce";
    for (size, lines) in [((80, 24), 1), ((120, 40), 2), ((200, 60), 1)] {
        let mut fixture = compared(ThemeName::Dark, false);
        fixture.press("esc M g m m");
        let Some(Effect::History(HistoryEffect::Compare(runs))) = fixture.press("c").pop() else {
            panic!("two runs are marked");
        };
        let mut snapshots: Vec<Snapshot> = runs
            .iter()
            .map(|run| snapshot(&run.id(), &quick(), 1.0))
            .collect();
        let params = &mut snapshots[1].started.as_mut().unwrap().config.params;
        params.insert("fault".to_owned(), ParamValue::Text(fault.to_owned()));
        let compared = put(runs, &snapshots);
        fixture.app.update(AppEvent::Compared(Ok(compared)));
        // Behind a tab where the window is small.
        if size.0 < 100 {
            // The view knows its panels once it was drawn.
            fixture.shown(size.0, size.1);
            fixture.press("tab tab");
        }
        let shown = fixture.shown(size.0, size.1);
        if lines == 1 {
            assert!(shown.contains(fault), "{shown}");
        }
        assert!(
            shown.contains("slow:rank=1,factor=3") && shown.contains("in=all-reduce"),
            "{shown}"
        );
    }
}
