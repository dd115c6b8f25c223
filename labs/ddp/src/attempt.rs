//! What belongs to one attempt of a training, and what all attempts add up to.

use std::collections::HashSet;

use workbench_ddp_protocol::{Phase, Training};
use workbench_workers::{Usage, WorkerGroup};

use crate::incident::Incident;
use crate::ledger::Ledger;
use crate::root_cause::{RankFailure, RootCause};
use crate::startup::StartUp;
use crate::timeline::Moment;

/// One attempt: a group of workers, from their start until all are over. Made anew at each launch.
#[derive(Debug, Default)]
pub struct AttemptState {
    /// Its workers; `None` before they are started and when all are over.
    pub group: Option<WorkerGroup<Training>>,
    /// Which stages of the start-up the ranks have reached.
    pub start: StartUp,
    /// Failures of ranks, until it is clear which one explains the others.
    pub root_cause: RootCause,
    /// A rank that stalled, in an arm in which nothing is done about it.
    pub stalled: Option<RankFailure>,
    /// A rank that the others wait for outside of steps. Should one of them give up, this is why.
    pub awaited: Option<RankFailure>,
    ranks: Vec<Rank>,
}

#[derive(Debug, Clone, Copy)]
struct Rank {
    /// It said that its training is over, or has failed.
    finished: bool,
    /// When it was last heard of, on the run's clock.
    heard_ns: u64,
}

impl AttemptState {
    /// An attempt of so many ranks begins.
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

    /// Whether a rank said that its training is over, or has failed.
    pub fn is_finished(&self, rank: u32) -> bool {
        let rank = self.ranks.get(rank as usize);
        rank.is_some_and(|rank| rank.finished)
    }

    /// A rank said that its training is over, or has failed.
    pub fn finish(&mut self, rank: u32) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.finished = true;
        }
    }

    /// When a rank was last heard of.
    pub fn heard_ns(&self, rank: u32) -> Option<u64> {
        let rank = self.ranks.get(rank as usize)?;
        Some(rank.heard_ns)
    }

    /// A rank was heard of.
    pub fn hear(&mut self, rank: u32, at_ns: u64) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.heard_ns = at_ns;
        }
    }

    /// What the processes use of the machine.
    pub fn usage(&self) -> Vec<Usage> {
        self.group
            .as_ref()
            .map(WorkerGroup::usage)
            .unwrap_or_default()
    }

    /// What a rank has used by now.
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

/// What all attempts of a training add up to.
#[derive(Debug, Default)]
pub struct Totals {
    /// Attempts so far, this one included.
    pub attempts: u32,
    /// Steps, rows and evaluations that count.
    pub ledger: Ledger,
    /// The failures that the controller dealt with.
    pub incidents: Vec<Incident>,
    /// The start-up of the first attempt that came to its first step.
    pub first_start: Option<StartUp>,
    /// Checkpoints written.
    pub checkpoints: u32,
    /// Bytes that all ranks put into all-reduces.
    pub bytes_reduced: u64,
    /// Ranks that were named as slow, each in its steps (`None`) or in a phase outside of them.
    pub slow: HashSet<(u32, Option<Phase>)>,
    /// CPU time of processes that are over, in nanoseconds.
    pub past_cpu_ns: u64,
}
