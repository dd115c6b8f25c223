//! The ranks of a repeat: the step that each did last, what it is doing, its figures, and what its
//! steps have consisted of lately.

use workbench_clock::seconds;
use workbench_experiment::lab::{Figure, Health, Part, SlotState};
use workbench_record::{RepeatState, SlotTrack};

use super::snapshot_view::SnapshotView;
use crate::kit::safe;
use crate::kit::stack::{per_step, total_ns};
use crate::model::names::arm_on_workers;

/// A rank stands still when it has done no step for so long, and for so many steps.
const STILL_NS: u64 = 1_000_000_000;
const STILL_STEPS: f64 = 4.0;
/// A rank is slow when its work on a step takes so many times the median of the others.
const SLOW: f64 = 1.5;
/// Steps that such a judgement needs.
const JUDGED: u64 = 3;
/// A rank of which nothing was heard for so long when others were is no longer there, also where
/// nobody says so.
const GONE_NS: u64 = 1_000_000_000;
/// What is out of the ordinary about a rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// No step for so many nanoseconds.
    Still(u64),
    /// So many times the work time of the others.
    Slow(f64),
    /// It stands still for what it says in place of what it does; no step for so many nanoseconds.
    Stopped(u64),
    /// The others wait for it, outside of steps.
    Late,
    /// It takes part no longer.
    Gone,
}

/// A rank as it is drawn.
#[derive(Debug, Clone)]
pub struct Rank {
    pub slot: u32,
    /// `None` while it has done none.
    pub at_step: Option<u64>,
    doing: String,
    health: Health,
    pub figures: Vec<Figure>,
    /// Time per step, in nanoseconds.
    pub parts: Vec<Part>,
    /// Steps that the parts are a mean of.
    pub steps: u64,
    /// Whether its first steps are not among them.
    warm: bool,
    still_ns: u64,
    heard_ns: u64,
    /// Whether it waits for others.
    pub waits: bool,
    pub mark: Option<Mark>,
}

impl Rank {
    fn new(track: &SlotTrack, over: bool) -> Option<Self> {
        let whole = track.now()?;
        let attempt = track.attempt()?;
        let lately = track.lately().filter(|lately| lately.steps > 0);
        let shown = match lately {
            _ if over => whole.clone(),
            _ if whole.health == Health::Lost => SlotState::default(),
            Some(lately) => lately,
            None => attempt.clone(),
        };
        let begun = over || attempt.steps > 0 || whole.health == Health::Lost;
        Some(Self {
            slot: whole.slot,
            at_step: begun.then_some(whole.at_step),
            doing: whole.doing.clone(),
            health: whole.health,
            figures: whole.figures.clone(),
            parts: per_step(&shown.parts, shown.steps),
            steps: shown.steps,
            // Over a whole repeat, ranks that were started anew did different steps.
            warm: if over {
                whole.attempt == 0
            } else {
                track.is_warm()
            },
            still_ns: if is_still(track, &attempt) {
                track.still_ns()
            } else {
                0
            },
            heard_ns: track.heard_ns(),
            waits: waits(whole),
            mark: None,
        })
    }

    /// Whether it takes part.
    pub fn is_there(&self) -> bool {
        !matches!(self.health, Health::Lost | Health::Ended) && self.mark != Some(Mark::Gone)
    }

    fn is_judged(&self) -> bool {
        self.warm && self.steps >= JUDGED
    }

    /// What it says that it does; nothing better is known of one that is not there.
    pub fn word(&self) -> String {
        match self.mark {
            Some(Mark::Gone) if self.health != Health::Lost => "gone".to_owned(),
            _ => safe(&self.doing),
        }
    }

    /// What is out of the ordinary, beside what it does.
    pub fn remark(&self) -> String {
        match self.mark {
            Some(Mark::Still(ns) | Mark::Stopped(ns)) if ns >= STILL_NS => {
                format!("no step for {:.0} s", seconds(ns).floor())
            }
            Some(Mark::Slow(times)) => format!("{times:.1}× the work"),
            Some(Mark::Late) => "the others wait".to_owned(),
            Some(_) => self.word(),
            None => String::new(),
        }
    }

    /// The same where nothing stands beside it.
    pub fn trouble(&self) -> String {
        match self.mark {
            Some(Mark::Stopped(ns)) if ns >= STILL_NS => {
                format!("{}, {}", self.word(), self.remark())
            }
            Some(Mark::Late) => format!("slow in {}", self.word()),
            _ => self.remark(),
        }
    }

    fn work_ns(&self) -> f64 {
        let work = self.parts.iter().filter(|part| !part.waits);
        work.map(|part| part.ns as f64).sum()
    }

    fn is_in_step(&self) -> bool {
        self.parts.iter().any(|part| part.name == self.doing)
    }
}

fn is_still(track: &SlotTrack, attempt: &SlotState) -> bool {
    let step_ns = total_ns(&attempt.parts) / attempt.steps.max(1) as f64;
    let still_ns = track.still_ns();
    attempt.steps > 0 && still_ns >= STILL_NS && still_ns as f64 >= STILL_STEPS * step_ns
}

/// Whether it says that it waits, or what it does is a part of its steps in which it does.
fn waits(state: &SlotState) -> bool {
    let in_wait = |part: &Part| part.waits && part.name.starts_with(&state.doing);
    let named = !state.doing.is_empty() && state.parts.iter().any(in_wait);
    state.health == Health::Waiting || named
}

/// The ranks: a frozen picture goes on showing them as they were.
#[derive(Debug, Default)]
pub struct Ranks {
    /// What a slot is called.
    pub word: String,
    pub arm: String,
    pub over: bool,
    pub all: Vec<Rank>,
}

impl Ranks {
    /// Looks at the ranks of the repeat that is shown.
    pub fn update(&mut self, run: &SnapshotView<'_>) {
        *self = Self::default();
        let Some(shown) = run.repeat() else {
            return;
        };
        let word = run.started().map(|started| started.lab_facts.slot_word());
        self.word = safe(word.unwrap_or_default());
        self.arm = arm_on_workers(&shown.state.id.arm, shown.state.id.workers);
        self.over = shown.finished.is_some();
        self.all = ranks(shown.state, self.over);
    }
}

fn ranks(repeat: &RepeatState, over: bool) -> Vec<Rank> {
    let mut ranks: Vec<Rank> = repeat
        .slots
        .values()
        .filter_map(|track| Rank::new(track, over))
        .collect();
    let heard_ns = ranks.iter().map(|rank| rank.heard_ns).max().unwrap_or(0);
    let marks: Vec<Option<Mark>> = ranks
        .iter()
        .map(|rank| mark(rank, &ranks, (heard_ns, over)))
        .collect();
    for (rank, mark) in ranks.iter_mut().zip(marks) {
        rank.mark = mark;
    }
    ranks
}

fn mark(rank: &Rank, all: &[Rank], (heard_ns, over): (u64, bool)) -> Option<Mark> {
    match rank.health {
        Health::Lost => return Some(Mark::Gone),
        _ if rank.heard_ns + GONE_NS < heard_ns => return Some(Mark::Gone),
        Health::Stalled if !over => return Some(Mark::Stopped(rank.still_ns)),
        Health::Slow if !over => return Some(Mark::Late),
        Health::Ended if !over => return None,
        _ => {}
    }
    let others = || all.iter().filter(|other| other.slot != rank.slot);
    let held_up = || others().any(|other| other.waits || other.still_ns == 0);
    if !over && rank.still_ns > 0 && !rank.waits && rank.is_in_step() && held_up() {
        return Some(Mark::Still(rank.still_ns));
    }
    let mut work: Vec<f64> = others()
        .filter(|other| other.is_judged())
        .map(Rank::work_ns)
        .collect();
    work.sort_by(f64::total_cmp);
    let median = *work.get(work.len().checked_sub(1)? / 2)?;
    let times = rank.work_ns() / median;
    (rank.is_judged() && times.is_finite() && times >= SLOW).then_some(Mark::Slow(times))
}
