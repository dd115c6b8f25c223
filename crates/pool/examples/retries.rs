//! Failures: retries with delays that grow, errors that name the task, and cancellation.
//!
//! `cargo run -p workbench-pool --example retries`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use workbench_pool::{Outcome, Pool, Retry};

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder().workers(2).build()?;
    let retry = Retry {
        max: 3,
        initial: Duration::from_millis(10),
        ..Retry::default()
    };

    // Succeeds at the third attempt.
    let task = pool.task().name("flaky").retries(retry);
    let flaky = task.spawn_fallible(|context| match context.attempt() {
        attempt @ 0..2 => Err(format!("attempt {attempt} did not work")),
        attempt => Ok(attempt),
    })?;
    println!("flaky came through at attempt {}", *flaky.get()?);

    // Fails every time; what depends on it is given up, and says because of whom.
    let task = pool.task().name("broken").retries(Retry::at_once(1));
    let broken = task.spawn_fallible(|_| Err::<(), _>("no such file"))?;
    let dependent = pool.task().name("dependent").after(&broken).spawn(|| ())?;
    if let Err(error) = dependent.get() {
        println!("{error}");
    }

    // A task that looks at its context can be stopped while it runs.
    let endless = pool.task().name("endless").spawn_with(|context| {
        while !context.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
    })?;
    endless.cancel();
    if let Err(error) = endless.get() {
        println!("{error}");
    }

    let spans = pool.drain_spans();
    let failed = spans.iter().filter(|span| span.outcome == Outcome::Failed);
    println!("{} attempts, {} failed", spans.len(), failed.count());
    Ok(())
}
