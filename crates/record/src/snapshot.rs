//! The fold of a run's events so far: what the display, the progress line, the reports and the
//! resumption read.
//!
//! Folding is total: any sequence of events gives a snapshot, so a log that was cut off at any
//! place can be read.

use std::collections::{BTreeMap, BTreeSet};

use super::damage::Damage;
use super::event::{
    Event, Record, RepeatFinished, RepeatId, RunResumed, RunStarted, RunStatus, Unreadable,
    UnreadableKind,
};
use super::legacy;
use super::slot_track::SlotTrack;
use super::start::Start;
use super::tally::{Tally, share_done};
use crate::{ArmComparison, ArmFailure, ControllerState, Finding, ItemEvent, SpoiledRepeats};
use workbench_machine::monitor::Sample;
use workbench_pool::TaskSpan;
use workbench_questions::LockedPredictions;

/// A repeat keeps fewer points of its progress than this.
pub const PROGRESS_POINTS: usize = 2048;

/// A run as the fold of its events so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// What was known at the start; `None` before the first event.
    pub started: Option<Box<RunStarted>>,
    /// What is asked about the run, and what was predicted before it; `None` where nothing is.
    pub locked: Option<Box<LockedPredictions>>,
    /// The basis on which arms are compared.
    pub comparison: ArmComparison,
    /// Every repeat begun, in the order in which they ran, without those that were left out. A
    /// repeat that is started again after a kill replaces its first attempt.
    pub repeats: Vec<RepeatState>,
    /// Repeats that finished and are left out of every number, because something spoiled them.
    pub left_out: SpoiledRepeats,
    /// Samples of the machine, in order: nanoseconds on the run's clock, and the sample.
    pub samples: Vec<(u64, Sample)>,
    /// Findings, each once, with the time when it was first recorded, in nanoseconds on the run's
    /// clock.
    pub findings: Vec<(u64, Finding)>,
    /// How the run ended, if it did.
    pub status: RunStatus,
    /// Latest timestamp seen.
    pub now_ns: u64,
    /// CPU time of the instrument over all parts of the run, in nanoseconds.
    pub instrument_cpu_ns: u64,
    /// CPU time of a screen over all parts of the run, in nanoseconds; 0 when the run's process had
    /// no screen.
    pub screen_cpu_ns: u64,
    /// Lines that workers, tasks and libraries printed, in order.
    pub output: Vec<OutputLine>,
    /// Arms that a person stopped in this part of the run, and when, in nanoseconds on the run's
    /// clock.
    pub stopped_arms: BTreeMap<String, u64>,
    /// Arms that failed in this part of the run, when, in nanoseconds on the run's clock, and why.
    pub failed_arms: BTreeMap<String, (u64, ArmFailure)>,
    /// How often the run was resumed.
    pub resumed: u32,
    /// The starts of the run, the first one and every resumption.
    pub starts: Vec<Start>,
    /// What of the log cannot be read.
    pub damage: Damage,
    /// The run as sums.
    pub tally: Tally,
    /// Finds what was there before without a search.
    pub seen: SeenBefore,
}

/// What a snapshot has had before, so that folding an event costs the same however long the run is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeenBefore {
    /// Every repeat begun.
    repeats: BTreeSet<RepeatId>,
    /// The places of findings by their text.
    findings: BTreeMap<String, Vec<usize>>,
}

/// A line that something printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// When, nanoseconds on the run's clock.
    pub t_ns: u64,
    /// Who printed it.
    pub source: String,
    /// The line.
    pub text: String,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// When, nanoseconds on the run's clock.
    pub t_ns: u64,
    /// Where, in the lab's own steps.
    pub step: u64,
    /// How high.
    pub value: f64,
}

/// One repeat, begun or finished.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatState {
    /// Which repeat.
    pub id: RepeatId,
    /// The start of the run that it belongs to, counted from 0.
    pub start: u32,
    /// When its clock was started, nanoseconds on the run's clock.
    pub started_ns: u64,
    /// Units of progress: done, total.
    pub progress: (u64, u64),
    /// Its progress over time: nanoseconds on the run's clock, and units done by then. Thinned
    /// evenly, so that a repeat of any length keeps fewer than [`PROGRESS_POINTS`].
    pub progress_points: Vec<(u64, u64)>,
    /// The spans of its tasks, in the order in which they were recorded.
    pub tasks: Vec<TaskSpan>,
    /// Its curves by name, each in the order in which its points were recorded.
    pub curves: BTreeMap<String, Vec<CurvePoint>>,
    /// Curves that belong to an item, by name and item; points in the order of recording.
    pub item_curves: BTreeMap<String, BTreeMap<String, Vec<CurvePoint>>>,
    /// What became of its items, in the order in which it was decided: nanoseconds on the run's
    /// clock, and the event.
    pub items: Vec<(u64, ItemEvent)>,
    /// The states of its slots, by slot.
    pub slots: BTreeMap<u32, SlotTrack>,
    /// The states of its controller, in order, with the start of each, in nanoseconds on the run's
    /// clock.
    pub states: Vec<(u64, ControllerState)>,
    /// Its outcome; `None` while it runs, and also if it was interrupted.
    pub finished: Option<Box<RepeatFinished>>,
}

impl Snapshot {
    /// Folds a whole log.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut snapshot = Self::default();
        for record in records {
            snapshot.apply(record);
        }
        snapshot
    }

    /// Whether a person stopped an arm in this part of the run, or it failed.
    pub fn has_ended(&self, arm: &str) -> bool {
        self.stopped_arms.contains_key(arm) || self.failed_arms.contains_key(arm)
    }

    /// Adds one event.
    pub fn apply(&mut self, record: &Record) {
        self.now_ns = self.now_ns.max(record.t_ns);
        self.tally.apply(record);
        match &record.event {
            Event::RunStarted(started) => self.start(started),
            // Only the first one: what was locked stays.
            Event::PredictionsLocked(locked) => {
                self.locked.get_or_insert_with(|| locked.clone());
            }
            Event::Comparison(comparison) => self.comparison = comparison.clone(),
            Event::RunResumed(resumed) => self.resume(resumed),
            Event::RepeatsPlanned { .. } => self.left_out.plan(self.tally.planned_repeats()),
            Event::RepeatStarted(id) => self.begin(id, record.t_ns),
            Event::RepeatContinued(id) => self.go_on(id, record.t_ns),
            Event::Sample(sample) => self.samples.push((record.t_ns, sample.clone())),
            Event::Output { source, text } => self.keep_output(record.t_ns, source, text),
            Event::ArmStopped { arm } => {
                self.stopped_arms.insert(arm.clone(), record.t_ns);
            }
            Event::ArmFailed(failure) => {
                self.forget_repeated(failure);
                self.find(record.t_ns, failure.finding());
                let failed = (record.t_ns, failure.clone());
                self.failed_arms.insert(failure.arm.clone(), failed);
            }
            Event::RunFailed(failure) => self.find(record.t_ns, failure.finding()),
            Event::RepeatFinished(finished) => self.finish(finished),
            Event::Finding(finding) => self.find(record.t_ns, finding.clone()),
            Event::RunFinished {
                status,
                instrument_cpu_ns,
                screen_cpu_ns,
            } => {
                self.status = *status;
                self.instrument_cpu_ns = self.instrument_cpu_ns.saturating_add(*instrument_cpu_ns);
                self.screen_cpu_ns = self.screen_cpu_ns.saturating_add(*screen_cpu_ns);
            }
            Event::Unreadable(found) => self.miss(*found),
            Event::Task(_)
            | Event::Progress { .. }
            | Event::Metric { .. }
            | Event::Item(_)
            | Event::Slot(_)
            | Event::State(_) => {
                if let Some(repeat) = self.repeats.last_mut()
                    && !self.damage.start_lost
                {
                    repeat.apply(record.t_ns, &record.event);
                }
            }
        }
    }

    fn start(&mut self, started: &RunStarted) {
        let mut started = Box::new(started.clone());
        legacy::complete(&mut started);
        self.starts = vec![Start {
            unix_ms: started.unix_ms,
            machine: started.machine.clone(),
        }];
        self.left_out = SpoiledRepeats::new(started.planned_repeats);
        self.started = Some(started);
    }

    fn resume(&mut self, resumed: &RunResumed) {
        self.resumed += 1;
        // Older versions did not record it.
        let machine = resumed.machine.clone();
        let machine = machine.or_else(|| Some(self.starts.last()?.machine.clone()));
        self.starts.push(Start {
            unix_ms: resumed.unix_ms,
            machine: machine.unwrap_or_default(),
        });
        self.stopped_arms.clear();
        self.failed_arms.clear();
        self.status = RunStatus::Unfinished;
    }

    /// Begins a repeat; what there was of an earlier attempt goes.
    fn begin(&mut self, id: &RepeatId, t_ns: u64) {
        if !self.seen.repeats.insert(id.clone()) {
            self.repeats.retain(|repeat| repeat.id != *id);
        }
        self.damage.repeats.remove(id);
        self.damage.start_lost = false;
        self.repeats.push(RepeatState {
            start: (self.starts.len() as u32).saturating_sub(1),
            ..RepeatState::begin(id, t_ns)
        });
    }

    /// Goes on with a repeat that an earlier part of the run has begun.
    fn go_on(&mut self, id: &RepeatId, t_ns: u64) {
        let known = self.repeats.iter().position(|repeat| repeat.id == *id);
        let Some(at) = known.filter(|at| self.repeats[*at].finished.is_none()) else {
            self.begin(id, t_ns);
            return;
        };
        self.damage.start_lost = false;
        let mut repeat = self.repeats.remove(at);
        repeat.start = (self.starts.len() as u32).saturating_sub(1);
        self.repeats.push(repeat);
    }

    /// Keeps a line of output, unless it only repeats a state, as in old logs.
    fn keep_output(&mut self, t_ns: u64, source: &str, text: &str) {
        let is_old = self.started.as_ref().is_none_or(|s| s.format < 2);
        let arm = self.repeats.last();
        let arm = arm.filter(|r| is_old && r.id.arm == source);
        if !arm.is_some_and(|r| legacy::repeats_state(text, &r.states)) {
            self.output.push(OutputLine {
                t_ns,
                source: source.to_owned(),
                text: text.to_owned(),
            });
        }
    }

    /// Keeps what a repeat left, unless a part of it is missing. This is the only place that
    /// decides which repeats count.
    fn finish(&mut self, finished: &RepeatFinished) {
        if !finished.counts() {
            if self.repeats.last().is_some_and(|r| r.id == finished.id) {
                self.repeats.pop();
            } else {
                self.repeats.retain(|repeat| repeat.id != finished.id);
            }
            self.seen.repeats.remove(&finished.id);
            self.left_out.add(finished.clone());
            return;
        }
        let repeat = self.repeats.iter_mut().rfind(|r| r.id == finished.id);
        match repeat {
            Some(repeat) if !self.damage.repeats.contains(&finished.id) => {
                repeat.started_ns = finished.started_ns;
                // Greater where the record of a start is damaged.
                repeat.start = repeat.start.max(finished.start);
                repeat.finished = Some(Box::new(finished.clone()));
            }
            _ => drop(self.damage.repeats.insert(finished.id.clone())),
        }
    }

    /// Notes lines that are missing, and the repeat that they belong to.
    fn miss(&mut self, found: Unreadable) {
        self.damage.add(found);
        match self.repeats.last().filter(|r| r.finished.is_none()) {
            Some(repeat) if found.kind == UnreadableKind::Damaged => {
                self.damage.repeats.insert(repeat.id.clone());
            }
            Some(_) => {}
            None => self.damage.start_lost = true,
        }
    }

    /// Keeps a finding that is not known yet.
    fn find(&mut self, t_ns: u64, finding: Finding) {
        let alike = self.seen.findings.entry(finding.text.clone());
        let alike = alike.or_default();
        if !alike.iter().any(|at| self.findings[*at].1 == finding) {
            alike.push(self.findings.len());
            self.findings.push((t_ns, finding));
        }
    }

    /// Drops the sentence that old logs have in addition to the failure of an arm.
    fn forget_repeated(&mut self, failure: &ArmFailure) {
        if self.started.as_ref().is_some_and(|s| s.format >= 2) {
            return;
        }
        self.findings
            .retain(|(_, finding)| !legacy::repeats_failure(finding, failure));
        self.seen.findings.clear();
        for (at, (_, finding)) in self.findings.iter().enumerate() {
            let alike = self.seen.findings.entry(finding.text.clone());
            alike.or_default().push(at);
        }
    }

    /// Whether an arm has ended in this part of the run, although repeats of it may be missing.
    pub fn has_given_up(&self, arm: &str) -> bool {
        self.stopped_arms.contains_key(arm) || self.failed_arms.contains_key(arm)
    }

    /// The samples taken while a repeat ran.
    pub fn samples_of(&self, repeat: &RepeatState) -> &[(u64, Sample)] {
        let from = self
            .samples
            .partition_point(|(t, _)| *t < repeat.started_ns);
        let end = repeat.started_ns.saturating_add(repeat.wall_ns());
        let to = self.samples.partition_point(|(t, _)| *t <= end);
        &self.samples[from..to.max(from)]
    }
}

impl RepeatState {
    /// A repeat whose clock was started at `started_ns`.
    pub fn begin(id: &RepeatId, started_ns: u64) -> Self {
        Self {
            id: id.clone(),
            start: 0,
            started_ns,
            progress: (0, 0),
            progress_points: Vec::new(),
            tasks: Vec::new(),
            curves: BTreeMap::new(),
            item_curves: BTreeMap::new(),
            items: Vec::new(),
            slots: BTreeMap::new(),
            states: Vec::new(),
            finished: None,
        }
    }

    /// Adds an event of this repeat; events of other kinds change nothing.
    fn apply(&mut self, t_ns: u64, event: &Event) {
        match event {
            Event::Task(span) => self.tasks.push(span.clone()),
            Event::Progress { done, total } => {
                self.progress = (*done, *total);
                self.advance(t_ns, *done);
            }
            Event::Metric {
                name,
                item,
                step,
                value,
            } => {
                let point = CurvePoint {
                    t_ns,
                    step: *step,
                    value: *value,
                };
                let (curves, name) = match item {
                    None => (&mut self.curves, name),
                    Some(item) => (self.item_curves.entry(name.clone()).or_default(), item),
                };
                match curves.get_mut(name) {
                    Some(curve) => curve.push(point),
                    None => drop(curves.insert(name.clone(), vec![point])),
                }
            }
            Event::Item(event) => self.items.push((t_ns, event.clone())),
            Event::Slot(state) => self.slots.entry(state.slot).or_default().add(t_ns, state),
            Event::State(state) => {
                let attempt = legacy::attempt(state, &self.states);
                let state = ControllerState {
                    attempt,
                    ..state.clone()
                };
                self.states.push((t_ns, state));
            }
            _ => {}
        }
    }

    /// Adds a point of its progress; when there are too many points, every second one is removed.
    fn advance(&mut self, t_ns: u64, done: u64) {
        if self.progress_points.len() + 1 >= PROGRESS_POINTS {
            let mut keep = false;
            self.progress_points.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.progress_points.push((t_ns, done));
    }

    /// The share of its progress that is done, 0 to 1; 0 while nothing is known.
    pub fn share(&self) -> f64 {
        share_done(self.progress)
    }

    /// Wall time in nanoseconds; 0 while the repeat is not finished.
    pub fn wall_ns(&self) -> u64 {
        self.finished.as_ref().map_or(0, |f| f.wall_ns)
    }
}
