//! What keys lead to, from start to leaving.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use workbench_record::{ArmFailure, ArmFailureKind, Event as Fact, Record, RunStatus};

use super::fixture::{Fixture, quick, recorded, records, refused};
use crate::app::Screen;
use crate::bindings;
use crate::event::{
    AppEvent, Effect, Exit, HistoryEffect, RunEffect, RunJob, TerminalEffect, WatchEffect,
};
use crate::keys::told;
use crate::theme::ThemeName;
use crate::views::keys;
use crate::views::tests::bindings;
use workbench_history::Standing;
use workbench_history::outlook::outlook;

fn fixture() -> Fixture {
    Fixture::new(ThemeName::Dark, false)
}

fn is_result(fixture: &Fixture) -> bool {
    matches!(fixture.app.screen, Screen::Result(_))
}

#[test]
fn a_run_from_the_form_to_its_result_and_the_words_at_parting() {
    let mut fixture = fixture();
    let effects = fixture.press("enter right s");
    let [Effect::Run(RunEffect::Make(RunJob::Start(0, config)))] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(config.preset, "quick");
    assert!(matches!(fixture.app.screen, Screen::Run));
    assert!(fixture.app.last_run.is_none());
    let id = "20261121-120000-rf-aaaa";
    fixture.app.update(AppEvent::Records(records(id, config)));
    let loaded = fixture.loaded(id, config, RunStatus::Completed);
    let effects = fixture.app.update(AppEvent::Ended(Ok(loaded)));
    assert_eq!(effects, [Effect::History(HistoryEffect::Read)]);
    assert!(is_result(&fixture));
    assert_eq!(fixture.app.last_run.as_ref().unwrap().0.id(), id);
    fixture.press("esc");
    assert_eq!(
        fixture.press("q"),
        [Effect::Terminal(TerminalEffect::Quit(Exit::Done))]
    );
}

#[test]
fn a_run_goes_on_while_one_looks_elsewhere() {
    let mut fixture = fixture();
    fixture.press("enter s esc");
    assert!(matches!(fixture.app.screen, Screen::Home));
    // Two runs would disturb each other.
    assert!(fixture.press("enter s").is_empty());
    fixture.press("esc w");
    assert!(matches!(fixture.app.screen, Screen::Run));
    fixture.press("esc");
    let loaded = fixture.loaded("20261121-120000-rf-aaaa", &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Ended(Ok(loaded)));
    assert!(matches!(fixture.app.screen, Screen::Home));
    assert!(fixture.shown(100, 30).contains("The run has ended"));
}

#[test]
fn leaving_during_a_run_waits_for_its_record() {
    for (keys, exit) in [
        ("q y", Exit::Done),
        ("q tab enter", Exit::Done),
        ("q backtab enter", Exit::Done),
        ("ctrl-c ctrl-c", Exit::Done),
    ] {
        let mut fixture = fixture();
        fixture.press("enter s");
        assert_eq!(
            fixture.press(keys),
            [Effect::Run(RunEffect::Cancel)],
            "{keys}"
        );
        let loaded = fixture.loaded("a-run", &quick(), RunStatus::Interrupted);
        let effects = fixture.app.update(AppEvent::Ended(Ok(loaded)));
        assert_eq!(
            effects,
            [Effect::Terminal(TerminalEffect::Quit(exit))],
            "{keys}"
        );
    }
    let mut fixture = fixture();
    fixture.press("enter s");
    assert!(fixture.press("q n q esc q enter").is_empty());
    assert!(fixture.app.is_running());
}

#[test]
fn a_run_whose_end_is_recorded_is_left_without_a_question() {
    let mut fixture = fixture();
    fixture.press("enter s");
    let id = "20261121-120000-rf-aaaa";
    let mut all = records(id, &quick());
    let t_ns = all.last().unwrap().t_ns;
    let event = Fact::RunFinished {
        status: RunStatus::Completed,
        instrument_cpu_ns: 0,
        screen_cpu_ns: 0,
    };
    all.push(Record { t_ns, event });
    fixture.app.update(AppEvent::Records(all));
    assert!(fixture.press("c q").is_empty());
    assert!(fixture.app.overlay.is_none());
    let loaded = fixture.loaded(id, &quick(), RunStatus::Completed);
    assert_eq!(
        fixture.app.update(AppEvent::Ended(Ok(loaded))),
        [Effect::Terminal(TerminalEffect::Quit(Exit::Done))]
    );
}

/// The record of a run that goes on begins with what was there: also with an end.
#[test]
fn a_run_that_goes_on_where_it_was_left_can_be_stopped_at_once() {
    for status in [RunStatus::Interrupted, RunStatus::Completed] {
        let mut fixture = fixture();
        fixture.press("enter s");
        let mut all = records("20261121-120000-rf-aaaa", &quick());
        all.truncate(all.len() - 3);
        let t_ns = all.last().unwrap().t_ns;
        let event = Fact::RunFinished {
            status,
            instrument_cpu_ns: 0,
            screen_cpu_ns: 0,
        };
        all.push(Record { t_ns, event });
        fixture.app.update(AppEvent::Records(all));
        fixture.press("c");
        assert!(fixture.app.overlay.is_some(), "{status:?}");
        fixture.press("esc q");
        assert!(fixture.app.overlay.is_some(), "{status:?}");
        fixture.press("esc");
    }
}

#[test]
fn a_signal_closes_the_record_and_a_second_one_does_not_wait() {
    let mut fixture = fixture();
    assert_eq!(
        fixture.app.update(AppEvent::Terminate),
        [Effect::Terminal(TerminalEffect::Quit(Exit::Interrupted))]
    );
    fixture.press("enter s");
    assert_eq!(
        fixture.app.update(AppEvent::Terminate),
        [Effect::Run(RunEffect::Cancel)]
    );
    assert_eq!(
        fixture.app.update(AppEvent::Terminate),
        [Effect::Terminal(TerminalEffect::Quit(Exit::Interrupted))]
    );
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Interrupted);
    let effects = fixture.app.update(AppEvent::Ended(Ok(loaded)));
    assert_eq!(
        effects,
        [Effect::Terminal(TerminalEffect::Quit(Exit::Interrupted))]
    );
}

#[test]
fn without_its_terminal_the_record_is_still_closed() {
    let mut fixture = fixture();
    fixture.press("enter s");
    assert_eq!(
        fixture.app.update(AppEvent::TerminalLost),
        [Effect::Run(RunEffect::Cancel)]
    );
    // The signal comes, reading fails and drawing fails: all the same news.
    assert_eq!(
        fixture.app.update(AppEvent::TerminalLost),
        [] as [Effect; 0]
    );
    let loaded = fixture.loaded("a-run", &quick(), RunStatus::Interrupted);
    let effects = fixture.app.update(AppEvent::Ended(Ok(loaded)));
    assert_eq!(
        effects,
        [Effect::Terminal(TerminalEffect::Quit(Exit::Interrupted))]
    );
}

#[test]
fn a_run_that_cannot_be_made_leads_back_to_the_form() {
    let mut fixture = fixture();
    fixture.press("enter s");
    fixture.app.update(AppEvent::Ended(Err(refused(
        "houses.csv: no such file",
        None,
    ))));
    assert!(matches!(fixture.app.screen, Screen::Form));
    assert!(fixture.shown(100, 30).contains("houses.csv: no such file"));
}

#[test]
fn old_runs_open_from_home_and_from_the_history() {
    let mut fixture = fixture();
    let effects = fixture.press("backtab down enter");
    assert_eq!(
        effects,
        [Effect::History(HistoryEffect::Open(
            fixture.run_dir("20261120-093000-rf-0b1c")
        ))]
    );
    let loaded = fixture.loaded("20261120-093000-rf-0b1c", &quick(), RunStatus::Interrupted);
    fixture
        .app
        .update(AppEvent::Opened(Ok(Arc::clone(&loaded))));
    assert!(is_result(&fixture));
    fixture.press("esc r");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    assert_eq!(fixture.press("/ 0 b 1 c enter enter").len(), 1);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    assert!(is_result(&fixture));
    assert_eq!(fixture.press("u").len(), 1);
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Runs));
    fixture.press("esc esc");
    assert!(matches!(fixture.app.screen, Screen::Home));
}

fn watched(fixture: &Fixture) -> &crate::app::Watched {
    match &fixture.app.screen {
        Screen::Watch(watched) => watched,
        _ => panic!("no run is watched"),
    }
}

#[test]
fn one_arm_is_stopped_and_the_others_go_on() {
    let mut fixture = fixture();
    fixture.press("enter s");
    let records = records("20261121-120000-rf-aaaa", &quick());
    let arms = quick().arms;
    fixture.app.update(AppEvent::Records(records[..2].to_vec()));
    let now = match &records[1].event {
        Fact::RepeatStarted(id) => id.arm.clone(),
        other => panic!("{other:?}"),
    };
    fixture.press("c");
    let shown = fixture.shown(80, 24);
    for arm in &arms {
        assert!(shown.contains(&format!("[ Stop {arm} ]")), "{shown}");
    }
    // The arm under way is the first button after going on.
    assert_eq!(
        fixture.press("tab enter"),
        [Effect::Run(RunEffect::CancelArm(now.clone()))]
    );
    assert!(fixture.app.is_running());
    // An arm that was stopped is not offered again.
    fixture.app.update(AppEvent::Records(vec![Record {
        t_ns: 1,
        event: Fact::ArmStopped { arm: now.clone() },
    }]));
    fixture.press("c");
    let shown = fixture.shown(80, 24);
    assert!(!shown.contains(&format!("[ Stop {now} ]")), "{shown}");
    assert_eq!(
        fixture.press("backtab enter"),
        [Effect::Run(RunEffect::Cancel)]
    );
}

/// An arm that failed is over: it is shown so, is not offered to be stopped, and takes
/// no more time.
#[test]
fn a_failed_arm_is_over() {
    let mut fixture = fixture();
    fixture.press("enter s");
    let mut config = quick();
    config.repeats = 3;
    let records = records("20261121-120000-rf-aaaa", &config);
    let ends = (0..).zip(&records);
    let ends = ends.filter(|(_, r)| matches!(r.event, Fact::RepeatFinished(_)));
    let first_round: usize = ends.map(|(at, _)| at).nth(config.arms.len() - 1).unwrap();
    fixture
        .app
        .update(AppEvent::Records(records[..=first_round].to_vec()));
    let ahead = |fixture: &Fixture| outlook(&fixture.app.live.as_ref().unwrap().snapshot.tally);
    let before = ahead(&fixture);
    let failed = "trees".to_owned();
    let t_ns = records[first_round].t_ns;
    fixture.app.update(AppEvent::Records(vec![Record {
        t_ns,
        event: Fact::ArmFailed(ArmFailure {
            arm: failed.clone(),
            kind: ArmFailureKind::Run,
            reason: "it was to fail".to_owned(),
        }),
    }]));
    let after = ahead(&fixture);
    assert!(after.left_s.unwrap() < before.left_s.unwrap());
    assert!(!after.arms.keys().any(|(arm, _)| *arm == failed));
    fixture.press("c");
    let shown = fixture.shown(80, 24);
    assert!(!shown.contains(&format!("[ Stop {failed} ]")), "{shown}");
}

#[test]
fn a_run_is_played_again_from_the_history() {
    let mut fixture = fixture();
    let id = "20261121-101502-rf-3f9a";
    let run = fixture.run_dir(id);
    assert_eq!(
        fixture.press("r p"),
        [Effect::Watch(WatchEffect::Replay(run.clone()))]
    );
    let all = records(id, &quick());
    let end = all.last().unwrap().t_ns;
    let read = recorded(run.clone(), all);
    fixture.app.update(AppEvent::Replay(Ok(Box::new(read))));
    assert!(fixture.app.is_playing());
    fixture
        .app
        .update(AppEvent::Tick(std::time::Duration::from_millis(20)));
    assert_eq!(watched(&fixture).snapshot.repeats.len(), 1);
    assert!(fixture.shown(100, 30).contains("10×"));
    fixture.press("space");
    assert!(!fixture.app.is_playing());
    fixture.press("] ] ]");
    assert!(fixture.shown(100, 30).contains("100×"));
    fixture.press("[ [ [ [ [ [ [");
    assert!(fixture.shown(100, 30).contains(" 1×"));
    // Forward to the end, and back to the beginning.
    for _ in 0..21 {
        fixture.press(".");
    }
    assert_eq!(watched(&fixture).snapshot.now_ns, end);
    for _ in 0..21 {
        fixture.press(",");
    }
    assert_eq!(watched(&fixture).snapshot.now_ns, 0);
    assert!(fixture.shown(100, 30).contains(" 0 s of"));
    assert_eq!(
        fixture.press("r"),
        [Effect::History(HistoryEffect::Open(run))]
    );
    let loaded = fixture.loaded(id, &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::Opened(Ok(loaded)));
    assert!(is_result(&fixture));
    assert_eq!(fixture.press("p").len(), 1, "and again from its result");
    fixture.press("esc");
    assert!(matches!(fixture.app.screen, Screen::Runs));
}

#[test]
fn a_run_of_another_process_is_followed_to_its_result() {
    let mut fixture = fixture();
    let id = "20261121-101502-rf-3f9a";
    let run = fixture.run_dir(id);
    let live = |fixture: &Fixture| {
        let loaded = fixture.loaded(id, &quick(), RunStatus::Unfinished);
        let mut loaded = Arc::try_unwrap(loaded).unwrap();
        loaded.standing = Standing::Running;
        Arc::new(loaded)
    };
    fixture.press("r enter");
    let opened = AppEvent::Opened(Ok(live(&fixture)));
    assert_eq!(
        fixture.app.update(opened),
        [Effect::Watch(WatchEffect::Follow(run.clone()))]
    );
    let mut all = records(id, &quick());
    let rest = all.split_off(3);
    fixture.app.update(AppEvent::Followed(run.clone(), all));
    assert!(fixture.shown(100, 30).contains("in another process"));
    // What comes of a run that is no longer looked at changes nothing.
    let other = fixture.run_dir("20261120-093000-rf-0b1c");
    fixture.app.update(AppEvent::Followed(other, rest.clone()));
    assert_eq!(watched(&fixture).snapshot.repeats.len(), 1);
    fixture.app.update(AppEvent::Followed(run.clone(), rest));
    assert_eq!(watched(&fixture).snapshot.repeats.len(), 6);
    // Its keys do not steer it.
    assert!(fixture.press("c").is_empty());
    assert!(fixture.app.overlay.is_none());
    let loaded = fixture.loaded(id, &quick(), RunStatus::Completed);
    fixture
        .app
        .update(AppEvent::FollowEnded(run.clone(), Ok(loaded)));
    assert!(is_result(&fixture));
    // Going away from a run that is still under way ends the following.
    fixture.press("esc enter");
    let opened = AppEvent::Opened(Ok(live(&fixture)));
    fixture.app.update(opened);
    assert_eq!(fixture.press("esc"), [Effect::Watch(WatchEffect::Unfollow)]);
    assert!(matches!(fixture.app.screen, Screen::Runs));
    let late = fixture.loaded(id, &quick(), RunStatus::Completed);
    fixture.app.update(AppEvent::FollowEnded(run, Ok(late)));
    assert!(matches!(fixture.app.screen, Screen::Runs));
}

#[test]
fn an_interrupted_run_goes_on_where_it_was_left() {
    let mut fixture = fixture();
    // The completed one has nothing left to do.
    assert!(fixture.press("r R").is_empty());
    assert!(fixture.shown(100, 30).contains("nothing left to do"));
    let run = fixture.run_dir("20261120-093000-rf-0b1c");
    assert_eq!(
        fixture.press("down R"),
        [Effect::Run(RunEffect::Make(RunJob::Resume(run)))]
    );
    assert!(matches!(fixture.app.screen, Screen::Run));
    let error = refused("the run is under way in another process", None);
    fixture.app.update(AppEvent::Ended(Err(error)));
    assert!(matches!(fixture.app.screen, Screen::Runs));
    assert!(fixture.shown(100, 30).contains("in another process"));
}

#[test]
fn the_own_run_opens_where_it_can_be_steered() {
    let mut fixture = fixture();
    fixture.press("enter s");
    let id = "20261121-101502-rf-3f9a";
    fixture.app.update(AppEvent::Records(records(id, &quick())));
    fixture.press("esc r enter");
    let loaded = fixture.loaded(id, &quick(), RunStatus::Unfinished);
    assert!(fixture.app.update(AppEvent::Opened(Ok(loaded))).is_empty());
    assert!(matches!(fixture.app.screen, Screen::Run));
}

#[test]
fn clicks_select_and_open() {
    let mut fixture = fixture();
    fixture.press("r");
    let shown = fixture.shown(100, 30);
    let line = |words: &str| shown.lines().position(|l| l.contains(words)).unwrap() as u16;
    let click = |row| {
        AppEvent::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 10,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    let row = line("20261119-230159");
    assert!(fixture.app.update(click(row)).is_empty());
    assert_eq!(
        fixture.app.update(click(row)),
        [Effect::History(HistoryEffect::Open(
            fixture.run_dir("20261119-230159-rf-77aa")
        ))]
    );
    // A click beside everything.
    assert!(fixture.app.update(click(0)).is_empty());
}

#[test]
fn no_key_means_two_things() {
    let run = bindings(keys::RUN);
    let result = bindings(keys::RESULT);
    let compared = bindings(keys::COMPARE);
    let screens = [
        ("home", told(bindings::HOME), true),
        ("runs", told(bindings::RUNS), true),
        (
            "compare",
            [told(bindings::COMPARE), compared].concat(),
            true,
        ),
        ("set up", told(bindings::FORM), true),
        ("run", [told(bindings::RUN), run.clone()].concat(), true),
        (
            "follow",
            [told(bindings::FOLLOW), run.clone()].concat(),
            true,
        ),
        ("replay", [told(bindings::REPLAY), run].concat(), true),
        ("result", [told(bindings::RESULT), result].concat(), true),
        ("help", told(bindings::HELP), false),
        ("stop", told(bindings::STOP), false),
        ("export", told(bindings::EXPORT), false),
        ("hand in", told(bindings::HAND_IN), false),
        ("palette", told(bindings::PALETTE), false),
        ("missing", told(bindings::MISSING), false),
        ("filter", told(bindings::RUNS_FILTER), false),
        ("field", told(bindings::FORM_FIELD), false),
    ];
    for (screen, mut bindings, with_global) in screens {
        if with_global {
            bindings.extend(told(bindings::GLOBAL));
        }
        let mut seen = std::collections::BTreeSet::new();
        for binding in bindings {
            assert!(!binding.help.is_empty(), "{screen}: {binding:?}");
            for key in binding.keys {
                let name = *key;
                assert!(seen.insert(name), "{screen}: {key} means two things");
            }
        }
    }
}
