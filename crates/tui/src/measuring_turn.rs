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

    /// Nothing that has a number is wanted any more.
    pub fn end(&self) {
        self.number();
    }

    /// Waits for its turn and measures; `None` if by then, or by the end of it, something newer is
    /// to be timed or nothing is. `measure` can ask meanwhile whether it is still wanted.
    pub fn latest<T>(
        &self,
        number: u64,
        measure: impl FnOnce(&dyn Fn() -> bool) -> T,
    ) -> Option<T> {
        let is_wanted = || self.latest.load(Ordering::Relaxed) == number;
        let measured = self.alone(|| is_wanted().then(|| measure(&is_wanted)));
        measured.filter(|_| is_wanted())
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
        let timed = numbers.map(|number| turns.latest(number, |_| has_turn()));
        assert_eq!(timed, [None, None, Some(true)]);
        assert!(turns.alone(has_turn));
        assert!(!has_turn());
    }

    /// What takes long hears that nobody waits for it, and what it found is dropped.
    #[test]
    fn what_is_not_wanted_any_more_hears_of_it() {
        let turns = MeasuringTurn::default();
        let seen = turns.latest(turns.number(), |is_wanted| is_wanted());
        assert_eq!(seen, Some(true));
        let mut heard = Vec::new();
        let found = turns.latest(turns.number(), |is_wanted| {
            heard.push(is_wanted());
            turns.end();
            heard.push(is_wanted());
        });
        assert_eq!((found, heard), (None, vec![true, false]));
    }
}
