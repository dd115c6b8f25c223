//! A rayon thread pool whose threads are joined when it stops (rayon's own only tells them to end).

use std::thread::{Builder, JoinHandle};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::layout::with_random_layout;

/// A rayon pool and its threads.
pub struct Threads {
    pool: ThreadPool,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts `count` threads named `<name>-<index>`, each of which calls `on_start` with
    /// its index first.
    ///
    /// # Errors
    /// What the operating system said when it gave no thread.
    pub fn start(
        count: usize,
        name: &str,
        stack_bytes: usize,
        on_start: impl Fn(usize) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let mut handles = Vec::with_capacity(count);
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .start_handler(on_start)
            .spawn_handler(|thread| {
                let handle = Builder::new()
                    .name(format!("{name}-{}", thread.index()))
                    .stack_size(stack_bytes)
                    .spawn(|| with_random_layout(|| thread.run()))?;
                handles.push(handle);
                Ok(())
            })
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { pool, handles })
    }

    pub fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Ends the threads. Waits for them unless the caller is one of them.
    pub fn stop(self, join: bool) {
        drop(self.pool);
        if join {
            for handle in self.handles {
                // A thread of a rayon pool aborts rather than panics.
                let _ = handle.join();
            }
        }
    }
}
