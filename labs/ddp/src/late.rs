//! Noticing a rank for which the others wait outside of steps: in the start-up, at a checkpoint, in the evaluation. Nothing fails, and
//! nothing is slow in any step. Ranks that are slow in their steps are the business of [`crate::slow`], and those that do not answer
//! or do not get on at all that of the supervisor.

use std::fmt;

use workbench_protocol::Phase;
use workbench_workers::{Condition, RankState};

/// A rank is late when the others wait for so many seconds.
const WAIT_S: f64 = 1.5;
/// And for this share of what it has taken so far: of 1.8 times the others' work, as for steps, they wait 0.8.
const WAIT_SHARE: f64 = 0.8 / 1.8;

/// What a training does when it is not at its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    StartUp,
    Steps,
    Checkpoint,
    Evaluation,
    Closing,
}

impl Stretch {
    fn of(state: &RankState) -> Self {
        match state.phase {
            Phase::Starting | Phase::Loading | Phase::Rendezvous => Self::StartUp,
            Phase::Data | Phase::AllReduce if state.step == 0 => Self::StartUp,
            Phase::Data
            | Phase::Forward
            | Phase::Backward
            | Phase::AllReduce
            | Phase::Optimizer => Self::Steps,
            Phase::Checkpoint => Self::Checkpoint,
            Phase::Evaluation | Phase::Sums => Self::Evaluation,
            Phase::Closing => Self::Closing,
        }
    }
}

/// Looks at where the ranks are.
#[derive(Debug, Clone, Default)]
pub struct Latecomers {
    /// What each rank does, and since when, in nanoseconds.
    ranks: Vec<(Stretch, u64)>,
    named: Vec<(u32, Phase)>,
    /// Whom the others wait for now.
    late: Option<Late>,
}

/// A rank that the others wait for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Late {
    /// The rank.
    pub rank: u32,
    /// Where it is.
    pub phase: Phase,
    /// One of those that wait, the one that waits longest.
    pub waiting: u32,
    /// Where it waits.
    pub waits_in: Phase,
    /// How long, in seconds.
    pub waits_s: f64,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rank,
            phase,
            waiting,
            waits_in,
            waits_s,
        } = self;
        write!(
            f,
            "rank {rank} is slow in {phase}: rank {waiting} has waited in {waits_in} for {waits_s:.1} s"
        )
    }
}

impl Latecomers {
    /// An attempt with so many ranks begins.
    pub fn begin(&mut self, world: u32, now_ns: u64) {
        self.ranks = vec![(Stretch::StartUp, now_ns); world as usize];
        self.late = None;
    }

    /// The rank that the others waited for when they were looked at last, whether it was named then or before.
    pub fn late(&self) -> Option<u32> {
        self.late.map(|late| late.rank)
    }

    /// Looks at where all ranks are now; names a rank that at least half of the others wait for, once for each phase. `is_heard` tells
    /// whether a rank gives signs of life; one that does not may be worse than slow.
    pub fn look(
        &mut self,
        states: &[RankState],
        now_ns: u64,
        is_heard: impl Fn(u32) -> bool,
    ) -> Option<Late> {
        self.late = self.find(states, now_ns, is_heard);
        let late = self.late?;
        let place = (late.rank, late.phase);
        if self.named.contains(&place) {
            return None;
        }
        self.named.push(place);
        Some(late)
    }

    fn find(
        &mut self,
        states: &[RankState],
        now_ns: u64,
        is_heard: impl Fn(u32) -> bool,
    ) -> Option<Late> {
        for state in states {
            let known = self.ranks.get_mut(state.rank as usize)?;
            let stretch = Stretch::of(state);
            if known.0 != stretch {
                *known = (stretch, now_ns);
            }
        }
        if states
            .iter()
            .any(|state| state.condition != Condition::Working)
        {
            return None;
        }
        let last = states.iter().min_by_key(|state| state.progress())?;
        let (stretch, since_ns) = *self.ranks.get(last.rank as usize)?;
        if matches!(stretch, Stretch::Steps | Stretch::Closing) || !is_heard(last.rank) {
            return None;
        }
        let for_s = now_ns.saturating_sub(since_ns) as f64 / 1e9;
        let least = WAIT_S.max(WAIT_SHARE * for_s);
        let waits = |state: &&RankState| state.progress() > last.progress() && state.for_s >= least;
        let waiting = states.iter().filter(waits);
        if 2 * waiting.clone().count() < states.len() - 1 {
            return None;
        }
        let longest = waiting.max_by(|a, b| a.for_s.total_cmp(&b.for_s))?;
        Some(Late {
            rank: last.rank,
            phase: last.phase,
            waiting: longest.rank,
            waits_in: longest.phase,
            waits_s: longest.for_s,
        })
    }
}

#[cfg(test)]
#[path = "late_tests.rs"]
mod tests;
