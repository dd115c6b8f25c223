//! The ends that workers come to, and that nobody is left behind.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use workbench_clock::Clock;
use workbench_protocol::{FrameReader, FromWorker, Stamped, ToWorker, write_frame};
use workbench_workers::{EndedBy, EventKind, GroupError, ProcessExit};

use crate::Test;
use crate::link::{
    Event, Group, Link, SEED, end_of, is_child, launches, to_the_end, until, wait_for_end,
};
use crate::roles::{LINK, ROLE};
use crate::training::{Report, Training};

pub const TESTS: &[Test] = &[
    ("an_end_is_told_with_its_author", an_end_with_its_author),
    ("killing_takes_children_along", killing_takes_children_along),
    ("ending_takes_children_along", ending_takes_children_along),
    ("an_escaped_child_holds_nothing_up", an_escaped_child),
    ("who_does_not_stop_is_killed", who_does_not_stop_is_killed),
    ("dropping_leaves_nobody", dropping_leaves_nobody),
    ("a_killed_supervisor_leaves_nobody", a_killed_supervisor),
    ("closed_orders_end_a_worker", closed_orders_end_a_worker),
    ("an_orphan_does_not_begin", an_orphan_does_not_begin),
    ("a_program_that_is_not_there", a_program_that_is_not_there),
    ("launches_that_make_no_sense", launches_that_make_no_sense),
];

const KILLED: ProcessExit = ProcessExit::Signal {
    number: 9,
    core: false,
};

fn is_step(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::Message(FromWorker::Report(Report::Step(_)))
    )
}

fn is_beat(event: &Event) -> bool {
    matches!(event.kind, EventKind::Message(FromWorker::Heartbeat { .. }))
}

fn an_end_with_its_author() {
    let group = Group::start(
        launches(&["code 3", "abort", "killed", "deaf"], None),
        Clock::start(),
    )
    .unwrap();
    group.kill(3).unwrap();
    assert!(matches!(
        group.kill(4),
        Err(GroupError::NoRank { rank: 4, world: 4 })
    ));
    let all = to_the_end(&group);
    let ends: Vec<(ProcessExit, EndedBy)> = (0..4)
        .map(|rank| match end_of(&all, rank).kind {
            EventKind::Exited { exit, by } => (exit, by),
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ends[0], (ProcessExit::Code(3), EndedBy::Itself));
    assert!(matches!(
        ends[1],
        (ProcessExit::Signal { number: 6, .. }, EndedBy::Itself)
    ));
    assert_eq!(ends[2], (KILLED, EndedBy::Outside));
    assert_eq!(ends[3], (KILLED, EndedBy::Owner));
    group.kill(0).unwrap();
}

fn killing_takes_children_along() {
    let link = Link::new();
    let group = Group::start(launches(&["parent"], Some(&link.path())), Clock::start()).unwrap();
    let ends = [link.accept(), link.accept()];
    assert!(ends.iter().any(|(_, said)| said == "sleeper"));
    until(&group, is_step);
    group.kill(0).unwrap();
    for (end, _) in ends {
        wait_for_end(end);
    }
    to_the_end(&group);
}

fn ending_takes_children_along() {
    let link = Link::new();
    let group = Group::start(
        launches(&["bad parent"], Some(&link.path())),
        Clock::start(),
    )
    .unwrap();
    let ends = [link.accept(), link.accept()];
    for (end, _) in ends {
        wait_for_end(end);
    }
    let all = to_the_end(&group);
    assert!(matches!(
        end_of(&all, 0).kind,
        EventKind::Exited {
            exit: ProcessExit::Code(0),
            by: EndedBy::Itself,
            ..
        }
    ));
}

/// A child that left the process group lives on, with the worker's standard error in its hands.
fn an_escaped_child() {
    let link = Link::new();
    let group = Group::start(
        launches(&["lost child"], Some(&link.path())),
        Clock::start(),
    )
    .unwrap();
    let ends = [link.accept(), link.accept()];
    let all = to_the_end(&group);
    assert!(matches!(
        end_of(&all, 0).kind,
        EventKind::Exited {
            by: EndedBy::Itself,
            ..
        }
    ));
    // Closing its link ends the escapee.
    drop(ends);
}

fn who_does_not_stop_is_killed() {
    let group = Group::start(launches(&["deaf", "deaf"], None), Clock::start()).unwrap();
    until(&group, is_beat);
    group.stop(Duration::from_secs(3600));
    group.stop(Duration::from_millis(50));
    let all = to_the_end(&group);
    for rank in 0..2 {
        assert!(matches!(
            end_of(&all, rank).kind,
            EventKind::Exited {
                exit: KILLED,
                by: EndedBy::GracePeriod,
                ..
            }
        ));
    }
}

fn dropping_leaves_nobody() {
    let link = Link::new();
    let group = Group::start(
        launches(&["deaf", "chatter", "shout"], Some(&link.path())),
        Clock::start(),
    )
    .unwrap();
    let ends = [link.accept(), link.accept(), link.accept()];
    let pids: Vec<u32> = group.usage().iter().map(|usage| usage.pid).collect();
    drop(group);
    assert!(pids.iter().all(|pid| !is_child(*pid)), "{pids:?}");
    for (end, _) in ends {
        wait_for_end(end);
    }
}

fn a_killed_supervisor() {
    let link = Link::new();
    let mut middle = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, "middle")
        .env(LINK, link.path())
        .spawn()
        .unwrap();
    let ends = [link.accept(), link.accept(), link.accept(), link.accept()];
    // The supervisor connects when all workers run.
    assert!(ends.iter().any(|(_, said)| said == "supervising"));
    middle.kill().unwrap();
    assert_eq!(middle.wait().unwrap().signal(), Some(9));
    for (end, _) in ends {
        wait_for_end(end);
    }
}

fn closed_orders_end_a_worker() {
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, "deaf")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut orders = worker.stdin.take().unwrap();
    write_frame(&mut orders, &ToWorker::<Training>::start(SEED)).unwrap();
    let mut frames = FrameReader::new(worker.stdout.take().unwrap());
    assert!(matches!(
        frames.read::<Stamped<FromWorker<Training>>>().unwrap(),
        Some(Stamped {
            message: FromWorker::Hello { .. },
            ..
        })
    ));
    drop(orders);
    let status = worker.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "{status}");
}

fn an_orphan_does_not_begin() {
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, "deaf")
        .env("WORKBENCH_SUPERVISOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed by then, perhaps.
    let _ = worker.stdin.take().unwrap().write_all(b"");
    let mut said = String::new();
    let mut printed = worker.stderr.take().unwrap();
    printed.read_to_string(&mut said).unwrap();
    assert_eq!(worker.wait().unwrap().code(), Some(9));
    assert!(said.contains("the supervisor was gone"), "{said}");
}

fn a_program_that_is_not_there() {
    let link = Link::new();
    let mut launches = launches(&["deaf", "deaf"], Some(&link.path()));
    launches[1].program = "/nowhere/workbench-worker".into();
    let error = Group::start(launches.clone(), Clock::start()).unwrap_err();
    assert!(matches!(error, GroupError::NotFound { .. }), "{error:?}");
    let said = error.to_string();
    assert!(
        said.starts_with("/nowhere/workbench-worker: there is no such program; build it"),
        "{said}"
    );
    // The first worker is gone, whether it came to connect or not.
    link.connected().into_iter().for_each(wait_for_end);

    let plain = link.path().with_file_name("plain");
    std::fs::write(&plain, "no program").unwrap();
    launches[1].program.clone_from(&plain);
    let error = Group::start(launches, Clock::start()).unwrap_err();
    assert!(
        matches!(error, GroupError::NotExecutable { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("make it executable"), "{error}");
}

fn launches_that_make_no_sense() {
    let refusal = |launches| {
        Group::start(launches, Clock::start())
            .unwrap_err()
            .to_string()
    };
    assert!(refusal(Vec::new()).contains("no workers"));
    let mut wrong = launches(&["deaf", "deaf"], None);
    wrong.reverse();
    assert!(refusal(wrong).contains("launch 0 is for rank 1"));
    let mut wrong = launches(&["deaf"], None);
    wrong[0].env.local_world_size = 9;
    assert!(refusal(wrong).contains("rank 0: LOCAL_WORLD_SIZE=9"));
}
