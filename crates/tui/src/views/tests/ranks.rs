//! Ranks that tell how they stand, and what arms tell of what they consisted of, on the screen.

use workbench_experiment::lab::{Health, Quantity, SlotState};
use workbench_record::{ControllerPhase, Event, Snapshot};

use super::trainings::*;
use super::*;
use crate::kit::Motion;
use crate::views::ViewAction;
use crate::views::result::ResultPanel;
use crate::views::run::RunPanel;

const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 40), (200, 60)];

fn shots(name: &str, snapshot: &Snapshot, theme: &Theme) {
    for size in SIZES {
        let buf = run_screen(size, &mut RunView::default(), snapshot, theme);
        insta::assert_snapshot!(format!("ranks_{name}_{}x{}", size.0, size.1), text(&buf));
    }
}

fn ascii() -> Theme {
    Theme::new(ThemeName::Mono, true, false)
}

#[test]
fn two_ranks() {
    let snapshot = live(2, 0, Mishap::None);
    shots("two_dark", &snapshot, &dark());
    shots("two_mono", &snapshot, &mono());
    shots("two_ascii", &snapshot, &ascii());
}

#[test]
fn eight_ranks_on_gpus() {
    shots("eight", &live(8, 8, Mishap::None), &dark());
}

#[test]
fn sixty_four_ranks_show_who_is_out_of_the_ordinary_first() {
    let snapshot = live(64, 8, Mishap::Slow);
    shots("sixty_four", &snapshot, &dark());
    let mut view = RunView::default();
    let size = (120, 40);
    let shown = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(shown.contains("rank 1: 2.0× the work"), "{shown}");
    view.act(ViewAction::PrevPanel);
    while view.focus() != RunPanel::Slots {
        view.act(ViewAction::PrevPanel);
    }
    view.act(ViewAction::Zoom);
    insta::assert_snapshot!(
        "ranks_sixty_four_alone_200x60",
        text(&run_screen((200, 60), &mut view, &snapshot, &dark()))
    );
    view.act(ViewAction::Move(Motion::End));
    let end = text(&run_screen((80, 24), &mut view, &snapshot, &dark()));
    assert!(end.contains("of 64") && end.contains(" 63 "), "{end}");
}

#[test]
fn ranks_that_are_slow_or_stand_still_or_are_gone_are_marked() {
    for (mishap, name) in [
        (Mishap::Slow, "slow"),
        (Mishap::Still, "still"),
        (Mishap::Gone, "gone"),
    ] {
        let snapshot = live(2, 0, mishap);
        let buf = run_screen((80, 24), &mut RunView::default(), &snapshot, &mono());
        insta::assert_snapshot!(format!("ranks_{name}_80x24"), text(&buf));
    }
}

#[test]
fn states_show_beside_the_arm_and_once_in_the_log() {
    let snapshot = restarting();
    for size in SIZES {
        let buf = run_screen(size, &mut RunView::default(), &snapshot, &dark());
        let shown = text(&buf);
        let top = shown.lines().next().unwrap();
        assert!(top.contains("restarting"), "{top}");
        let name = format!("ranks_restarting_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, shown);
    }
    let shown = text(&run_screen(
        (200, 60),
        &mut RunView::default(),
        &snapshot,
        &dark(),
    ));
    let told = |text: &str| shown.lines().filter(|line| line.contains(text)).count();
    // The worker was lost twice, and is started again after the first time.
    assert_eq!(told("ddp on 2 workers: restarting"), 2, "{shown}");
    assert_eq!(
        told("ddp on 2 workers: scheduling, attempt 2"),
        1,
        "{shown}"
    );
}

/// The screen a fifth of a second after rank 1 was last said to do what `told` makes of it.
fn after(told: impl Fn(SlotState) -> SlotState, size: (u16, u16)) -> String {
    let mut snapshot = live(2, 0, Mishap::None);
    let t_ns = snapshot.now_ns + 200 * MS;
    for rank in 0..2 {
        let before = state(rank, 80, Mishap::None);
        let now = if rank == 1 { told(before) } else { before };
        push(&mut snapshot, t_ns, Event::Slot(now));
    }
    text(&run_screen(
        size,
        &mut RunView::default(),
        &snapshot,
        &mono(),
    ))
}

#[test]
fn what_a_lab_tells_of_a_rank_is_shown_with_the_next_look() {
    let stands = |doing: &str, health: Health| {
        let doing = doing.to_owned();
        move |before: SlotState| SlotState {
            doing: doing.clone(),
            health,
            ..before
        }
    };
    for size in [(80, 24), (120, 40), (200, 60)] {
        let shown = after(stands("ended", Health::Lost), size);
        assert!(shown.contains("1 of 2 workers · rank 1: ended"), "{shown}");
        let shown = after(stands("stopped", Health::Stalled), size);
        assert!(shown.contains("rank 1: stopped"), "{shown}");
        let shown = after(stands("evaluation", Health::Slow), size);
        assert!(shown.contains("rank 1: slow in evaluation"), "{shown}");
        // One that is done has no trouble.
        let shown = after(stands("done", Health::Ended), size);
        assert!(!shown.contains("· rank 1"), "{shown}");
    }
    let shown = after(stands("the evaluation's sums", Health::Waiting), (200, 60));
    assert!(shown.contains("the evaluation's sums"), "{shown}");
}

/// A new process is not judged by what the one before it did, and has done no step.
#[test]
fn a_rank_that_is_started_anew_shows_nothing_of_the_attempt_before() {
    let mut snapshot = live(2, 0, Mishap::Slow);
    let size = (120, 40);
    let seen = |snapshot: &Snapshot| {
        text(&run_screen(
            size,
            &mut RunView::default(),
            snapshot,
            &mono(),
        ))
    };
    assert!(seen(&snapshot).contains("the work"), "{}", seen(&snapshot));
    let t_ns = snapshot.now_ns + 200 * MS;
    for rank in 0..2 {
        let anew = SlotState {
            at_step: 0,
            attempt: 1,
            doing: "loading".to_owned(),
            health: Health::Working,
            slow_factor: None,
            figures: Vec::new(),
            ..state(rank, 80, Mishap::Slow)
        };
        push(&mut snapshot, t_ns, Event::Slot(anew));
    }
    let shown = seen(&snapshot);
    assert!(!shown.contains("the work"), "{shown}");
    let loading = |line: &&str| line.contains("loading");
    let ranks: Vec<&str> = shown.lines().filter(loading).collect();
    assert_eq!(ranks.len(), 2, "{shown}");
    for line in ranks {
        assert!(line.contains("n/a") && line.contains("none yet"), "{line}");
    }
}

#[test]
fn a_training_on_fewer_workers_says_so_beside_the_arm() {
    let mut snapshot = restarting();
    for (after_ms, phase, text) in [
        (1, ControllerPhase::Starting, "scheduling"),
        (2, ControllerPhase::Degraded, "running on 1 of 2 workers"),
    ] {
        let t_ns = snapshot.now_ns + after_ms * MS;
        push(&mut snapshot, t_ns, controller(phase, text, 3));
    }
    for size in SIZES {
        let shown = text(&run_screen(
            size,
            &mut RunView::default(),
            &snapshot,
            &dark(),
        ));
        let top = shown.lines().next().unwrap();
        assert!(top.contains("running on 1 of 2 workers"), "{top}");
    }
}

#[test]
fn a_result_says_that_attempts_are_added_up_and_who_was_lost() {
    let mut snapshot = told();
    for repeat in &mut snapshot.repeats {
        let Some(finished) = repeat.finished.as_mut().filter(|f| f.id.arm == "launcher") else {
            continue;
        };
        let slots = &mut finished.breakdown.slots;
        slots[0].attempt = 1;
        (slots[1].steps, slots[1].health) = (41, Health::Lost);
    }
    let shown = text(&result_screen(
        (200, 60),
        &mut ResultView::default(),
        &snapshot,
        &mono(),
    ));
    assert!(shown.contains("over all attempts"), "{shown}");
    assert!(shown.contains("gone after 41 steps"), "{shown}");
}

#[test]
fn a_held_picture_holds_its_ranks() {
    let mut snapshot = live(2, 0, Mishap::None);
    let mut view = RunView::default();
    let size = (120, 40);
    let before = text(&run_screen(size, &mut view, &snapshot, &dark()));
    view.act(ViewAction::Freeze);
    run_screen(size, &mut view, &snapshot, &dark());
    let t_ns = snapshot.now_ns + 500 * MS;
    push(
        &mut snapshot,
        t_ns,
        Event::Slot(state(0, 777, Mishap::None)),
    );
    let state = controller(ControllerPhase::Recovering, "resizing", 1);
    push(&mut snapshot, t_ns, state);
    let held = text(&run_screen(size, &mut view, &snapshot, &dark()));
    let body = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(body(&held), body(&before));
    assert!(!held.contains("resizing"), "{held}");
    view.act(ViewAction::Freeze);
    let after = text(&run_screen(size, &mut view, &snapshot, &dark()));
    assert!(
        after.contains("1,977") && after.contains("resizing"),
        "{after}"
    );
}

#[test]
fn results_that_tell_what_arms_consisted_of() {
    let snapshot = told();
    for (name, theme) in [("dark", dark()), ("mono", mono()), ("ascii", ascii())] {
        for size in SIZES {
            let buf = result_screen(size, &mut ResultView::default(), &snapshot, &theme);
            let name = format!("ranks_result_{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, text(&buf));
        }
    }
}

#[test]
fn values_are_not_cut_where_there_is_room() {
    let mut snapshot = told();
    for repeat in &mut snapshot.repeats {
        if let Some(finished) = &mut repeat.finished {
            let text = Quantity::Text("9418 of 10000".to_owned());
            finished.quality.insert("test_correct".to_owned(), text);
        }
    }
    let mut view = ResultView::default();
    for size in [(120, 40), (200, 60)] {
        result_screen(size, &mut view, &snapshot, &dark());
        while view.focus() != ResultPanel::Work {
            view.act(ViewAction::NextPanel);
        }
        let shown = text(&result_screen(size, &mut view, &snapshot, &dark()));
        let whole = shown.matches("9418 of 10000").count();
        assert!(whole >= if size.0 == 200 { 3 } else { 1 }, "{shown}");
    }
}

#[test]
fn every_panel_of_such_a_result() {
    let snapshot = told();
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut view = ResultView::default();
        for (panel, name) in [
            (ResultPanel::Steps, "steps"),
            (ResultPanel::StartUp, "start_up"),
            (ResultPanel::Work, "work"),
            (ResultPanel::Programs, "programs"),
        ] {
            result_screen(size, &mut view, &snapshot, &mono());
            while view.focus() != panel {
                view.act(ViewAction::NextPanel);
            }
            let buf = result_screen(size, &mut view, &snapshot, &mono());
            let name = format!("ranks_panel_{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, text(&buf));
        }
        view.act(ViewAction::Zoom);
        view.act(ViewAction::Move(Motion::End));
        let buf = result_screen(size, &mut view, &snapshot, &dark());
        let name = format!("ranks_programs_alone_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, text(&buf));
    }
}
