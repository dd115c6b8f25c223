//! The first reported failure is not always the root cause.

use proptest::prelude::*;
use workbench_protocol::Position;

use super::*;

const KILLED: ProcessExit = ProcessExit::Signal {
    number: 9,
    core: false,
};

type Event = WorkerEvent<Training>;

fn failed(rank: u32, at_ns: u64, kind: FailureKind) -> Event {
    let failure = FailureNotice {
        kind,
        message: "of something".to_owned(),
        step: 3,
    };
    WorkerEvent {
        rank,
        at_ns,
        moment: None,
        kind: EventKind::Message(FromWorker::Failed(failure)),
    }
}

fn exited(rank: u32, at_ns: u64, exit: ProcessExit, by: EndedBy) -> Event {
    WorkerEvent {
        rank,
        at_ns,
        moment: None,
        kind: EventKind::Exited { exit, by },
    }
}

fn judge_all(events: &[Event], now_ns: u64, world: u32) -> Option<u32> {
    let mut root_cause = RootCause::default();
    for event in events {
        if let Some(failure) = RankFailure::of(event, false) {
            root_cause.add(failure);
        }
    }
    root_cause
        .verdict(now_ns, world)
        .map(|failure| failure.rank)
}

#[test]
fn the_dead_rank_is_blamed_even_when_its_peer_complains_first() {
    let complaint = failed(0, 100, FailureKind::Peer);
    let death = exited(1, 200, KILLED, EndedBy::Outside);
    assert_eq!(judge_all(std::slice::from_ref(&complaint), 200, 2), None);
    assert_eq!(
        judge_all(&[complaint.clone(), death.clone()], 200, 2),
        Some(1)
    );
    assert_eq!(judge_all(&[death, complaint], 200, 2), Some(1));
}

#[test]
fn a_complaint_alone_is_believed_after_a_while_or_when_all_complain() {
    let complaint = failed(0, 100, FailureKind::Peer);
    assert_eq!(
        judge_all(std::slice::from_ref(&complaint), 100 + SECONDARY_WAIT_NS, 3),
        Some(0)
    );
    let both = [complaint, failed(1, 101, FailureKind::Peer)];
    assert_eq!(judge_all(&both, 101, 2), Some(0));
}

#[test]
fn ends_that_are_as_they_should_be_are_no_trouble() {
    let ended = exited(0, 1, ProcessExit::Code(0), EndedBy::Itself);
    assert_eq!(RankFailure::of(&ended, true), None);
    let own = exited(0, 1, KILLED, EndedBy::GracePeriod);
    assert_eq!(RankFailure::of(&own, false), None);
    // Without a word before, even a good end is one.
    let origin = RankFailure::of(&ended, false).map(|failure| failure.cause.origin());
    assert_eq!(origin, Some(FailureOrigin::Own));
}

#[test]
fn a_fault_explains_its_own_rank_and_sort_of_trouble_alone() {
    let death = RankFailure::of(&exited(1, 5, KILLED, EndedBy::Outside), false).unwrap();
    let kill = |rank| Fault::Kill {
        rank,
        step: 4,
        place: Place::Forward,
    };
    assert!(death.is_explained_by(&kill(1)));
    assert!(!death.is_explained_by(&kill(0)));
    let nan = |rank, place| Fault::Nan {
        rank,
        step: 4,
        place,
    };
    assert!(!death.is_explained_by(&nan(1, Place::Forward)));
    // A gradient that is none is everybody's after the all-reduce, and no sooner.
    let loss = RankFailure::of(&failed(1, 5, FailureKind::NotFinite), false).unwrap();
    assert!(loss.is_explained_by(&nan(1, Place::Evaluation)));
    assert!(!loss.is_explained_by(&nan(0, Place::Evaluation)));
    assert!(loss.is_explained_by(&nan(0, Place::AllReduce)));
}

#[test]
fn a_silent_rank_cannot_say_where_it_was() {
    let position = Position {
        phase: Phase::Forward,
        step: 40,
    };
    let silent = WorkerEvent {
        rank: 2,
        at_ns: 7,
        moment: None,
        kind: EventKind::Stalled {
            stall: Stall::Stopped,
            position,
            for_s: 2.04,
        },
    };
    let failure = RankFailure::of(&silent, false).unwrap();
    assert!(failure.cause.is_silent());
    let own = RankFailure::of(&failed(2, 7, FailureKind::NotFinite), false).unwrap();
    assert!(!own.cause.is_silent());
}

proptest! {
    #[test]
    fn of_many_complaints_and_one_death_the_death_is_blamed(
        world in 2u32..9,
        dead in 0u32..9,
        order in proptest::collection::vec(0u32..9, 0..20),
    ) {
        let dead = dead % world;
        let mut events: Vec<Event> = order
            .into_iter()
            .filter(|rank| rank % world != dead)
            .map(|rank| failed(rank % world, 10, FailureKind::Peer))
            .collect();
        let at = events.len() / 2;
        events.insert(at, exited(dead, 10, KILLED, EndedBy::Outside));
        prop_assert_eq!(judge_all(&events, 10, world), Some(dead));
    }
}
