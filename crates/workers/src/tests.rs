//! The supervisor's parts without processes.

use std::time::Duration;

use proptest::prelude::*;
use workbench_protocol::{FromWorker, Position};

use super::describe::describe;
use super::event::{EventKind, WorkerEvent};
use super::exit::ProcessExit;
use super::health::state::{Loss, RankState, Stall, WorkerHealth};
use super::lines::LineSplitter;
use super::queue::{MOST_LINES, MOST_MESSAGES, Queue};
use super::usage::{ProcessState, Stat, parse};
use training::{Phase, Report, Training};

#[path = "../tests/workers/training.rs"]
pub(crate) mod training;

const KILLED: ProcessExit = ProcessExit::Signal {
    number: 9,
    core: false,
};

fn lines(pieces: &[&[u8]]) -> Vec<String> {
    let mut lines = LineSplitter::default();
    let mut found = Vec::new();
    for piece in pieces {
        lines.push(piece, |line| found.push(line));
    }
    lines.finish(|line| found.push(line));
    found
}

#[test]
fn lines_are_cut_where_they_end_and_fit_to_be_shown() {
    assert_eq!(
        lines(&[b"one\ntw", b"o\r\n\n", b"\x1b[1;31mred\x1b[0m\x07\n"]),
        ["one", "two", "red"]
    );
    assert_eq!(lines(&[b"10%\r20%\rdone"]), ["10%", "20%", "done"]);
    assert_eq!(lines(&[b"a\tb\n\xff\n"]), ["a    b", "\u{fffd}"]);
    assert!(lines(&[b"\x1b[31", b" \n"]).is_empty());
}

#[test]
fn an_endless_line_is_cut_and_the_next_is_whole() {
    let endless = vec![b'x'; 100_000];
    let found = lines(&[&endless, &endless, b"\nnext\n"]);
    assert_eq!(found.len(), 2);
    assert!(found[0].len() < 2_100 && found[0].ends_with("x…"));
    assert_eq!(found[1], "next");
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_how_they_arrive(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        at in any::<prop::sample::Index>(),
    ) {
        let (first, second) = bytes.split_at(at.index(bytes.len() + 1));
        let whole = lines(&[&bytes]);
        prop_assert!(whole.iter().all(|line| !line.contains(char::is_control)));
        prop_assert_eq!(lines(&[first, second]), whole);
    }
}

fn message(rank: u32, at_ns: u64) -> WorkerEvent<Training> {
    WorkerEvent {
        rank,
        at_ns,
        moment: None,
        kind: EventKind::Message(FromWorker::Report(Report::Text(String::new()))),
    }
}

fn line(at_ns: u64, number: u64, skipped: u64) -> WorkerEvent<Training> {
    WorkerEvent {
        rank: 0,
        at_ns,
        moment: None,
        kind: EventKind::Output {
            line: format!("line {number}"),
            skipped,
        },
    }
}

#[test]
fn too_many_lines_give_way_to_the_newest_and_are_counted() {
    let queue = Queue::new(2);
    queue.push(message(1, 0));
    let all = MOST_LINES + 100;
    for number in 0..all {
        queue.push_line(0, number as u64, format!("line {number}"));
    }
    queue.push(message(1, 1));
    queue.end();
    let mut received = Vec::new();
    while let (Some(event), _) = queue.pop(Duration::ZERO) {
        received.push(event);
    }
    assert_eq!(received.len(), MOST_LINES + 2);
    assert_eq!((received[0].at_ns, received[0].rank), (0, 1));
    assert_eq!(received[1], line(100, 100, 100));
    let last = all as u64 - 1;
    assert_eq!(received[MOST_LINES], line(last, last, 0));
    assert!(queue.is_over());
}

#[test]
fn too_many_messages_hold_up_their_rank_until_half_are_taken() {
    let queue = Queue::new(2);
    for at_ns in 0..MOST_MESSAGES as u64 {
        assert!(queue.has_room(0));
        queue.push_message(message(0, at_ns), 50);
    }
    assert!(!queue.has_room(0));
    assert!(queue.has_room(1), "the other rank is not held up");
    let wakes: Vec<u64> = (0..MOST_MESSAGES as u64)
        .filter(|at_ns| {
            let (event, wake) = queue.pop(Duration::ZERO);
            assert_eq!(event.unwrap().at_ns, *at_ns, "in order, none lost");
            wake
        })
        .collect();
    assert_eq!(wakes, [MOST_MESSAGES as u64 / 2 - 1]);
    assert!(queue.has_room(0));
}

#[test]
fn few_large_messages_hold_up_their_rank_too() {
    let queue = Queue::new(1);
    for _ in 0..4 {
        assert!(queue.has_room(0));
        queue.push_message(message(0, 0), 1 << 20);
    }
    assert!(!queue.has_room(0));
    queue.close();
    assert!(queue.has_room(0), "nobody takes them: they go nowhere");
}

#[test]
fn the_state_of_a_process_is_read_whatever_its_name() {
    let rest =
        "1 2 2 0 -1 4194560 90 0 0 0 12 34 0 0 20 0 5 0 100 1000000 77 18446744073709551615 1";
    for (name, letter, state) in [
        ("worker", "R", ProcessState::Running),
        ("a) T 9 9", "S", ProcessState::Sleeping),
        ("(", "T", ProcessState::Stopped),
        ("x y", "Z", ProcessState::Ended),
        ("x", "D", ProcessState::Uninterruptible),
        ("x", "?", ProcessState::Unknown),
    ] {
        let expected = Stat {
            state,
            cpu_ticks: 46,
            rss_pages: 77,
        };
        assert_eq!(
            parse(&format!("7 ({name}) {letter} {rest}\n")),
            Some(expected)
        );
    }
    assert_eq!(parse("7 (cut) S 1 2"), None);
    assert_eq!(parse(""), None);
}

#[cfg(target_os = "linux")]
#[test]
fn this_process_is_seen() {
    let usage = super::usage::look(3, std::process::id());
    assert_eq!((usage.rank, usage.pid), (3, std::process::id()));
    assert!(usage.rss_bytes > 100_000, "{usage:?}");
    assert_ne!(usage.state, ProcessState::Unknown);
}

fn state(rank: u32, phase: Phase, health: WorkerHealth<Phase>) -> RankState<Phase> {
    RankState {
        rank,
        position: Position { phase, step: 40 },
        health,
        for_s: 2.06,
    }
}

#[test]
fn a_sentence_names_the_gravest_trouble_and_what_the_others_do() {
    let working = |rank, phase| state(rank, phase, WorkerHealth::Working);
    for (states, expected) in [
        (vec![], "there are no ranks"),
        (vec![working(0, Phase::Forward)], "rank 0 is in forward"),
        (
            vec![working(0, Phase::Forward), working(1, Phase::Forward)],
            "ranks 0, 1 are in forward",
        ),
        (
            vec![
                state(0, Phase::Forward, WorkerHealth::Stalled(Stall::Stopped)),
                working(1, Phase::AllReduce),
            ],
            "rank 0 is stopped by a signal in forward at step 40, for 2.1 s; rank 1 waits in all-reduce",
        ),
        (
            vec![
                state(0, Phase::Backward, WorkerHealth::Stalled(Stall::Silent)),
                state(
                    1,
                    Phase::Data,
                    WorkerHealth::Lost(Loss::Exited(ProcessExit::Code(3))),
                ),
                state(2, Phase::Closing, WorkerHealth::Ended),
            ],
            "rank 1 ended with code 3 in data at step 40, 2.1 s ago; rank 0 is silent; rank 2 has finished",
        ),
    ] {
        assert_eq!(describe(&states), expected);
    }
}

#[test]
fn ends_are_told_in_words() {
    let segv = ProcessExit::Signal {
        number: 11,
        core: true,
    };
    assert_eq!(segv.to_string(), "was ended by SIGSEGV (core dumped)");
    assert!(segv.is_own_fault() && !KILLED.is_own_fault());
    let unnamed = ProcessExit::Signal {
        number: 40,
        core: false,
    };
    assert_eq!(unnamed.to_string(), "was ended by signal 40");
    assert!(ProcessExit::Code(0).is_success() && !ProcessExit::Code(1).is_success());
}
