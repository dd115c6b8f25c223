//! Objects: one large value that all tasks share, and results that are passed on without a copy.
//!
//! `cargo run -p workbench-pool --example objects`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use workbench_pool::{Pool, get_all};

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder().workers(2).build()?;

    // 80 MB, once. A clone of an object is a reference.
    let numbers = pool.put((0..10_000_000).map(f64::from).collect::<Vec<_>>());
    let chunk = numbers.len() / 8;
    let sums: Vec<_> = (0..8)
        .map(|part| {
            let numbers = numbers.clone();
            pool.spawn(move || numbers[part * chunk..][..chunk].iter().sum::<f64>())
        })
        .collect();

    // A task's value is an object too: `get` hands out a reference to it.
    let sums = get_all(&sums)?;
    let total: f64 = sums.iter().map(|sum| **sum).sum();
    println!("the sum of {} numbers is {total}", numbers.len());

    // The value outlives the pool.
    drop(pool);
    println!(
        "the last number is still there: {}",
        numbers[numbers.len() - 1]
    );
    Ok(())
}
