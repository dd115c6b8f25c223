//! Blocking a thread until tasks have ended, whatever kind of thread it is.

use std::sync::Arc;
use std::time::Instant;

use super::pending::Pending;
use super::task::AnyTask;
use super::worker;

/// How long a thread outside the pool polls before it sleeps.
const WATCH_NANOS: u128 = 10_000;

/// For this long it spins without yielding its core to other threads. Not longer: where cores are
/// scarce, the thread that would run the task may be waiting for this core.
const HOT_NANOS: u128 = 1_000;

/// Waits until `needed` of the tasks have ended, or the deadline has passed. `awaited`: the task,
/// if it is a single one.
///
/// A pool thread helps meanwhile; it is the calling thread's pool that matters, not the tasks'.
pub fn wait_for(
    tasks: &[&dyn AnyTask],
    needed: usize,
    deadline: Option<Instant>,
    awaited: Option<&Arc<dyn AnyTask>>,
) {
    let mut pending = Pending::new(tasks, needed, deadline);
    if pending.is_over() {
        return;
    }
    worker::with_current(|worker| match worker {
        Some(worker) => worker.help(&mut pending, awaited),
        None => wait_outside(&mut pending),
    });
}

fn wait_outside(pending: &mut Pending<'_>) {
    let since = Instant::now();
    loop {
        if pending.is_over() {
            return;
        }
        match since.elapsed().as_nanos() {
            ..HOT_NANOS => std::hint::spin_loop(),
            HOT_NANOS..WATCH_NANOS => std::thread::yield_now(),
            _ => break,
        }
    }
    let (waiter, deadline) = (pending.waiter(), pending.deadline());
    while !pending.is_over() {
        waiter.sleep(deadline);
    }
}
