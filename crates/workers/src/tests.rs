//! The supervisor's parts without processes.

use std::time::Duration;

use proptest::prelude::*;
use workbench_protocol::{FromWorker, Phase};

use super::diagnose::{Condition, RankState, diagnose};
use super::lines::Lines;
use super::news::{Ended, News};
use super::queue::{MOST_LINES, MOST_MESSAGES, Queue};
use super::usage::{ProcessState, Stat, look, parse};
use super::watchdog::{Alarm, Deadlines, Place, Watchdog};

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
const KILLED: Ended = Ended::Signal {
    number: 9,
    core: false,
};

fn lines(pieces: &[&[u8]]) -> Vec<String> {
    let mut lines = Lines::default();
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

fn message(rank: u32, at_ns: u64) -> News {
    News::Message {
        rank,
        at_ns,
        message: FromWorker::Warning {
            text: String::new(),
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
    while let (Some(news), _) = queue.pop(Duration::ZERO) {
        received.push(news);
    }
    assert_eq!(received.len(), MOST_LINES + 2);
    assert_eq!((received[0].at_ns(), received[0].rank()), (0, 1));
    let first = News::Output {
        rank: 0,
        at_ns: 100,
        line: "line 100".to_owned(),
        skipped: 100,
    };
    assert_eq!(received[1], first);
    let last = News::Output {
        rank: 0,
        at_ns: all as u64 - 1,
        line: format!("line {}", all - 1),
        skipped: 0,
    };
    assert_eq!(received[MOST_LINES], last);
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
            let (news, wake) = queue.pop(Duration::ZERO);
            assert_eq!(news.unwrap().at_ns(), *at_ns, "in order, none lost");
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
    let usage = look(3, std::process::id());
    assert_eq!((usage.rank, usage.pid), (3, std::process::id()));
    assert!(usage.rss_bytes > 100_000, "{usage:?}");
    assert_ne!(usage.state, ProcessState::Unknown);
}

fn place(phase: Phase, step: u64) -> Place {
    Place { phase, step }
}

/// Three ranks whose beats arrive now, from these places, where they have been since then.
fn watchdog(places: [(Phase, u64, u64); 3], now_ns: u64) -> Watchdog {
    let mut watchdog = Watchdog::new(3, Deadlines::default(), 0);
    beat(&mut watchdog, places, now_ns);
    watchdog
}

fn beat(watchdog: &mut Watchdog, places: [(Phase, u64, u64); 3], now_ns: u64) -> Vec<Alarm> {
    (0..3)
        .zip(places)
        .filter_map(|(rank, (phase, step, since_ns))| {
            watchdog.hear(rank, now_ns, Some((place(phase, step), now_ns - since_ns)))
        })
        .collect()
}

fn said(watchdog: &Watchdog, now_ns: u64) -> String {
    diagnose(&watchdog.states(now_ns, |_| false))
}

#[test]
fn the_silent_rank_is_named_once_and_its_return_too() {
    let mut dog = watchdog(
        [
            (Phase::AllReduce, 40, 10 * S),
            (Phase::Forward, 40, 10 * S),
            (Phase::AllReduce, 40, 10 * S),
        ],
        10 * S,
    );
    for tenth in 1..=21 {
        let now_ns = 10 * S + tenth * 100 * MS;
        for rank in [0, 2] {
            let waits = (place(Phase::AllReduce, 40), now_ns - 10 * S);
            assert_eq!(dog.hear(rank, now_ns, Some(waits)), None);
        }
        let alarms = dog.check(now_ns, |_| false);
        if tenth == 20 {
            let silent = Alarm::Silent {
                rank: 1,
                place: place(Phase::Forward, 40),
                for_s: 2.0,
            };
            assert_eq!(alarms, [silent]);
        } else {
            assert_eq!(alarms, [], "at {tenth} tenths");
        }
    }
    assert_eq!(
        said(&dog, 12_100 * MS),
        "rank 1 stopped answering in forward at step 40, 2.1 s ago; ranks 0, 2 wait in all-reduce"
    );
    let back = dog.hear(1, 13 * S, None);
    assert_eq!(
        back,
        Some(Alarm::Recovered {
            rank: 1,
            after_s: 3.0
        })
    );
    assert_eq!(dog.check(13 * S, |_| false), []);
}

#[test]
fn of_those_that_stand_still_the_last_is_blamed() {
    let places = [
        (Phase::Backward, 40, S),
        (Phase::Forward, 40, S),
        (Phase::AllReduce, 40, S),
    ];
    let mut dog = watchdog(places, S);
    assert_eq!(beat(&mut dog, places, 40 * S), []);
    let stuck = Alarm::Stuck {
        rank: 1,
        place: place(Phase::Forward, 40),
        for_s: 39.0,
    };
    assert_eq!(dog.check(40 * S, |_| false), [stuck]);
    assert_eq!(dog.check(40 * S, |_| false), []);
    assert_eq!(
        said(&dog, 40 * S),
        "rank 1 is stuck in forward at step 40, for 39.0 s; rank 0 is in backward; rank 2 waits in all-reduce"
    );
    assert_eq!(beat(&mut dog, places, 41 * S), [], "a beat is no progress");
    let moved = [places[0], (Phase::AllReduce, 40, 42 * S), places[2]];
    let back = Alarm::Recovered {
        rank: 1,
        after_s: 41.0,
    };
    assert_eq!(beat(&mut dog, moved, 42 * S), [back]);
}

#[test]
fn ranks_that_share_the_last_place_share_the_blame() {
    let places = [
        (Phase::AllReduce, 7, S),
        (Phase::AllReduce, 7, S),
        (Phase::Data, 8, S),
    ];
    let mut dog = watchdog(places, S);
    beat(&mut dog, places, 60 * S);
    let blamed: Vec<u32> = dog
        .check(60 * S, |_| false)
        .into_iter()
        .filter_map(|alarm| match alarm {
            Alarm::Stuck { rank, .. } => Some(rank),
            _ => None,
        })
        .collect();
    assert_eq!(blamed, [0, 1]);
}

#[test]
fn who_waits_for_the_dead_or_the_silent_is_not_blamed() {
    let places = [(Phase::AllReduce, 7, S); 3];
    let mut dog = watchdog(places, S);
    dog.end(2, KILLED, 2 * S);
    beat(&mut dog, places, 60 * S);
    assert_eq!(dog.check(60 * S, |_| false), []);
    assert_eq!(
        said(&dog, 60 * S),
        "rank 2 was ended by SIGKILL in all-reduce at step 7, 58.0 s ago; ranks 0, 1 wait in all-reduce"
    );
    assert!(
        dog.next_check_ns().unwrap() > 60 * S,
        "nothing to be checked before the next silence"
    );
}

#[test]
fn progress_within_a_phase_counts() {
    let mut dog = watchdog([(Phase::Evaluation, 9, S); 3], S);
    for seconds in 2..100 {
        let now = [(Phase::Evaluation, 9, seconds * S - 500 * MS); 3];
        beat(&mut dog, now, seconds * S);
        assert_eq!(dog.check(seconds * S, |_| false), [], "at {seconds} s");
    }
}

#[test]
fn a_slow_start_is_not_silence() {
    let mut dog = Watchdog::new(1, Deadlines::default(), 0);
    assert_eq!(dog.check(29 * S, |_| false), []);
    assert!(matches!(
        dog.check(30 * S, |_| false)[..],
        [Alarm::Silent { .. }]
    ));
}

#[test]
fn who_works_is_not_stuck_however_long_it_takes() {
    let places = [(Phase::Forward, 0, S); 3];
    let mut dog = watchdog(places, S);
    for second in 2..90 {
        beat(&mut dog, places, second * S);
        assert_eq!(dog.check(second * S, |_| true), [], "at {second} s");
    }
    // They are asked about again after a while, and who stands still by then is named.
    beat(&mut dog, places, 95 * S);
    let alarms = dog.check(95 * S, |rank| rank != 1);
    assert!(
        matches!(alarms[..], [Alarm::Stuck { rank: 1, .. }]),
        "{alarms:?}"
    );
}

#[test]
fn who_is_not_listened_to_is_not_silent() {
    let places = [(Phase::Forward, 1, S); 3];
    let mut dog = watchdog(places, S);
    for rank in 0..3 {
        dog.excuse(rank, 9 * S);
    }
    assert_eq!(dog.check(10 * S, |_| false), []);
}

#[test]
fn who_has_finished_is_not_stuck_and_needs_no_company() {
    let places = [(Phase::Closing, 9, S); 3];
    let mut dog = watchdog(places, S);
    dog.finish(1);
    dog.finish(2);
    dog.end(0, Ended::Code(0), 2 * S);
    dog.finish(0);
    beat(&mut dog, places, 90 * S);
    assert_eq!(dog.check(90 * S, |_| false), []);
    assert_eq!(said(&dog, 90 * S), "ranks 0, 1, 2 have finished");
}

proptest! {
    /// Whatever is heard, the next check is never due while a check has nothing more to say: the loop cannot spin.
    #[test]
    fn a_check_is_due_only_when_it_has_something_to_say(
        events in prop::collection::vec((0_u32..3, 0_usize..11, 0_u64..5, 0_u64..60, 0_u8..8), 0..60),
    ) {
        let mut dog = Watchdog::new(3, Deadlines::default(), 0);
        let mut now_ns = 0;
        for (rank, phase, step, seconds, kind) in events {
            now_ns += seconds * S / 4;
            match kind {
                0 => dog.finish(rank),
                1 => dog.end(rank, KILLED, now_ns),
                2 => dog.excuse(rank, now_ns),
                _ => {
                    let since_ns = (u64::from(kind) * 7 * S).min(now_ns);
                    dog.hear(rank, now_ns, Some((place(Phase::ALL[phase], step), since_ns)));
                }
            }
            dog.check(now_ns, |_| false);
            prop_assert_eq!(dog.check(now_ns, |_| false), Vec::new());
            prop_assert!(dog.next_check_ns().is_none_or(|due_ns| due_ns > now_ns));
            let states = dog.states(now_ns, |_| true);
            prop_assert!(!diagnose(&states).contains("no ranks"));
        }
    }
}

fn state(rank: u32, phase: Phase, condition: Condition) -> RankState {
    RankState {
        rank,
        phase,
        step: 40,
        condition,
        for_s: 2.06,
    }
}

#[test]
fn a_sentence_names_the_gravest_trouble_and_what_the_others_do() {
    let working = |rank, phase| state(rank, phase, Condition::Working);
    for (states, expected) in [
        (vec![], "there are no ranks"),
        (vec![working(0, Phase::Forward)], "rank 0 is in forward"),
        (
            vec![working(0, Phase::Forward), working(1, Phase::Forward)],
            "ranks 0, 1 are in forward",
        ),
        (
            vec![
                state(0, Phase::Forward, Condition::Stopped),
                working(1, Phase::AllReduce),
            ],
            "rank 0 is stopped by a signal in forward at step 40, for 2.1 s; rank 1 waits in all-reduce",
        ),
        (
            vec![
                state(0, Phase::Backward, Condition::Silent),
                state(1, Phase::Data, Condition::Ended(Ended::Code(3))),
                state(2, Phase::Closing, Condition::Finished),
            ],
            "rank 1 ended with code 3 in data at step 40, 2.1 s ago; rank 0 is silent; rank 2 has finished",
        ),
    ] {
        assert_eq!(diagnose(&states), expected);
    }
}

#[test]
fn ends_are_told_in_words() {
    let segv = Ended::Signal {
        number: 11,
        core: true,
    };
    assert_eq!(segv.to_string(), "was ended by SIGSEGV (core dumped)");
    assert!(segv.is_own_fault() && !KILLED.is_own_fault());
    let unnamed = Ended::Signal {
        number: 40,
        core: false,
    };
    assert_eq!(unnamed.to_string(), "was ended by signal 40");
    assert!(Ended::Code(0).is_success() && !Ended::Code(1).is_success());
}
