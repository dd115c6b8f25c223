//! The ranks of a repeat: the step that each did last, what it is doing, its figures, and what its
//! steps have consisted of lately.

use workbench_clock::seconds;
use workbench_experiment::lab::{Figure, Health, Part, SlotState};
use workbench_record::SlotTrack;

use super::snapshot_view::SnapshotView;
use crate::kit::safe;
use crate::kit::stack::per_step;
use crate::model::names::arm_on_workers;

/// For how long a rank must have done no step before the time is shown, in nanoseconds.
const STILL_NS: u64 = 1_000_000_000;

/// What is out of the ordinary about a rank, as the record has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// So many times the work time of the fastest rank.
    Slow(f64),
    /// It makes no progress; no step for so many nanoseconds.
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
            waits: whole.health == Health::Waiting,
            mark: mark(track, whole, over),
        })
    }

    /// Whether it takes part.
    pub fn is_there(&self) -> bool {
        !matches!(self.health, Health::Lost | Health::Ended)
    }

    /// What it says that it does.
    pub fn word(&self) -> String {
        safe(&self.doing)
    }

    /// What is out of the ordinary, beside what it does.
    pub fn remark(&self) -> String {
        match self.mark {
            Some(Mark::Stopped(ns)) if ns >= STILL_NS => {
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
}

fn mark(track: &SlotTrack, state: &SlotState, over: bool) -> Option<Mark> {
    match state.health {
        Health::Lost => Some(Mark::Gone),
        _ if over => None,
        Health::Stalled => Some(Mark::Stopped(track.still_ns())),
        Health::Slow => Some(state.slow_factor.map_or(Mark::Late, Mark::Slow)),
        Health::Working | Health::Waiting | Health::Ended => None,
    }
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
        self.arm = arm_on_workers(&shown.id.arm, shown.id.workers);
        self.over = shown.finished.is_some();
        let slots = shown.slots.values();
        self.all = slots
            .filter_map(|track| Rank::new(track, self.over))
            .collect();
    }
}
