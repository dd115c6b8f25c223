//! Who is to blame, of several ranks that fail within a moment of each other.
//!
//! When a rank dies, the others fail too, because they wait for it. Which of them is heard of first is chance.

use std::fmt;

use workbench_protocol::{FailureKind, Fault, FromWorker, Place};
use workbench_workers::{By, Ended, News};

/// How long to wait for a better explanation when a rank failed only because others did not answer.
pub const ECHO_WAIT_NS: u64 = 400_000_000;

/// What sort of trouble a rank has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// It failed because of another, most likely.
    Echo,
    /// The place to meet was not to be had.
    Meeting,
    /// Its own, and another attempt may do better.
    Own,
    /// Its own, and another attempt will do no better.
    Incurable,
}

/// The trouble of one rank.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// The rank.
    pub rank: u32,
    /// When it was noticed, on the run's clock.
    pub at_ns: u64,
    /// What sort.
    pub sort: Sort,
    /// The sort in a word, as the record has it: `death`, `silence`, `not finite`.
    pub word: &'static str,
    /// What was said of it, to follow on `rank 1 `; without the place, which the crew knows.
    pub text: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} {}", self.rank, self.text)
    }
}

/// What news mean for the training, if they mean trouble. `finished` tells whether the rank had said that its training is over or
/// has failed.
pub fn trouble(news: &News, finished: bool) -> Option<Trouble> {
    let (sort, word, text) = match news {
        News::Message {
            message: FromWorker::Failed { kind, message, .. },
            ..
        } => {
            let (sort, word) = judge(*kind);
            (sort, word, format!("failed: {message}"))
        }
        News::Nonsense { why, .. } => (
            Sort::Own,
            "nonsense",
            format!("sent what is no message: {why}"),
        ),
        News::Silent { for_s, stopped, .. } => {
            let how = if *stopped {
                "is stopped by a signal"
            } else {
                "stopped answering"
            };
            (Sort::Own, "silence", format!("{how}, for {for_s:.1} s"))
        }
        News::Stuck { for_s, .. } => (
            Sort::Own,
            "standstill",
            format!("is stuck, for {for_s:.1} s"),
        ),
        News::Exited { ended, by, .. } if !finished => ended_early(*ended, *by)?,
        _ => return None,
    };
    Some(Trouble {
        rank: news.rank(),
        at_ns: news.at_ns(),
        sort,
        word,
        text,
    })
}

fn judge(kind: FailureKind) -> (Sort, &'static str) {
    match kind {
        FailureKind::Spec => (Sort::Incurable, "request"),
        FailureKind::Device => (Sort::Incurable, "device"),
        FailureKind::Data => (Sort::Incurable, "data"),
        FailureKind::Rendezvous => (Sort::Meeting, "rendezvous"),
        FailureKind::Peer => (Sort::Echo, "peer"),
        FailureKind::NotFinite => (Sort::Own, "not finite"),
        FailureKind::OutOfMemory => (Sort::Own, "out of memory"),
        FailureKind::Checkpoint => (Sort::Incurable, "checkpoint"),
        FailureKind::Other => (Sort::Own, "failure"),
    }
}

fn ended_early(ended: Ended, by: By) -> Option<(Sort, &'static str, String)> {
    let sort = match (by, ended) {
        // Ended by this program, which knows why.
        (By::Owner | By::Grace | By::Dropped | By::Nonsense, _) => return None,
        // What libtorch does when a collective fails in a thread of its own.
        (By::Itself, Ended::Signal { number: ABORT, .. }) => Sort::Echo,
        _ => Sort::Own,
    };
    let text = match by {
        By::Outside => format!("{ended}, {by}"),
        _ => format!("{ended}, before its training was over"),
    };
    Some((sort, "death", text))
}

const ABORT: i32 = 6;

impl Trouble {
    /// Whether the rank could not say itself where it was.
    pub fn is_mute(&self) -> bool {
        matches!(self.word, "death" | "silence" | "standstill")
    }
}

/// Whether a fault that was asked for explains a trouble at some step.
pub fn explains(fault: &Fault, trouble: &Trouble) -> bool {
    let is_of_all = matches!(fault, Fault::Nan { .. }) && fault.place() == Place::AllReduce;
    (fault.rank() == trouble.rank || is_of_all)
        && matches!(
            (fault, trouble.word),
            (Fault::Kill { .. }, "death")
                | (Fault::Stall { .. }, "silence" | "standstill")
                | (Fault::Slow { .. }, "slowness")
                | (Fault::Nan { .. }, "not finite")
                | (Fault::Oom { .. }, "out of memory" | "death")
        )
}

/// Collects troubles until it is clear whose comes first.
#[derive(Debug, Clone, Default)]
pub struct Blame {
    worst: Option<Trouble>,
    failed: u32,
}

impl Blame {
    /// Takes in a trouble.
    pub fn hear(&mut self, trouble: Trouble) {
        self.failed += 1;
        let worse = self
            .worst
            .as_ref()
            .is_none_or(|known| trouble.sort > known.sort);
        if worse {
            self.worst = Some(trouble);
        }
    }

    /// Who is to blame, as soon as that is clear: at once when a rank has trouble of its own, and after a while, or when all of
    /// `world` ranks have failed, when none has.
    pub fn verdict(&self, now_ns: u64, world: u32) -> Option<&Trouble> {
        let worst = self.worst.as_ref()?;
        let clear = worst.sort >= Sort::Own
            || self.failed >= world
            || now_ns >= worst.at_ns.saturating_add(ECHO_WAIT_NS);
        clear.then_some(worst)
    }
}

#[cfg(test)]
#[path = "blame_tests.rs"]
mod tests;
