//! Failing tasks that are tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use workbench_pool::{Outcome, Retry, TaskError};

use crate::support::{Gate, by_task, guarded, pool};

fn short(max: u32) -> Retry {
    Retry {
        max,
        initial: Duration::from_millis(2),
        factor: 2.0,
        max_delay: Duration::from_millis(100),
    }
}

#[test]
fn a_task_is_tried_until_it_succeeds() {
    for retry in [Retry::at_once(5), short(5)] {
        guarded(move || {
            let pool = pool(2);
            let task = pool
                .task()
                .retries(retry)
                .spawn_fallible(|context| {
                    assert!(context.attempt() != 1, "panics count as failures");
                    if context.attempt() < 3 {
                        Err(format!("attempt {}", context.attempt()))
                    } else {
                        Ok(context.attempt())
                    }
                })
                .unwrap();
            assert_eq!(*task.get().unwrap(), 3);
            let attempts = &by_task(pool.drain_spans())[&task.id()];
            let outcomes: Vec<_> = attempts.iter().map(|span| span.outcome).collect();
            assert_eq!(
                outcomes,
                [
                    Outcome::Failed,
                    Outcome::Panicked,
                    Outcome::Failed,
                    Outcome::Done
                ]
            );
            for (number, pair) in attempts.windows(2).enumerate() {
                let delay = retry.delay(number as u32).as_nanos() as u64;
                assert!(pair[1].queued_ns >= pair[0].finished_ns);
                assert!(pair[1].ready_ns >= pair[0].finished_ns + delay, "{pair:?}");
            }
        });
    }
}

#[test]
fn the_last_error_stands() {
    guarded(|| {
        let pool = pool(1);
        let calls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        let task = pool
            .task()
            .name("stubborn")
            .retries(short(2))
            .spawn_fallible(move |context| {
                counted.fetch_add(1, Ordering::Relaxed);
                Err::<(), _>(format!("number {}", context.attempt()))
            })
            .unwrap();
        let error = task.get().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "task `stubborn` ({}) failed at attempt 3: number 2",
                task.id()
            )
        );
        assert_eq!(calls.load(Ordering::Relaxed), 3);
        assert!(matches!(error, TaskError::Failed { attempts: 3, .. }));
    });
}

#[test]
fn others_run_while_one_backs_off() {
    guarded(|| {
        let pool = pool(1);
        let gate = Gate::default();
        let pass = gate.clone();
        let task = pool
            .task()
            .retries(short(u32::MAX))
            .spawn_fallible(move |context| {
                if context.attempt() == 0 {
                    return Err("not yet");
                }
                // Open only if the other task ran between the attempts on this single thread.
                pass.pass();
                Ok(())
            })
            .unwrap();
        let other = pool.spawn(move || gate.open());
        other.get().unwrap();
        task.get().unwrap();
    });
}

#[test]
fn delays_end_in_their_own_order() {
    guarded(|| {
        let pool = pool(1);
        let delayed = |milliseconds| {
            let delay = Duration::from_millis(milliseconds);
            let retry = Retry {
                max: 1,
                initial: delay,
                factor: 1.0,
                max_delay: delay,
            };
            pool.task()
                .retries(retry)
                .spawn_fallible(|context| {
                    if context.attempt() == 0 {
                        Err("later")
                    } else {
                        Ok(())
                    }
                })
                .unwrap()
        };
        // An hour is longer than any machine is busy.
        let (long, short) = (delayed(3_600_000), delayed(5));
        short.get().unwrap();
        let tasks = by_task(pool.drain_spans());
        assert_eq!((tasks[&short.id()].len(), tasks[&long.id()].len()), (2, 1));
        long.cancel();
        long.wait();
    });
}

#[test]
fn all_workers_blocked_are_woken_by_the_retry_timer() {
    for workers in [1, 2] {
        guarded(move || {
            let pool = pool(workers);
            let delay = Duration::from_millis(30);
            let retry = Retry {
                max: 1,
                initial: delay,
                factor: 1.0,
                max_delay: delay,
            };
            let flaky = pool
                .task()
                .retries(retry)
                .spawn_fallible(|context| {
                    if context.attempt() == 0 {
                        Err("once")
                    } else {
                        Ok(1)
                    }
                })
                .unwrap();
            let parents: Vec<_> = (0..workers)
                .map(|_| {
                    let flaky = flaky.clone();
                    pool.spawn(move || *flaky.get().unwrap())
                })
                .collect();
            for parent in parents {
                assert_eq!(*parent.get().unwrap(), 1);
            }
        });
    }
}
