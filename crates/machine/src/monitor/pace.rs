//! How often something dear may be looked at, so that looking stays within a share of one core.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use workbench_clock::thread_cpu_ns;

/// However dear a look is, the shown value must not grow older than this.
const LONGEST: Duration = Duration::from_secs(5);

/// Spaces looks by their measured CPU time.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Share of one core that the looks may take.
    budget: f64,
    shortest: Duration,
    longest: Duration,
    /// Average CPU time of a look, in nanoseconds, of which the newest makes up a quarter: one slow
    /// look must not blind the instrument for seconds.
    cost_ns: Option<f64>,
    due: Option<Instant>,
}

impl Pace {
    pub fn new(budget: f64, shortest: Duration) -> Self {
        Self::up_to(budget, shortest, LONGEST)
    }

    /// The same, with the longest time between two looks.
    pub fn up_to(budget: f64, shortest: Duration, longest: Duration) -> Self {
        Self {
            budget,
            shortest,
            longest,
            cost_ns: None,
            due: None,
        }
    }

    /// Looks if it is time to. Returns whether it did.
    pub fn run(&mut self, look: impl FnOnce()) -> bool {
        let now = Instant::now();
        if self.due.is_some_and(|due| now < due) {
            return false;
        }
        let before = thread_cpu_ns();
        look();
        let cost = thread_cpu_ns().saturating_sub(before) as f64;
        let average = self
            .cost_ns
            .map_or(cost, |average| average + (cost - average) / 4.0);
        self.cost_ns = Some(average);
        self.due = Some(now + spacing(average, self.budget, self.shortest..=self.longest));
        true
    }
}

/// The time from one look to the next at which looks of this cost keep to the budget.
pub(super) fn spacing(cost_ns: f64, budget: f64, within: RangeInclusive<Duration>) -> Duration {
    Duration::from_nanos((cost_ns / budget) as u64).clamp(*within.start(), *within.end())
}
