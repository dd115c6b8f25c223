//! Workers that behave.

use std::time::Duration;

use workbench_clock::Clock;
use workbench_protocol::FromWorker;
use workbench_workers::{EndedBy, EventKind, ProcessExit, ProcessState, WorkerHealth, describe};

use crate::Test;
use crate::link::{Event, Group, LONG, Link, end_of, launches, to_the_end, until};
use crate::roles::{CHATTER, SHOUTS, STEPS};
use crate::training::{Report, Training};

pub const TESTS: &[Test] = &[
    ("eight_workers_at_once", eight_workers_at_once),
    ("stopping_in_order", stopping_in_order),
    ("printed_lines_give_way", printed_lines_give_way),
    ("no_message_is_lost", no_message_is_lost),
    ("usage_counts_the_workers", usage_counts_the_workers),
    ("waiting_for_events_that_do_not_come", waiting_for_events),
];

fn messages(all: &[Event], of: u32) -> Vec<&FromWorker<Training>> {
    all.iter()
        .filter_map(|event| match &event.kind {
            EventKind::Message(message) if event.rank == of => Some(message),
            _ => None,
        })
        .filter(|message| !matches!(message, FromWorker::Heartbeat { .. }))
        .collect()
}

fn steps(messages: &[&FromWorker<Training>]) -> Vec<u64> {
    messages
        .iter()
        .filter_map(|message| match message {
            FromWorker::Report(Report::Step(step)) => Some(*step),
            _ => None,
        })
        .collect()
}

fn eight_workers_at_once() {
    let group = Group::start(launches(&["train"; 8], None), Clock::start()).unwrap();
    assert_eq!(group.world_size(), 8);
    let all = to_the_end(&group);
    for rank in 0..8 {
        let own: Vec<&Event> = all.iter().filter(|event| event.rank == rank).collect();
        let EventKind::Started { pid } = own[0].kind else {
            panic!("{:?}", own[0]);
        };
        assert!(own.is_sorted_by_key(|event| event.at_ns), "{own:?}");
        let said = messages(&all, rank);
        assert!(matches!(said[0], FromWorker::Hello { pid: told, .. } if *told == pid));
        let FromWorker::Report(Report::Text(text)) = said[1] else {
            panic!("{:?}", said[1]);
        };
        assert!(
            text.contains(&format!("rank: {rank}, world_size: 8, local_rank: {rank}")),
            "{text}"
        );
        assert_eq!(steps(&said), (0..STEPS).collect::<Vec<_>>());
        assert!(matches!(said.last(), Some(FromWorker::Done(()))));
        let mut printed: Vec<&str> = own
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Output { line, .. } => Some(line.as_str()),
                _ => None,
            })
            .collect();
        printed.sort_unstable();
        assert_eq!(
            printed,
            ["printed to standard error", "printed to standard output"]
        );
        let EventKind::Exited { exit, by } = end_of(&all, rank).kind else {
            unreachable!()
        };
        assert_eq!((exit, by), (ProcessExit::Code(0), EndedBy::Itself));
    }
    let states = group.states();
    assert!(
        states
            .iter()
            .all(|state| state.health == WorkerHealth::Ended)
    );
    assert_eq!(
        describe(&states),
        "ranks 0, 1, 2, 3, 4, 5, 6, 7 have finished"
    );
    assert_eq!(group.next(LONG), None, "returns at once");
}

fn stopping_in_order() {
    let group = Group::start(launches(&["until stop"; 2], None), Clock::start()).unwrap();
    let mut stepped = 0;
    until(&group, |event| {
        stepped += usize::from(matches!(
            event.kind,
            EventKind::Message(FromWorker::Report(Report::Step(_)))
        ));
        stepped == 2
    });
    group.stop(LONG);
    let all = to_the_end(&group);
    for rank in 0..2 {
        assert!(matches!(
            messages(&all, rank).last(),
            Some(FromWorker::Done(()))
        ));
        assert!(matches!(
            end_of(&all, rank).kind,
            EventKind::Exited {
                exit: ProcessExit::Code(0),
                by: EndedBy::Itself,
                ..
            }
        ));
    }
}

/// No one takes the events until the worker has ended: that does not block it, and only the newest
/// lines are kept.
fn printed_lines_give_way() {
    let link = Link::new();
    let group = Group::start(launches(&["shout"], Some(&link.path())), Clock::start()).unwrap();
    let (worker, _) = link.accept();
    crate::link::wait_for_end(worker);
    let all = to_the_end(&group);
    let lines: Vec<(&str, u64)> = all
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Output { line, skipped, .. } => Some((line.as_str(), *skipped)),
            _ => None,
        })
        .collect();
    // Those that wait, and those that were in the pipe at the end.
    assert!(lines.len() < SHOUTS as usize / 2, "{} lines", lines.len());
    let told = lines.len() as u64 + lines.iter().map(|(_, skipped)| skipped).sum::<u64>();
    assert_eq!(told, SHOUTS + 1);
    let last_two = [
        (format!("line {}", SHOUTS - 1), 0),
        ("the last word".to_owned(), 0),
    ];
    let shown: Vec<(String, u64)> = lines[lines.len() - 2..]
        .iter()
        .map(|(line, skipped)| ((*line).to_owned(), *skipped))
        .collect();
    assert_eq!(shown, last_two);
}

fn no_message_is_lost() {
    let group = Group::start(launches(&["chatter"; 2], None), Clock::start()).unwrap();
    let all = to_the_end(&group);
    for rank in 0..2 {
        let numbers = steps(&messages(&all, rank));
        assert_eq!(numbers, (0..CHATTER).collect::<Vec<_>>());
    }
    assert!(
        !all.iter()
            .any(|event| matches!(event.kind, EventKind::Stalled { .. })),
        "who is held up is not silent"
    );
}

fn usage_counts_the_workers() {
    let group = Group::start(launches(&["burn", "deaf"], None), Clock::start()).unwrap();
    let all = until(&group, |event| {
        matches!(
            event.kind,
            EventKind::Message(FromWorker::Report(Report::Step(_)))
        )
    });
    // What a worker had used when it said something goes with it.
    let said = all.last().unwrap();
    let moment = said.moment.unwrap();
    assert!(moment.cpu_ns >= 200_000_000, "{said:?}");
    assert!(moment.at_ns <= said.at_ns, "{said:?}");
    let usage = group.usage();
    assert_eq!(usage.len(), 2);
    let started: Vec<u32> = all
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Started { pid } => Some(*pid),
            _ => None,
        })
        .collect();
    assert_eq!(started, [usage[0].pid, usage[1].pid]);
    // Ticks are 10 ms at most, and may be cut at both ends.
    assert!(usage[0].cpu_ns >= 150_000_000, "{usage:?}");
    assert!(usage.iter().all(|one| one.rss_bytes > 100_000), "{usage:?}");
    group.kill(0).unwrap();
    until(&group, |event| {
        matches!(event.kind, EventKind::Exited { .. })
    });
    let later = group.usage();
    assert_eq!(later[0].state, ProcessState::Ended);
    assert_eq!(later[0].rss_bytes, 0);
    assert!(later[0].cpu_ns >= usage[0].cpu_ns, "{later:?}");
    assert_eq!(group.running(), 1);
}

fn waiting_for_events() {
    let group = Group::start(launches(&["deaf"], None), Clock::start()).unwrap();
    while group.next(Duration::ZERO).is_some() {}
    assert!(!group.is_over());
    until(&group, |event| matches!(event.kind, EventKind::Message(_)));
    drop(group);
}
