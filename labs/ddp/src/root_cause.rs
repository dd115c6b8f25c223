//! The root cause, of several ranks that fail within a moment of each other.
//!
//! When a rank dies, the others fail too, because they wait for it. Which of them is heard of first
//! is chance.

use workbench_ddp_protocol::{Failure, FailureKind, Fault, FromWorker, Phase, Place, Training};
use workbench_workers::{EndedBy, EventKind, ProcessExit, Stall, WorkerEvent};

/// How long to wait for a better explanation when a rank failed only because others did not answer.
pub const SECONDARY_WAIT_NS: u64 = 400_000_000;

/// The failure of one rank.
#[derive(Debug, Clone, PartialEq)]
pub struct RankFailure {
    /// The rank.
    pub rank: u32,
    /// When it was noticed, on the run's clock.
    pub at_ns: u64,
    /// Why.
    pub cause: FailureCause,
}

/// Why a rank failed.
#[derive(Debug, Clone, PartialEq)]
pub enum FailureCause {
    /// It said so itself.
    Failed {
        /// What kind of failure.
        kind: FailureKind,
        /// In its own words.
        message: String,
    },
    /// It sent what is no message.
    InvalidMessage {
        /// What was wrong with it.
        why: String,
    },
    /// It does not answer, or makes no progress.
    Stalled {
        /// How.
        stall: Stall,
        /// For how many seconds.
        for_s: f64,
    },
    /// Its process ended before its training.
    Exited {
        /// How.
        exit: ProcessExit,
        /// Who ended it.
        by: EndedBy,
    },
    /// The others waited for it until they gave up.
    TooSlow {
        /// Where it was.
        phase: Phase,
    },
}

/// Where a failure has its origin, in ascending order of how much it explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureOrigin {
    /// In the failure of another rank, most likely.
    Secondary,
    /// The ranks could not meet.
    Rendezvous,
    /// In the rank itself, and another attempt may do better.
    Own,
    /// In the rank itself, and another attempt will do no better.
    Permanent,
}

impl FailureCause {
    /// Why a rank fails, where an event says that it does. `finished` tells whether the rank had
    /// said that its training is over or has failed.
    fn of(event: &EventKind<Training>, finished: bool) -> Option<Self> {
        Some(match event {
            EventKind::Message(FromWorker::Failed(Failure { kind, message, .. })) => Self::Failed {
                kind: *kind,
                message: message.clone(),
            },
            EventKind::InvalidMessage { why } => Self::InvalidMessage { why: why.clone() },
            EventKind::Stalled { stall, for_s, .. } => Self::Stalled {
                stall: *stall,
                for_s: *for_s,
            },
            EventKind::Exited { exit, by } if !finished => match by {
                // Ended by this program, which knows why.
                EndedBy::Owner
                | EndedBy::GracePeriod
                | EndedBy::Dropped
                | EndedBy::InvalidMessage => return None,
                EndedBy::Itself | EndedBy::Outside => Self::Exited {
                    exit: *exit,
                    by: *by,
                },
            },
            _ => return None,
        })
    }

    /// Where the failure has its origin.
    pub fn origin(&self) -> FailureOrigin {
        match self {
            Self::Failed { kind, .. } => match kind {
                FailureKind::Spec
                | FailureKind::Device
                | FailureKind::Data
                | FailureKind::Checkpoint => FailureOrigin::Permanent,
                FailureKind::Rendezvous | FailureKind::AddressInUse => FailureOrigin::Rendezvous,
                FailureKind::Peer => FailureOrigin::Secondary,
                FailureKind::NotFinite | FailureKind::OutOfMemory | FailureKind::Other => {
                    FailureOrigin::Own
                }
            },
            // What libtorch does when a collective fails in a thread of its own.
            Self::Exited {
                exit,
                by: EndedBy::Itself,
            } if exit.is_abort() => FailureOrigin::Secondary,
            Self::InvalidMessage { .. }
            | Self::Stalled { .. }
            | Self::Exited { .. }
            | Self::TooSlow { .. } => FailureOrigin::Own,
        }
    }

    /// Whether the rank could not say itself where it was.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Stalled { .. } | Self::Exited { .. })
    }

    /// Whether another process serves at the port where the ranks were to meet.
    pub fn is_address_in_use(&self) -> bool {
        matches!(
            self,
            Self::Failed {
                kind: FailureKind::AddressInUse,
                ..
            }
        )
    }
}

impl RankFailure {
    /// The failure of a rank, where an event tells of one. `finished` tells whether the rank had
    /// said that its training is over or has failed.
    pub fn of(event: &WorkerEvent<Training>, finished: bool) -> Option<Self> {
        Some(Self {
            rank: event.rank,
            at_ns: event.at_ns,
            cause: FailureCause::of(&event.kind, finished)?,
        })
    }

    /// Whether a fault that was asked for explains it.
    pub fn is_explained_by(&self, fault: &Fault) -> bool {
        let is_of_all = matches!(fault, Fault::Nan { .. }) && fault.place() == Place::AllReduce;
        (fault.rank() == self.rank || is_of_all)
            && match (fault, &self.cause) {
                (Fault::Kill { .. } | Fault::Oom { .. }, FailureCause::Exited { .. })
                | (Fault::Stall { .. }, FailureCause::Stalled { .. })
                | (Fault::Slow { .. }, FailureCause::TooSlow { .. }) => true,
                (Fault::Nan { .. }, FailureCause::Failed { kind, .. }) => {
                    *kind == FailureKind::NotFinite
                }
                (Fault::Oom { .. }, FailureCause::Failed { kind, .. }) => {
                    *kind == FailureKind::OutOfMemory
                }
                _ => false,
            }
    }
}

/// Collects failures until it is clear which one explains the others.
#[derive(Debug, Clone, Default)]
pub struct RootCause {
    gravest: Option<RankFailure>,
    failed: u32,
}

impl RootCause {
    /// Takes in a failure.
    pub fn add(&mut self, failure: RankFailure) {
        self.failed += 1;
        let is_graver = self
            .gravest
            .as_ref()
            .is_none_or(|known| failure.cause.origin() > known.cause.origin());
        if is_graver {
            self.gravest = Some(failure);
        }
    }

    /// The root cause, as soon as that is clear: at once when a failure has its origin in its own
    /// rank, and after a while, or when all of `world` ranks have failed, when none has.
    pub fn verdict(&self, now_ns: u64, world: u32) -> Option<&RankFailure> {
        let gravest = self.gravest.as_ref()?;
        let is_clear = gravest.cause.origin() >= FailureOrigin::Own
            || self.failed >= world
            || now_ns >= gravest.at_ns.saturating_add(SECONDARY_WAIT_NS);
        is_clear.then_some(gravest)
    }
}

#[cfg(test)]
#[path = "root_cause_tests.rs"]
mod tests;
