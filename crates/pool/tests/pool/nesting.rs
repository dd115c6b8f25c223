//! Tasks within tasks and rayon within tasks: the same threads, no deadlock.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::{self, ThreadId};
use std::time::Duration;

use rayon::prelude::*;
use workbench_pool::{PoolHandle, Retry, TaskRef, get_all, wait, wait_any};

use crate::support::{Gate, by_task, guarded, pool};

fn fibonacci(pool: &PoolHandle, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let inner = pool.clone();
    let left = pool.spawn(move || fibonacci(&inner, n - 1));
    let inner = pool.clone();
    let right = pool.spawn(move || fibonacci(&inner, n - 2));
    *left.get().unwrap() + *right.get().unwrap()
}

#[test]
fn recursive_fibonacci() {
    for workers in [1, 2, 5] {
        guarded(move || {
            let pool = pool(workers);
            let handle = pool.handle();
            let root = pool.spawn(move || fibonacci(&handle, 16));
            assert_eq!(*root.get().unwrap(), 987);
            assert_eq!(by_task(pool.drain_spans()).len(), 3193);
        });
    }
}

#[test]
fn a_deep_chain_of_waits() {
    fn descend(pool: &PoolHandle, depth: u32) -> u32 {
        if depth == 0 {
            return 0;
        }
        let inner = pool.clone();
        *pool
            .spawn(move || descend(&inner, depth - 1))
            .get()
            .unwrap()
            + 1
    }
    for workers in [1, 2] {
        guarded(move || {
            let pool = pool(workers);
            let handle = pool.handle();
            let root = pool.spawn(move || descend(&handle, 1000));
            assert_eq!(*root.get().unwrap(), 1000);
        });
    }
}

#[test]
fn cpu_time_is_counted_once() {
    guarded(|| {
        fn burn(milliseconds: u64) {
            let until = workbench_clock::thread_cpu_ns() + milliseconds * 1_000_000;
            while workbench_clock::thread_cpu_ns() < until {
                std::hint::spin_loop();
            }
        }
        let pool = pool(1);
        let handle = pool.handle();
        let parent = pool.task().name("parent");
        let parent = parent
            .spawn(move || {
                burn(5);
                let child = handle.spawn(|| burn(40));
                child.get().unwrap();
                burn(5);
            })
            .unwrap();
        parent.get().unwrap();
        let spans = pool.drain_spans();
        let cpu = |name: &str| {
            spans
                .iter()
                .find(|span| &*span.name == name)
                .unwrap()
                .cpu_ns
        };
        assert!(
            (9_900_000..30_000_000).contains(&cpu("parent")),
            "{spans:?}"
        );
        assert!(cpu("task") >= 39_900_000, "{spans:?}");
    });
}

#[test]
fn rayon_in_tasks_uses_the_pools_threads() {
    guarded(|| {
        let pool = pool(2);
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                pool.spawn(|| {
                    assert_eq!(rayon::current_num_threads(), 2);
                    (0..10_000_u64)
                        .into_par_iter()
                        .fold(HashSet::<ThreadId>::new, |mut seen, _| {
                            seen.insert(thread::current().id());
                            seen
                        })
                        .reduce(HashSet::new, |a, b| &a | &b)
                })
            })
            .collect();
        let seen: HashSet<ThreadId> = get_all(&tasks)
            .unwrap()
            .iter()
            .flat_map(|seen| seen.iter().copied())
            .collect();
        assert!(seen.len() <= 2, "{seen:?}");
        assert!(!seen.contains(&thread::current().id()));
    });
}

/// Code that runs at the same time: never more than workers, whatever waits for whatever.
#[test]
fn never_more_running_threads_than_workers() {
    guarded(|| {
        fn work(
            pool: &PoolHandle,
            running: &Arc<AtomicUsize>,
            most: &Arc<AtomicUsize>,
            depth: u32,
        ) {
            let count = |_| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
            };
            (0..20).into_par_iter().for_each(count);
            if depth > 0 {
                let children: Vec<_> = (0..3)
                    .map(|_| {
                        let (inner, running, most) =
                            (pool.clone(), Arc::clone(running), Arc::clone(most));
                        pool.spawn(move || work(&inner, &running, &most, depth - 1))
                    })
                    .collect();
                get_all(&children).unwrap();
            }
            (0..20).into_par_iter().for_each(count);
        }
        let pool = pool(3);
        let (running, most) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let root = {
            let (handle, running, most) = (pool.handle(), Arc::clone(&running), Arc::clone(&most));
            pool.spawn(move || work(&handle, &running, &most, 4))
        };
        root.get().unwrap();
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    });
}

/// A thread that sleeps in `get` still takes part in other tasks' parallel work: two parts that
/// wait for each other can only end on two threads, and one of the two is blocked.
#[test]
fn a_blocked_worker_takes_over_rayon_work() {
    guarded(|| {
        let pool = pool(2);
        let handle = pool.handle();
        let parent = pool.spawn(move || {
            let (started, start) = channel();
            let (release, released) = channel::<()>();
            let child = handle.spawn(move || {
                started.send(()).unwrap();
                released.recv().unwrap();
                // Lets the parent's thread fall asleep as a rule, which is the harder case; the
                // outcome is the same.
                thread::sleep(Duration::from_millis(20));
                let (a, b) = (Gate::default(), Gate::default());
                let (open_a, pass_b) = (a.clone(), b.clone());
                rayon::join(
                    move || {
                        open_a.open();
                        pass_b.pass();
                    },
                    move || {
                        a.pass();
                        b.open();
                    },
                );
            });
            // The child runs on the other thread before this one begins to wait.
            start.recv().unwrap();
            release.send(()).unwrap();
            child.get().unwrap();
        });
        parent.get().unwrap();
    });
}

/// A task that will not end by itself within the test's time, without occupying a thread.
fn endless(pool: &PoolHandle) -> TaskRef<()> {
    let hour = Duration::from_secs(3600);
    pool.task()
        .retries(Retry {
            max: 1,
            initial: hour,
            factor: 1.0,
            max_delay: hour,
        })
        .spawn_fallible(|_| Err::<(), _>("in an hour"))
        .unwrap()
}

#[test]
fn blocked_workers_run_what_comes_from_outside() {
    for workers in [1, 2, 3] {
        guarded(move || {
            let pool = pool(workers);
            let awaited = endless(&pool);
            let (started, start) = channel();
            let blocked: Vec<_> = (0..workers)
                .map(|_| {
                    let (awaited, started) = (awaited.clone(), started.clone());
                    pool.spawn(move || {
                        started.send(()).unwrap();
                        awaited.get().is_err()
                    })
                })
                .collect();
            for _ in 0..workers {
                start.recv().unwrap();
            }
            // All threads wait, or are about to. Only one of them can run this.
            let release = pool.spawn(move || awaited.cancel());
            release.get().unwrap();
            for task in blocked {
                assert!(*task.get().unwrap());
            }
        });
    }
}

/// Waits that sleep, one nested in the other on the same thread, end from the innermost outwards.
#[test]
fn nested_waits_that_sleep() {
    for workers in [1, 2] {
        guarded(move || {
            const DEPTH: usize = 20;
            let pool = pool(workers);
            let locks: Vec<_> = (0..DEPTH).map(|_| endless(&pool)).collect();
            let waiting: Vec<_> = locks
                .iter()
                .map(|lock| {
                    let (started, start) = channel();
                    let lock = lock.clone();
                    let task = pool.spawn(move || {
                        started.send(()).unwrap();
                        lock.get().is_err()
                    });
                    start.recv().unwrap();
                    // Lets the thread fall asleep as a rule; the outcome is the same.
                    thread::sleep(Duration::from_millis(1));
                    task
                })
                .collect();
            for (lock, task) in locks.iter().zip(&waiting).rev() {
                assert!(!task.is_done());
                assert!(lock.cancel());
                assert!(*task.get().unwrap());
            }
        });
    }
}

/// With a single thread that sleeps, every rayon job that comes from outside still finds it.
#[test]
fn sleeping_waits_leave_the_thread_to_others() {
    guarded(|| {
        let pool = pool(1);
        let awaited = endless(&pool);
        let inner = awaited.clone();
        let sleeper = pool.spawn(move || inner.get().is_err());
        for n in 0..200_u32 {
            if n % 20 == 0 {
                // As above.
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(*pool.spawn(move || n).get().unwrap(), n);
        }
        assert!(!sleeper.is_done());
        awaited.cancel();
        assert!(*sleeper.get().unwrap());
    });
}

#[test]
fn waiting_for_some_within_a_task() {
    for workers in [1, 2] {
        guarded(move || {
            let pool = pool(workers);
            let handle = pool.handle();
            let parent = pool.spawn(move || {
                let tasks: Vec<_> = (0..20).map(|n| handle.spawn(move || n)).collect();
                assert!(wait_any(&tasks).is_some());
                let (ready, pending) = wait(&tasks, 10, None);
                assert!(ready.len() >= 10 && ready.len() + pending.len() == 20);
                let late = endless(&handle);
                let timeout = Some(Duration::from_millis(3));
                let (ready, pending) = wait(std::slice::from_ref(&late), 1, timeout);
                assert_eq!((ready, pending), (vec![], vec![0]));
                late.cancel();
                late.wait();
                get_all(&tasks).unwrap().iter().map(|n| **n).sum::<i32>()
            });
            assert_eq!(*parent.get().unwrap(), 190);
        });
    }
}

#[test]
fn a_task_finds_its_own_pool() {
    guarded(|| {
        assert!(PoolHandle::current().is_none());
        let pool = pool(1);
        let task = pool.spawn(|| {
            let pool = PoolHandle::current().unwrap();
            *pool.spawn(|| 3).get().unwrap()
        });
        assert_eq!(*task.get().unwrap(), 3);
    });
}
