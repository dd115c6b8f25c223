//! Which ranks are silent, and which are stuck.
//!
//! A rank is *silent* when its process sends no messages. It is *stuck* when its process is alive,
//! its working thread makes no progress, and no rank is further behind: workers that wait for each
//! other all wait for the last one, so the last one is the cause.

use std::time::Duration;

use workbench_protocol::{PhaseName, Position};

use super::state::{Loss, RankState, Stall, WorkerHealth};
use crate::exit::ProcessExit;

/// Deadlines for messages and progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until the first message of a process: its libraries may be large, and not yet in the page
    /// cache.
    pub start: Duration,
    /// Between two heartbeats.
    pub silent: Duration,
    /// Between two signs of progress.
    pub stuck: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(30),
            silent: Duration::from_secs(2),
            stuck: Duration::from_secs(30),
        }
    }
}

/// Something that changed about a rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LivenessChange<P: PhaseName> {
    /// It sent no message within the deadline, or made no progress within the deadline and is at
    /// the last position, alone or with others.
    Stalled {
        /// The rank.
        rank: u32,
        /// Its last known position.
        position: Position<P>,
        /// [`Stall::Silent`] or [`Stall::Stuck`].
        stall: Stall,
        /// For how many seconds.
        for_s: f64,
    },
    /// It was silent or stuck and continues.
    Recovered {
        /// The rank.
        rank: u32,
        /// For how many seconds.
        after_s: f64,
    },
}

/// Tracks the ranks of one group.
#[derive(Debug, Clone)]
pub struct Liveness<P: PhaseName> {
    deadlines: Deadlines,
    ranks: Vec<Watched<P>>,
}

#[derive(Debug, Clone, Copy)]
struct Watched<P: PhaseName> {
    position: Position<P>,
    heard_ns: u64,
    /// When it last made progress.
    moved_ns: u64,
    /// It is known to be working, and is not reported as stuck before this time.
    excused_ns: u64,
    has_spoken: bool,
    stall: Option<Stall>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    NotYet,
    /// Its work has ended, its process has not.
    Finished {
        failed: bool,
    },
    /// Its process has ended. It may have reported before how its work ended.
    Exited {
        exit: ProcessExit,
        failed: Option<bool>,
        at_ns: u64,
    },
}

impl<P: PhaseName> Liveness<P> {
    /// Watches `world` ranks, whose processes start now.
    pub fn new(world: u32, deadlines: Deadlines, now_ns: u64) -> Self {
        let watched = Watched {
            position: Position::start(),
            heard_ns: now_ns,
            moved_ns: now_ns,
            excused_ns: 0,
            has_spoken: false,
            stall: None,
            end: End::NotYet,
        };
        Self {
            deadlines,
            ranks: vec![watched; world as usize],
        }
    }

    /// A message came from a rank. A heartbeat also carries its position, and for how many
    /// nanoseconds it has been there.
    pub fn receive(
        &mut self,
        rank: u32,
        now_ns: u64,
        heartbeat: Option<(Position<P>, u64)>,
    ) -> Option<LivenessChange<P>> {
        let watched = self.ranks.get_mut(rank as usize)?;
        let (heard_ns, moved_before_ns) = (watched.heard_ns, watched.moved_ns);
        watched.heard_ns = now_ns;
        watched.has_spoken = true;
        if let Some((position, since_ns)) = heartbeat {
            let moved_ns = now_ns.saturating_sub(since_ns);
            // The two clocks differ a little: no progress must not be taken for very little.
            if position != watched.position || moved_ns > watched.moved_ns.saturating_add(JITTER_NS)
            {
                watched.moved_ns = moved_ns.max(watched.moved_ns);
            }
            watched.position = position;
        }
        let since_ns = match watched.stall? {
            Stall::Stuck if watched.moved_ns > moved_before_ns => moved_before_ns,
            Stall::Stuck => return None,
            Stall::Silent | Stall::Stopped => heard_ns,
        };
        watched.stall = None;
        Some(LivenessChange::Recovered {
            rank,
            after_s: seconds_between(since_ns, now_ns),
        })
    }

    /// A rank's messages are left unread, so its silence means nothing.
    pub fn excuse(&mut self, rank: u32, now_ns: u64) {
        if let Some(watched) = self.ranks.get_mut(rank as usize) {
            watched.heard_ns = now_ns;
        }
    }

    /// The supervisor itself was held up for so long until now, in nanoseconds: that time counts
    /// for nobody.
    pub fn stood_still(&mut self, late_ns: u64, now_ns: u64) {
        for watched in &mut self.ranks {
            let later = |at_ns: u64| at_ns.saturating_add(late_ns).min(now_ns);
            watched.heard_ns = later(watched.heard_ns);
            watched.moved_ns = later(watched.moved_ns);
        }
    }

    /// A rank reported that its work has ended, or that it failed. Its process may have ended
    /// before this message is read.
    pub fn finish(&mut self, rank: u32, has_failed: bool) {
        if let Some(watched) = self.ranks.get_mut(rank as usize) {
            match &mut watched.end {
                End::Exited { failed, .. } => *failed = Some(has_failed),
                end => *end = End::Finished { failed: has_failed },
            }
        }
    }

    /// A rank's process has ended.
    pub fn exit(&mut self, rank: u32, exit: ProcessExit, at_ns: u64) {
        if let Some(watched) = self.ranks.get_mut(rank as usize) {
            let failed = match watched.end {
                End::Finished { failed } => Some(failed),
                End::NotYet | End::Exited { .. } => None,
            };
            watched.end = End::Exited {
                exit,
                failed,
                at_ns,
            };
        }
    }

    /// The changes until now. Each is returned once, and again only if it ends and recurs. A rank
    /// that makes no progress and `is_working`, as in one long step, is not stuck, and is checked
    /// again later.
    pub fn check(
        &mut self,
        now_ns: u64,
        mut is_working: impl FnMut(u32) -> bool,
    ) -> Vec<LivenessChange<P>> {
        let deadlines = self.deadlines;
        let mut changes = Vec::new();
        let mut stalled = |rank, watched: &mut Watched<P>, stall, since_ns| {
            watched.stall = Some(stall);
            changes.push(LivenessChange::Stalled {
                rank,
                position: watched.position,
                stall,
                for_s: seconds_between(since_ns, now_ns),
            });
        };
        for (rank, watched) in (0_u32..).zip(&mut self.ranks) {
            if watched.stall != Some(Stall::Silent) && watched.is_silent(&deadlines, now_ns) {
                stalled(rank, watched, Stall::Silent, watched.heard_ns);
            }
        }
        let last = self.stuck_progress();
        for (rank, watched) in (0_u32..).zip(&mut self.ranks) {
            let is_last = Some(watched.position.progress()) == last;
            if !is_last || watched.stall.is_some() || !watched.is_stuck(&deadlines, now_ns) {
                continue;
            }
            if is_working(rank) {
                watched.excused_ns = now_ns.saturating_add(ASK_AGAIN_NS);
            } else {
                stalled(rank, watched, Stall::Stuck, watched.moved_ns);
            }
        }
        changes
    }

    /// The next time at which [`check`](Self::check) may report a change, if no message comes until
    /// then.
    pub fn next_check_ns(&self) -> Option<u64> {
        let silences = self
            .ranks
            .iter()
            .filter(|watched| watched.is_running() && watched.stall != Some(Stall::Silent))
            .map(|watched| watched.silent_at_ns(&self.deadlines));
        let last = self.stuck_progress();
        let stuck = self
            .ranks
            .iter()
            .filter(|watched| watched.end == End::NotYet && watched.has_spoken)
            .filter(|watched| watched.stall.is_none())
            .filter(|watched| Some(watched.position.progress()) == last)
            .map(|watched| watched.stuck_at_ns(&self.deadlines));
        silences.chain(stuck).min()
    }

    /// How long ago a rank sent its last message, in nanoseconds.
    pub fn unheard_ns(&self, rank: u32, now_ns: u64) -> u64 {
        let watched = self.ranks.get(rank as usize);
        watched.map_or(0, |watched| now_ns.saturating_sub(watched.heard_ns))
    }

    /// The states of all ranks. `is_stopped` says whether a rank's process is stopped by a signal.
    pub fn states(&self, now_ns: u64, is_stopped: impl Fn(u32) -> bool) -> Vec<RankState<P>> {
        let last = self.last_progress();
        (0_u32..)
            .zip(&self.ranks)
            .map(|(rank, watched)| {
                let is_last = Some(watched.position.progress()) == last;
                let (health, since_ns) =
                    watched.health(&self.deadlines, (now_ns, is_last), || is_stopped(rank));
                RankState {
                    rank,
                    position: watched.position,
                    health,
                    for_s: seconds_between(since_ns, now_ns),
                }
            })
            .collect()
    }

    /// The position at which a rank without progress counts as stuck: the last one. None if some
    /// rank is lost or silent, because that explains why the others make no progress.
    fn stuck_progress(&self) -> Option<(u64, P)> {
        let is_explained = self
            .ranks
            .iter()
            .any(|watched| watched.stall == Some(Stall::Silent) || watched.is_lost());
        if is_explained {
            None
        } else {
            self.last_progress()
        }
    }

    /// The position of the last rank of those that still work.
    fn last_progress(&self) -> Option<(u64, P)> {
        self.ranks
            .iter()
            .filter(|watched| watched.end == End::NotYet)
            .map(|watched| watched.position.progress())
            .min()
    }
}

/// Time between two checks whether a rank without progress is working.
pub(crate) const ASK_AGAIN_NS: u64 = 2_000_000_000;

/// A stopped process sends no heartbeats, so the system is asked only about processes that have
/// sent none for this long.
const QUIET_NS: u64 = 400_000_000;

/// Two measurements of "how long ago" may differ by the delay of a message on a fully loaded
/// machine.
const JITTER_NS: u64 = 1_000_000_000;

impl<P: PhaseName> Watched<P> {
    /// Its health, and since when.
    fn health(
        &self,
        deadlines: &Deadlines,
        (now_ns, is_last): (u64, bool),
        is_stopped: impl Fn() -> bool,
    ) -> (WorkerHealth<P>, u64) {
        match self.end {
            End::Exited {
                failed: Some(false),
                at_ns,
                ..
            } => (WorkerHealth::Ended, at_ns),
            End::Exited {
                failed: Some(true),
                at_ns,
                ..
            } => (WorkerHealth::Lost(Loss::Failed), at_ns),
            End::Exited { exit, at_ns, .. } => (WorkerHealth::Lost(Loss::Exited(exit)), at_ns),
            End::Finished { failed: false } => (WorkerHealth::Ended, self.moved_ns),
            End::Finished { failed: true } => (WorkerHealth::Lost(Loss::Failed), self.moved_ns),
            End::NotYet if now_ns >= self.heard_ns.saturating_add(QUIET_NS) && is_stopped() => {
                (WorkerHealth::Stalled(Stall::Stopped), self.heard_ns)
            }
            End::NotYet if self.is_silent(deadlines, now_ns) => {
                (WorkerHealth::Stalled(Stall::Silent), self.heard_ns)
            }
            End::NotYet if is_last && self.is_stuck(deadlines, now_ns) => {
                (WorkerHealth::Stalled(Stall::Stuck), self.moved_ns)
            }
            End::NotYet if self.position.phase.is_waiting() => {
                (WorkerHealth::Waiting, self.moved_ns)
            }
            End::NotYet => (WorkerHealth::Working, self.moved_ns),
        }
    }

    fn is_running(&self) -> bool {
        !matches!(self.end, End::Exited { .. })
    }

    /// Whether its process ended before its work did.
    fn is_lost(&self) -> bool {
        matches!(self.end, End::Exited { failed: None, .. })
    }

    fn silent_at_ns(&self, deadlines: &Deadlines) -> u64 {
        let limit = if self.has_spoken {
            deadlines.silent
        } else {
            deadlines.start
        };
        self.heard_ns.saturating_add(nanoseconds(limit))
    }

    fn stuck_at_ns(&self, deadlines: &Deadlines) -> u64 {
        let at_ns = self.moved_ns.saturating_add(nanoseconds(deadlines.stuck));
        at_ns.max(self.excused_ns)
    }

    fn is_silent(&self, deadlines: &Deadlines, now_ns: u64) -> bool {
        self.is_running() && now_ns >= self.silent_at_ns(deadlines)
    }

    fn is_stuck(&self, deadlines: &Deadlines, now_ns: u64) -> bool {
        self.end == End::NotYet && self.has_spoken && now_ns >= self.stuck_at_ns(deadlines)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn seconds_between(from_ns: u64, to_ns: u64) -> f64 {
    workbench_clock::seconds(to_ns.saturating_sub(from_ns))
}
