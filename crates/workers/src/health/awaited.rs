//! Which rank the others wait for outside of steps: in the start-up, at a checkpoint, in an
//! evaluation. Such a rank neither fails nor is slow in its steps.

use workbench_protocol::{PhaseName, Stretch};

use super::state::{Awaited, RankState};

/// A rank counts as awaited when the others wait for this many seconds.
const WAIT_S: f64 = 1.5;
/// And for at least this share of its time in the phase. With 1.8 times the others' work, the limit
/// for steps, they wait 0.8.
const WAIT_SHARE: f64 = 0.8 / 1.8;

/// Compares where the ranks are.
#[derive(Debug, Clone)]
pub struct AwaitedRank<P: PhaseName> {
    /// What each rank does, and since when, in nanoseconds.
    ranks: Vec<(Stretch, u64)>,
    named: Vec<(u32, P)>,
    awaited: Option<Awaited<P>>,
}

impl<P: PhaseName> AwaitedRank<P> {
    /// Compares `world` ranks, which are started now.
    pub fn new(world: u32, now_ns: u64) -> Self {
        Self {
            ranks: vec![(Stretch::StartUp, now_ns); world as usize],
            named: Vec::new(),
            awaited: None,
        }
    }

    /// The rank that the others waited for at the last check.
    pub fn awaited(&self) -> Option<Awaited<P>> {
        self.awaited
    }

    /// Checks the positions of all ranks; returns a rank that at least half of the others wait for,
    /// once per phase. `is_heard` says whether a rank sends heartbeats; one that does not may be
    /// silent instead of slow.
    pub fn look(
        &mut self,
        states: &[RankState<P>],
        now_ns: u64,
        is_heard: impl Fn(u32) -> bool,
    ) -> Option<Awaited<P>> {
        self.awaited = self.find(states, now_ns, is_heard);
        let awaited = self.awaited?;
        let place = (awaited.rank, awaited.phase);
        if self.named.contains(&place) {
            return None;
        }
        self.named.push(place);
        Some(awaited)
    }

    fn find(
        &mut self,
        states: &[RankState<P>],
        now_ns: u64,
        is_heard: impl Fn(u32) -> bool,
    ) -> Option<Awaited<P>> {
        for state in states {
            let known = self.ranks.get_mut(state.rank as usize)?;
            let stretch = state.position.phase.stretch(state.position.step);
            if known.0 != stretch {
                *known = (stretch, now_ns);
            }
        }
        if !states.iter().all(RankState::is_active) {
            return None;
        }
        let progress = |state: &RankState<P>| state.position.progress();
        let last = states.iter().min_by_key(|state| progress(state))?;
        let (stretch, since_ns) = *self.ranks.get(last.rank as usize)?;
        if matches!(stretch, Stretch::Steps | Stretch::Closing) || !is_heard(last.rank) {
            return None;
        }
        let for_s = now_ns.saturating_sub(since_ns) as f64 / 1e9;
        let least = WAIT_S.max(WAIT_SHARE * for_s);
        let waits =
            |state: &&RankState<P>| progress(state) > progress(last) && state.for_s >= least;
        let waiting = states.iter().filter(waits);
        if 2 * waiting.clone().count() < states.len() - 1 {
            return None;
        }
        let longest = waiting.max_by(|a, b| a.for_s.total_cmp(&b.for_s))?;
        Some(Awaited {
            rank: last.rank,
            phase: last.position.phase,
            waiting: longest.rank,
            waits_in: longest.position.phase,
            waits_s: longest.for_s,
        })
    }
}

#[cfg(test)]
#[path = "awaited_tests.rs"]
mod tests;
