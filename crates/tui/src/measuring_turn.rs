//! What measures in this process: one thing at a time, and of what is only wanted as long as
//! nothing newer is, the latest alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The turn to measure.
#[derive(Debug, Default)]
pub struct MeasuringTurn {
    latest: AtomicU64,
    is_taken: Mutex<bool>,
    given_back: Condvar,
}

/// Somebody's turn, given back when it is dropped.
struct Turn<'a>(&'a MeasuringTurn);

impl MeasuringTurn {
    /// The number of something that is to be timed; it makes those before it out of date.
    pub fn number(&self) -> u64 {
        self.latest.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Nothing that has a number is wanted any more.
    pub fn end(&self) {
        self.number();
    }

    /// The same, and waits until what was begun has ended, but no longer than `most`. Gives whether
    /// it has.
    pub fn end_within(&self, most: Duration) -> bool {
        self.end();
        let waited = self
            .given_back
            .wait_timeout_while(self.taken(), most, |taken| *taken);
        let (taken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !*taken
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
        let taken = self.taken();
        let waited = self.given_back.wait_while(taken, |taken| *taken);
        *waited.unwrap_or_else(PoisonError::into_inner) = true;
        let _turn = Turn(self);
        measure()
    }

    fn taken(&self) -> MutexGuard<'_, bool> {
        self.is_taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.taken() = false;
        self.0.given_back.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn only_the_latest_is_timed_and_nothing_beside_it() {
        let turns = MeasuringTurn::default();
        let numbers = [turns.number(), turns.number(), turns.number()];
        let has_turn = || *turns.taken();
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

    #[test]
    fn what_is_timed_is_waited_for_when_it_is_ended() {
        let turns = MeasuringTurn::default();
        let long = Duration::from_secs(60);
        assert!(turns.end_within(long));
        let number = turns.number();
        let (began, begin) = channel();
        thread::scope(|scope| {
            let timing = scope.spawn(|| {
                turns.latest(number, |is_wanted| {
                    began.send(()).unwrap();
                    while is_wanted() {
                        thread::yield_now();
                    }
                })
            });
            begin.recv().unwrap();
            assert!(turns.end_within(long));
            assert_eq!(timing.join().unwrap(), None);
        });
        // What does not ask is not waited for any longer.
        let waited = turns.alone(|| turns.end_within(Duration::from_millis(1)));
        assert!(!waited);
    }
}
