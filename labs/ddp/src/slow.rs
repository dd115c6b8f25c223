//! Noticing a rank that is slower than the others: all wait for it in every step, and nothing fails.

use workbench_protocol::StepReport;

use crate::ledger::Parts;

/// A rank is slow when its work takes this much longer than that of the fastest.
const FACTOR: f64 = 1.8;
/// One look is at so much time at least, in nanoseconds.
const LOOK_NS: u64 = 400_000_000;
/// A rank is called slow when it is so in so many looks on end: a busy machine makes any rank slow for a moment.
const LOOKS: u32 = 3;

/// Looks at the ranks' work, step by step.
#[derive(Debug, Clone, Default)]
pub struct Stragglers {
    ranks: Vec<Parts>,
    named: Vec<u32>,
    /// Who was slow in the last looks, and in how many.
    suspect: Option<(u32, u32)>,
    skip: u64,
}

/// A rank that the others wait for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Straggler {
    /// The rank.
    pub rank: u32,
    /// Its work in a step, in milliseconds.
    pub work_ms: f64,
    /// The fastest rank.
    pub fastest: u32,
    /// Its work in a step, in milliseconds.
    pub fastest_ms: f64,
    /// What it waits for the others in a step, in milliseconds.
    pub wait_ms: f64,
}

impl Stragglers {
    /// An attempt with so many ranks begins.
    pub fn begin(&mut self, world: u32) {
        self.ranks = vec![Parts::default(); world as usize];
        self.suspect = None;
        self.skip = u64::from(world);
    }

    /// Takes in a step; names a rank that is slow, once.
    pub fn step(&mut self, rank: u32, report: &StepReport) -> Option<Straggler> {
        // The first step of a process warms up its caches and says nothing.
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.ranks.get_mut(rank as usize)?.add(report);
        if self.ranks.len() < 2 || self.ranks.iter().any(|parts| parts.steps == 0) {
            return None;
        }
        let mean = |parts: &Parts| parts.work_ns() as f64 / parts.steps as f64;
        let by_work =
            |(_, a): &(usize, &Parts), (_, b): &(usize, &Parts)| mean(a).total_cmp(&mean(b));
        let (fastest, best) = self.ranks.iter().enumerate().min_by(by_work)?;
        let (slowest, worst) = self.ranks.iter().enumerate().max_by(by_work)?;
        if best.work_ns() + best.wait_ns < LOOK_NS {
            return None;
        }
        let rank = slowest as u32;
        self.suspect = match self.suspect {
            _ if mean(worst) <= FACTOR * mean(best) => None,
            Some((known, looks)) if known == rank => Some((rank, looks + 1)),
            _ => Some((rank, 1)),
        };
        let slow =
            self.suspect.is_some_and(|(_, looks)| looks == LOOKS) && !self.named.contains(&rank);
        let found = slow.then(|| Straggler {
            rank,
            work_ms: mean(worst) / 1e6,
            fastest: fastest as u32,
            fastest_ms: mean(best) / 1e6,
            wait_ms: best.wait_ns as f64 / best.steps as f64 / 1e6,
        });
        self.named.extend(found.map(|straggler| straggler.rank));
        // Each look is of its own steps: what was slow long ago must not speak for now.
        self.ranks.fill(Parts::default());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64, work_ms: u64, wait_ms: u64) -> StepReport {
        StepReport {
            step,
            forward_ns: work_ms * 1_000_000,
            wait_ns: wait_ms * 1_000_000,
            ..StepReport::default()
        }
    }

    /// Two ranks whose steps take as long as the slower one works.
    fn watch(steps: u64, work_ms: [u64; 2]) -> Vec<Straggler> {
        let mut stragglers = Stragglers::default();
        stragglers.begin(2);
        let longest = work_ms[0].max(work_ms[1]);
        let mut found = Vec::new();
        for step in 0..steps {
            for (rank, work) in (0_u32..).zip(work_ms) {
                found.extend(stragglers.step(rank, &report(step, work, longest - work)));
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
    fn long_steps_are_judged_after_a_few() {
        // The first step is passed over, the next three are looked at.
        assert_eq!(watch(4, [900, 300]).len(), 1);
        assert_eq!(watch(3, [900, 300]).len(), 0);
    }

    #[test]
    fn ranks_that_are_slow_in_turn_are_not_named() {
        let mut stragglers = Stragglers::default();
        stragglers.begin(2);
        for step in 0..100 {
            let slow = u32::from(step % 2 == 0);
            for rank in 0..2 {
                let work = if rank == slow { 900 } else { 300 };
                assert_eq!(stragglers.step(rank, &report(step, work, 900 - work)), None);
            }
        }
    }

    #[test]
    fn ranks_that_differ_a_little_are_not_named() {
        assert_eq!(watch(1000, [10, 14]), []);
    }

    #[test]
    fn one_rank_alone_is_never_slow() {
        let mut stragglers = Stragglers::default();
        stragglers.begin(1);
        assert!((0..100).all(|step| stragglers.step(0, &report(step, 100, 0)).is_none()));
    }
}
