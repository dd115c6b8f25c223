//! Resources: how many tasks may run at once because of what each one needs.
//!
//! `cargo run -p workbench-pool --example resources`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use workbench_pool::{Pool, wait_all};

/// The most tasks that ran at once.
#[derive(Default)]
struct Together {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Together {
    fn work(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        sleep(Duration::from_millis(5));
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder()
        .workers(8)
        .gpus(1.0)
        .memory_bytes(8 << 30)
        .resource("licence", 3.0)
        .build()?;

    let run =
        |what: &str,
         describe: fn(workbench_pool::TaskBuilder<'_>) -> workbench_pool::TaskBuilder<'_>| {
            let together = Arc::new(Together::default());
            let mut tasks = Vec::new();
            for _ in 0..24 {
                let together = Arc::clone(&together);
                tasks.push(describe(pool.task()).spawn(move || together.work())?);
            }
            wait_all(&tasks);
            let most = together.most.load(Ordering::SeqCst);
            println!("{what}: at most {most} at once");
            Ok::<(), Box<dyn Error>>(())
        };
    run("one cpu of 8 each", |task| task)?;
    run("two cpus each", |task| task.cpus(2.0))?;
    run("half a gpu of 1 each", |task| task.gpus(0.5))?;
    run("2 GiB of 8 each", |task| task.memory(2 << 30))?;
    run("one of 3 licences each", |task| {
        task.resource("licence", 1.0)
    })?;

    // What could never start is an error at once, and not a task that waits for ever.
    if let Err(error) = pool.task().name("too big").gpus(2.0).spawn(|| ()) {
        println!("{error}");
    }
    Ok(())
}
