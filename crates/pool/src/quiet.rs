//! Dropping values of foreign code without being brought down by it.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops a value of unknown origin; a panic in its destructor goes no further.
pub fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // The destructor of a panic's payload may panic as well; leaking it is the only end
        // that is sure.
        std::mem::forget(payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(17_u8);
        }
    }

    #[test]
    fn a_panicking_destructor_stays_inside() {
        drop_quietly(Bomb);
    }
}
