//! The health of all workers of a group, judged from all data about them.

use workbench_protocol::{PhaseName, Position, StepTimes};

use super::awaited::AwaitedRank;
use super::liveness::{Deadlines, Liveness, LivenessChange};
use super::state::{RankState, SlowKind, WorkerHealth};
use super::steps::Stragglers;
use crate::exit::ProcessExit;

/// A rank whose last message is at most this old is not silent: heartbeats come five times a
/// second.
const HEARD_NS: u64 = 700_000_000;
/// Time between two checks of which rank the others wait for.
const LOOK_NS: u64 = 100_000_000;

/// What the system knows about the processes, beyond their messages.
pub trait Processes {
    /// Whether a rank's process is stopped by a signal.
    fn is_stopped(&self, rank: u32) -> bool;
    /// Whether a rank's process has used a core for most of the time since the last call.
    fn is_working(&mut self, rank: u32, now_ns: u64) -> bool;
    /// Total time in which a rank's process was runnable without a core, in nanoseconds; `None`
    /// where the system does not report it.
    fn queued_ns(&self, rank: u32) -> Option<u64>;
}

/// Something that changed about the health of a rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HealthChange<P: PhaseName> {
    /// It stalled, or continues after a stall.
    Liveness(LivenessChange<P>),
    /// It is slow, for the first time in this phase.
    Slow(SlowKind<P>),
}

/// Judges the health of all ranks of one group.
#[derive(Debug, Clone)]
pub struct HealthMonitor<P: PhaseName> {
    liveness: Liveness<P>,
    stragglers: Stragglers,
    awaited: AwaitedRank<P>,
    looked_ns: u64,
}

impl<P: PhaseName> HealthMonitor<P> {
    /// Judges `world` ranks, whose processes start now.
    pub fn new(world: u32, deadlines: Deadlines, now_ns: u64) -> Self {
        Self {
            liveness: Liveness::new(world, deadlines, now_ns),
            stragglers: Stragglers::new(world),
            awaited: AwaitedRank::new(world, now_ns),
            looked_ns: now_ns,
        }
    }

    /// A message came from a rank. A heartbeat also carries its position, and for how many
    /// nanoseconds it has been there.
    pub fn receive(
        &mut self,
        rank: u32,
        now_ns: u64,
        heartbeat: Option<(Position<P>, u64)>,
    ) -> Option<HealthChange<P>> {
        let change = self.liveness.receive(rank, now_ns, heartbeat);
        change.map(HealthChange::Liveness)
    }

    /// A rank has done a step.
    pub fn step(
        &mut self,
        rank: u32,
        times: StepTimes,
        processes: &impl Processes,
    ) -> Option<HealthChange<P>> {
        let queued_ns = |rank| processes.queued_ns(rank);
        let slow = self.stragglers.step(rank, times, queued_ns)?;
        Some(HealthChange::Slow(SlowKind::Steps(slow)))
    }

    /// A rank's messages are left unread, so its silence means nothing.
    pub fn excuse(&mut self, rank: u32, now_ns: u64) {
        self.liveness.excuse(rank, now_ns);
    }

    /// The supervisor itself was held up for so long until now, in nanoseconds, and perhaps the
    /// ranks too: nobody was silent or stuck meanwhile.
    pub fn stood_still(&mut self, late_ns: u64, now_ns: u64) {
        self.liveness.stood_still(late_ns, now_ns);
    }

    /// A rank reported that its work has ended, or that it failed.
    pub fn finish(&mut self, rank: u32, has_failed: bool) {
        self.liveness.finish(rank, has_failed);
    }

    /// A rank's process has ended.
    pub fn exit(&mut self, rank: u32, exit: ProcessExit, at_ns: u64) {
        self.liveness.exit(rank, exit, at_ns);
    }

    /// The changes until now, each once.
    pub fn check(&mut self, now_ns: u64, processes: &mut impl Processes) -> Vec<HealthChange<P>> {
        let is_working = |rank| processes.is_working(rank, now_ns);
        let changes = self.liveness.check(now_ns, is_working);
        let mut changes: Vec<_> = changes.into_iter().map(HealthChange::Liveness).collect();
        if now_ns >= self.looked_ns.saturating_add(LOOK_NS) {
            self.looked_ns = now_ns;
            let liveness = &self.liveness;
            let states = liveness.states(now_ns, |rank| processes.is_stopped(rank));
            let is_heard = |rank| liveness.unheard_ns(rank, now_ns) < HEARD_NS;
            let awaited = self.awaited.look(&states, now_ns, is_heard);
            changes.extend(awaited.map(|rank| HealthChange::Slow(SlowKind::Awaited(rank))));
        }
        changes
    }

    /// The next time at which [`check`](Self::check) may report a stall, if no message comes until
    /// then.
    pub fn next_check_ns(&self) -> Option<u64> {
        self.liveness.next_check_ns()
    }

    /// The states of all ranks.
    pub fn states(&self, now_ns: u64, processes: &impl Processes) -> Vec<RankState<P>> {
        let mut states = self
            .liveness
            .states(now_ns, |rank| processes.is_stopped(rank));
        for state in states.iter_mut().filter(|state| state.is_active()) {
            if let Some(slowness) = self.slowness(state.rank) {
                state.health = WorkerHealth::Slow(slowness);
            }
        }
        states
    }

    fn slowness(&self, rank: u32) -> Option<SlowKind<P>> {
        let awaited = self
            .awaited
            .awaited()
            .filter(|awaited| awaited.rank == rank);
        let slow = self.stragglers.slow().filter(|slow| slow.rank == rank);
        awaited.map(SlowKind::Awaited).or(slow.map(SlowKind::Steps))
    }
}

#[cfg(test)]
#[path = "monitor_tests.rs"]
mod tests;
