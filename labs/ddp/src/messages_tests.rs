//! The sentences on failures.

use workbench_ddp_protocol::Fault;
use workbench_protocol::Position;
use workbench_workers::{Awaited, ProcessExit, RankState, Signal, WorkerHealth};

use super::*;
use crate::root_cause::RankFailure;

const KILLED: ProcessExit = ProcessExit::Signal {
    number: 9,
    core: false,
};

fn report(cause: FailureCause, fault: Option<Fault>) -> FailureReport {
    FailureReport {
        failure: RankFailure {
            rank: 1,
            at_ns: 1_030_000_000,
            cause,
        },
        place: None,
        others: Vec::new(),
        ahead: Vec::new(),
        gave_up: None,
        fault,
    }
}

fn killed() -> FailureCause {
    FailureCause::Exited {
        exit: KILLED,
        by: EndedBy::Outside,
    }
}

#[test]
fn costs_are_told_as_far_as_they_are_known() {
    let incident = |next_step_ns, new_step_ns, repeated| Incident {
        next_step_ns,
        new_step_ns,
        repeated,
        ..Incident::new(report(killed(), None), Some(1_000_000_000))
    };
    let (next, new) = (Some(2_430_000_000), Some(3_030_000_000));
    for (incident, told) in [
        (
            incident(next, new, 50),
            "Noticed within 0.03 s, next step 1.40 s later, 50 steps done again, which took until 2.00 s after it was noticed",
        ),
        (
            incident(next, None, 1),
            "Noticed within 0.03 s, next step 1.40 s later, 1 step to do again",
        ),
        (
            incident(next, next, 0),
            "Noticed within 0.03 s, next step 1.40 s later, none done again",
        ),
        (
            incident(None, None, 0),
            "Noticed within 0.03 s, with no step left to do",
        ),
    ] {
        assert_eq!(costs(&incident), told);
    }
}

#[test]
fn silence_says_where_and_how_long() {
    let mut silent = report(
        FailureCause::Stalled {
            stall: Stall::Stopped,
            for_s: 2.04,
        },
        None,
    );
    assert_eq!(
        silent.to_string(),
        "rank 1 is stopped by a signal, for 2.0 s"
    );
    silent.place = Some(FailurePlace::Position(Position {
        phase: Phase::Forward,
        step: 40,
    }));
    silent.ahead = vec![(2, 41)];
    silent.gave_up = Some((0, 8.0));
    assert_eq!(
        silent.to_string(),
        "rank 1 is stopped by a signal, for 2.0 s, in forward at step 40; rank 2 is at step 41; rank 0 gave up after 8 s"
    );
}

#[test]
fn who_ended_a_process_is_guessed_only_where_nothing_explains_it() {
    let mut death = report(killed(), None);
    death.place = Some(FailurePlace::Step(20));
    death.others = vec![RankState {
        rank: 0,
        position: Position {
            phase: Phase::AllReduce,
            step: 20,
        },
        health: WorkerHealth::Waiting,
        for_s: 0.3,
    }];
    assert_eq!(
        death.to_string(),
        "rank 1 was ended by SIGKILL, by somebody else, perhaps the kernel for lack of memory, at step 20; rank 0 waits in all-reduce"
    );
    death.fault = Some(Fault::Kill {
        rank: 1,
        step: 20,
        place: Place::Forward,
    });
    assert_eq!(
        death.to_string(),
        "rank 1 was ended by SIGKILL, at step 20; rank 0 waits in all-reduce (as asked for: kill:rank=1,step=20)"
    );
}

#[test]
fn memory_is_guessed_at_only_after_the_signal_that_the_kernel_sends_for_it() {
    let mut death = report(killed(), None);
    death.failure.cause = FailureCause::Exited {
        exit: ProcessExit::Signal {
            number: Signal::TERM.as_raw(),
            core: false,
        },
        by: EndedBy::Outside,
    };
    assert_eq!(
        death.to_string(),
        "rank 1 was ended by SIGTERM, by somebody else"
    );
}

#[test]
fn the_phase_of_a_fault_is_named() {
    for (place, told) in [
        (Place::Checkpoint, "in checkpoint at step 8"),
        (Place::Evaluation, "in evaluation at step 8"),
        (Place::AllReduce, "in all-reduce at step 8"),
    ] {
        let mut death = report(killed(), None);
        death.place = Some(FailurePlace::Step(8));
        death.fault = Some(Fault::Kill {
            rank: 1,
            step: 8,
            place,
        });
        let text = death.to_string();
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn why_ranks_cannot_meet_is_told_with_what_to_do() {
    for (kind, told) in [
        (io::ErrorKind::AddrNotAvailable, "ip link set lo up"),
        (io::ErrorKind::AddrInUse, "no local port is left"),
        (io::ErrorKind::PermissionDenied, "allow that"),
    ] {
        let text = no_rendezvous(&kind.into());
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn a_rank_that_is_awaited_is_named_with_who_waits() {
    let awaited = SlowKind::Awaited(Awaited {
        rank: 1,
        phase: Phase::Loading,
        waiting: 0,
        waits_in: Phase::Rendezvous,
        waits_s: 1.52,
    });
    assert_eq!(
        slow(Arm::ByHand, &awaited),
        "In ddp, rank 1 is slow in loading: rank 0 has waited in rendezvous for 1.5 s."
    );
}
