//! What the supervisor's thread and the crew's owner share: which processes there are, and how their ranks are.
//!
//! A process is reaped under the board's lock only. Whoever holds the lock and finds a process id may use it: no other
//! process can have the same by then.

use rustix::process::{Pid, Signal, kill_process_group};

use super::diagnose::RankState;
use super::error::CrewError;
use super::news::{By, Ended};
use super::usage::{ProcessState, Usage, look};
use super::watchdog::{ASK_AGAIN_NS, Alarm, Watchdog};

#[derive(Debug)]
pub(super) struct Board {
    slots: Vec<Slot>,
    pub(super) watchdog: Watchdog,
    /// When those that were asked to stop are killed, on the run's clock.
    pub(super) stop_by_ns: Option<u64>,
    /// Nobody owns the crew any more.
    pub(super) dropped: bool,
}

/// One rank's process.
#[derive(Debug, Default)]
struct Slot {
    /// Until it is reaped.
    pid: Option<Pid>,
    /// Signals that were sent to it, and for whom.
    sent: Vec<(Signal, By)>,
    /// What it had used at its end.
    last: Option<Usage>,
    /// CPU time at the last look at whether it works, and when that was, in nanoseconds.
    looked: Option<(u64, u64)>,
}

impl Slot {
    /// Whether its process has used a core for most of the time since this was asked last, or was not asked lately.
    fn is_working(&mut self, rank: u32, now_ns: u64) -> bool {
        let Some(pid) = self.pid else {
            return false;
        };
        let cpu_ns = look(rank, raw(pid)).cpu_ns;
        let before = self.looked.replace((cpu_ns, now_ns));
        let recent = before.filter(|(_, at_ns)| now_ns - at_ns <= 3 * ASK_AGAIN_NS);
        recent.is_none_or(|(cpu_before_ns, at_ns)| {
            2 * cpu_ns.saturating_sub(cpu_before_ns) > now_ns - at_ns
        })
    }
}

impl Board {
    pub(super) fn new(world: u32, watchdog: Watchdog) -> Self {
        Self {
            slots: (0..world).map(|_| Slot::default()).collect(),
            watchdog,
            stop_by_ns: None,
            dropped: false,
        }
    }

    pub(super) fn started(&mut self, rank: u32, pid: Pid) {
        self.slots[rank as usize].pid = Some(pid);
    }

    /// Sends a signal to a rank's process group. Nothing happens when its process is over.
    pub(super) fn signal(&mut self, rank: u32, signal: Signal, by: By) -> Result<(), CrewError> {
        let world = self.slots.len() as u32;
        let Some(slot) = self.slots.get_mut(rank as usize) else {
            return Err(CrewError::NoRank { rank, world });
        };
        let Some(pid) = slot.pid else {
            return Ok(());
        };
        kill_process_group(pid, signal)
            .map_err(|error| CrewError::io("send a signal to a worker")(error.into()))?;
        if !slot.sent.iter().any(|(known, _)| *known == signal) {
            slot.sent.push((signal, by));
        }
        Ok(())
    }

    /// Stops every process that is not stopped already; returns whose.
    pub(super) fn halt(&mut self) -> Vec<u32> {
        let running = |rank: &u32| {
            let pid = self.slots[*rank as usize].pid;
            pid.is_some() && !self.is_stopped(*rank)
        };
        let ranks: Vec<u32> = (0..self.slots.len() as u32).filter(running).collect();
        self.tell(&ranks, Signal::STOP);
        ranks
    }

    /// Lets those go on that were stopped.
    pub(super) fn go_on(&mut self, ranks: &[u32]) {
        self.tell(ranks, Signal::CONT);
    }

    fn tell(&self, ranks: &[u32], signal: Signal) {
        for rank in ranks {
            if let Some(pid) = self.slots[*rank as usize].pid {
                // Fails when nobody is left, and then there is nothing to tell.
                let _ = kill_process_group(pid, signal);
            }
        }
    }

    /// Takes leave of a process that is over: kills what is left of its group and notes what it used. It may be reaped
    /// after this, and before the lock is given back.
    pub(super) fn bury(&mut self, rank: u32) {
        let slot = &mut self.slots[rank as usize];
        if let Some(pid) = slot.pid.take() {
            // Fails when nobody is left, which is what is wanted.
            let _ = kill_process_group(pid, Signal::KILL);
            slot.last = Some(Usage {
                rss_bytes: 0,
                state: ProcessState::Ended,
                ..look(rank, raw(pid))
            });
        }
    }

    /// Who ended a process, by the signals that were sent to it.
    pub(super) fn culprit(&self, rank: u32, ended: Ended) -> By {
        let Ended::Signal { number, .. } = ended else {
            return By::Itself;
        };
        let sent = self.slots[rank as usize]
            .sent
            .iter()
            .find(|(signal, _)| signal.as_raw() == number);
        match sent {
            Some((_, by)) => *by,
            None if ended.is_own_fault() => By::Itself,
            None => By::Outside,
        }
    }

    /// What is to be said now of who is silent or stuck.
    pub(super) fn check(&mut self, now_ns: u64) -> Vec<Alarm> {
        let slots = &mut self.slots;
        self.watchdog.check(now_ns, |rank| {
            let slot = slots.get_mut(rank as usize);
            slot.is_some_and(|slot| slot.is_working(rank, now_ns))
        })
    }

    pub(super) fn is_stopped(&self, rank: u32) -> bool {
        self.slots[rank as usize]
            .pid
            .is_some_and(|pid| look(rank, raw(pid)).state == ProcessState::Stopped)
    }

    pub(super) fn states(&self, now_ns: u64) -> Vec<RankState> {
        self.watchdog.states(now_ns, |rank| self.is_stopped(rank))
    }

    pub(super) fn usage(&self) -> Vec<Usage> {
        (0_u32..)
            .zip(&self.slots)
            .filter_map(|(rank, slot)| slot.pid.map(|pid| look(rank, raw(pid))).or(slot.last))
            .collect()
    }

    pub(super) fn running(&self) -> usize {
        self.slots.iter().filter(|slot| slot.pid.is_some()).count()
    }
}

fn raw(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}
