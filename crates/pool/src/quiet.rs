//! Dealing with values and panics of foreign code without being brought down by them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops a value of unknown origin; a panic in its destructor goes no further.
pub fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // The destructor of a panic's payload may panic as well; leaking it is the only end
        // that is sure.
        std::mem::forget(payload);
    }
}

/// The text of a panic.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
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

    #[test]
    fn all_kinds_of_panics_have_a_text() {
        assert_eq!(panic_message(&"plain"), "plain");
        assert_eq!(panic_message(&String::from("formatted 7")), "formatted 7");
        assert_eq!(panic_message(&7_u8), "a panic without a message");
    }
}
