//! What the screens say, as text.

use super::*;
use crate::kit::Motion;
use crate::views::ViewAction;
use crate::views::run::RunPanel;
use workbench_record::{Analysis, BestItem, Importance};

fn run_snapshots(name: &str, snapshot: &Snapshot, theme: &Theme) {
    for size in SIZES {
        let buf = run_screen(size, &mut RunView::default(), snapshot, theme);
        insta::assert_snapshot!(format!("run_{name}_{}x{}", size.0, size.1), text(&buf));
    }
}

fn result_snapshots(name: &str, snapshot: &Snapshot, theme: &Theme) {
    for size in SIZES {
        let buf = result_screen(size, &mut ResultView::default(), snapshot, theme);
        insta::assert_snapshot!(format!("result_{name}_{}x{}", size.0, size.1), text(&buf));
    }
}

#[test]
fn run_on_two_cores() {
    let snapshot = fixture::two_cores();
    run_snapshots("two_cores_dark", &snapshot, &dark());
    run_snapshots("two_cores_mono", &snapshot, &mono());
    let ascii = Theme::new(ThemeName::Mono, true, false);
    let buf = run_screen((80, 24), &mut RunView::default(), &snapshot, &ascii);
    insta::assert_snapshot!("run_two_cores_ascii_80x24", text(&buf));
}

#[test]
fn run_on_a_big_machine() {
    let snapshot = fixture::big();
    run_snapshots("big_dark", &snapshot, &dark());
}

#[test]
fn run_with_two_gpus() {
    run_snapshots("two_gpus_dark", &fixture::two_gpus(), &dark());
}

#[test]
fn run_that_is_over_or_has_not_begun() {
    run_snapshots("finished_dark", &fixture::finished(), &dark());
    let buf = run_screen(
        (80, 24),
        &mut RunView::default(),
        &Snapshot::default(),
        &dark(),
    );
    insta::assert_snapshot!("run_empty_80x24", text(&buf));
}

#[test]
fn an_arm_that_ends_before_the_base_has_no_speedup_yet() {
    let early = (1..3).map(|finished| {
        fixture::run(&fixture::Shape {
            finished,
            ..fixture::Shape::default()
        })
    });
    let mut seen = 0;
    for snapshot in early {
        let base = &snapshot.started.as_ref().unwrap().arms[0].name;
        if snapshot
            .repeats
            .iter()
            .any(|r| r.id.arm == *base && r.finished.is_some())
        {
            continue;
        }
        seen += 1;
        let buf = run_screen((120, 40), &mut RunView::default(), &snapshot, &dark());
        let shown = text(&buf);
        assert!(
            shown.contains("no base yet") && !shown.contains("unequal"),
            "{shown}"
        );
    }
    assert!(seen > 0, "the base comes first: take another seed");
}

#[test]
fn run_with_hostile_names() {
    let buf = run_screen(
        (120, 40),
        &mut RunView::default(),
        &fixture::hostile(),
        &dark(),
    );
    insta::assert_snapshot!("run_hostile_120x40", text(&buf));
}

#[test]
fn a_panel_alone() {
    let snapshot = fixture::two_cores();
    let mut view = RunView::default();
    run_screen((80, 24), &mut view, &snapshot, &dark());
    view.act(ViewAction::NextPanel);
    view.act(ViewAction::Zoom);
    let buf = run_screen((80, 24), &mut view, &snapshot, &dark());
    insta::assert_snapshot!("run_zoomed_cores_80x24", text(&buf));
    view.act(ViewAction::NextPanel);
    let buf = run_screen((80, 24), &mut view, &snapshot, &dark());
    insta::assert_snapshot!("run_zoomed_timeline_80x24", text(&buf));
}

#[test]
fn results() {
    result_snapshots("finished_dark", &fixture::finished(), &dark());
    result_snapshots("finished_mono", &fixture::finished(), &mono());
    result_snapshots("failed_check_dark", &fixture::failed_check(), &dark());
    result_snapshots("scaling_dark", &fixture::scaling(), &dark());
    let buf = result_screen(
        (120, 40),
        &mut ResultView::default(),
        &fixture::hostile(),
        &dark(),
    );
    insta::assert_snapshot!("result_hostile_120x40", text(&buf));
}

#[test]
fn a_result_for_a_projector() {
    let snapshot = fixture::finished();
    for size in FROM_SMALLEST {
        let mut view = ResultView::default();
        view.act(ViewAction::Present);
        let buf = result_screen(size, &mut view, &snapshot, &dark());
        let name = format!("result_present_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, text(&buf));
        assert!(view.step_back(), "back to everything");
    }
}

#[test]
fn every_tab_of_a_small_result() {
    let snapshot = fixture::scaling();
    let mut view = ResultView::default();
    let ascii = Theme::new(ThemeName::Mono, true, false);
    for tab in [
        "speedup",
        "lost",
        "timelines",
        "findings",
        "what_if",
        "scaling",
        "items",
        "machine",
    ] {
        let buf = result_screen((80, 24), &mut view, &snapshot, &dark());
        insta::assert_snapshot!(format!("result_tab_{tab}_80x24"), text(&buf));
        if tab == "what_if" {
            let buf = result_screen((80, 24), &mut view, &snapshot, &ascii);
            insta::assert_snapshot!("result_tab_what_if_ascii_80x24", text(&buf));
        }
        if tab == "items" {
            view.act(ViewAction::Toggle);
            (0..4).for_each(|_| view.act(ViewAction::Sort));
            view.act(ViewAction::Reverse);
            let buf = result_screen((80, 24), &mut view, &snapshot, &dark());
            insta::assert_snapshot!("result_tab_tasks_by_wall_80x24", text(&buf));
        }
        view.act(ViewAction::NextPanel);
    }
}

#[test]
fn below_the_smallest_size_it_says_what_it_needs() {
    let buf = run_screen(
        (59, 15),
        &mut RunView::default(),
        &fixture::two_cores(),
        &dark(),
    );
    assert!(text(&buf).contains("needs 60×15"), "{}", text(&buf));
    let buf = result_screen(
        (40, 12),
        &mut ResultView::default(),
        &fixture::finished(),
        &dark(),
    );
    insta::assert_snapshot!("too_small_40x12", text(&buf));
}

#[test]
fn many_gpus_come_in_pages() {
    let snapshot = fixture::big();
    let mut view = RunView::default();
    run_screen((80, 24), &mut view, &snapshot, &dark());
    view.act(ViewAction::NextPanel);
    view.act(ViewAction::NextPanel);
    let first = text(&run_screen((80, 24), &mut view, &snapshot, &dark()));
    assert!(first.contains("page 1 of 2"), "{first}");
    view.act(ViewAction::Move(Motion::Down));
    let second = text(&run_screen((80, 24), &mut view, &snapshot, &dark()));
    assert!(second.contains("page 2 of 2"), "{second}");
    // The sixth card reports neither busy share nor power.
    assert!(second.contains("n/a") && !first.contains("n/a"), "{second}");
    view.act(ViewAction::Move(Motion::Up));
    let again = text(&run_screen((80, 24), &mut view, &snapshot, &dark()));
    assert_eq!(first, again);
}

#[test]
fn what_if_reads_out_the_values_at_the_cursor() {
    let snapshot = fixture::scaling();
    let outcome = compute(&snapshot).unwrap();
    let what_if = &outcome.what_if[1];
    let mut view = ResultView::default();
    for _ in 0..8 {
        view.act(ViewAction::Right);
    }
    let shown = text(&result_screen((120, 40), &mut view, &snapshot, &dark()));
    let point = what_if.points.iter().find(|p| p.workers == 16).unwrap();
    let longest_first = workbench_report::format::speedup(point.longest_first);
    assert!(
        shown.contains(&format!("16 workers  ━ longest first {longest_first}")),
        "{shown}"
    );
    view.act(ViewAction::NextArm);
    let other = text(&result_screen((120, 40), &mut view, &snapshot, &dark()));
    assert!(other.contains("What if · tasks"), "{other}");
}

#[test]
fn the_table_is_sorted_once_and_by_its_column() {
    let snapshot = fixture::finished();
    let mut view = ResultView::default();
    (0..5).for_each(|_| {
        result_screen((80, 24), &mut view, &snapshot, &dark());
        view.act(ViewAction::NextPanel);
    });
    view.act(ViewAction::Sort);
    view.act(ViewAction::Sort);
    view.act(ViewAction::Reverse);
    let shown = text(&result_screen((80, 24), &mut view, &snapshot, &dark()));
    let place = |name: &str| {
        shown
            .find(name)
            .unwrap_or_else(|| panic!("{name}:\n{shown}"))
    };
    // By CPU seconds, the most first.
    assert!(
        place("n_estimators=160") < place("n_estimators=150"),
        "{shown}"
    );
    let before = view.times_sorted();
    result_screen((80, 24), &mut view, &snapshot, &dark());
    assert_eq!(view.times_sorted(), before);
}

/// Sizes with the smallest first: the smallest window leaves a view 15 lines.
const FROM_SMALLEST: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 40), (200, 60)];

#[test]
fn curves_of_a_run() {
    for (name, snapshot) in [
        ("forests", fixture::forests()),
        ("training", fixture::training()),
    ] {
        for (theme_name, theme) in [("dark", dark()), ("mono", mono())] {
            for size in FROM_SMALLEST {
                let buf = run_screen(size, &mut RunView::default(), &snapshot, &theme);
                let name = format!("run_{name}_{theme_name}_{}x{}", size.0, size.1);
                insta::assert_snapshot!(name, text(&buf));
            }
        }
    }
}

#[test]
fn the_cursor_of_time_on_a_run() {
    for (name, snapshot) in [
        ("forests", fixture::forests()),
        ("training", fixture::training()),
    ] {
        for size in [(80, 24), (120, 40)] {
            let mut view = RunView::default();
            run_screen(size, &mut view, &snapshot, &dark());
            view.act(ViewAction::Cursor);
            view.act(ViewAction::FarLeft);
            let buf = run_screen(size, &mut view, &snapshot, &dark());
            let name = format!("run_{name}_cursor_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, text(&buf));
        }
    }
}

#[test]
fn curves_alone() {
    let snapshot = fixture::training();
    let ascii = Theme::new(ThemeName::Mono, true, false);
    let mut view = RunView::default();
    run_screen((80, 24), &mut view, &snapshot, &dark());
    while view.focus() != RunPanel::Curves {
        view.act(ViewAction::NextPanel);
    }
    view.act(ViewAction::Zoom);
    view.act(ViewAction::Metric);
    view.act(ViewAction::Metric);
    for name in ["loss", "loss_log", "loss_log_time"] {
        let buf = run_screen((80, 24), &mut view, &snapshot, &dark());
        insta::assert_snapshot!(format!("run_curves_{name}_80x24"), text(&buf));
        let buf = run_screen((60, 15), &mut view, &snapshot, &ascii);
        insta::assert_snapshot!(format!("run_curves_{name}_ascii_60x15"), text(&buf));
        let next = if name == "loss" {
            ViewAction::Log
        } else {
            ViewAction::XAxis
        };
        view.act(next);
    }
    view.act(ViewAction::Metric);
    let buf = run_screen((80, 24), &mut view, &snapshot, &mono());
    insta::assert_snapshot!("run_curves_throughput_80x24", text(&buf));
}

#[test]
fn curves_of_a_result() {
    let snapshot = fixture::trained();
    for (theme_name, theme) in [("dark", dark()), ("mono", mono())] {
        for size in FROM_SMALLEST {
            let mut view = ResultView::default();
            (0..4).for_each(|_| {
                result_screen(size, &mut view, &snapshot, &theme);
                view.act(ViewAction::NextPanel);
            });
            let buf = result_screen(size, &mut view, &snapshot, &theme);
            let name = format!("result_trained_{theme_name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, text(&buf));
        }
    }
}

#[test]
fn charts_over_workers_on_logarithmic_axes() {
    let snapshot = fixture::scaling();
    let mut view = ResultView::default();
    view.act(ViewAction::Log);
    for size in [(120, 40), (200, 60)] {
        let buf = result_screen(size, &mut view, &snapshot, &dark());
        insta::assert_snapshot!(format!("result_log_{}x{}", size.0, size.1), text(&buf));
    }
}

#[test]
fn the_best_item_is_marked_and_its_inputs_are_shown() {
    let snapshot = fixture::finished();
    let mut outcome = compute(&snapshot).unwrap();
    for arm in &mut outcome.arms {
        let best = arm.items.last().unwrap().item.name.clone();
        let input = |input: &str, share: f64| Importance {
            input: input.to_owned(),
            share,
            range: None,
        };
        arm.analysis = Some(Analysis {
            best: Some(BestItem {
                item: best,
                metric: "mse".to_owned(),
                value: 0.25,
                next: None,
            }),
            importances: vec![input("income", 0.75), input("rooms", 0.25)],
            ..Analysis::default()
        });
    }
    let size = (200, 60);
    let mut view = ResultView::default();
    view.update(&outcome, &snapshot);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal
        .draw(|frame| {
            let shown = (&outcome, &snapshot);
            result::draw(frame, frame.area(), &view, shown, &dark());
        })
        .unwrap();
    let shown = text(terminal.backend().buffer());
    let best = outcome.best_item().unwrap();
    let wide = format!("What {best} depends on");
    let narrow = format!("Inputs of {best}");
    assert!(shown.contains(&wide) || shown.contains(&narrow), "{shown}");
    assert!(
        shown.contains("income") && shown.contains("75 %"),
        "{shown}"
    );
    {
        assert!(shown.contains("(best)"), "{shown}");
    }
}
