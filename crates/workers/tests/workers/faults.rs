//! Workers that hang or speak nonsense, and who is blamed for it.

use std::time::Duration;

use workbench_clock::Clock;
use workbench_protocol::{FromWorker, Position};
use workbench_workers::{
    Deadlines, EndedBy, EventKind, ProcessExit, Signal, Stall, WorkerHealth, describe,
};

use crate::Test;
use crate::link::{Event, Group, LONG, end_of, launches, to_the_end, until};
use crate::training::{Phase, Report};

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
    let group = Group::start(launches(&roles, None), Clock::start()).unwrap();
    let all = to_the_end(&group);
    for (rank, expected) in [
        (
            0,
            "a frame of 1667330644 bytes, more than the 1048576 allowed",
        ),
        (1, "its first message is no greeting"),
        (
            2,
            "the other side speaks version 4 of the protocol and this one 3",
        ),
        (3, "a frame that is no message"),
    ] {
        let whys: Vec<&String> = all
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::InvalidMessage { why } if event.rank == rank => Some(why),
                _ => None,
            })
            .collect();
        assert!(
            matches!(whys[..], [why] if why.contains(expected)),
            "{whys:?}"
        );
        assert!(matches!(
            end_of(&all, rank).kind,
            EventKind::Exited {
                by: EndedBy::InvalidMessage,
                ..
            }
        ));
    }
}

fn a_frame_that_is_cut_off() {
    let group = Group::start(launches(&["partial"], None), Clock::start()).unwrap();
    let all = to_the_end(&group);
    let step = all.iter().position(|event| {
        matches!(
            event.kind,
            EventKind::Message(FromWorker::Report(Report::Step(_)))
        )
    });
    assert!(step.is_some(), "what came before it is not lost");
    let [.., invalid, exited] = &all[..] else {
        panic!("{all:?}");
    };
    assert!(
        matches!(&invalid.kind, EventKind::InvalidMessage { why }
            if why.contains("the stream ends inside of a frame")),
        "{invalid:?}"
    );
    let by_itself = EventKind::Exited {
        exit: ProcessExit::Code(0),
        by: EndedBy::Itself,
    };
    assert_eq!(exited.kind, by_itself);
}

/// How long a worker may be silent where a busy machine must not make it so.
const PATIENT: Duration = Duration::from_secs(4);

fn is_stalled(event: &Event) -> bool {
    matches!(event.kind, EventKind::Stalled { .. })
}

fn at_step_40(phase: Phase) -> Position<Phase> {
    Position { phase, step: 40 }
}

/// Takes events until all ranks have reported their position.
fn until_all_are_at_step_40(group: &Group) {
    until(group, |_| {
        group.states().iter().all(|state| {
            state.position.step == 40 && state.health != WorkerHealth::Stalled(Stall::Silent)
        })
    });
}

fn a_stopped_worker_is_noticed() {
    let roles = ["all-reduce", "forward", "all-reduce"];
    let deadlines = Deadlines {
        silent: PATIENT,
        ..Deadlines::default()
    };
    let group = Group::start_with(launches(&roles, None), Clock::start(), deadlines).unwrap();
    until_all_are_at_step_40(&group);
    group.signal(1, Signal::STOP).unwrap();
    let all = until(&group, is_stalled);
    let last = all.last().unwrap();
    let EventKind::Stalled {
        stall,
        position,
        for_s,
    } = last.kind
    else {
        unreachable!()
    };
    assert_eq!((last.rank, stall), (1, Stall::Stopped));
    assert_eq!(position, at_step_40(Phase::Forward));
    assert!(for_s >= PATIENT.as_secs_f64(), "{for_s}");
    let said = describe(&group.states());
    assert!(
        said.starts_with("rank 1 is stopped by a signal in forward at step 40, for "),
        "{said}"
    );
    assert!(said.ends_with("ranks 0, 2 wait in all-reduce"), "{said}");
    group.signal(1, Signal::CONT).unwrap();
    until(&group, |event| {
        matches!(event.kind, EventKind::Recovered { .. })
    });
    assert_ne!(
        group.states()[1].health,
        WorkerHealth::Stalled(Stall::Stopped)
    );
}

fn the_last_of_the_stuck() {
    let roles = ["all-reduce", "forward", "all-reduce"];
    let deadlines = Deadlines {
        // So long that a busy machine cannot make anybody silent.
        silent: LONG,
        stuck: Duration::from_millis(1500),
        ..Deadlines::default()
    };
    let group = Group::start_with(launches(&roles, None), Clock::start(), deadlines).unwrap();
    until_all_are_at_step_40(&group);
    let all = until(&group, is_stalled);
    let last = all.last().unwrap();
    assert!(
        last.rank == 1
            && matches!(last.kind, EventKind::Stalled { stall: Stall::Stuck, position, .. }
                if position == at_step_40(Phase::Forward)),
        "{last:?}"
    );
    let said = describe(&group.states());
    assert!(said.starts_with("rank 1 is stuck in forward"), "{said}");
}

fn a_dead_worker_is_blamed() {
    let roles = ["all-reduce", "forward", "all-reduce"];
    let deadlines = Deadlines {
        silent: LONG,
        ..Deadlines::default()
    };
    let group = Group::start_with(launches(&roles, None), Clock::start(), deadlines).unwrap();
    until_all_are_at_step_40(&group);
    group.kill(1).unwrap();
    until(&group, |event| {
        event.rank == 1 && matches!(event.kind, EventKind::Exited { .. })
    });
    let said = describe(&group.states());
    assert!(
        said.starts_with("rank 1 was ended by SIGKILL in forward at step 40, "),
        "{said}"
    );
    assert!(said.ends_with("ranks 0, 2 wait in all-reduce"), "{said}");
}

/// No one takes events, so the chattering worker is blocked, and its heartbeats with it. The
/// stopped one shows that enough time has passed for silence.
fn who_is_held_up_is_not_silent() {
    let deadlines = Deadlines {
        silent: PATIENT,
        ..Deadlines::default()
    };
    let roles = ["chatter", "forward"];
    let group = Group::start_with(launches(&roles, None), Clock::start(), deadlines).unwrap();
    while group.states()[1].position.step != 40 {
        std::thread::yield_now();
    }
    group.signal(1, Signal::STOP).unwrap();
    loop {
        let state = group.states()[1];
        if state.health == WorkerHealth::Stalled(Stall::Stopped)
            && state.for_s >= 2.0 * PATIENT.as_secs_f64()
        {
            break;
        }
        std::thread::yield_now();
    }
    let all = until(&group, |event| {
        event.rank == 0 && matches!(event.kind, EventKind::Exited { .. })
    });
    let silent: Vec<u32> = all
        .iter()
        .filter(|event| is_stalled(event))
        .map(|event| event.rank)
        .collect();
    assert_eq!(silent, [1]);
}
