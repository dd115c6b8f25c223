//! What happened, what was printed and what it means, oldest first: repeats that finished, arms
//! that were stopped, states of controllers, warnings, findings as they become true, and the lines
//! that workers, tasks and libraries printed.
//!
//! A bounded number of entries is kept; the record has them all.

use std::collections::VecDeque;
use std::fmt::Write as _;

use workbench_clock::seconds;
use workbench_record::{ControllerPhase, ControllerState, Finding, RepeatId, Severity, Subject};
use workbench_report::format;
use workbench_result::{RunResult, left_out_finding};

use super::snapshot_view::SnapshotView;
use super::state::severity;
use crate::kit::safe;
use crate::model::names::{arm_on_workers, repeat_name};

/// Entries that are kept.
const KEPT: usize = 2000;
/// Characters of a printed line that are kept.
const LONGEST: usize = 2000;
/// Sources that have a colour of their own; the rest share the last.
const SOURCES: usize = 64;
/// What an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A repeat that finished.
    Repeat,
    /// An arm that was stopped.
    Stopped,
    /// Whoever controls a repeat is in another state.
    State(Severity),
    /// Something recorded that a reader has to know.
    Finding(Severity),
    /// What the numbers mean so far.
    Diagnosis,
    /// Printed, by the source of this number.
    Output(usize),
}

/// One entry.
#[derive(Debug)]
pub struct Entry {
    /// When, nanoseconds on the run's clock.
    pub at_ns: u64,
    /// What it tells of.
    pub kind: Kind,
    /// Who printed it; empty for what the program says itself.
    pub source: String,
    /// The text.
    pub text: String,
    /// The kind and subject of a diagnosis: one whose numbers have moved is still the same.
    about: Option<(String, Subject)>,
}

/// The entries.
#[derive(Debug, Default)]
pub struct Log {
    run: String,
    entries: VecDeque<Entry>,
    repeats: usize,
    /// Repeats that were left out.
    left_out: usize,
    findings: usize,
    output: usize,
    /// Arms that were stopped, and when.
    stopped: Vec<(String, u64)>,
    /// When the last state that was taken in began, nanoseconds on the run's clock.
    stated_ns: Option<u64>,
    sources: Vec<String>,
}

impl Log {
    /// Takes in what is new. `result` is given when it was computed anew.
    pub fn update(&mut self, run: &SnapshotView<'_>, result: Option<&RunResult>) {
        let Some(started) = run.started() else {
            return;
        };
        let finished = run.finished().count();
        let (findings, output) = (&run.snapshot.findings, &run.snapshot.output);
        let left_out = run.left_out().count();
        if self.run != started.run_id
            || finished < self.repeats
            || left_out < self.left_out
            || findings.len() < self.findings
            || output.len() < self.output
            || self.stated_ns > Some(run.snapshot.now_ns)
        {
            *self = Self {
                run: started.run_id.clone(),
                ..Self::default()
            };
        }
        self.take_output(run);
        for repeat in run.finished().skip(self.repeats) {
            let name = repeat_name(&repeat.id, run.repeats_each());
            let text = format!("{name}: {}", format::seconds(seconds(repeat.wall_ns)));
            let at = repeat.started_ns.saturating_add(repeat.wall_ns);
            self.push(at, Kind::Repeat, text);
        }
        self.repeats = finished;
        for (repeat, again) in run.left_out().skip(self.left_out) {
            let at = repeat.started_ns.saturating_add(repeat.wall_ns);
            if let Some(found) = left_out_finding(repeat, again) {
                self.push(at, Kind::Finding(found.severity), found.text);
            }
        }
        self.left_out = left_out;
        self.take_stopped(run);
        self.take_states(run);
        for (at_ns, found) in findings.iter().skip(self.findings) {
            let kind = Kind::Finding(found.severity);
            self.push(*at_ns, kind, found.text.clone());
        }
        self.findings = findings.len();
        for found in result.iter().flat_map(|r| &r.diagnoses) {
            self.diagnosis(found, run);
        }
    }

    /// Something that is true now; it replaces what was found of the same kind and subject
    /// before. Its time is the end of what it is about, however late and however often it is
    /// worked out.
    pub fn diagnosis(&mut self, found: &Finding, run: &SnapshotView<'_>) {
        let about = (found.kind.clone(), found.subject.clone());
        let known = |e: &Entry| e.about.as_ref() == Some(&about);
        if let Some(at) = self.entries.iter().position(known) {
            self.entries.remove(at);
        }
        self.keep(Entry {
            at_ns: ended_ns(run, &found.subject),
            kind: Kind::Diagnosis,
            source: String::new(),
            text: found.text.clone(),
            about: Some(about),
        });
    }

    fn take_output(&mut self, run: &SnapshotView<'_>) {
        let all = &run.snapshot.output;
        // What would fall out again at once is passed over.
        let from = self.output.max(all.len().saturating_sub(KEPT));
        for line in &all[from..] {
            let known = self.sources.iter().position(|s| *s == line.source);
            let source = known.unwrap_or_else(|| {
                if self.sources.len() < SOURCES {
                    self.sources.push(line.source.clone());
                }
                self.sources.len() - 1
            });
            self.keep(Entry {
                at_ns: line.t_ns,
                kind: Kind::Output(source),
                source: safe(&line.source),
                text: line.text.chars().take(LONGEST).collect(),
                about: None,
            });
        }
        self.output = all.len();
    }

    fn take_stopped(&mut self, run: &SnapshotView<'_>) {
        for (arm, at_ns) in &run.snapshot.stopped_arms {
            // After a resumption an arm can be stopped again.
            let stop = (arm.clone(), *at_ns);
            if !self.stopped.contains(&stop) {
                self.stopped.push(stop);
                let text = format!("{} was stopped by hand; the other arms go on", safe(arm));
                self.push(*at_ns, Kind::Stopped, text);
            }
        }
    }

    fn take_states(&mut self, run: &SnapshotView<'_>) {
        let known = self.stated_ns;
        let is_new = |at_ns: u64| known.is_none_or(|known| at_ns > known);
        for (id, (at_ns, state)) in run.states().filter(|(_, (at_ns, _))| is_new(*at_ns)) {
            self.stated_ns = self.stated_ns.max(Some(*at_ns));
            self.push(*at_ns, Kind::State(severity(state)), state_text(id, state));
        }
    }

    fn push(&mut self, at_ns: u64, kind: Kind, text: String) {
        self.keep(Entry {
            at_ns,
            kind,
            source: String::new(),
            text,
            about: None,
        });
    }

    /// Keeps an entry in its place: what is seen at once need not have happened at once.
    fn keep(&mut self, entry: Entry) {
        let before = |e: &Entry| e.at_ns <= entry.at_ns;
        let at = self.entries.iter().rposition(before).map_or(0, |at| at + 1);
        self.entries.insert(at, entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }
}

/// `launcher on 2 workers: scheduling, attempt 2`.
fn state_text(id: &RepeatId, state: &ControllerState) -> String {
    let arm = arm_on_workers(&id.arm, id.workers);
    let mut text = format!("{arm}: {}", safe(&state.text));
    if state.phase == ControllerPhase::Starting {
        if state.attempt > 1 {
            _ = write!(text, ", attempt {}", state.attempt);
        }
        if let Some(workers) = state.workers.filter(|workers| *workers != id.workers) {
            _ = write!(text, ", {workers} of {} workers", id.workers);
        }
    }
    text
}

/// When the last repeat of the arms that a finding is about was over; where it is about no arm at
/// a number of workers, the last repeat of all.
fn ended_ns(run: &SnapshotView<'_>, subject: &Subject) -> u64 {
    let is_about = |id: &RepeatId| {
        let is_subject =
            (Some(&id.arm), Some(id.workers)) == (subject.arm.as_ref(), subject.workers);
        is_subject || (subject.workers.is_some() && Some(&id.arm) == subject.against.as_ref())
    };
    let latest = |all: bool| {
        run.finished()
            .filter(|repeat| all || is_about(&repeat.id))
            .map(|repeat| repeat.started_ns.saturating_add(repeat.wall_ns))
            .max()
    };
    latest(false).or_else(|| latest(true)).unwrap_or(0)
}
