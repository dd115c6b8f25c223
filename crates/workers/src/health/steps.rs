//! Finds a straggler: a rank that is slower than the others in its steps. All wait for it in every
//! step, and nothing fails.
//!
//! The medians over the steps of one window are compared, so a few disturbed steps have no effect.
//! A rank that was runnable and waited for a core is not slow, its machine is busy: that time is
//! subtracted.

use workbench_protocol::StepTimes;

use super::state::Straggler;

/// A rank is slow when its work takes this many times as long as that of the fastest.
const FACTOR: f64 = 1.8;
/// The least length of a window, in nanoseconds.
const LOOK_NS: u64 = 400_000_000;
/// A rank is reported as slow after this many slow windows in a row: on a busy machine any rank is
/// slow for a moment.
const LOOKS: u32 = 3;

/// Compares the ranks' work, step by step.
#[derive(Debug, Clone, Default)]
pub struct Stragglers {
    ranks: Vec<Look>,
    named: Vec<u32>,
    /// The rank that was slow in the last windows, and in how many.
    suspect: Option<(u32, u32)>,
    slow: Option<Straggler>,
    skip: u64,
}

/// The steps of a rank in the current window.
#[derive(Debug, Clone, Default)]
struct Look {
    /// Total of all its steps.
    times: StepTimes,
    /// Work of each step, in nanoseconds.
    steps_ns: Vec<u64>,
    /// Time runnable without a core, at the start of the window and now.
    queued_ns: Option<(u64, u64)>,
}

impl Look {
    /// The median of a step's work, in nanoseconds.
    fn usual_ns(&mut self) -> f64 {
        let middle = self.steps_ns.len() / 2;
        *self.steps_ns.select_nth_unstable(middle).1 as f64
    }

    /// The time of a step in which it was runnable without a core, in nanoseconds.
    fn queued_per_step_ns(&self) -> f64 {
        let queued = self
            .queued_ns
            .map_or(0, |(then, now)| now.saturating_sub(then));
        queued as f64 / self.steps_ns.len().max(1) as f64
    }

    /// Begins the next window.
    fn clear(&mut self) {
        self.times = StepTimes::default();
        self.steps_ns.clear();
        self.queued_ns = self.queued_ns.map(|(_, now)| (now, now));
    }
}

impl Stragglers {
    /// Compares so many ranks, which have just been started.
    pub fn new(world: u32) -> Self {
        Self {
            ranks: vec![Look::default(); world as usize],
            // The first step of a process warms up its caches, so it is not compared.
            skip: u64::from(world),
            ..Self::default()
        }
    }

    /// The rank that is slow by the last windows.
    pub fn slow(&self) -> Option<Straggler> {
        self.slow
    }

    /// Adds a step; returns a slow rank, once. `queued_ns` is the total time in which a rank was
    /// runnable without a core, where that is known.
    pub fn step(
        &mut self,
        rank: u32,
        times: StepTimes,
        queued_ns: impl Fn(u32) -> Option<u64>,
    ) -> Option<Straggler> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        let look = self.ranks.get_mut(rank as usize)?;
        look.times.work_ns += times.work_ns;
        look.times.wait_ns += times.wait_ns;
        look.steps_ns.push(times.work_ns);
        if self.ranks.len() < 2 || self.ranks.iter().any(|look| look.steps_ns.is_empty()) {
            return None;
        }
        let passed = |look: &Look| look.times.work_ns + look.times.wait_ns;
        if self.ranks.iter().map(passed).min()? < LOOK_NS {
            return None;
        }
        for (rank, look) in (0..).zip(&mut self.ranks) {
            let now = queued_ns(rank);
            // The time before the first window belongs to the start-up too.
            look.queued_ns = now.map(|now| (look.queued_ns.map_or(now, |(then, _)| then), now));
        }
        self.slow = self.judge();
        // Each window holds only its own steps, so old slow steps have no effect.
        self.ranks.iter_mut().for_each(Look::clear);
        let new = self.slow.filter(|slow| !self.named.contains(&slow.rank))?;
        self.named.push(new.rank);
        Some(new)
    }

    fn judge(&mut self) -> Option<Straggler> {
        let usual: Vec<f64> = self.ranks.iter_mut().map(Look::usual_ns).collect();
        let by_work = |(_, a): &(usize, &f64), (_, b): &(usize, &f64)| a.total_cmp(b);
        let (fastest, best) = usual.iter().enumerate().min_by(by_work)?;
        let (slowest, worst) = usual.iter().enumerate().max_by(by_work)?;
        let rank = slowest as u32;
        self.suspect = match self.suspect {
            _ if *worst - self.ranks[slowest].queued_per_step_ns() <= FACTOR * best => None,
            Some((known, looks)) if known == rank => Some((rank, looks + 1)),
            _ => Some((rank, 1)),
        };
        self.suspect.filter(|(_, looks)| *looks >= LOOKS)?;
        let waits = &self.ranks[fastest];
        Some(Straggler {
            rank,
            work_ms: worst / 1e6,
            fastest: fastest as u32,
            fastest_ms: best / 1e6,
            wait_ms: waits.times.wait_ns as f64 / waits.steps_ns.len() as f64 / 1e6,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(work_ms: u64, wait_ms: u64) -> StepTimes {
        StepTimes {
            work_ns: work_ms * 1_000_000,
            wait_ns: wait_ms * 1_000_000,
        }
    }

    /// Two ranks whose steps take as long as the slower one works.
    fn watch(steps: u64, work_ms: [u64; 2]) -> Vec<Straggler> {
        let mut stragglers = Stragglers::new(2);
        let longest = work_ms[0].max(work_ms[1]);
        let mut found = Vec::new();
        for _ in 0..steps {
            for (rank, work) in (0_u32..).zip(work_ms) {
                found.extend(stragglers.step(rank, times(work, longest - work), |_| None));
            }
        }
        found
    }

    #[test]
    fn a_rank_three_times_as_slow_is_named_once_with_what_the_other_waits() {
        let found = watch(1000, [10, 30]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rank, found[0].fastest), (1, 0));
        assert!((found[0].work_ms - 30.0).abs() < 1e-9);
        assert!((found[0].wait_ms - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_rank_is_slow_as_long_as_it_is_and_no_longer() {
        let mut stragglers = Stragglers::new(2);
        let mut steps = |count, work_ms: u64| {
            for _ in 0..count {
                stragglers.step(0, times(300, work_ms - 300), |_| None);
                stragglers.step(1, times(work_ms, 0), |_| None);
            }
            stragglers.slow().map(|slow| (slow.rank, slow.factor()))
        };
        assert_eq!(steps(3, 900), None);
        assert_eq!(steps(1, 900), Some((1, 3.0)));
        assert_eq!(steps(9, 900), Some((1, 3.0)));
        assert_eq!(steps(2, 301), None);
        assert_eq!(steps(2, 900), None);
    }

    #[test]
    fn long_steps_are_judged_after_a_few() {
        // The first step is skipped, the next three are compared.
        assert_eq!(watch(4, [900, 300]).len(), 1);
        assert_eq!(watch(3, [900, 300]).len(), 0);
    }

    #[test]
    fn ranks_that_are_slow_in_turn_are_not_named() {
        let mut stragglers = Stragglers::new(2);
        for step in 0..100 {
            let slow = u32::from(step % 2 == 0);
            for rank in 0..2 {
                let work = if rank == slow { 900 } else { 300 };
                let found = stragglers.step(rank, times(work, 900 - work), |_| None);
                assert_eq!(found, None);
            }
        }
    }

    /// Rank 1 takes 30 ms where rank 0 takes 10; of the 20 ms more it has no core for `queued_ms`.
    fn watch_busy(queued_ms: u64) -> Vec<Straggler> {
        let mut stragglers = Stragglers::new(2);
        let mut found = Vec::new();
        for step in 0..1000 {
            for (rank, work) in [(0, 10), (1, 30)] {
                let queued = |rank| Some(u64::from(rank) * step * queued_ms * 1_000_000);
                found.extend(stragglers.step(rank, times(work, 30 - work), queued));
            }
        }
        found
    }

    #[test]
    fn a_rank_that_is_kept_from_its_core_is_not_called_slow() {
        assert_eq!(watch_busy(20), []);
        assert_eq!(watch_busy(13), []);
        assert_eq!(watch_busy(5).len(), 1);
    }

    #[test]
    fn a_few_disturbed_steps_do_not_make_a_rank_slow() {
        let mut stragglers = Stragglers::new(2);
        for step in 0..1000 {
            let disturbed = if step % 3 == 0 { 200 } else { 10 };
            for (rank, work) in [(0, 10), (1, disturbed)] {
                let found = stragglers.step(rank, times(work, 0), |_| None);
                assert_eq!(found, None);
            }
        }
    }

    #[test]
    fn ranks_that_differ_a_little_are_not_named() {
        assert_eq!(watch(1000, [10, 14]), []);
    }

    #[test]
    fn one_rank_alone_is_never_slow() {
        let mut stragglers = Stragglers::new(1);
        assert!((0..100).all(|_| { stragglers.step(0, times(100, 0), |_| None).is_none() }));
    }
}
