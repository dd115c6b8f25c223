//! Tasks: start some, make one depend on the others, wait, and look at when each ran.
//!
//! `cargo run -p workbench-pool --example tasks`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use workbench_pool::{Pool, wait_any};

/// How many primes there are below `limit`.
fn count_primes(limit: u32) -> usize {
    let is_prime = |n: &u32| {
        (2..*n)
            .take_while(|d| d * d <= *n)
            .all(|d| !n.is_multiple_of(d))
    };
    (2..limit).filter(is_prime).count()
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder().workers(2).build()?;

    // One closure, one cpu: nothing to say.
    let small = pool.spawn(|| count_primes(1_000));
    println!("{} primes below 1,000", *small.get()?);

    // The largest first, so that the small ones fill the gaps at the end.
    let limits = [100_000, 200_000, 300_000, 400_000];
    let mut counts = Vec::new();
    for (part, limit) in (0..).zip(limits) {
        let task = pool.task().name("primes").part(part);
        let task = task.priority(limit.try_into()?);
        counts.push(task.spawn(move || count_primes(limit))?);
    }
    if let Some(first) = wait_any(&counts) {
        println!("the first to end: below {}", limits[first]);
    }

    // Starts when all of them have ended with a value, and blocks no thread until then.
    let sum = {
        let counts = counts.clone();
        let task = pool.task().name("sum").after_all(&counts);
        task.spawn(move || {
            counts
                .iter()
                .filter_map(|it| it.get().ok())
                .map(|it| *it)
                .sum::<usize>()
        })?
    };
    println!("{} in all", *sum.get()?);

    for span in pool.drain_spans() {
        println!(
            "slot {}: {} {} waited {:>6} µs and ran {:>6} µs",
            span.slot,
            span.name,
            span.part,
            (span.started_ns - span.queued_ns) / 1_000,
            span.wall_ns() / 1_000,
        );
    }
    Ok(())
}
