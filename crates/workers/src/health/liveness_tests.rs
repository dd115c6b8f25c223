//! Silence and lack of progress, derived from messages and their times.

use proptest::prelude::*;
use workbench_protocol::Position;

use super::liveness::{Deadlines, Liveness, LivenessChange};
use super::state::Stall;
use crate::describe::describe;
use crate::exit::ProcessExit;
use crate::tests::training::Phase;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
const KILLED: ProcessExit = ProcessExit::Signal {
    number: 9,
    core: false,
};

fn place(phase: Phase, step: u64) -> Position<Phase> {
    Position { phase, step }
}

fn stalled(
    rank: u32,
    position: Position<Phase>,
    stall: Stall,
    for_s: f64,
) -> LivenessChange<Phase> {
    LivenessChange::Stalled {
        rank,
        position,
        stall,
        for_s,
    }
}

/// Three ranks whose heartbeats arrive now, from these positions, where they have been since then.
fn liveness(places: [(Phase, u64, u64); 3], now_ns: u64) -> Liveness<Phase> {
    let mut liveness = Liveness::new(3, Deadlines::default(), 0);
    beat(&mut liveness, places, now_ns);
    liveness
}

fn beat(
    liveness: &mut Liveness<Phase>,
    places: [(Phase, u64, u64); 3],
    now_ns: u64,
) -> Vec<LivenessChange<Phase>> {
    (0..3)
        .zip(places)
        .filter_map(|(rank, (phase, step, since_ns))| {
            liveness.receive(rank, now_ns, Some((place(phase, step), now_ns - since_ns)))
        })
        .collect()
}

fn said(liveness: &Liveness<Phase>, now_ns: u64) -> String {
    describe(&liveness.states(now_ns, |_| false))
}

#[test]
fn a_supervisor_that_stood_still_blames_nobody() {
    let places = [(Phase::AllReduce, 40, 10 * S); 3];
    let now_ns = 10 * S + 40 * S;
    let check = |late_ns| {
        let mut liveness = liveness(places, 10 * S);
        liveness.stood_still(late_ns, now_ns);
        liveness.check(now_ns, |_| false).len()
    };
    assert_eq!(check(0), 3, "silent for 40 seconds");
    assert_eq!(check(39 * S), 0);
    // What comes then was sent before: the time is none of theirs.
    let mut liveness = liveness(places, 10 * S);
    liveness.stood_still(39 * S, now_ns);
    let late = [(Phase::AllReduce, 40, 10 * S); 3];
    assert!(beat(&mut liveness, late, now_ns).is_empty());
    assert!(liveness.check(now_ns + S, |_| false).is_empty());
}

#[test]
fn the_silent_rank_is_named_once_and_its_return_too() {
    let mut liveness = liveness(
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
            assert_eq!(liveness.receive(rank, now_ns, Some(waits)), None);
        }
        let changes = liveness.check(now_ns, |_| false);
        if tenth == 20 {
            let silent = stalled(1, place(Phase::Forward, 40), Stall::Silent, 2.0);
            assert_eq!(changes, [silent]);
        } else {
            assert_eq!(changes, [], "at {tenth} tenths");
        }
    }
    assert_eq!(
        said(&liveness, 12_100 * MS),
        "rank 1 stopped answering in forward at step 40, 2.1 s ago; ranks 0, 2 wait in all-reduce"
    );
    let back = liveness.receive(1, 13 * S, None);
    assert_eq!(
        back,
        Some(LivenessChange::Recovered {
            rank: 1,
            after_s: 3.0
        })
    );
    assert_eq!(liveness.check(13 * S, |_| false), []);
}

#[test]
fn of_those_that_stand_still_the_last_is_blamed() {
    let places = [
        (Phase::Backward, 40, S),
        (Phase::Forward, 40, S),
        (Phase::AllReduce, 40, S),
    ];
    let mut liveness = liveness(places, S);
    assert_eq!(beat(&mut liveness, places, 40 * S), []);
    let stuck = stalled(1, place(Phase::Forward, 40), Stall::Stuck, 39.0);
    assert_eq!(liveness.check(40 * S, |_| false), [stuck]);
    assert_eq!(liveness.check(40 * S, |_| false), []);
    assert_eq!(
        said(&liveness, 40 * S),
        "rank 1 is stuck in forward at step 40, for 39.0 s; rank 0 is in backward; rank 2 waits in all-reduce"
    );
    assert_eq!(
        beat(&mut liveness, places, 41 * S),
        [],
        "a beat is no progress"
    );
    let moved = [places[0], (Phase::AllReduce, 40, 42 * S), places[2]];
    let back = LivenessChange::Recovered {
        rank: 1,
        after_s: 41.0,
    };
    assert_eq!(beat(&mut liveness, moved, 42 * S), [back]);
}

#[test]
fn ranks_that_share_the_last_place_share_the_blame() {
    let places = [
        (Phase::AllReduce, 7, S),
        (Phase::AllReduce, 7, S),
        (Phase::Data, 8, S),
    ];
    let mut liveness = liveness(places, S);
    beat(&mut liveness, places, 60 * S);
    let blamed: Vec<u32> = liveness
        .check(60 * S, |_| false)
        .into_iter()
        .filter_map(|change| match change {
            LivenessChange::Stalled {
                rank,
                stall: Stall::Stuck,
                ..
            } => Some(rank),
            _ => None,
        })
        .collect();
    assert_eq!(blamed, [0, 1]);
}

#[test]
fn who_waits_for_the_dead_or_the_silent_is_not_blamed() {
    let places = [(Phase::AllReduce, 7, S); 3];
    let mut liveness = liveness(places, S);
    liveness.exit(2, KILLED, 2 * S);
    beat(&mut liveness, places, 60 * S);
    assert_eq!(liveness.check(60 * S, |_| false), []);
    assert_eq!(
        said(&liveness, 60 * S),
        "rank 2 was ended by SIGKILL in all-reduce at step 7, 58.0 s ago; ranks 0, 1 wait in all-reduce"
    );
    assert!(
        liveness.next_check_ns().unwrap() > 60 * S,
        "nothing to be checked before the next silence"
    );
}

#[test]
fn progress_within_a_phase_counts() {
    let mut liveness = liveness([(Phase::Evaluation, 9, S); 3], S);
    for seconds in 2..100 {
        let now = [(Phase::Evaluation, 9, seconds * S - 500 * MS); 3];
        beat(&mut liveness, now, seconds * S);
        assert_eq!(liveness.check(seconds * S, |_| false), [], "at {seconds} s");
    }
}

#[test]
fn a_slow_start_is_not_silence() {
    let mut liveness = Liveness::<Phase>::new(1, Deadlines::default(), 0);
    assert_eq!(liveness.check(29 * S, |_| false), []);
    assert!(matches!(
        liveness.check(30 * S, |_| false)[..],
        [LivenessChange::Stalled {
            stall: Stall::Silent,
            ..
        }]
    ));
}

#[test]
fn who_works_is_not_stuck_however_long_it_takes() {
    let places = [(Phase::Forward, 0, S); 3];
    let mut liveness = liveness(places, S);
    for second in 2..90 {
        beat(&mut liveness, places, second * S);
        assert_eq!(liveness.check(second * S, |_| true), [], "at {second} s");
    }
    // They are checked again later, and a rank that is stalled by then is reported.
    beat(&mut liveness, places, 95 * S);
    let changes = liveness.check(95 * S, |rank| rank != 1);
    assert!(
        matches!(
            changes[..],
            [LivenessChange::Stalled {
                rank: 1,
                stall: Stall::Stuck,
                ..
            }]
        ),
        "{changes:?}"
    );
}

#[test]
fn who_is_not_listened_to_is_not_silent() {
    let places = [(Phase::Forward, 1, S); 3];
    let mut liveness = liveness(places, S);
    for rank in 0..3 {
        liveness.excuse(rank, 9 * S);
    }
    assert_eq!(liveness.check(10 * S, |_| false), []);
}

#[test]
fn who_has_finished_is_not_stuck_and_needs_no_company() {
    let places = [(Phase::Closing, 9, S); 3];
    let mut liveness = liveness(places, S);
    liveness.finish(1, false);
    liveness.finish(2, false);
    liveness.exit(0, ProcessExit::Code(0), 2 * S);
    liveness.finish(0, false);
    beat(&mut liveness, places, 90 * S);
    assert_eq!(liveness.check(90 * S, |_| false), []);
    assert_eq!(said(&liveness, 90 * S), "ranks 0, 1, 2 have finished");
}

proptest! {
    /// For all messages, the next check is never due while a check has nothing to report, so the
    /// loop cannot spin.
    #[test]
    fn a_check_is_due_only_when_it_has_something_to_say(
        events in prop::collection::vec(
            (0_u32..3, 0_usize..11, 0_u64..5, 0_u64..60, 0_u8..8),
            0..60,
        ),
    ) {
        let mut liveness = Liveness::new(3, Deadlines::default(), 0);
        let mut now_ns = 0;
        for (rank, phase, step, seconds, kind) in events {
            now_ns += seconds * S / 4;
            match kind {
                0 => liveness.finish(rank, step % 2 == 0),
                1 => liveness.exit(rank, KILLED, now_ns),
                2 => liveness.excuse(rank, now_ns),
                _ => {
                    let since_ns = (u64::from(kind) * 7 * S).min(now_ns);
                    let place = place(Phase::ALL[phase], step);
                    liveness.receive(rank, now_ns, Some((place, since_ns)));
                }
            }
            liveness.check(now_ns, |_| false);
            prop_assert_eq!(liveness.check(now_ns, |_| false), Vec::new());
            prop_assert!(liveness.next_check_ns().is_none_or(|due_ns| due_ns > now_ns));
            let states = liveness.states(now_ns, |_| true);
            prop_assert!(!describe(&states).contains("no ranks"));
        }
    }
}
