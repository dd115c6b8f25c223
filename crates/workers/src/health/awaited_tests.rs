//! Which rank the others wait for, derived from the positions of all ranks.

use proptest::prelude::*;
use workbench_protocol::Position;

use super::*;
use crate::health::state::{Stall, WorkerHealth};
use crate::tests::training::Phase;

fn at(rank: u32, phase: Phase, step: u64, for_s: f64) -> RankState<Phase> {
    RankState {
        rank,
        position: Position { phase, step },
        health: WorkerHealth::Working,
        for_s,
    }
}

const S: u64 = 1_000_000_000;

/// What is reported for states that stay the same from `from_ns` on, and when.
fn watch(
    ranks: &mut AwaitedRank<Phase>,
    from_ns: u64,
    look: impl Fn(f64) -> Vec<RankState<Phase>>,
) -> Vec<(f64, Awaited<Phase>)> {
    let mut found = Vec::new();
    for tenth in 0..100 {
        let for_s = f64::from(tenth) / 10.0;
        let now_ns = from_ns + (for_s * 1e9) as u64;
        let awaited = ranks.look(&look(for_s), now_ns, |_| true);
        found.extend(awaited.map(|awaited| (for_s, awaited)));
    }
    found
}

fn begun(world: u32) -> AwaitedRank<Phase> {
    AwaitedRank::new(world, 0)
}

#[test]
fn a_rank_that_loads_for_long_is_named_once() {
    let found = watch(&mut begun(2), 0, |now| {
        vec![
            at(0, Phase::Rendezvous, 0, (now - 0.4).max(0.0)),
            at(1, Phase::Loading, 0, now),
        ]
    });
    assert_eq!(found.len(), 1);
    assert!((1.8..2.1).contains(&found[0].0), "{found:?}");
    let awaited = found[0].1;
    assert_eq!((awaited.rank, awaited.phase), (1, Phase::Loading));
    assert_eq!((awaited.waiting, awaited.waits_in), (0, Phase::Rendezvous));
    assert_eq!(format!("{:.1}", awaited.waits_s), "1.5");
}

#[test]
fn a_rank_that_evaluates_for_long_is_named_however_often_it_gets_on() {
    let mut ranks = begun(3);
    let found = watch(&mut ranks, 60 * S, |now| {
        vec![
            at(0, Phase::Sums, 99, (now - 0.5).max(0.0)),
            at(1, Phase::Sums, 99, (now - 0.6).max(0.0)),
            at(2, Phase::Evaluation, 99, 0.1),
        ]
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].1.rank, found[0].1.phase), (2, Phase::Evaluation));
}

#[test]
fn who_takes_long_over_much_is_not_late_for_a_little() {
    // All evaluate for a minute, one for two seconds more.
    let mut ranks = begun(2);
    let both = |phase| vec![at(0, phase, 9, 0.0), at(1, Phase::Evaluation, 9, 0.0)];
    assert_eq!(ranks.look(&both(Phase::Evaluation), 10 * S, |_| true), None);
    let waits = |s| vec![at(0, Phase::Sums, 9, s), at(1, Phase::Evaluation, 9, 0.0)];
    assert_eq!(ranks.look(&waits(2.0), 72 * S, |_| true), None);
    // But it is reported when the wait lasts nearly as long again.
    assert!(ranks.look(&waits(58.0), 128 * S, |_| true).is_some());
}

#[test]
fn a_checkpoint_that_holds_the_others_up_is_named() {
    let found = watch(&mut begun(2), 60 * S, |now| {
        vec![
            at(0, Phase::Checkpoint, 7, now),
            at(1, Phase::AllReduce, 8, now),
        ]
    });
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].1.rank, found[0].1.waits_in),
        (0, Phase::AllReduce)
    );
}

#[test]
fn nobody_is_late_in_steps_or_in_silence_or_where_one_is_gone() {
    // Steps are judged by their own times.
    let step = |now: f64| {
        vec![
            at(0, Phase::AllReduce, 9, now),
            at(1, Phase::Forward, 9, now),
        ]
    };
    assert_eq!(watch(&mut begun(2), 60 * S, step), []);
    let late = vec![at(0, Phase::Sums, 9, 5.0), at(1, Phase::Evaluation, 9, 5.0)];
    assert_eq!(begun(2).look(&late, 60 * S, |rank| rank != 1), None);
    let mut gone = late.clone();
    gone[1].health = WorkerHealth::Stalled(Stall::Silent);
    assert_eq!(begun(2).look(&gone, 60 * S, |_| true), None);
    assert_eq!(begun(1).look(&late[1..], 60 * S, |_| true), None);
}

#[test]
fn a_rank_is_late_as_long_as_it_is_waited_for_and_named_once() {
    let waited = vec![at(0, Phase::Sums, 9, 5.0), at(1, Phase::Evaluation, 9, 5.0)];
    let mut ranks = begun(2);
    assert_eq!(ranks.awaited(), None);
    assert!(ranks.look(&waited, 60 * S, |_| true).is_some());
    assert_eq!(ranks.look(&waited, 61 * S, |_| true), None);
    assert_eq!(ranks.awaited().map(|awaited| awaited.rank), Some(1));
    let there = vec![at(0, Phase::Sums, 9, 5.0), at(1, Phase::Sums, 9, 0.1)];
    assert_eq!(ranks.look(&there, 62 * S, |_| true), None);
    assert_eq!(ranks.awaited(), None);
}

#[test]
fn one_that_is_early_makes_nobody_late() {
    let states = vec![
        at(0, Phase::Sums, 9, 5.0),
        at(1, Phase::Evaluation, 9, 0.1),
        at(2, Phase::Evaluation, 9, 0.1),
        at(3, Phase::Evaluation, 9, 0.1),
    ];
    let mut ranks = begun(4);
    for now in 60..70 {
        assert_eq!(ranks.look(&states, now * S, |_| true), None);
    }
}

proptest! {
    #[test]
    fn whoever_is_named_is_behind_whoever_waits(
        looks in proptest::collection::vec(
            proptest::collection::vec((0usize..Phase::ALL.len(), 0u64..3, 0.0f64..4.0), 3),
            1..40,
        ),
    ) {
        let mut ranks = begun(3);
        let mut named = Vec::new();
        for (second, look) in (1..).zip(looks) {
            let states: Vec<RankState<Phase>> = (0..)
                .zip(look)
                .map(|(rank, (phase, step, for_s))| at(rank, Phase::ALL[phase], step, for_s))
                .collect();
            if let Some(awaited) = ranks.look(&states, second * S, |_| true) {
                let of = |rank: u32| states[rank as usize].position.progress();
                prop_assert!(of(awaited.rank) < of(awaited.waiting));
                prop_assert!(awaited.waits_s >= 1.5);
                prop_assert!(!named.contains(&(awaited.rank, awaited.phase)));
                named.push((awaited.rank, awaited.phase));
            }
        }
    }
}
