//! What the Run screen shows: the snapshot as it is, or as it was when the picture was frozen.
//!
//! Freezing keeps counts, not copies: events only append, so the first so many of each list are
//! what was there.

use workbench_machine::monitor::Sample;
use workbench_pool::TaskSpan;
use workbench_record::{
    ControllerState, Finding, OutputLine, RepeatFinished, RepeatId, RepeatState, RunStarted,
    RunStatus, Snapshot,
};

/// How far into the snapshot a frozen picture goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marks {
    now_ns: u64,
    samples: usize,
    repeats: usize,
    tasks: usize,
    states: usize,
    last_finished: bool,
    progress: (u64, u64),
    findings: usize,
    output: usize,
    status: RunStatus,
}

impl Marks {
    /// Everything that is there now.
    pub fn of(snapshot: &Snapshot) -> Self {
        let last = snapshot.repeats.last();
        Self {
            now_ns: snapshot.now_ns,
            samples: snapshot.samples.len(),
            repeats: snapshot.repeats.len(),
            tasks: last.map_or(0, |r| r.tasks.len()),
            states: last.map_or(0, |r| r.states.len()),
            last_finished: last.is_some_and(|r| r.finished.is_some()),
            progress: last.map_or((0, 0), |r| r.progress),
            findings: snapshot.findings.len(),
            output: snapshot.output.len(),
            status: snapshot.status,
        }
    }
}

/// A snapshot up to some marks.
#[derive(Clone, Copy)]
pub struct SnapshotView<'a> {
    snapshot: &'a Snapshot,
    marks: Marks,
    frozen: bool,
    cursor: Option<u64>,
}

/// A repeat as far as it is shown.
#[derive(Clone, Copy)]
pub struct RepeatView<'a> {
    /// The repeat.
    pub state: &'a RepeatState,
    /// Its tasks so far.
    pub tasks: &'a [TaskSpan],
    /// What whoever controls it did from when on, so far.
    pub states: &'a [(u64, ControllerState)],
    /// Units of progress: done, total.
    pub progress: (u64, u64),
    /// What it left, once it is over.
    pub finished: Option<&'a RepeatFinished>,
}

impl RepeatView<'_> {
    /// The share that is done, 0 to 1.
    pub fn share(&self) -> f64 {
        let (done, total) = self.progress;
        if total == 0 {
            0.0
        } else {
            (done as f64 / total as f64).clamp(0.0, 1.0)
        }
    }
}

impl<'a> SnapshotView<'a> {
    /// A snapshot up to the marks, or at all of it.
    pub fn new(snapshot: &'a Snapshot, frozen: Option<Marks>) -> Self {
        Self {
            snapshot,
            marks: frozen.unwrap_or_else(|| Marks::of(snapshot)),
            frozen: frozen.is_some(),
            cursor: None,
        }
    }

    /// The same, with a cursor at a time, in nanoseconds on the run's clock.
    pub fn at(self, cursor: Option<u64>) -> Self {
        Self { cursor, ..self }
    }

    /// Where the cursor is, in nanoseconds on the run's clock.
    pub fn cursor(&self) -> Option<u64> {
        self.cursor
    }

    /// The time of a frozen picture.
    pub fn frozen_at(&self) -> Option<u64> {
        self.frozen.then_some(self.marks.now_ns)
    }

    /// What was known at the start.
    pub fn started(&self) -> Option<&'a RunStarted> {
        self.snapshot.started.as_deref()
    }

    /// The latest time that is shown.
    pub fn now_ns(&self) -> u64 {
        self.marks.now_ns
    }

    /// How the run ended, if it did.
    pub fn status(&self) -> RunStatus {
        self.marks.status
    }

    /// The samples, oldest first.
    pub fn samples(&self) -> &'a [(u64, Sample)] {
        let all = &self.snapshot.samples;
        &all[..self.marks.samples.min(all.len())]
    }

    /// The latest sample; the one that speaks for the time of the cursor where there is one.
    pub fn sample(&self) -> Option<&'a Sample> {
        let all = self.samples();
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

    /// The findings, oldest first, and when each was recorded, in nanoseconds on the run's clock.
    pub fn findings(&self) -> &'a [(u64, Finding)] {
        let all = &self.snapshot.findings;
        &all[..self.marks.findings.min(all.len())]
    }

    /// The lines that were printed, oldest first.
    pub fn output(&self) -> &'a [OutputLine] {
        let all = &self.snapshot.output;
        &all[..self.marks.output.min(all.len())]
    }

    /// The arms that a person stopped, and when, in nanoseconds on the run's clock.
    pub fn stopped_arms(&self) -> impl Iterator<Item = (&'a str, u64)> + use<'a> {
        let now_ns = self.marks.now_ns;
        let stopped = self.snapshot.stopped_arms.iter();
        stopped
            .map(|(arm, at)| (arm.as_str(), *at))
            .filter(move |(_, at)| *at <= now_ns)
    }

    /// Whether an arm has failed.
    pub fn has_failed(&self, arm: &str) -> bool {
        let failed = self.snapshot.failed_arms.get(arm);
        failed.is_some_and(|(at, _)| *at <= self.marks.now_ns)
    }

    /// Every repeat begun, in the order in which they ran.
    pub fn repeats(&self) -> &'a [RepeatState] {
        let all = &self.snapshot.repeats;
        &all[..self.marks.repeats.min(all.len())]
    }

    /// The finished repeats, in the order in which they ran.
    pub fn finished(&self) -> impl Iterator<Item = &'a RepeatFinished> + use<'a> {
        let last = self.repeats().len().saturating_sub(1);
        let last_finished = self.marks.last_finished;
        self.repeats()
            .iter()
            .enumerate()
            .filter(move |(i, _)| *i < last || last_finished)
            .filter_map(|(_, r)| r.finished.as_deref())
    }

    /// The repeats that were left out, in the order in which they ran, and whether each runs again.
    pub fn left_out(&self) -> impl Iterator<Item = (&'a RepeatFinished, bool)> + use<'a> {
        let left_out = &self.snapshot.left_out;
        let now_ns = self.marks.now_ns;
        left_out
            .repeats()
            .iter()
            .filter(move |r| r.started_ns.saturating_add(r.wall_ns) <= now_ns)
            .map(|repeat| (repeat, left_out.runs_again(&repeat.id)))
    }

    /// The repeat at the cursor, or the one that was begun last.
    pub fn repeat(&self) -> Option<RepeatView<'a>> {
        let all = self.repeats();
        let Some(cursor) = self.cursor else {
            return self.current();
        };
        let at = all.partition_point(|r| r.started_ns <= cursor).max(1) - 1;
        match all.get(at) {
            Some(state) if at + 1 < all.len() => Some(RepeatView {
                state,
                tasks: &state.tasks,
                states: &state.states,
                progress: state.progress,
                finished: state.finished.as_deref(),
            }),
            _ => self.current(),
        }
    }

    /// The repeat that was begun last.
    pub fn current(&self) -> Option<RepeatView<'a>> {
        let state = self.repeats().last()?;
        Some(RepeatView {
            state,
            tasks: &state.tasks[..self.marks.tasks.min(state.tasks.len())],
            states: &state.states[..self.marks.states.min(state.states.len())],
            progress: self.marks.progress,
            finished: state
                .finished
                .as_deref()
                .filter(|_| self.marks.last_finished),
        })
    }

    /// The states of whoever controlled each repeat, and when each began, in nanoseconds on the
    /// run's clock.
    pub fn states(&self) -> impl Iterator<Item = (&'a RepeatId, &'a (u64, ControllerState))> {
        let all = self.repeats();
        let before = &all[..all.len().saturating_sub(1)];
        let before = before.iter().map(|repeat| (&repeat.id, &repeat.states[..]));
        let current = self
            .current()
            .map(|repeat| (&repeat.state.id, repeat.states));
        before
            .chain(current)
            .flat_map(|(id, states)| states.iter().map(move |state| (id, state)))
    }

    /// Repeats that were asked for of every arm.
    pub fn repeats_each(&self) -> u32 {
        self.started().map_or(0, |s| s.config.repeats)
    }
}
