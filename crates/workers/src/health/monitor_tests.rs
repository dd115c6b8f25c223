//! What is known of a worker in several ways is one judgement.

use proptest::prelude::*;

use super::*;
use crate::health::state::{Loss, Stall};
use crate::tests::training::Phase as P;

const S: u64 = 1_000_000_000;

/// Processes of which two are special.
#[derive(Default)]
struct Fixed {
    stopped: Option<u32>,
}

impl Processes for Fixed {
    fn is_stopped(&self, rank: u32) -> bool {
        self.stopped == Some(rank)
    }

    fn is_working(&mut self, _: u32, _: u64) -> bool {
        false
    }

    fn queued_ns(&self, _: u32) -> Option<u64> {
        None
    }
}

fn monitor(positions: [(P, u64); 2], now_ns: u64) -> HealthMonitor<P> {
    let mut monitor = HealthMonitor::new(2, Deadlines::default(), 0);
    for (rank, (phase, step)) in (0..).zip(positions) {
        monitor.receive(rank, now_ns, Some((Position { phase, step }, 0)));
    }
    monitor
}

fn health(monitor: &HealthMonitor<P>, now_ns: u64, processes: &Fixed) -> Vec<WorkerHealth<P>> {
    let states = monitor.states(now_ns, processes);
    states.into_iter().map(|state| state.health).collect()
}

#[test]
fn a_rank_that_waits_is_told_apart_from_one_that_works() {
    let monitor = monitor([(P::AllReduce, 3), (P::Forward, 3)], S);
    let all = health(&monitor, S, &Fixed::default());
    assert_eq!(all, [WorkerHealth::Waiting, WorkerHealth::Working]);
    // A stopped process is reported as stopped before its silence exceeds the deadline.
    let all = health(&monitor, S + S / 2, &Fixed { stopped: Some(1) });
    assert_eq!(
        all,
        [WorkerHealth::Waiting, WorkerHealth::Stalled(Stall::Stopped)]
    );
}

#[test]
fn a_rank_that_is_slow_in_its_steps_is_slow_until_it_is_not() {
    let mut monitor = monitor([(P::AllReduce, 3), (P::Forward, 3)], S);
    let mut changes = Vec::new();
    let mut steps = |monitor: &mut HealthMonitor<P>, count, work_ns| {
        for _ in 0..count {
            for (rank, work_ns) in [(0, S / 3), (1, work_ns)] {
                let times = StepTimes {
                    work_ns,
                    wait_ns: S - work_ns,
                };
                changes.extend(monitor.step(rank, times, &Fixed::default()));
            }
        }
    };
    steps(&mut monitor, 9, S);
    let all = health(&monitor, S, &Fixed::default());
    assert!(
        all[0] == WorkerHealth::Waiting
            && matches!(all[1], WorkerHealth::Slow(SlowKind::Steps(slow)) if slow.rank == 1),
        "{all:?}"
    );
    steps(&mut monitor, 2, S / 3);
    let all = health(&monitor, S, &Fixed::default());
    assert_eq!(all, [WorkerHealth::Waiting, WorkerHealth::Working]);
    assert_eq!(changes.len(), 1, "told once: {changes:?}");
}

#[test]
fn an_end_is_an_end_whatever_was_known_before() {
    let killed = ProcessExit::Signal {
        number: 9,
        core: false,
    };
    let mut monitor = monitor([(P::Forward, 3), (P::Forward, 3)], S);
    monitor.finish(0, true);
    monitor.exit(1, killed, S);
    let lost = [
        WorkerHealth::Lost(Loss::Failed),
        WorkerHealth::Lost(Loss::Exited(killed)),
    ];
    assert_eq!(health(&monitor, 90 * S, &Fixed::default()), lost);
    monitor.exit(0, ProcessExit::Code(1), 2 * S);
    assert_eq!(health(&monitor, 90 * S, &Fixed::default()), lost);
    // Its last message is read after its process has ended.
    monitor.finish(1, false);
    assert_eq!(
        health(&monitor, S, &Fixed::default())[1],
        WorkerHealth::Ended
    );
}

proptest! {
    /// In every case a slow rank is alive and not alone, and no rank is slow beside a lost rank but
    /// in steps.
    #[test]
    fn health_does_not_contradict_itself(
        events in prop::collection::vec(
            (0_u32..3, 0..P::ALL.len(), 0_u64..4, 0_u64..30, 0_u8..9),
            0..80,
        ),
    ) {
        let mut monitor = HealthMonitor::new(3, Deadlines::default(), 0);
        let mut processes = Fixed::default();
        let mut now_ns = 0;
        for (rank, phase, step, tenths, kind) in events {
            now_ns += tenths * S / 10;
            match kind {
                0 => monitor.finish(rank, tenths % 2 == 0),
                1 => monitor.exit(rank, ProcessExit::Code(1), now_ns),
                2 => processes.stopped = (tenths % 2 == 0).then_some(rank),
                3 | 4 => {
                    let times = StepTimes { work_ns: tenths * S / 20, wait_ns: S };
                    monitor.step(rank, times, &processes);
                }
                _ => {
                    let position = Position { phase: P::ALL[phase], step };
                    monitor.receive(rank, now_ns, Some((position, tenths * S / 10)));
                }
            }
            monitor.check(now_ns, &mut processes);
            let states = monitor.states(now_ns, &processes);
            prop_assert_eq!(states.len(), 3);
            let lost = states.iter().any(|state| matches!(state.health, WorkerHealth::Lost(_)));
            for state in &states {
                let waits = state.position.phase.is_waiting();
                match state.health {
                    WorkerHealth::Waiting => prop_assert!(waits),
                    WorkerHealth::Working => prop_assert!(!waits),
                    WorkerHealth::Stalled(Stall::Stopped) => {
                        prop_assert_eq!(processes.stopped, Some(state.rank));
                    }
                    WorkerHealth::Slow(SlowKind::Awaited(awaited)) => {
                        prop_assert_eq!(awaited.rank, state.rank);
                        prop_assert!(awaited.waiting != state.rank && awaited.waits_s >= 1.5);
                        prop_assert!(!lost || now_ns < monitor.looked_ns + LOOK_NS);
                    }
                    WorkerHealth::Slow(SlowKind::Steps(slow)) => prop_assert!(slow.factor() > 1.0),
                    _ => {}
                }
            }
        }
    }
}
