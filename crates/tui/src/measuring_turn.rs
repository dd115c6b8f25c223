//! What measures in this process: one thing at a time, and of what is only wanted as long as
//! nothing newer is, the latest alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The turn to measure.
#[derive(Debug, Default)]
pub struct MeasuringTurn {
    latest: AtomicU64,
    turn: Mutex<()>,
}

impl MeasuringTurn {
    /// The number of something that is to be timed; it makes those before it out of date.
    pub fn number(&self) -> u64 {
        self.latest.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Waits for its turn and measures; `None` if by then something newer is to be timed.
    pub fn latest<T>(&self, number: u64, measure: impl FnOnce() -> T) -> Option<T> {
        self.alone(|| (self.latest.load(Ordering::Relaxed) == number).then(measure))
    }

    /// Waits for its turn and measures.
    pub fn alone<T>(&self, measure: impl FnOnce() -> T) -> T {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        measure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_is_timed_and_nothing_beside_it() {
        let turns = MeasuringTurn::default();
        let numbers = [turns.number(), turns.number(), turns.number()];
        let has_turn = || turns.turn.try_lock().is_err();
        let timed = numbers.map(|number| turns.latest(number, has_turn));
        assert_eq!(timed, [None, None, Some(true)]);
        assert!(turns.alone(has_turn));
        assert!(!has_turn());
    }
}
