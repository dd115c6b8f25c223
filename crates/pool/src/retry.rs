//! How often and how soon a failed task is tried again.

use std::time::Duration;

/// Retries with exponential backoff: the n-th retry waits `initial · factor^(n−1)`,
/// at most `max_delay`.
///
/// ```
/// # use workbench_pool::{Pool, Retry};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder().workers(2).build()?;
/// let task = pool.task().name("flaky").retries(Retry::at_once(2));
/// let flaky = task.spawn_fallible(|context| match context.attempt() {
///     0 => Err("not yet"),
///     attempt => Ok(attempt),
/// })?;
/// assert_eq!(*flaky.get()?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Retries after the first attempt; 0 means none.
    pub max: u32,
    /// Delay before the first retry.
    pub initial: Duration,
    /// What each further delay is multiplied by; 1.0 keeps it, values below 1 and nonsense
    /// count as 1.0.
    pub factor: f64,
    /// The longest delay.
    pub max_delay: Duration,
}

impl Default for Retry {
    /// Three retries after 100 ms, 200 ms and 400 ms, none after more than 10 s.
    fn default() -> Self {
        Self {
            max: 3,
            initial: Duration::from_millis(100),
            factor: 2.0,
            max_delay: Duration::from_secs(10),
        }
    }
}

impl Retry {
    /// Retries without a delay.
    pub fn at_once(max: u32) -> Self {
        Self {
            max,
            initial: Duration::ZERO,
            factor: 1.0,
            max_delay: Duration::ZERO,
        }
    }

    /// The delay before the retry that follows attempt number `attempt` (0 for the first).
    pub fn delay(&self, attempt: u32) -> Duration {
        let factor = if self.factor.is_finite() {
            self.factor.max(1.0)
        } else {
            1.0
        };
        let seconds = self.initial.as_secs_f64() * factor.powf(f64::from(attempt));
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(self.max_delay)
            .min(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_cap() {
        let retry = Retry {
            max: 9,
            initial: Duration::from_millis(10),
            factor: 3.0,
            max_delay: Duration::from_millis(100),
        };
        let delays: Vec<u128> = (0..5).map(|n| retry.delay(n).as_millis()).collect();
        assert_eq!(delays, [10, 30, 90, 100, 100]);
    }

    #[test]
    fn nonsense_factors_neither_shrink_nor_overflow() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let retry = Retry {
                factor,
                ..Retry::default()
            };
            assert_eq!(retry.delay(5), retry.initial, "{factor}");
        }
        let steep = Retry {
            factor: 1e300,
            ..Retry::default()
        };
        assert_eq!(steep.delay(u32::MAX), steep.max_delay);
    }
}
