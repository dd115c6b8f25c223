//! The state of one attempt of a training, and the totals over all attempts.

use std::collections::HashSet;

use workbench_ddp_protocol::{Phase, Reached, Training};
use workbench_workers::{Moment, Usage, WorkerGroup};

use crate::cores::CoreUse;
use crate::incident::{Incident, Unwritten};
use crate::ledger::Ledger;
use crate::rendezvous::Rendezvous;
use crate::root_cause::{RankFailure, RootCause};
use crate::startup::StartUp;

/// One attempt: a group of workers, from their start until all have ended. Each launch makes a new
/// one.
#[derive(Debug, Default)]
pub struct AttemptState {
    /// Its workers; `None` before they are started and when all have ended.
    pub group: Option<WorkerGroup<Training>>,
    /// Where they meet. After the group, so that it lasts longer.
    pub meeting: Option<Rendezvous>,
    /// The stages of the start-up that the ranks have reached.
    pub start: StartUp,
    /// Failures of ranks, until the root cause is known.
    pub root_cause: RootCause,
    /// A stalled rank, in an arm that does not react to stalls.
    pub stalled: Option<RankFailure>,
    /// A rank that the others wait for outside of steps. If one of the others gives up, this is the
    /// reason.
    pub awaited: Option<RankFailure>,
    /// A rank has told from where the training goes on.
    resumed: bool,
    ranks: Vec<Rank>,
}

#[derive(Debug, Clone, Copy)]
struct Rank {
    /// It reported that its training has ended or failed.
    finished: bool,
    /// When its last message came, on the run's clock.
    heard_ns: u64,
}

impl AttemptState {
    /// Begins an attempt with this many ranks.
    pub fn begin(world: u32, now_ns: u64) -> Self {
        let rank = Rank {
            finished: false,
            heard_ns: now_ns,
        };
        Self {
            start: StartUp::begin(world, now_ns),
            ranks: vec![rank; world as usize],
            ..Self::default()
        }
    }

    /// Whether a rank reported that its training has ended or failed.
    pub fn is_finished(&self, rank: u32) -> bool {
        let rank = self.ranks.get(rank as usize);
        rank.is_some_and(|rank| rank.finished)
    }

    /// A rank reported that its training has ended or failed.
    pub fn finish(&mut self, rank: u32) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.finished = true;
        }
    }

    /// A rank tells from where the training goes on; all tell the same.
    /// Returns the rows by which it is therefore further than ever before.
    pub fn resumed(&mut self, reached: &Reached, ledger: &mut Ledger) -> u64 {
        if std::mem::replace(&mut self.resumed, true) {
            0
        } else {
            ledger.go_on_from(reached)
        }
    }

    /// When the last message of a rank came.
    pub fn heard_ns(&self, rank: u32) -> Option<u64> {
        let rank = self.ranks.get(rank as usize)?;
        Some(rank.heard_ns)
    }

    /// A message of a rank came.
    pub fn hear(&mut self, rank: u32, at_ns: u64) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.heard_ns = at_ns;
        }
    }

    /// The resource usage of the processes.
    pub fn usage(&self) -> Vec<Usage> {
        self.group
            .as_ref()
            .map(WorkerGroup::usage)
            .unwrap_or_default()
    }

    /// The usage of a rank so far.
    pub fn moment(&self, rank: u32, at_ns: u64) -> Moment {
        let used = self
            .usage()
            .into_iter()
            .filter(|usage| usage.rank == rank)
            .map(|usage| usage.cpu_ns);
        Moment {
            at_ns,
            cpu_ns: used.sum(),
        }
    }
}

/// The totals over all attempts of a training.
#[derive(Debug, Default)]
pub struct Totals {
    /// Attempts so far, including this one.
    pub attempts: u32,
    /// Steps, rows and evaluations that count.
    pub ledger: Ledger,
    /// The failures that the controller handled.
    pub incidents: Vec<Incident>,
    /// The start-up of the first attempt that reached its first step.
    pub first_start: Option<StartUp>,
    /// Checkpoints written.
    pub checkpoints: u32,
    /// Bytes that all ranks put into all-reduces.
    pub bytes_reduced: u64,
    /// Ranks that were reported as slow, in their steps (`None`) or in a phase outside of them.
    pub slow: HashSet<(u32, Option<Phase>)>,
    /// Checkpoints that could not be written.
    pub unwritten: Unwritten,
    /// What the ranks got of the cores.
    pub cores: CoreUse,
    /// CPU time of processes that have ended, in nanoseconds.
    pub past_cpu_ns: u64,
}

impl Totals {
    /// The totals of a training in which each of so many rows counts once in every epoch.
    pub fn new(rows_of_epoch: u64) -> Self {
        Self {
            ledger: Ledger::new(rows_of_epoch),
            ..Self::default()
        }
    }
}
