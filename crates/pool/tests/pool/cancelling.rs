//! Cancelling tasks, and closing the pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use workbench_pool::{NEVER_RAN, Outcome, PoolHandle, Retry, TaskError, wait_all};

use crate::support::{Gate, by_task, guarded, pool};

#[test]
fn a_queued_task_never_runs() {
    guarded(|| {
        let pool = pool(1);
        let gate = Gate::default();
        let pass = gate.clone();
        let first = pool.spawn(move || pass.pass());
        let ran = Arc::new(AtomicBool::new(false));
        let queued = {
            let ran = Arc::clone(&ran);
            pool.task()
                .name("queued")
                .spawn(move || ran.store(true, Ordering::Relaxed))
                .unwrap()
        };
        let dependent = pool.task().after(&queued).spawn(|| ()).unwrap();
        assert!(queued.cancel());
        assert_eq!(
            queued.get().unwrap_err(),
            TaskError::Cancelled {
                task: queued.id(),
                name: "queued".into()
            }
        );
        assert!(!queued.cancel(), "it has ended");
        assert!(matches!(
            dependent.get(),
            Err(TaskError::DependencyFailed { culprit, .. }) if culprit == queued.id()
        ));
        gate.open();
        first.get().unwrap();
        pool.spawn(|| ()).get().unwrap();
        assert!(!ran.load(Ordering::Relaxed));
        let span = &by_task(pool.drain_spans())[&queued.id()][0];
        assert_eq!((span.slot, span.outcome), (NEVER_RAN, Outcome::Cancelled));
        assert_eq!((span.wall_ns(), span.cpu_ns), (0, 0));
    });
}

#[test]
fn a_running_task_is_told() {
    guarded(|| {
        let pool = pool(2);
        let inside = Gate::default();
        let tell = inside.clone();
        let looks = pool
            .task()
            .spawn_with(move |context| {
                tell.open();
                while !context.is_cancelled() {
                    std::thread::yield_now();
                }
                "partial"
            })
            .unwrap();
        inside.pass();
        assert!(looks.cancel());
        assert!(matches!(looks.get(), Err(TaskError::Cancelled { .. })));

        let (gate, inside) = (Gate::default(), Gate::default());
        let (pass, tell) = (gate.clone(), inside.clone());
        let never_looks = pool.spawn(move || {
            tell.open();
            pass.pass();
            "whole"
        });
        inside.pass();
        assert!(never_looks.cancel());
        gate.open();
        assert_eq!(*never_looks.get().unwrap(), "whole");
        let tasks = by_task(pool.drain_spans());
        assert_eq!(tasks[&looks.id()][0].outcome, Outcome::Cancelled);
        assert!(tasks[&looks.id()][0].slot < 2);
        assert_eq!(tasks[&never_looks.id()][0].outcome, Outcome::Done);
    });
}

#[test]
fn a_cancelled_task_is_not_retried() {
    guarded(|| {
        let pool = pool(1);
        let (gate, inside) = (Gate::default(), Gate::default());
        let (pass, tell) = (gate.clone(), inside.clone());
        let task = pool
            .task()
            .retries(Retry::at_once(5))
            .spawn_fallible(move |_| {
                tell.open();
                pass.pass();
                Err::<(), _>("failed")
            })
            .unwrap();
        inside.pass();
        task.cancel();
        gate.open();
        assert!(matches!(
            task.get(),
            Err(TaskError::Failed { attempts: 1, .. })
        ));
    });
}

#[test]
fn a_task_in_backoff_can_be_cancelled() {
    guarded(|| {
        let pool = pool(1);
        let failed = Gate::default();
        let tell = failed.clone();
        let hour = std::time::Duration::from_secs(3600);
        let task = pool
            .task()
            .retries(Retry {
                max: 1,
                initial: hour,
                factor: 1.0,
                max_delay: hour,
            })
            .spawn_fallible(move |_| {
                tell.open();
                Err::<(), _>("failed")
            })
            .unwrap();
        failed.pass();
        task.cancel();
        // Cancelled while it waits for the retry, or just before: then the attempt's
        // own error stands.
        assert!(matches!(
            task.get(),
            Err(TaskError::Cancelled { .. } | TaskError::Failed { .. })
        ));
    });
}

#[test]
fn everything_can_be_cancelled_at_once() {
    guarded(|| {
        let pool = pool(2);
        let inside = Gate::default();
        let tell = inside.clone();
        let running = pool
            .task()
            .spawn_with(move |context| {
                tell.open();
                while !context.is_cancelled() {
                    std::thread::yield_now();
                }
            })
            .unwrap();
        inside.pass();
        let gate = Gate::default();
        let pass = gate.clone();
        let blocker = pool.spawn(move || pass.pass());
        let mut others = Vec::new();
        for _ in 0..50 {
            let queued = pool.spawn(|| ());
            others.push(pool.task().after(&blocker).spawn(|| ()).unwrap());
            others.push(pool.task().after(&queued).spawn(|| ()).unwrap());
            others.push(queued);
        }
        pool.cancel_all();
        assert!(matches!(running.get(), Err(TaskError::Cancelled { .. })));
        gate.open();
        wait_all(&others);
        blocker.wait();
        let dependents_of_blocker = others.iter().step_by(3);
        for task in dependents_of_blocker {
            assert!(matches!(task.get(), Err(TaskError::Cancelled { .. })));
        }
        assert_eq!(*pool.spawn(|| 1).get().unwrap(), 1, "later tasks run");
        assert_eq!(by_task(pool.drain_spans()).len(), 153);
    });
}

#[test]
fn dropping_the_pool_waits_for_what_runs_and_cancels_the_rest() {
    guarded(|| {
        let pool = pool(1);
        let handle = pool.handle();
        let (inside, finished) = (Gate::default(), Arc::new(AtomicBool::new(false)));
        let running = {
            let (tell, finished) = (inside.clone(), Arc::clone(&finished));
            pool.task()
                .spawn_with(move |context| {
                    tell.open();
                    // Closing tells it.
                    while !context.is_cancelled() {
                        std::thread::yield_now();
                    }
                    finished.store(true, Ordering::Relaxed);
                })
                .unwrap()
        };
        inside.pass();
        let ran = Arc::new(AtomicUsize::new(0));
        let queued: Vec<_> = (0..100)
            .map(|_| {
                let ran = Arc::clone(&ran);
                pool.spawn(move || ran.fetch_add(1, Ordering::Relaxed))
            })
            .collect();
        drop(pool);
        assert!(finished.load(Ordering::Relaxed));
        assert!(running.is_done());
        assert_eq!(ran.load(Ordering::Relaxed), 0);
        for task in &queued {
            assert!(matches!(
                task.try_get(),
                Some(Err(TaskError::Cancelled { .. }))
            ));
        }
        let late = handle.spawn(|| ());
        assert!(matches!(late.get(), Err(TaskError::Cancelled { .. })));
        assert_eq!(by_task(handle.drain_spans()).len(), 102);
    });
}

#[test]
fn dropping_the_pool_ends_its_threads() {
    guarded(|| {
        struct Thread(Arc<AtomicUsize>);
        impl Drop for Thread {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        thread_local! {
            static ALIVE: std::cell::RefCell<Option<Thread>> =
                const { std::cell::RefCell::new(None) };
        }
        let alive = Arc::new(AtomicUsize::new(0));
        let pool = pool(2);
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let alive = Arc::clone(&alive);
                pool.spawn(move || {
                    ALIVE.with_borrow_mut(|mine| {
                        mine.get_or_insert_with(|| {
                            alive.fetch_add(1, Ordering::SeqCst);
                            Thread(alive)
                        });
                    });
                })
            })
            .collect();
        wait_all(&tasks);
        assert!(alive.load(Ordering::SeqCst) > 0);
        drop(pool);
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_waiting_parent_is_released_when_the_pool_closes() {
    guarded(|| {
        let pool = pool(1);
        let (inside, gate) = (Gate::default(), Gate::default());
        let tell = inside.clone();
        let handle = pool.handle();
        let parent = pool
            .task()
            .spawn_with(move |context| {
                tell.open();
                while !context.is_cancelled() {
                    std::thread::yield_now();
                }
                handle.spawn(|| ()).get().is_err()
            })
            .unwrap();
        inside.pass();
        drop(pool);
        gate.open();
        assert!(parent.is_done());
    });
}

#[test]
fn a_task_may_drop_the_pool_it_runs_on() {
    guarded(|| {
        let pool = pool(2);
        let handle: PoolHandle = pool.handle();
        let (gate, pass) = (Gate::default(), Gate::default());
        let task = {
            let gate = gate.clone();
            handle.spawn(move || {
                gate.pass();
                drop(pool);
                7
            })
        };
        let queued: Vec<_> = (0..4).map(|_| handle.spawn(|| ())).collect();
        gate.open();
        assert_eq!(*task.get().unwrap(), 7);
        wait_all(&queued);
        pass.open();
    });
}
