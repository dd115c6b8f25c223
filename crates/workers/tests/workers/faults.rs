//! Workers that hang or speak nonsense, and who is blamed for it.

use std::time::Duration;

use workbench_clock::Clock;
use workbench_workers::protocol::{FromWorker, Phase};
use workbench_workers::{By, Condition, Crew, Deadlines, Ended, News, Signal, diagnose};

use crate::Test;
use crate::link::{LONG, end_of, launches, to_the_end, until};

pub const TESTS: &[Test] = &[
    ("nonsense_is_named_and_killed", nonsense_is_named_and_killed),
    ("a_frame_that_is_cut_off", a_frame_that_is_cut_off),
    ("a_stopped_worker_is_noticed", a_stopped_worker_is_noticed),
    ("the_last_of_the_stuck_is_blamed", the_last_of_the_stuck),
    ("a_dead_worker_is_blamed", a_dead_worker_is_blamed),
    ("who_is_held_up_is_not_silent", who_is_held_up_is_not_silent),
];

fn nonsense_is_named_and_killed() {
    let roles = ["nonsense", "greetless", "stranger", "no json"];
    let crew = Crew::start(launches(&roles, None), Clock::start()).unwrap();
    let all = to_the_end(&crew);
    for (rank, expected) in [
        (
            0,
            "a frame of 1667330644 bytes, more than the 1048576 allowed",
        ),
        (1, "its first message is no greeting"),
        (
            2,
            "the other side speaks version 2 of the protocol and this one 1",
        ),
        (3, "a frame that is no message"),
    ] {
        let whys: Vec<&String> = all
            .iter()
            .filter_map(|news| match news {
                News::Nonsense { rank: of, why, .. } if *of == rank => Some(why),
                _ => None,
            })
            .collect();
        assert!(
            matches!(whys[..], [why] if why.contains(expected)),
            "{whys:?}"
        );
        assert!(matches!(
            end_of(&all, rank),
            News::Exited {
                by: By::Nonsense,
                ..
            }
        ));
    }
}

fn a_frame_that_is_cut_off() {
    let crew = Crew::start(launches(&["partial"], None), Clock::start()).unwrap();
    let all = to_the_end(&crew);
    let step = all.iter().position(|news| {
        matches!(
            news,
            News::Message {
                message: FromWorker::Step(_),
                ..
            }
        )
    });
    assert!(step.is_some(), "what came before it is not lost");
    let [
        ..,
        News::Nonsense { why, .. },
        News::Exited { ended, by, .. },
    ] = &all[..]
    else {
        panic!("{all:?}");
    };
    assert!(why.contains("the stream ends inside of a frame"), "{why}");
    assert_eq!((*ended, *by), (Ended::Code(0), By::Itself));
}

/// Takes news until all ranks have said where they are.
fn until_all_are_at_step_40(crew: &Crew) {
    until(crew, |_| {
        crew.states()
            .iter()
            .all(|state| state.step == 40 && state.condition != Condition::Silent)
    });
}

fn a_stopped_worker_is_noticed() {
    let roles = ["all-reduce", "forward", "all-reduce"];
    let crew = Crew::start(launches(&roles, None), Clock::start()).unwrap();
    until_all_are_at_step_40(&crew);
    crew.signal(1, Signal::STOP).unwrap();
    let all = until(&crew, |news| matches!(news, News::Silent { rank: 1, .. }));
    let Some(News::Silent {
        phase,
        step,
        for_s,
        stopped,
        ..
    }) = all.last()
    else {
        unreachable!()
    };
    assert_eq!((*phase, *step, *stopped), (Phase::Forward, 40, true));
    assert!(*for_s >= 2.0, "{for_s}");
    let said = diagnose(&crew.states());
    assert!(
        said.starts_with("rank 1 is stopped by a signal in forward at step 40, for "),
        "{said}"
    );
    assert!(said.ends_with("ranks 0, 2 wait in all-reduce"), "{said}");
    crew.signal(1, Signal::CONT).unwrap();
    until(&crew, |news| {
        matches!(news, News::Recovered { rank: 1, .. })
    });
    assert_ne!(crew.states()[1].condition, Condition::Stopped);
}

fn the_last_of_the_stuck() {
    let roles = ["all-reduce", "forward", "all-reduce"];
    let deadlines = Deadlines {
        // So long that a busy machine cannot make anybody silent.
        silent: LONG,
        stuck: Duration::from_millis(1500),
        ..Deadlines::default()
    };
    let crew = Crew::start_with(launches(&roles, None), Clock::start(), deadlines).unwrap();
    until_all_are_at_step_40(&crew);
    let all = until(&crew, |news| matches!(news, News::Stuck { .. }));
    assert!(matches!(
        all.last(),
        Some(News::Stuck {
            rank: 1,
            phase: Phase::Forward,
            step: 40,
            ..
        })
    ));
    let said = diagnose(&crew.states());
    assert!(said.starts_with("rank 1 is stuck in forward"), "{said}");
}

fn a_dead_worker_is_blamed() {
    let roles = ["all-reduce", "forward", "all-reduce"];
    let crew = Crew::start(launches(&roles, None), Clock::start()).unwrap();
    until_all_are_at_step_40(&crew);
    crew.kill(1).unwrap();
    until(&crew, |news| matches!(news, News::Exited { rank: 1, .. }));
    let said = diagnose(&crew.states());
    assert!(
        said.starts_with("rank 1 was ended by SIGKILL in forward at step 40, "),
        "{said}"
    );
    assert!(said.ends_with("ranks 0, 2 wait in all-reduce"), "{said}");
}

/// Nobody takes news, so the chattering worker is held up, its signs of life with it. The stopped one shows that enough
/// time has passed for silence.
fn who_is_held_up_is_not_silent() {
    let deadlines = Deadlines {
        silent: Duration::from_secs(1),
        ..Deadlines::default()
    };
    let roles = ["chatter", "forward"];
    let crew = Crew::start_with(launches(&roles, None), Clock::start(), deadlines).unwrap();
    while crew.states()[1].step != 40 {
        std::thread::yield_now();
    }
    crew.signal(1, Signal::STOP).unwrap();
    loop {
        let state = crew.states()[1];
        if state.condition == Condition::Stopped && state.for_s >= 2.5 {
            break;
        }
        std::thread::yield_now();
    }
    let all = until(&crew, |news| matches!(news, News::Exited { rank: 0, .. }));
    let silent: Vec<u32> = all
        .iter()
        .filter(|news| matches!(news, News::Silent { .. }))
        .map(News::rank)
        .collect();
    assert_eq!(silent, [1]);
}
