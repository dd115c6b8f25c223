//! A run as the Run screen shows it: its snapshot, and the cursor of time where there is one.

use workbench_machine::monitor::Sample;
use workbench_record::{
    ControllerState, RepeatFinished, RepeatId, RepeatState, RunStarted, Snapshot,
};

/// A snapshot with a cursor.
#[derive(Clone, Copy)]
pub struct SnapshotView<'a> {
    /// The events so far, folded.
    pub snapshot: &'a Snapshot,
    /// Where the cursor is, in nanoseconds on the run's clock.
    pub cursor: Option<u64>,
}

impl<'a> SnapshotView<'a> {
    /// A snapshot without a cursor.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            cursor: None,
        }
    }

    /// The same, with a cursor at a time.
    pub fn at(self, cursor: Option<u64>) -> Self {
        Self { cursor, ..self }
    }

    /// What was known at the start.
    pub fn started(&self) -> Option<&'a RunStarted> {
        self.snapshot.started.as_deref()
    }

    /// The latest sample; the one that speaks for the time of the cursor where there is one.
    pub fn sample(&self) -> Option<&'a Sample> {
        let all = &self.snapshot.samples;
        let at = match self.cursor {
            // A sample speaks for the time since the one before.
            Some(t) => all.partition_point(|(at, _)| *at < t),
            None => all.len(),
        };
        all.get(at).or_else(|| all.last()).map(|(_, sample)| sample)
    }

    /// The number of cores that samples speak of.
    pub fn cores(&self) -> usize {
        let sampled = self.sample().map_or(0, |sample| sample.cores.len());
        // A log from elsewhere can claim any number; samples cannot lie about their own length.
        if sampled > 0 {
            return sampled;
        }
        let claimed = self
            .started()
            .map_or(0, |started| started.machine.cores_logical);
        (claimed as usize).min(4096)
    }

    /// The repeats that were left out, in the order in which they ran, and whether each runs again.
    pub fn left_out(&self) -> impl Iterator<Item = (&'a RepeatFinished, bool)> + use<'a> {
        let left_out = &self.snapshot.left_out;
        let repeats = left_out.repeats().iter();
        repeats.map(|repeat| (repeat, left_out.runs_again(&repeat.id)))
    }

    /// The repeat at the cursor, or the one that was begun last.
    pub fn repeat(&self) -> Option<&'a RepeatState> {
        let all = &self.snapshot.repeats;
        let begun = |cursor| all.partition_point(|r| r.started_ns <= cursor).max(1);
        all.get(self.cursor.map_or(all.len(), begun).checked_sub(1)?)
    }

    /// The repeat that was begun last.
    pub fn current(&self) -> Option<&'a RepeatState> {
        self.snapshot.repeats.last()
    }

    /// The states of whoever controlled each repeat from the repeat at `from` on, and when each
    /// began, in nanoseconds on the run's clock.
    pub fn states(
        &self,
        from: usize,
    ) -> impl Iterator<Item = (&'a RepeatId, &'a (u64, ControllerState))> {
        let repeats = self.snapshot.repeats.iter().skip(from);
        repeats.flat_map(|repeat| repeat.states.iter().map(move |state| (&repeat.id, state)))
    }

    /// Repeats that were asked for of every arm.
    pub fn repeats_each(&self) -> u32 {
        self.started().map_or(0, |s| s.config.repeats)
    }
}
