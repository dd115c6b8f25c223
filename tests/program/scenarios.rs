//! Made-up runs on every screen: nothing panics, at any size and in any theme, at any moment
//! of the run.

use ratatui::crossterm::event::KeyCode;
use workbench_record::{Record, RunDir, Snapshot};
use workbench_result::compute;
use workbench_simulate::{Scenario, events};
use workbench_tui::offscreen::{Offscreen, THEMES};

const SIZES: [(u16, u16); 5] = [(40, 12), (60, 16), (80, 24), (120, 40), (200, 60)];
/// Moments of a run at which it is drawn, as shares of its records.
const MOMENTS: [usize; 4] = [1, 30, 65, 100];
const ID: &str = "20261121-101502-simulated-3f9a";

/// Draws at every size and looks at what came out.
fn draw(screen: &mut Offscreen, ascii: bool, what: &str) {
    for (columns, lines) in SIZES {
        screen.resize(columns, lines);
        screen.draw();
        let area = screen.buffer().area;
        assert_eq!((area.width, area.height), (columns, lines));
        for cell in &screen.buffer().content {
            let symbol = cell.symbol();
            assert!(!symbol.chars().any(char::is_control), "{what}: {symbol:?}");
            assert!(!ascii || symbol.is_ascii(), "{what}: {symbol:?}");
        }
        let text = screen.text();
        let too_small = columns < 60 || lines < 16;
        assert_eq!(text.contains("needs 60"), too_small, "{what}:\n{text}");
        assert!(
            text.chars().filter(|c| !c.is_whitespace()).count() > 20,
            "{what}:\n{text}"
        );
    }
}

/// Goes through a run and its result.
fn go_through(scenario: Scenario, records: &[Record], theme: &str, ascii: bool) {
    let what = |when: &str| format!("{}, {theme}, {when}", scenario.name());
    let mut screen = workbench::offscreen((80, 24), theme, ascii).unwrap();
    screen.watch();
    draw(&mut screen, ascii, &what("before the first record"));
    let mut taken = 0;
    for moment in MOMENTS {
        let upto = (records.len() * moment / 100).max(1);
        screen.fold(records[taken..upto].to_vec());
        taken = upto;
        draw(&mut screen, ascii, &what(&format!("at {moment} %")));
        screen.press(KeyCode::Tab);
        screen.press(KeyCode::Left);
    }
    let snapshot = Snapshot::of(records);
    let result = compute(&snapshot).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("events.jsonl"), "").unwrap();
    screen.end(RunDir::at(dir.path()).unwrap(), snapshot, result);
    for _ in 0..8 {
        draw(&mut screen, ascii, &what("its result"));
        screen.press(KeyCode::Tab);
    }
    for key in ['t', 's', 'S', 'a', 'z', '?'] {
        screen.press(KeyCode::Char(key));
        draw(
            &mut screen,
            ascii,
            &what(&format!("its result after {key}")),
        );
    }
}

#[test]
fn every_scenario_is_drawn_at_every_size_in_every_theme() {
    for scenario in Scenario::ALL {
        let records = events(scenario, 3, ID, 1_795_256_102_000);
        for theme in THEMES {
            go_through(scenario, &records, theme, false);
        }
        // Names are shown as they are.
        if scenario != Scenario::Names {
            go_through(scenario, &records, THEMES[3], true);
        }
    }
}
