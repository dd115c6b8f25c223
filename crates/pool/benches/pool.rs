//! What the task pool costs: no-op tasks per second, from spawn to start, and the memory of
//! a million tasks.
//!
//! The report comes first, because criterion's own work would hide the peak memory; then the
//! throughput under criterion.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its findings and ends when it cannot run"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput};
use workbench_pool::{Pool, PoolHandle, TaskSpan, get_all, wait_all};

const WORKERS: usize = 2;
const MILLION: usize = 1_000_000;

fn main() {
    // `cargo test --benches` and `--list` want no measurements.
    let measures = std::env::args().any(|argument| argument == "--bench");
    if measures {
        million();
        latency();
    }
    let mut criterion = Criterion::default().configure_from_args();
    throughput(&mut criterion);
    criterion.final_summary();
}

fn pool() -> Pool {
    Pool::builder()
        .workers(WORKERS)
        .build()
        .expect("two threads")
}

/// A million no-op tasks: events lost or doubled, order of timestamps, peak memory.
fn million() {
    let before = peak_rss();
    let pool = pool();
    let begin = Instant::now();
    let tasks: Vec<_> = (0..MILLION).map(|_| pool.spawn(|| ())).collect();
    let spawned = begin.elapsed();
    wait_all(&tasks);
    let done = begin.elapsed();
    drop(tasks);
    let spans = pool.drain_spans();
    let mut seen = vec![false; MILLION];
    for span in &spans {
        let place = &mut seen[span.task as usize];
        assert!(!*place, "task {} has two spans", span.task);
        *place = true;
        assert!(in_order(span), "{span:?}");
    }
    assert_eq!(spans.len(), MILLION, "spans");
    println!(
        "1,000,000 no-op tasks: spawned in {:.2} s, all done after {:.2} s ({:.0} tasks/s), {} spans, each once, in order",
        spawned.as_secs_f64(),
        done.as_secs_f64(),
        MILLION as f64 / done.as_secs_f64(),
        spans.len()
    );
    println!(
        "peak resident memory {:.0} MB ({:.0} MB before), limit 500 MB",
        peak_rss() as f64 / 1e6,
        before as f64 / 1e6
    );
    assert!(peak_rss() < 500_000_000, "peak memory");
}

fn in_order(span: &TaskSpan) -> bool {
    span.queued_ns <= span.ready_ns
        && span.ready_ns <= span.started_ns
        && span.started_ns <= span.finished_ns
        && span.cpu_ns <= span.wall_ns()
}

/// From spawn to start, by the timeline's own timestamps.
fn latency() {
    let pool = pool();
    let mut hot = Vec::new();
    for _ in 0..20_000 {
        pool.spawn(|| ()).wait();
    }
    drop(pool.drain_spans());
    for _ in 0..100_000 {
        pool.spawn(|| ()).wait();
    }
    hot.extend(pool.drain_spans().iter().map(to_start));
    report("hot (ping-pong)", &mut hot);

    let mut cold = Vec::new();
    for _ in 0..500 {
        // Long enough for the threads to have gone to sleep.
        std::thread::sleep(Duration::from_millis(2));
        pool.spawn(|| ()).wait();
    }
    cold.extend(pool.drain_spans().iter().map(to_start));
    report("cold (after 2 ms idle)", &mut cold);

    let handle = pool.handle();
    let inside = pool.spawn(move || {
        for _ in 0..20_000 {
            handle.spawn(|| ()).wait();
        }
    });
    inside.wait();
    let mut nested: Vec<u64> = pool.drain_spans().iter().map(to_start).collect();
    report("from within a task, awaited there", &mut nested);
}

fn to_start(span: &TaskSpan) -> u64 {
    span.started_ns - span.queued_ns
}

fn report(what: &str, times_ns: &mut [u64]) {
    times_ns.sort_unstable();
    let at = |share: f64| times_ns[((times_ns.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    println!(
        "spawn to start, {what}: median {:.2} µs, 95 % {:.2} µs, 99 % {:.2} µs ({} tasks)",
        at(0.5),
        at(0.95),
        at(0.99),
        times_ns.len()
    );
}

/// Peak resident memory of this process in bytes; 0 where the system does not say.
fn peak_rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| {
            rest.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()
        })
        .map_or(0, |kilobytes| kilobytes * 1024)
}

fn throughput(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pool");
    group.sample_size(20);
    group.measurement_time(Duration::from_secs(8));
    let tasks = 100_000;
    group.throughput(Throughput::Elements(tasks));
    group.bench_function("no-op tasks, spawned outside, all awaited", |bencher| {
        let pool = pool();
        bencher.iter_batched(
            || drop(pool.drain_spans()),
            |()| {
                let tasks: Vec<_> = (0..tasks).map(|_| pool.spawn(|| ())).collect();
                wait_all(&tasks);
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("named no-op tasks, values collected", |bencher| {
        let pool = pool();
        let name: Arc<str> = "no-op".into();
        bencher.iter_batched(
            || drop(pool.drain_spans()),
            |()| {
                let tasks: Vec<_> = (0..tasks)
                    .map(|part| {
                        let task = pool.task().name(Arc::clone(&name)).part(part as u32);
                        task.spawn(move || part).expect("one cpu")
                    })
                    .collect();
                black_box(get_all(&tasks).expect("values"));
            },
            BatchSize::PerIteration,
        );
    });
    group.throughput(Throughput::Elements(fibonacci_tasks(18)));
    group.bench_function("recursive tasks, awaited by their parents", |bencher| {
        let pool = pool();
        bencher.iter_batched(
            || drop(pool.drain_spans()),
            |()| {
                let handle = pool.handle();
                let root = pool.spawn(move || fibonacci(&handle, 18));
                *root.get().expect("a number")
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn fibonacci(pool: &PoolHandle, n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let inner = pool.clone();
    let left = pool.spawn(move || fibonacci(&inner, n - 1));
    let inner = pool.clone();
    let right = pool.spawn(move || fibonacci(&inner, n - 2));
    *left.get().expect("a number") + *right.get().expect("a number")
}

fn fibonacci_tasks(n: u32) -> u64 {
    if n < 2 {
        1
    } else {
        1 + fibonacci_tasks(n - 1) + fibonacci_tasks(n - 2)
    }
}
