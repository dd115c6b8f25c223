//! Who is silent, who is stuck: a state machine without clocks and processes, fed with what was heard and when.
//!
//! A rank is *silent* when nothing is heard from its process. It is *stuck* when its process lives, its training thread
//! does not get on, and no rank is further behind: in data-parallel training every rank waits for the last one, so it is
//! the last one that is to blame and not those that wait.

use std::time::Duration;

use workbench_protocol::Phase;

use super::diagnose::{Condition, RankState};
use super::news::Ended;

/// How long is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For the first message of a process: libtorch is large, and its disk may be cold.
    pub start: Duration,
    /// Between two signs of life.
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

/// Where a training thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its phase.
    pub phase: Phase,
    /// Its step.
    pub step: u64,
}

impl Place {
    /// Orders places by how far a training got. Phases of the start-up are before the first step, whatever step they name.
    pub(super) fn progress(self) -> (u64, Phase) {
        if self.phase < Phase::Data {
            (0, self.phase)
        } else {
            (self.step, self.phase)
        }
    }
}

/// Something that changed about a rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Alarm {
    /// Nothing was heard from it for so many seconds.
    Silent {
        /// The rank.
        rank: u32,
        /// Where it was last.
        place: Place,
        /// For how long.
        for_s: f64,
    },
    /// It did not get on for so many seconds, and is the last or shares the last place.
    Stuck {
        /// The rank.
        rank: u32,
        /// Where it is.
        place: Place,
        /// For how long.
        for_s: f64,
    },
    /// It was silent or stuck, for so many seconds.
    Recovered {
        /// The rank.
        rank: u32,
        /// For how long.
        after_s: f64,
    },
}

/// Watches over the ranks of one crew.
#[derive(Debug, Clone)]
pub struct Watchdog {
    deadlines: Deadlines,
    ranks: Vec<Watched>,
}

#[derive(Debug, Clone, Copy)]
struct Watched {
    place: Place,
    heard_ns: u64,
    /// When it last got on.
    moved_ns: u64,
    /// It is known to be working, and is not called stuck before this.
    excused_ns: u64,
    spoke: bool,
    raised: Raised,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Raised {
    Nothing,
    Silent,
    Stuck,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    NotYet,
    /// Its training is over, its process not yet.
    Finished,
    Ended {
        ended: Ended,
        finished: bool,
        at_ns: u64,
    },
}

impl Watchdog {
    /// Watches `world` ranks, whose processes start now.
    pub fn new(world: u32, deadlines: Deadlines, now_ns: u64) -> Self {
        let watched = Watched {
            place: Place {
                phase: Phase::Starting,
                step: 0,
            },
            heard_ns: now_ns,
            moved_ns: now_ns,
            excused_ns: 0,
            spoke: false,
            raised: Raised::Nothing,
            end: End::NotYet,
        };
        Self {
            deadlines,
            ranks: vec![watched; world as usize],
        }
    }

    /// A message came from a rank. A beat also tells where it is, and for how many nanoseconds it has been there.
    pub fn hear(&mut self, rank: u32, now_ns: u64, beat: Option<(Place, u64)>) -> Option<Alarm> {
        let watched = self.ranks.get_mut(rank as usize)?;
        let (heard_ns, moved_before_ns) = (watched.heard_ns, watched.moved_ns);
        watched.heard_ns = now_ns;
        watched.spoke = true;
        if let Some((place, since_ns)) = beat {
            let moved_ns = now_ns.saturating_sub(since_ns);
            // The two clocks do not tick together: standing still must not look like the smallest of progress.
            if place != watched.place || moved_ns > watched.moved_ns.saturating_add(JITTER_NS) {
                watched.moved_ns = moved_ns.max(watched.moved_ns);
            }
            watched.place = place;
        }
        let since_ns = match watched.raised {
            Raised::Silent => heard_ns,
            Raised::Stuck if watched.moved_ns > moved_before_ns => moved_before_ns,
            Raised::Nothing | Raised::Stuck => return None,
        };
        watched.raised = Raised::Nothing;
        Some(Alarm::Recovered {
            rank,
            after_s: seconds_between(since_ns, now_ns),
        })
    }

    /// A rank is not being listened to, so its silence means nothing.
    pub fn excuse(&mut self, rank: u32, now_ns: u64) {
        if let Some(watched) = self.ranks.get_mut(rank as usize) {
            watched.heard_ns = now_ns;
        }
    }

    /// A rank said that its training is over. Its process may be over sooner than its words are read.
    pub fn finish(&mut self, rank: u32) {
        if let Some(watched) = self.ranks.get_mut(rank as usize) {
            match &mut watched.end {
                End::Ended { finished, .. } => *finished = true,
                end => *end = End::Finished,
            }
        }
    }

    /// A rank's process is over.
    pub fn end(&mut self, rank: u32, ended: Ended, at_ns: u64) {
        if let Some(watched) = self.ranks.get_mut(rank as usize) {
            let finished = watched.end == End::Finished;
            watched.end = End::Ended {
                ended,
                finished,
                at_ns,
            };
        }
    }

    /// What is to be said now. Everything is said once, until it is over and happens again. Who does not get on and `is_working`, as
    /// in one long step, is not stuck, and asked about again after a while.
    pub fn check(&mut self, now_ns: u64, mut is_working: impl FnMut(u32) -> bool) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for (rank, watched) in (0_u32..).zip(&mut self.ranks) {
            if watched.raised != Raised::Silent && watched.is_silent(&self.deadlines, now_ns) {
                watched.raised = Raised::Silent;
                alarms.push(Alarm::Silent {
                    rank,
                    place: watched.place,
                    for_s: seconds_between(watched.heard_ns, now_ns),
                });
            }
        }
        let Some(last) = self.blamed_progress() else {
            return alarms;
        };
        for (rank, watched) in (0_u32..).zip(&mut self.ranks) {
            if watched.raised == Raised::Nothing
                && watched.place.progress() == last
                && watched.is_stuck(&self.deadlines, now_ns)
            {
                if is_working(rank) {
                    watched.excused_ns = now_ns.saturating_add(ASK_AGAIN_NS);
                    continue;
                }
                watched.raised = Raised::Stuck;
                alarms.push(Alarm::Stuck {
                    rank,
                    place: watched.place,
                    for_s: seconds_between(watched.moved_ns, now_ns),
                });
            }
        }
        alarms
    }

    /// The next moment at which [`check`](Self::check) may have something to say, if nothing is heard until then.
    pub fn next_check_ns(&self) -> Option<u64> {
        let silences = self
            .ranks
            .iter()
            .filter(|watched| watched.is_running() && watched.raised != Raised::Silent)
            .map(|watched| watched.silent_at_ns(&self.deadlines));
        let blamed = self.blamed_progress();
        let stops = self
            .ranks
            .iter()
            .filter(|watched| watched.end == End::NotYet && watched.spoke)
            .filter(|watched| watched.raised == Raised::Nothing)
            .filter(|watched| Some(watched.place.progress()) == blamed)
            .map(|watched| watched.stuck_at_ns(&self.deadlines));
        silences.chain(stops).min()
    }

    /// How the ranks are. `is_stopped` tells of a silent rank whether its process is stopped.
    pub fn states(&self, now_ns: u64, is_stopped: impl Fn(u32) -> bool) -> Vec<RankState> {
        let last = self.last_progress();
        (0_u32..)
            .zip(&self.ranks)
            .map(|(rank, watched)| {
                let (condition, since_ns) = match watched.end {
                    End::Ended {
                        finished: true,
                        at_ns,
                        ended,
                    } if ended.is_success() => (Condition::Finished, at_ns),
                    End::Ended { ended, at_ns, .. } => (Condition::Ended(ended), at_ns),
                    _ if watched.is_silent(&self.deadlines, now_ns) => {
                        let condition = if is_stopped(rank) {
                            Condition::Stopped
                        } else {
                            Condition::Silent
                        };
                        (condition, watched.heard_ns)
                    }
                    End::Finished => (Condition::Finished, watched.moved_ns),
                    End::NotYet
                        if Some(watched.place.progress()) == last
                            && watched.is_stuck(&self.deadlines, now_ns) =>
                    {
                        (Condition::Stuck, watched.moved_ns)
                    }
                    End::NotYet => (Condition::Working, watched.moved_ns),
                };
                RankState {
                    rank,
                    phase: watched.place.phase,
                    step: watched.place.step,
                    condition,
                    for_s: seconds_between(since_ns, now_ns),
                }
            })
            .collect()
    }

    /// The place at which standing still is blamed: the last, unless somebody is gone or silent, which gives the others a
    /// reason to stand still.
    fn blamed_progress(&self) -> Option<(u64, Phase)> {
        let excused = self
            .ranks
            .iter()
            .any(|watched| watched.raised == Raised::Silent || watched.is_lost());
        if excused { None } else { self.last_progress() }
    }

    /// The place of the rank that is furthest behind, of those that still train.
    fn last_progress(&self) -> Option<(u64, Phase)> {
        self.ranks
            .iter()
            .filter(|watched| watched.end == End::NotYet)
            .map(|watched| watched.place.progress())
            .min()
    }
}

/// Time between two looks at whether somebody works who does not get on.
pub(super) const ASK_AGAIN_NS: u64 = 2_000_000_000;

/// Two readings of "how long ago" differ by what a message takes to arrive, on a machine that is fully loaded.
const JITTER_NS: u64 = 1_000_000_000;

impl Watched {
    fn is_running(&self) -> bool {
        !matches!(self.end, End::Ended { .. })
    }

    /// Whether its process ended before its training.
    fn is_lost(&self) -> bool {
        matches!(
            self.end,
            End::Ended {
                finished: false,
                ..
            }
        )
    }

    fn silent_at_ns(&self, deadlines: &Deadlines) -> u64 {
        let limit = if self.spoke {
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
        self.end == End::NotYet && self.spoke && now_ns >= self.stuck_at_ns(deadlines)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn seconds_between(from_ns: u64, to_ns: u64) -> f64 {
    workbench_clock::seconds(to_ns.saturating_sub(from_ns))
}
