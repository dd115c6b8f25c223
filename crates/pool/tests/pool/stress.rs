//! Many threads, many tasks: nothing is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use workbench_pool::{Outcome, TaskRef, wait_all};

use crate::support::{by_task, guarded, pool};

#[test]
fn a_million_tasks_lose_no_event() {
    guarded(|| {
        const TASKS: usize = 1_000_000;
        let pool = pool(2);
        let tasks: Vec<_> = (0..TASKS).map(|_| pool.spawn(|| ())).collect();
        let mut seen = vec![false; TASKS];
        let mut note = |spans: Vec<workbench_pool::TaskSpan>| {
            for span in spans {
                let seen = &mut seen[span.task as usize];
                assert!(!*seen, "twice: {span:?}");
                *seen = true;
                assert!(span.queued_ns <= span.ready_ns && span.ready_ns <= span.started_ns);
                assert!(span.started_ns <= span.finished_ns && span.cpu_ns <= span.wall_ns());
                assert_eq!(span.outcome, Outcome::Done);
            }
        };
        // Draining while tasks end must lose nothing either.
        note(pool.drain_spans());
        wait_all(&tasks);
        note(pool.drain_spans());
        assert_eq!(seen.iter().filter(|seen| **seen).count(), TASKS);
    });
}

#[test]
fn many_threads_spawn_wait_and_cancel() {
    guarded(|| {
        let pool = pool(4);
        let ran = Arc::new(AtomicUsize::new(0));
        let submitters: Vec<_> = (0..8)
            .map(|submitter| {
                let (pool, ran) = (pool.handle(), Arc::clone(&ran));
                thread::spawn(move || {
                    let mut tasks: Vec<TaskRef<usize>> = Vec::new();
                    for n in 0..2000 {
                        let ran = Arc::clone(&ran);
                        let task = pool
                            .task()
                            .priority(n % 3)
                            .after_all(tasks.last())
                            .spawn(move || ran.fetch_add(1, Ordering::Relaxed))
                            .unwrap();
                        match n % 50 {
                            // A new chain begins.
                            49 => tasks.clear(),
                            30 if submitter % 2 == 0 => {
                                task.cancel();
                            }
                            20 => task.wait(),
                            _ => {}
                        }
                        tasks.push(task);
                    }
                    wait_all(&tasks);
                })
            })
            .collect();
        for submitter in submitters {
            submitter.join().unwrap();
        }
        let handle = pool.handle();
        drop(pool);
        let tasks = by_task(handle.drain_spans());
        assert_eq!(tasks.len(), 16_000);
        let done = tasks.values().filter(|spans| {
            assert_eq!(spans.len(), 1);
            spans[0].outcome == Outcome::Done
        });
        assert_eq!(done.count(), ran.load(Ordering::Relaxed));
    });
}

#[test]
fn drains_from_many_threads_share_the_spans() {
    guarded(|| {
        let pool = pool(2);
        let handle = pool.handle();
        let ended = Arc::new(AtomicUsize::new(0));
        let drainers: Vec<_> = (0..3)
            .map(|_| {
                let (handle, ended) = (handle.clone(), Arc::clone(&ended));
                thread::spawn(move || {
                    let mut mine = Vec::new();
                    while ended.load(Ordering::Acquire) == 0 {
                        mine.extend(handle.drain_spans());
                        assert_eq!(handle.running().len(), 2);
                        thread::yield_now();
                    }
                    mine.extend(handle.drain_spans());
                    mine
                })
            })
            .collect();
        let tasks: Vec<_> = (0..50_000).map(|_| pool.spawn(|| ())).collect();
        wait_all(&tasks);
        ended.store(1, Ordering::Release);
        let spans = drainers
            .into_iter()
            .flat_map(|drainer| drainer.join().unwrap())
            .collect();
        assert_eq!(by_task(spans).len(), 50_000);
    });
}

#[test]
fn pools_come_and_go() {
    guarded(|| {
        for round in 0..200 {
            let pool = pool(1 + round % 3);
            let tasks: Vec<_> = (0..round % 7).map(|n| pool.spawn(move || n)).collect();
            if round % 2 == 0 {
                wait_all(&tasks);
            }
        }
    });
}
