//! Whoever is heard of first is not always to blame.

use proptest::prelude::*;
use workbench_protocol::{Phase, Place};
use workbench_workers::Ended;

use super::*;

const KILLED: Ended = Ended::Signal {
    number: 9,
    core: false,
};

fn failed(rank: u32, at_ns: u64, kind: FailureKind) -> News {
    News::Message {
        rank,
        at_ns,
        message: FromWorker::Failed {
            kind,
            message: "of something".to_owned(),
            step: 3,
        },
    }
}

fn exited(rank: u32, at_ns: u64, ended: Ended, by: By) -> News {
    News::Exited {
        rank,
        at_ns,
        ended,
        by,
    }
}

fn judge_all(news: &[News], now_ns: u64, world: u32) -> Option<u32> {
    let mut blame = Blame::default();
    for one in news {
        if let Some(trouble) = trouble(one, false) {
            blame.hear(trouble);
        }
    }
    blame.verdict(now_ns, world).map(|trouble| trouble.rank)
}

#[test]
fn the_dead_rank_is_blamed_even_when_its_peer_complains_first() {
    let complaint = failed(0, 100, FailureKind::Peer);
    let death = exited(1, 200, KILLED, By::Outside);
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
        judge_all(std::slice::from_ref(&complaint), 100 + ECHO_WAIT_NS, 3),
        Some(0)
    );
    let both = [complaint, failed(1, 101, FailureKind::Peer)];
    assert_eq!(judge_all(&both, 101, 2), Some(0));
}

#[test]
fn ends_that_are_as_they_should_be_are_no_trouble() {
    let ended = exited(0, 1, Ended::Code(0), By::Itself);
    assert_eq!(trouble(&ended, true), None);
    let own = exited(0, 1, KILLED, By::Grace);
    assert_eq!(trouble(&own, false), None);
    // Without a word before, even a good end is one.
    assert_eq!(trouble(&ended, false).map(|t| t.sort), Some(Sort::Own));
}

#[test]
fn a_fault_explains_its_own_rank_and_sort_of_trouble_alone() {
    let death = trouble(&exited(1, 5, KILLED, By::Outside), false).unwrap();
    let kill = |rank| Fault::Kill {
        rank,
        step: 4,
        place: Place::Forward,
    };
    assert!(explains(&kill(1), &death));
    assert!(!explains(&kill(0), &death));
    let nan = |rank, place| Fault::Nan {
        rank,
        step: 4,
        place,
    };
    assert!(!explains(&nan(1, Place::Forward), &death));
    // A gradient that is none is everybody's after the all-reduce, and no sooner.
    let loss = trouble(&failed(1, 5, FailureKind::NotFinite), false).unwrap();
    assert!(explains(&nan(1, Place::Evaluation), &loss));
    assert!(!explains(&nan(0, Place::Evaluation), &loss));
    assert!(explains(&nan(0, Place::AllReduce), &loss));
}

#[test]
fn silence_says_where_and_how_long() {
    let silent = News::Silent {
        rank: 2,
        at_ns: 7,
        phase: Phase::Forward,
        step: 40,
        for_s: 2.04,
        stopped: true,
    };
    let told = trouble(&silent, false).unwrap().to_string();
    assert!(trouble(&silent, false).unwrap().is_mute());
    assert_eq!(told, "rank 2 is stopped by a signal, for 2.0 s");
}

proptest! {
    #[test]
    fn of_many_complaints_and_one_death_the_death_is_blamed(
        world in 2u32..9,
        dead in 0u32..9,
        order in proptest::collection::vec(0u32..9, 0..20),
    ) {
        let dead = dead % world;
        let mut news: Vec<News> = order
            .into_iter()
            .filter(|rank| rank % world != dead)
            .map(|rank| failed(rank % world, 10, FailureKind::Peer))
            .collect();
        let at = news.len() / 2;
        news.insert(at, exited(dead, 10, KILLED, By::Outside));
        prop_assert_eq!(judge_all(&news, 10, world), Some(dead));
    }
}
