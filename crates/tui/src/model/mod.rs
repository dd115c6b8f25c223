//! What the views show beyond the record itself: folds and estimates, updated as events arrive.
//!
//! Belongs here: everything that is worked out over samples, tasks, points and finished repeats, so
//! that drawing only reads. Only what is new is looked at. Does not belong here: where and how
//! anything is drawn, and what people chose to look at.

pub mod curves;
pub mod ended;
pub mod estimate;
pub mod history;
pub mod items;
pub mod log;
pub mod names;
pub mod past;
pub mod series;
pub mod slots;
pub mod smoothing;
pub mod snapshot_view;
pub mod state;
pub mod timeline;

use workbench_record::Finding;

use ended::EndedRepeats;
use estimate::Estimate;
use history::{History, Whole};
use items::RepeatItems;
use log::RunLog;
use past::PastRepeats;
use snapshot_view::SnapshotView;
use timeline::SlotTimeline;
use workbench_history::outlook::Ahead;

/// What is worked out of a run under way.
#[derive(Debug, Default)]
pub struct RunModel {
    /// The result as of the repeats that have finished.
    pub estimate: Estimate,
    /// The repeats that are over.
    pub past: PastRepeats,
    /// The last finished repeat of each arm.
    pub ended: EndedRepeats,
    /// How far the run is.
    pub ahead: Ahead,
    /// What happened and what was printed.
    pub log: RunLog,
    /// The recent past of cores and GPUs.
    pub history: History,
    /// The tasks of the repeat that is shown, by slot.
    pub timeline: SlotTimeline,
    /// The items of the repeat that is shown, where they have a life of their own.
    pub items: RepeatItems,
}

impl RunModel {
    /// Takes in what is new in the run as a whole.
    pub fn update_run(&mut self, run: &SnapshotView<'_>) {
        if let Some(started) = run.started() {
            let repeats = &run.snapshot.repeats;
            self.past.update(&started.run_id, repeats);
            self.ended.update(&started.run_id, &started.arms, repeats);
        }
        let new = self.estimate.refresh(run.snapshot);
        let result = self.estimate.result();
        self.log.update(run, &self.past, result.filter(|_| new));
        if new && self.estimate.is_light() {
            let found = Finding::note("left_out", estimate::LEFT_OUT);
            self.log.diagnosis(&found, run, &self.past);
        }
        self.ahead.look(&run.snapshot.tally);
    }

    /// Takes in what is new in what is shown, with history in columns of so many nanoseconds.
    pub fn update_shown(&mut self, run: &SnapshotView<'_>, column_ns: u64) {
        let facts = run.started().map(|started| &started.machine);
        let whole = Whole {
            cores: facts.map_or(1.0, |f| f.cores_usable),
            memory: facts.map_or(0, |f| f.memory_bytes),
        };
        self.history
            .update(&run.snapshot.samples, column_ns, run.cores(), whole);
        if let Some(repeat) = run.repeat() {
            self.timeline.update(repeat);
            self.items.update(repeat, &run.snapshot.comparison.basis);
        }
    }
}
