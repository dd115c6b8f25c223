//! The slots of a repeat that tell how they stand: the recorded state of each, with what its steps
//! have consisted of lately, and what is out of the ordinary about it.

use workbench_clock::seconds;
use workbench_experiment::lab::{Health, SlotState};
use workbench_record::SlotTrack;
use workbench_report::format;

use super::snapshot_view::SnapshotView;
use crate::kit::safe;
use crate::kit::stack::per_step;
use crate::model::names::arm_on_workers;

/// For how long a slot must have done no step before the time is shown, in nanoseconds.
const STILL_NS: u64 = 1_000_000_000;

/// What is out of the ordinary about a slot, as the record has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SlotMark {
    /// So many times the work time of the fastest slot.
    Slow(f64),
    /// It makes no progress; no step for so many nanoseconds.
    Stalled(u64),
    /// The others wait for it, outside of steps.
    Late,
    /// It takes part no longer.
    Lost,
}

/// A slot as it is shown.
#[derive(Debug, Clone)]
pub struct SlotShown {
    /// Its latest state; its parts are time per step over the steps that it has.
    pub state: SlotState,
    /// The step that it did last; `None` while it has done none.
    pub at_step: Option<u64>,
    /// What is out of the ordinary.
    pub mark: Option<SlotMark>,
}

impl SlotShown {
    fn new(track: &SlotTrack, over: bool) -> Option<Self> {
        let whole = track.now()?;
        let attempt = track.attempt()?;
        let is_lost = whole.health == Health::Lost;
        let begun = over || attempt.steps > 0 || is_lost;
        let lately = track.lately().filter(|lately| lately.steps > 0);
        let (parts, steps) = match lately {
            _ if over => (whole.parts.clone(), whole.steps),
            _ if is_lost => (Vec::new(), 0),
            lately => {
                let shown = lately.unwrap_or(attempt);
                (shown.parts, shown.steps)
            }
        };
        Some(Self {
            at_step: begun.then_some(whole.at_step),
            mark: mark(track, whole, over),
            state: SlotState {
                parts: per_step(&parts, steps),
                steps,
                ..whole.clone()
            },
        })
    }

    /// Whether it takes part.
    pub fn is_there(&self) -> bool {
        !matches!(self.state.health, Health::Lost | Health::Ended)
    }

    /// What it says that it does.
    pub fn word(&self) -> String {
        safe(&self.state.doing)
    }

    /// What is out of the ordinary, beside what it does.
    pub fn remark(&self) -> String {
        match self.mark {
            Some(SlotMark::Stalled(ns)) if ns >= STILL_NS => {
                format!("no step for {}", format::stretch(seconds(ns).floor()))
            }
            Some(SlotMark::Slow(times)) => format!("{times:.1}× the work"),
            Some(SlotMark::Late) => "the others wait".to_owned(),
            Some(_) => self.word(),
            None => String::new(),
        }
    }

    /// The same where nothing stands beside it.
    pub fn trouble(&self) -> String {
        match self.mark {
            Some(SlotMark::Stalled(ns)) if ns >= STILL_NS => {
                format!("{}, {}", self.word(), self.remark())
            }
            Some(SlotMark::Late) => format!("slow in {}", self.word()),
            _ => self.remark(),
        }
    }
}

fn mark(track: &SlotTrack, state: &SlotState, over: bool) -> Option<SlotMark> {
    match state.health {
        Health::Lost => Some(SlotMark::Lost),
        _ if over => None,
        Health::Stalled => Some(SlotMark::Stalled(track.still_ns())),
        Health::Slow => Some(state.slow_factor.map_or(SlotMark::Late, SlotMark::Slow)),
        Health::Working | Health::Waiting | Health::Ended => None,
    }
}

/// The slots of the repeat that is shown.
#[derive(Debug, Default)]
pub struct SlotsShown {
    /// What a slot is called.
    pub word: String,
    /// The arm, on its workers.
    pub arm: String,
    /// Whether the repeat is over.
    pub over: bool,
    /// Those that tell how they stand.
    pub all: Vec<SlotShown>,
}

impl SlotsShown {
    /// Reads the slots out of the record.
    pub fn of(run: &SnapshotView<'_>) -> Self {
        let Some(repeat) = run.repeat() else {
            return Self::default();
        };
        let word = run.started().map(|started| started.lab_facts.slot_word());
        let over = repeat.finished.is_some();
        let slots = repeat.slots.values();
        Self {
            word: safe(word.unwrap_or_default()),
            arm: arm_on_workers(&repeat.id.arm, repeat.id.workers),
            over,
            all: slots
                .filter_map(|track| SlotShown::new(track, over))
                .collect(),
        }
    }
}
