//! What the supervisor's thread and the group's owner share: the processes, and the health of their
//! ranks.
//!
//! A process is reaped only under the board's lock. A holder of the lock that finds a process id
//! may use it: the system cannot have given it to another process.

use rustix::process::{Pid, Signal, kill_process_group};
use workbench_protocol::{PhaseName, StepTimes};

use super::error::GroupError;
use super::exit::{EndedBy, ProcessExit};
use super::health::liveness::ASK_AGAIN_NS;
use super::health::monitor::{HealthChange, HealthMonitor, Processes};
use super::health::state::RankState;
use super::usage::{ProcessState, Usage, look};

#[derive(Debug)]
pub(super) struct Board<P: PhaseName> {
    slots: Slots,
    pub(super) health: HealthMonitor<P>,
    /// When those that were asked to stop are killed, on the run's clock.
    pub(super) stop_by_ns: Option<u64>,
    /// The group has no owner any more.
    pub(super) dropped: bool,
}

/// The processes of all ranks.
#[derive(Debug)]
struct Slots(Vec<Slot>);

/// One rank's process.
#[derive(Debug, Default)]
struct Slot {
    /// Until it is reaped.
    pid: Option<Pid>,
    /// Signals that were sent to it, and by whom.
    sent: Vec<(Signal, EndedBy)>,
    /// Its usage when it ended.
    last: Option<Usage>,
    /// CPU time at the last check whether it works, and the time of that check, in nanoseconds.
    looked: Option<(u64, u64)>,
}

impl Processes for Slots {
    fn is_stopped(&self, rank: u32) -> bool {
        let usage = self.usage(rank);
        usage.is_some_and(|usage| usage.state == ProcessState::Stopped)
    }

    /// Also when this was not checked recently.
    fn is_working(&mut self, rank: u32, now_ns: u64) -> bool {
        let Some(Usage { cpu_ns, .. }) = self.usage(rank) else {
            return false;
        };
        let slot = &mut self.0[rank as usize];
        let before = slot.looked.replace((cpu_ns, now_ns));
        let recent = before.filter(|(_, at_ns)| now_ns - at_ns <= 3 * ASK_AGAIN_NS);
        recent.is_none_or(|(cpu_before_ns, at_ns)| {
            2 * cpu_ns.saturating_sub(cpu_before_ns) > now_ns - at_ns
        })
    }

    fn queued_ns(&self, rank: u32) -> Option<u64> {
        Some(self.usage(rank)?.core_time()?.queued_ns)
    }
}

impl Slots {
    /// What a rank's process uses, while there is one.
    fn usage(&self, rank: u32) -> Option<Usage> {
        let pid = self.0.get(rank as usize)?.pid?;
        Some(look(rank, raw(pid)))
    }
}

impl<P: PhaseName> Board<P> {
    pub(super) fn new(world: u32, health: HealthMonitor<P>) -> Self {
        Self {
            slots: Slots((0..world).map(|_| Slot::default()).collect()),
            health,
            stop_by_ns: None,
            dropped: false,
        }
    }

    pub(super) fn started(&mut self, rank: u32, pid: Pid) {
        self.slots.0[rank as usize].pid = Some(pid);
    }

    /// Sends a signal to a rank's process group. Does nothing when its process has ended.
    pub(super) fn signal(
        &mut self,
        rank: u32,
        signal: Signal,
        by: EndedBy,
    ) -> Result<(), GroupError> {
        let world = self.slots.0.len() as u32;
        let Some(slot) = self.slots.0.get_mut(rank as usize) else {
            return Err(GroupError::NoRank { rank, world });
        };
        let Some(pid) = slot.pid else {
            return Ok(());
        };
        kill_process_group(pid, signal)
            .map_err(|error| GroupError::io("send a signal to a worker")(error.into()))?;
        if !slot.sent.iter().any(|(known, _)| *known == signal) {
            slot.sent.push((signal, by));
        }
        Ok(())
    }

    /// Stops every process that is not stopped already; returns the ranks.
    pub(super) fn pause(&mut self) -> Vec<u32> {
        let running = |rank: &u32| {
            let usage = self.slots.usage(*rank);
            usage.is_some_and(|usage| usage.state != ProcessState::Stopped)
        };
        let ranks: Vec<u32> = (0..self.slots.0.len() as u32).filter(running).collect();
        self.signal_all(&ranks, Signal::STOP);
        ranks
    }

    /// Continues ranks that were stopped.
    pub(super) fn resume(&mut self, ranks: &[u32]) {
        self.signal_all(ranks, Signal::CONT);
    }

    fn signal_all(&self, ranks: &[u32], signal: Signal) {
        for rank in ranks {
            if let Some(pid) = self.slots.0[*rank as usize].pid {
                // Fails when no process is left; then there is nothing to do.
                let _ = kill_process_group(pid, signal);
            }
        }
    }

    /// Records that a process has ended: kills the rest of its group and records its usage. It may
    /// be reaped after this, but before the lock is released.
    pub(super) fn record_exit(&mut self, rank: u32) {
        let usage = self.slots.usage(rank);
        let slot = &mut self.slots.0[rank as usize];
        if let Some(pid) = slot.pid.take() {
            // Fails when no process is left, which is intended.
            let _ = kill_process_group(pid, Signal::KILL);
            slot.last = usage.map(|usage| Usage {
                rss_bytes: 0,
                state: ProcessState::Ended,
                ..usage
            });
        }
    }

    /// Who ended a process, by the signals that were sent to it.
    pub(super) fn ended_by(&self, rank: u32, exit: ProcessExit) -> EndedBy {
        let ProcessExit::Signal { number, .. } = exit else {
            return EndedBy::Itself;
        };
        let sent = self.slots.0[rank as usize]
            .sent
            .iter()
            .find(|(signal, _)| signal.as_raw() == number);
        match sent {
            Some((_, by)) => *by,
            None if exit.is_own_fault() => EndedBy::Itself,
            None => EndedBy::Outside,
        }
    }

    /// Records that a rank has done a step; returns the changes of its health.
    pub(super) fn step(&mut self, rank: u32, times: StepTimes) -> Option<HealthChange<P>> {
        self.health.step(rank, times, &self.slots)
    }

    /// The changes in the health of the ranks.
    pub(super) fn check(&mut self, now_ns: u64) -> Vec<HealthChange<P>> {
        self.health.check(now_ns, &mut self.slots)
    }

    pub(super) fn is_stopped(&self, rank: u32) -> bool {
        self.slots.is_stopped(rank)
    }

    pub(super) fn states(&self, now_ns: u64) -> Vec<RankState<P>> {
        self.health.states(now_ns, &self.slots)
    }

    pub(super) fn usage(&self) -> Vec<Usage> {
        (0_u32..)
            .zip(&self.slots.0)
            .filter_map(|(rank, slot)| self.slots.usage(rank).or(slot.last))
            .collect()
    }

    pub(super) fn running(&self) -> usize {
        self.slots
            .0
            .iter()
            .filter(|slot| slot.pid.is_some())
            .count()
    }
}

fn raw(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}
