//! Curves of all metrics at once, smoothed lines, and the last repeats of the arms below the
//! timeline.

use super::*;
use crate::views::run::RunPanel;

fn zoomed_curves(snapshot: &Snapshot) -> RunView {
    let mut view = RunView::default();
    run_screen((80, 24), &mut view, snapshot, &dark());
    while view.focus() != RunPanel::Curves {
        view.act(ViewAction::NextPanel);
    }
    view.act(ViewAction::Zoom);
    view
}

#[test]
fn the_curves_of_all_metrics_are_drawn_at_once() {
    let snapshot = fixture::training();
    let mut view = zoomed_curves(&snapshot);
    view.act(ViewAction::Grid);
    let ascii = Theme::new(ThemeName::Mono, true, false);
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let buf = run_screen((width, height), &mut view, &snapshot, &dark());
        insta::assert_snapshot!(format!("run_grid_{width}x{height}"), text(&buf));
    }
    let buf = run_screen((80, 24), &mut view, &snapshot, &ascii);
    insta::assert_snapshot!("run_grid_ascii_80x24", text(&buf));
    // The one that is shown is marked, and stays among them where not all have room.
    let metrics = view.chart().unwrap().curves.metrics();
    for _ in 0..metrics {
        view.act(ViewAction::Metric);
        for size in [(60, 16), (80, 24), (120, 40)] {
            let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
            assert!(shown.contains('▸'), "{shown}");
        }
    }
    view.act(ViewAction::Grid);
    let one = text(&run_screen((80, 24), &mut view, &snapshot, &dark()));
    assert!(!one.contains("metrics"), "{one}");
}

#[test]
fn smoothed_lines_are_said_and_values_stay_what_was_measured() {
    let snapshot = fixture::training();
    let mut view = zoomed_curves(&snapshot);
    let plain = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    view.act(ViewAction::Smooth);
    view.act(ViewAction::Smooth);
    let smooth = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(smooth.contains("smoothed 0.9"), "{smooth}");
    assert_ne!(plain, smooth);
    // The legend has the last measured values.
    let legend = |shown: &str| shown.lines().nth(3).map(str::to_owned);
    assert_eq!(legend(&plain), legend(&smooth));
    view.act(ViewAction::Smooth);
    let again = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    assert_eq!(again, plain);
}

#[test]
fn the_last_repeats_of_the_arms_stay_below_the_timeline() {
    let snapshot = fixture::two_cores();
    let mut view = RunView::default();
    run_screen((120, 40), &mut view, &snapshot, &dark());
    while view.focus() != RunPanel::Timeline {
        view.act(ViewAction::NextPanel);
    }
    view.act(ViewAction::Zoom);
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let buf = run_screen((width, height), &mut view, &snapshot, &dark());
        insta::assert_snapshot!(format!("run_last_repeats_{width}x{height}"), text(&buf));
    }
    let ended: Vec<&str> = snapshot
        .repeats
        .iter()
        .filter(|repeat| repeat.finished.is_some())
        .map(|repeat| repeat.id.arm.as_str())
        .collect();
    assert!(!ended.is_empty());
    let shown = text(&run_screen((120, 40), &mut view, &snapshot, &dark()));
    for arm in ended {
        assert!(shown.contains(&format!("{arm} on ")), "{arm}\n{shown}");
    }
}
