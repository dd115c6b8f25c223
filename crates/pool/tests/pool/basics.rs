//! Values, references, waiting, dependencies, panics, the timeline of plain tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use workbench_clock::{Clock, CoreWait};
use workbench_pool::{
    Awaitable, NEVER_RAN, Outcome, Pool, PoolError, Retry, TaskError, get_all, wait, wait_all,
    wait_any,
};

use crate::support::{Gate, by_task, guarded, pool};

#[test]
fn a_task_has_a_value() {
    guarded(|| {
        let pool = pool(2);
        let task = pool.spawn(|| 6 * 7);
        let value = task.get().unwrap();
        assert_eq!(*value, 42);
        assert_eq!(value.id(), task.id());
        assert!(task.is_done());
        assert_eq!(*task.try_get().unwrap().unwrap(), 42);
    });
}

#[test]
fn objects_are_shared_and_not_copied() {
    guarded(|| {
        struct NotClone(Vec<u8>);
        let pool = pool(2);
        let object = pool.put(NotClone(vec![7; 1000]));
        let place = object.0.as_ptr() as usize;
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let object = object.clone();
                pool.spawn(move || object.0.as_ptr() as usize)
            })
            .collect();
        for value in get_all(&tasks).unwrap() {
            assert_eq!(*value, place);
        }
        let weak = Arc::downgrade(&object.clone().into_arc());
        drop(object);
        drop(tasks);
        drop(pool);
        assert!(weak.upgrade().is_none(), "a finished task keeps nothing");
    });
}

#[test]
fn a_finished_task_drops_what_its_closure_held() {
    guarded(|| {
        let pool = pool(1);
        let held = Arc::new(());
        let plain = {
            let held = Arc::clone(&held);
            pool.spawn(move || drop(held))
        };
        let repeatable = {
            let held = Arc::clone(&held);
            pool.task()
                .spawn_fallible(move |_| {
                    let _ = &held;
                    Ok::<(), String>(())
                })
                .unwrap()
        };
        wait_all(&[plain, repeatable]);
        assert_eq!(Arc::strong_count(&held), 1);
    });
}

#[test]
fn the_timeline_says_what_was_said() {
    guarded(|| {
        let clock = Clock::start_at(5_000_000_000);
        let pool = Pool::builder().workers(2).clock(clock).build().unwrap();
        let named = pool.task().name("fit").group(3).part(9);
        let named = named.spawn(|| ()).unwrap();
        let plain = pool.spawn(|| ());
        named.get().unwrap();
        plain.get().unwrap();
        let tasks = by_task(pool.drain_spans());
        assert_eq!(tasks.len(), 2);
        let span = &tasks[&named.id()][0];
        assert_eq!((&*span.name, span.group, span.part), ("fit", 3, 9));
        assert_eq!((span.attempt, span.outcome), (0, Outcome::Done));
        assert!(span.slot < 2);
        assert!(span.queued_ns >= 5_000_000_000);
        assert_eq!(&*tasks[&plain.id()][0].name, "task");
        assert!(pool.drain_spans().is_empty(), "drained once");
    });
}

#[test]
fn the_timeline_sees_cpu_time_and_not_sleep() {
    guarded(|| {
        let pool = pool(1);
        let busy = pool.spawn(|| {
            let until = workbench_clock::thread_cpu_ns() + 20_000_000;
            while workbench_clock::thread_cpu_ns() < until {
                std::hint::spin_loop();
            }
        });
        let idle = pool.spawn(|| std::thread::sleep(Duration::from_millis(30)));
        wait_all(&[busy.clone(), idle.clone()]);
        let tasks = by_task(pool.drain_spans());
        assert!(tasks[&busy.id()][0].cpu_ns >= 19_900_000);
        assert!(tasks[&idle.id()][0].cpu_ns < 10_000_000);
        assert!(tasks[&idle.id()][0].wall_ns() >= 30_000_000);
    });
}

#[test]
fn the_timeline_sees_that_tasks_had_no_core() {
    // All that the machine has, whatever of it this process may use.
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpus = cpus
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    if CoreWait::of_this_thread().total_ns().is_none() || cpus == 0 {
        eprintln!("NOT RUN: this system does not count for how long threads wait for cores");
        return;
    }
    guarded(move || {
        let pool = pool(2 * cpus);
        let burn = || {
            let until = workbench_clock::thread_cpu_ns() + 30_000_000;
            while workbench_clock::thread_cpu_ns() < until {
                std::hint::spin_loop();
            }
        };
        wait_all(&(0..2 * cpus).map(|_| pool.spawn(burn)).collect::<Vec<_>>());
        let spans = pool.drain_spans();
        for span in &spans {
            assert!(span.cpu_ns + span.core_wait_ns <= span.wall_ns());
        }
        assert!(spans.iter().any(|span| span.core_wait_ns > 0));
    });
}

#[test]
fn running_tasks_are_shown_in_their_slots() {
    guarded(|| {
        let pool = pool(2);
        assert_eq!(pool.running(), [None, None]);
        let (gate, inside) = (Gate::default(), Gate::default());
        let (pass, tell) = (gate.clone(), inside.clone());
        let task = pool.task().name("long").group(4).part(2);
        let task = task
            .spawn(move || {
                tell.open();
                pass.pass();
            })
            .unwrap();
        inside.pass();
        let running: Vec<_> = pool.running().into_iter().flatten().collect();
        assert_eq!(running.len(), 1);
        assert_eq!(running[0].task, task.id());
        assert_eq!(
            (&*running[0].name, running[0].group, running[0].part),
            ("long", 4, 2)
        );
        gate.open();
        task.wait();
        assert_eq!(pool.running(), [None, None]);
    });
}

#[test]
fn a_panic_is_the_tasks_failure() {
    guarded(|| {
        let pool = pool(1);
        let task = pool.task().name("bad");
        let task = task.spawn(|| -> u8 { panic!("no {}", "luck") }).unwrap();
        let error = task.get().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("task `bad` ({}) panicked at attempt 1: no luck", task.id())
        );
        assert_eq!(*pool.spawn(|| 1).get().unwrap(), 1, "the thread lives on");
        let tasks = by_task(pool.drain_spans());
        assert_eq!(tasks[&task.id()][0].outcome, Outcome::Panicked);
    });
}

#[test]
fn destructors_that_panic_do_no_harm() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "bomb");
        }
    }
    guarded(|| {
        let pool = pool(1);
        // Nobody holds the value, so the pool's thread drops it.
        drop(pool.spawn(|| Bomb));
        let bomb = Bomb;
        let holds = pool.task();
        let holds = holds
            .spawn_fallible(move |_| {
                let _ = &bomb;
                Ok::<u8, String>(1)
            })
            .unwrap();
        assert_eq!(*holds.get().unwrap(), 1);
        assert_eq!(*pool.spawn(|| 2).get().unwrap(), 2);
    });
}

#[test]
fn dependents_start_after_what_they_need() {
    guarded(|| {
        let pool = pool(2);
        let gate = Gate::default();
        let pass = gate.clone();
        let first = pool.spawn(move || pass.pass());
        let second = pool.task().after(&first).spawn(|| "text").unwrap();
        let third = pool
            .task()
            .after(&first)
            .after(&second.dependency())
            .spawn(|| 3)
            .unwrap();
        assert!(!second.is_done() && !third.is_done());
        gate.open();
        assert_eq!(*third.get().unwrap(), 3);
        let late = pool.task().after(&third).spawn(|| 4).unwrap();
        assert_eq!(
            *late.get().unwrap(),
            4,
            "a dependency that has ended is met"
        );
        let tasks = by_task(pool.drain_spans());
        let span = |id| &tasks[&id][0];
        assert!(span(first.id()).finished_ns <= span(second.id()).ready_ns);
        assert!(span(second.id()).finished_ns <= span(third.id()).ready_ns);
    });
}

#[test]
fn a_failed_dependency_is_named_down_the_line() {
    guarded(|| {
        let pool = pool(2);
        let ran = Arc::new(AtomicUsize::new(0));
        let culprit = pool.task().name("load");
        let culprit = culprit
            .spawn_fallible(|_| Err::<(), _>("disk on fire"))
            .unwrap();
        let follow = |name: &str, after: &dyn Fn() -> workbench_pool::Dependency| {
            let ran = Arc::clone(&ran);
            pool.task()
                .name(name)
                .after(&after())
                .spawn(move || ran.fetch_add(1, Ordering::Relaxed))
                .unwrap()
        };
        let middle = follow("fit", &|| culprit.dependency());
        let last = follow("score", &|| middle.dependency());
        let error = last.get().unwrap_err();
        let TaskError::DependencyFailed {
            culprit: id,
            culprit_name,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!((*id, &**culprit_name), (culprit.id(), "load"));
        assert!(error.to_string().contains("disk on fire"), "{error}");
        let late = follow("late", &|| last.dependency());
        assert!(late.get().unwrap_err().to_string().contains("needs `load`"));
        assert_eq!(ran.load(Ordering::Relaxed), 0);
        let tasks = by_task(pool.drain_spans());
        for task in [&middle, &last, &late] {
            let spans = &tasks[&task.id()];
            assert_eq!((spans.len(), spans[0].slot), (1, NEVER_RAN));
        }
    });
}

#[test]
fn a_long_chain_of_failures_needs_no_deep_stack() {
    guarded(|| {
        let pool = pool(2);
        let gate = Gate::default();
        let pass = gate.clone();
        let mut last = pool
            .task()
            .spawn_fallible(move |_| {
                pass.pass();
                Err::<(), _>("first")
            })
            .unwrap();
        for _ in 0..100_000 {
            last = pool.task().after(&last).spawn(|| ()).unwrap();
        }
        gate.open();
        assert!(last.get().is_err());
        drop(last);
    });
}

#[test]
fn waiting_for_some() {
    guarded(|| {
        let pool = pool(2);
        let gate = Gate::default();
        let slow = {
            let gate = gate.clone();
            pool.spawn(move || gate.pass())
        };
        let quick = pool.spawn(|| ());
        let tasks = [slow.clone(), quick.clone()];
        assert_eq!(wait_any(&tasks), Some(1));
        assert_eq!(wait(&tasks, 1, None), (vec![1], vec![0]));
        let timeout = Some(Duration::from_millis(1));
        assert_eq!(wait(&tasks, 2, timeout), (vec![1], vec![0]));
        assert_eq!(wait(&tasks, 0, None), (vec![1], vec![0]));
        gate.open();
        assert_eq!(wait(&tasks, 99, None), (vec![0, 1], vec![]));
        assert_eq!(wait_any(&tasks), Some(0));
        let none: [workbench_pool::Dependency; 0] = [];
        assert_eq!(wait_any(&none), None);
        assert_eq!(wait(&none, 1, None), (vec![], vec![]));
        let mixed = [slow.dependency(), Awaitable::dependency(&quick)];
        wait_all(&mixed);
    });
}

#[test]
fn get_all_reports_the_first_error() {
    guarded(|| {
        let pool = pool(2);
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                pool.task()
                    .spawn_fallible(move |_| if n % 4 == 3 { Err(n) } else { Ok(n) })
                    .unwrap()
            })
            .collect();
        let error = get_all(&tasks).unwrap_err();
        assert!(error.to_string().ends_with(": 3"), "{error}");
        assert!(tasks.iter().all(workbench_pool::TaskRef::is_done));
    });
}

#[test]
fn impossible_pools_and_tasks_are_refused() {
    assert_eq!(
        Pool::builder().workers(0).build().unwrap_err(),
        PoolError::NoWorkers
    );
    let negative = Pool::builder().gpus(-1.0).build().unwrap_err();
    assert!(negative.to_string().contains("-1 gpus"), "{negative}");
    let pool = pool(1);
    let retried = pool.task().retries(Retry::default()).spawn(|| ());
    assert!(matches!(retried, Err(PoolError::RunsOnce { .. })));
    let big = pool.task().name("big").cpus(1.5).spawn(|| ()).unwrap_err();
    assert!(
        big.to_string()
            .contains("`big` asks for 1.5 cpus and the pool has 1")
    );
    assert!(
        pool.drain_spans().is_empty(),
        "a refused task was never there"
    );
}

#[test]
fn threads_have_the_pools_name() {
    guarded(|| {
        let pool = Pool::builder().workers(2).name("mill").build().unwrap();
        let name = pool.spawn(|| std::thread::current().name().map(str::to_owned));
        let name = name.get().unwrap();
        assert!(
            matches!(name.as_deref(), Some("mill-0" | "mill-1")),
            "{name:?}"
        );
    });
}

#[test]
fn two_pools_can_wait_for_each_other() {
    guarded(|| {
        let (here, there) = (pool(1), pool(1));
        let other = there.handle();
        let task = here.spawn(move || *other.spawn(|| 5).get().unwrap() + 1);
        assert_eq!(*task.get().unwrap(), 6);
        let foreign = there.task().name("b").after(&task).spawn(|| ());
        assert!(matches!(foreign, Err(PoolError::ForeignDependency { .. })));
    });
}
