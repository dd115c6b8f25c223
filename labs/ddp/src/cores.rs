//! Whether the ranks of an attempt had a core each.
//!
//! Two ranks on one core train at half the speed, and both look as if the other were slow. The
//! scheduler knows: how long a thread that could run waited for a core, and which cores its
//! affinity allows it.

use std::collections::{BTreeMap, BTreeSet};

use workbench_clock::seconds;
use workbench_workers::{CoreTime, Usage};

/// Shares of the time below which a wait for cores is not worth a word: other programs always want
/// some of it.
const LEAST_SHARE: f64 = 0.1;
/// Waits that are too short to matter, whatever their share.
const LEAST_NS: u64 = 200_000_000;

/// What the ranks of an arm got of the cores, all attempts together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoreUse {
    /// Attempts that have ended.
    past: CoreTime,
    /// The last look at each process.
    now: BTreeMap<u32, CoreTime>,
    /// CoreUse that the ranks of an attempt may run on, all together, and how many ranks that were:
    /// the tightest that was seen.
    allowed: Option<(BTreeSet<u32>, u32)>,
}

/// Ranks that had fewer cores than they could have used.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedCores {
    /// Seconds in which ranks could have run and waited for a core, all together.
    pub waited_s: f64,
    /// That as a share of the time in which they could have run.
    pub share: f64,
    /// The cores that their affinity allows them, where those are too few, and for how many ranks.
    pub allowed: Option<(Vec<u32>, u32)>,
}

impl CoreUse {
    /// A look at the processes of all ranks.
    pub fn look(&mut self, usage: &[Usage]) {
        let mut union = BTreeSet::new();
        let mut ranks = 0;
        for usage in usage {
            if let Some(time) = usage.core_time() {
                self.now.insert(usage.rank, time);
            }
            if let Some(cores) = usage.allowed_cores() {
                union.extend(cores);
                ranks += 1;
            }
        }
        self.allow(union, ranks);
    }

    fn allow(&mut self, cores: BTreeSet<u32>, ranks: u32) {
        let is_tighter = self
            .allowed
            .as_ref()
            .is_none_or(|(known, of)| cores.len() * (*of as usize) < known.len() * ranks as usize);
        if ranks > 0 && is_tighter {
            self.allowed = Some((cores, ranks));
        }
    }

    /// The processes have ended.
    pub fn end_attempt(&mut self) {
        for time in std::mem::take(&mut self.now).into_values() {
            self.past.ran_ns += time.ran_ns;
            self.past.queued_ns += time.queued_ns;
        }
    }

    /// Whether ranks of so many threads shared cores, after the last attempt has ended.
    pub fn shared(&self, threads: u32) -> Option<SharedCores> {
        let CoreTime { ran_ns, queued_ns } = self.past;
        let share = queued_ns as f64 / (ran_ns + queued_ns).max(1) as f64;
        let is_long = queued_ns >= LEAST_NS && share >= LEAST_SHARE;
        let allowed = self.allowed.clone().filter(|(cores, ranks)| {
            *ranks > 1 && (cores.len() as u64) < u64::from(*ranks) * u64::from(threads)
        });
        (is_long || allowed.is_some()).then(|| SharedCores {
            waited_s: seconds(queued_ns),
            share,
            allowed: allowed.map(|(cores, ranks)| (cores.into_iter().collect(), ranks)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(ran_ms: u64, queued_ms: u64, allowed: &[u32]) -> CoreUse {
        let mut cores = CoreUse::default();
        let time = CoreTime {
            ran_ns: ran_ms * 1_000_000,
            queued_ns: queued_ms * 1_000_000,
        };
        cores.now.insert(0, time);
        cores.now.insert(1, time);
        cores.allow(allowed.iter().copied().collect(), 2);
        cores.end_attempt();
        cores
    }

    #[test]
    fn ranks_with_a_core_each_share_none() {
        assert_eq!(cores(10_000, 50, &[0, 1]).shared(1), None);
        // A short wait is none, whatever its share.
        assert_eq!(cores(50, 50, &[0, 1]).shared(1), None);
    }

    #[test]
    fn a_wait_for_cores_is_told_whatever_its_cause() {
        let shared = cores(1000, 1000, &[0, 1]).shared(1).unwrap();
        assert!((shared.share - 0.5).abs() < 1e-9 && (shared.waited_s - 2.0).abs() < 1e-9);
        assert_eq!(shared.allowed, None);
    }

    #[test]
    fn ranks_that_are_bound_to_one_core_are_named_with_it() {
        let shared = cores(1000, 1000, &[3]).shared(1).unwrap();
        assert_eq!(shared.allowed, Some((vec![3], 2)));
        // Two ranks of two threads need four.
        assert!(cores(1000, 0, &[0, 1]).shared(2).is_some());
    }
}
