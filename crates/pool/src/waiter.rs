//! One blocked thread and the number of completions that it waits for. Knows neither tasks
//! nor the pool.

use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// Counts completions down to zero and wakes the thread that waits for it.
pub struct Waiter {
    missing: AtomicIsize,
    interrupted: Mutex<bool>,
    wake: Condvar,
}

impl Waiter {
    /// A waiter for `missing` completions.
    pub fn new(missing: usize) -> Self {
        Self {
            missing: AtomicIsize::new(missing.cast_signed()),
            interrupted: Mutex::new(false),
            wake: Condvar::new(),
        }
    }

    /// One completion less to wait for.
    pub fn notify(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Taking the lock orders this after a sleeper's last look at `missing`, so the wake-up
            // cannot fall between.
            drop(self.interrupted.lock());
            self.wake.notify_all();
        }
    }

    /// Whether everything waited for has happened.
    pub fn is_done(&self) -> bool {
        self.missing.load(Ordering::Acquire) <= 0
    }

    /// Makes [`sleep`](Self::sleep) return although nothing has happened.
    pub fn interrupt(&self) {
        *self.interrupted.lock() = true;
        self.wake.notify_all();
    }

    /// Takes back an earlier kick.
    pub fn reset_interrupt(&self) {
        *self.interrupted.lock() = false;
    }

    /// Blocks the thread until everything has happened, the deadline has passed, or somebody kicks.
    pub fn sleep(&self, deadline: Option<Instant>) {
        let mut interrupted = self.interrupted.lock();
        while !*interrupted && !self.is_done() {
            match deadline {
                None => self.wake.wait(&mut interrupted),
                Some(at) => {
                    if self.wake.wait_until(&mut interrupted, at).timed_out() {
                        return;
                    }
                }
            }
        }
    }
}
