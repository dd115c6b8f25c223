//! Who may start when: resources, overtaking, priorities.

use std::sync::{Arc, Mutex};

use workbench_pool::{MAX_OVERTAKES, Pool, PoolHandle, TaskRef, wait_all};

use crate::support::{Gate, by_task, guarded, pool};

/// Occupies one worker until the gate opens; returns once it does.
fn occupy(pool: &PoolHandle, gate: &Gate) -> TaskRef<()> {
    let inside = Gate::default();
    let (pass, tell) = (gate.clone(), inside.clone());
    let task = pool.spawn(move || {
        tell.open();
        pass.pass();
    });
    inside.pass();
    task
}

#[test]
fn higher_priorities_first_then_in_order() {
    guarded(|| {
        let pool = pool(1);
        let gate = Gate::default();
        occupy(&pool, &gate);
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = [0, 5, -3, 5, 0, 9, -3]
            .into_iter()
            .enumerate()
            .map(|(number, priority)| {
                let order = Arc::clone(&order);
                pool.task()
                    .priority(priority)
                    .spawn(move || order.lock().unwrap().push(number))
                    .unwrap()
            })
            .collect();
        gate.open();
        wait_all(&tasks);
        assert_eq!(*order.lock().unwrap(), [5, 1, 3, 0, 4, 2, 6]);
    });
}

#[test]
fn gpus_are_shared_in_fractions() {
    guarded(|| {
        let pool = Pool::builder().workers(4).gpus(1.0).build().unwrap();
        let tasks: Vec<_> = (0..40)
            .map(|_| pool.task().gpus(0.4).spawn(std::thread::yield_now).unwrap())
            .collect();
        wait_all(&tasks);
        assert!(most_at_once(&pool) <= 2, "two times 0.4 fit into one gpu");
    });
}

#[test]
fn memory_and_custom_resources_bound_what_runs() {
    guarded(|| {
        let build = || {
            Pool::builder()
                .workers(4)
                .memory_bytes(1000)
                .resource("seats", 3.0)
        };
        let pool = build().build().unwrap();
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                pool.task()
                    .memory(400)
                    .spawn(std::thread::yield_now)
                    .unwrap()
            })
            .collect();
        wait_all(&tasks);
        assert!(most_at_once(&pool) <= 2);
        let pool = build().build().unwrap();
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                pool.task()
                    .resource("seats", 1.5)
                    .spawn(std::thread::yield_now)
                    .unwrap()
            })
            .collect();
        wait_all(&tasks);
        assert!(most_at_once(&pool) <= 2);
        assert!(pool.task().resource("seats", 3.1).spawn(|| ()).is_err());
        assert!(pool.task().resource("tables", 1.0).spawn(|| ()).is_err());
        assert!(pool.task().memory(1001).spawn(|| ()).is_err());
    });
}

/// The largest number of spans that overlap.
fn most_at_once(pool: &Pool) -> usize {
    let mut edges: Vec<(u64, i32)> = by_task(pool.drain_spans())
        .into_values()
        .flatten()
        .flat_map(|span| [(span.started_ns, 1), (span.finished_ns, -1)])
        .collect();
    edges.sort_unstable();
    let mut now = 0;
    edges
        .iter()
        .map(|(_, change)| {
            now += change;
            now
        })
        .max()
        .unwrap_or(0) as usize
}

#[test]
fn one_worker_can_run_tasks_that_need_no_cpu() {
    guarded(|| {
        let pool = pool(2);
        let gate = Gate::default();
        let wide = {
            let pass = gate.clone();
            let inside = Gate::default();
            let tell = inside.clone();
            let task = pool.task().cpus(2.0);
            let task = task
                .spawn(move || {
                    tell.open();
                    pass.pass();
                })
                .unwrap();
            inside.pass();
            task
        };
        let light = pool.task().cpus(0.0).spawn(|| 1).unwrap();
        assert_eq!(*light.get().unwrap(), 1, "beside one that has all cpus");
        let heavy = pool.spawn(|| 2);
        assert!(!heavy.is_done());
        gate.open();
        wide.get().unwrap();
        heavy.get().unwrap();
    });
}

/// A task that needs both cpus is overtaken by small ones, but only so often, however
/// many there are.
#[test]
fn a_large_task_does_not_starve() {
    guarded(|| {
        let pool = pool(2);
        let gate = Gate::default();
        let blocker = occupy(&pool, &gate);
        let before = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let before = Arc::clone(&before);
            move || before.lock().unwrap().push(what)
        };
        let large = pool.task().cpus(2.0).spawn(note("large")).unwrap();
        let small: Vec<_> = (0..1000).map(|_| pool.spawn(note("small"))).collect();
        // One cpu is occupied, so only small ones can start, until the bar comes down: then the
        // rest has to wait.
        while before.lock().unwrap().len() < MAX_OVERTAKES as usize {
            std::thread::yield_now();
        }
        gate.open();
        blocker.get().unwrap();
        large.get().unwrap();
        wait_all(&small);
        let order = before.lock().unwrap();
        let place = order.iter().position(|what| *what == "large").unwrap();
        assert_eq!(place, MAX_OVERTAKES as usize);
    });
}

/// The bar must not hold back what the running tasks need in order to end.
#[test]
fn a_large_task_does_not_hold_up_what_it_waits_for() {
    guarded(|| {
        let pool = Pool::builder().workers(2).gpus(1.0).build().unwrap();
        let handle = pool.handle();
        let holder = pool.task().gpus(0.5);
        let holder = holder
            .spawn(move || {
                // Keeps its half of the gpu while it waits, so the large task cannot start.
                let large = handle.task().gpus(1.0).spawn(|| ()).unwrap();
                for _ in 0..3 * MAX_OVERTAKES {
                    let first = handle.spawn(|| ());
                    let second = handle.task().after(&first).spawn(|| ()).unwrap();
                    drop(first);
                    second.get().unwrap();
                }
                large
            })
            .unwrap();
        let large = holder.get().unwrap();
        large.get().unwrap();
    });
}

#[test]
fn a_blocked_task_lends_its_cpu() {
    guarded(|| {
        let pool = pool(1);
        let handle = pool.handle();
        let parent = pool.spawn(move || {
            let wide = handle.task().cpus(1.0).spawn(|| 1).unwrap();
            *wide.get().unwrap()
        });
        assert_eq!(*parent.get().unwrap(), 1);
    });
}
