//! Finds the root cause of several failures that occur at nearly the same time.
//!
//! When a rank ends, the others fail too, because they wait for it. The order in which failures are
//! reported is random.

use workbench_ddp_protocol::{
    FailureKind, FailureNotice, Fault, FromWorker, Phase, Place, Training,
};
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
    /// The rank reported it.
    Failed {
        /// What kind of failure.
        kind: FailureKind,
        /// Its own message.
        message: String,
    },
    /// It sent bytes that are no message.
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
    /// The others waited for it until their timeout.
    TooSlow {
        /// Its position.
        phase: Phase,
    },
}

/// The origin of a failure, in ascending order of how much it explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureOrigin {
    /// In the failure of another rank, most likely.
    Secondary,
    /// The ranks could not meet.
    Rendezvous,
    /// In the rank itself, and another attempt may succeed.
    Own,
    /// In the rank itself, and another attempt will fail too.
    Permanent,
}

impl FailureCause {
    /// Why a rank failed, if an event reports a failure. `finished` says whether the rank had
    /// reported before that its training has ended or failed.
    fn of(event: &EventKind<Training>, finished: bool) -> Option<Self> {
        Some(match event {
            EventKind::Message(FromWorker::Failed(FailureNotice { kind, message, .. })) => {
                Self::Failed {
                    kind: *kind,
                    message: message.clone(),
                }
            }
            EventKind::InvalidMessage { why } => Self::InvalidMessage { why: why.clone() },
            EventKind::Stalled { stall, for_s, .. } => Self::Stalled {
                stall: *stall,
                for_s: *for_s,
            },
            EventKind::Exited { exit, by } if !finished => match by {
                // Ended by this program, for a known reason.
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

    /// The origin of the failure.
    pub fn origin(&self) -> FailureOrigin {
        match self {
            Self::Failed { kind, .. } => match kind {
                FailureKind::Spec
                | FailureKind::Device
                | FailureKind::Data
                | FailureKind::Checkpoint => FailureOrigin::Permanent,
                FailureKind::Rendezvous => FailureOrigin::Rendezvous,
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

    /// Whether the rank could not report its own position.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Stalled { .. } | Self::Exited { .. })
    }
}

impl RankFailure {
    /// The failure of a rank, if an event reports one. `finished` says whether the rank had
    /// reported before that its training has ended or failed.
    pub fn of(event: &WorkerEvent<Training>, finished: bool) -> Option<Self> {
        Some(Self {
            rank: event.rank,
            at_ns: event.at_ns,
            cause: FailureCause::of(&event.kind, finished)?,
        })
    }

    /// Whether an injected fault explains it.
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

/// Collects failures until the root cause is known.
#[derive(Debug, Clone, Default)]
pub struct RootCause {
    gravest: Option<RankFailure>,
    failed: u32,
}

impl RootCause {
    /// Adds a failure.
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

    /// The root cause, once it is known: at once if a failure has its origin in its own rank;
    /// otherwise after a delay, or when all of `world` ranks have failed.
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
