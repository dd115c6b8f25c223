//! What happened, what was printed and what it means, oldest first: repeats that finished, arms
//! that were stopped, states of controllers, warnings, findings as they become true, and the lines
//! that workers, tasks and libraries printed.
//!
//! A bounded number of entries is kept; the record has them all.

use std::collections::VecDeque;
use std::fmt::Write as _;

use workbench_clock::seconds;
use workbench_record::{
    ControllerPhase, ControllerState, Finding, RepeatId, RepeatState, Severity, Subject,
};
use workbench_report::format;
use workbench_result::{RunResult, left_out_finding};

use super::past::PastRepeats;
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
pub enum EntryKind {
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
pub struct LogEntry {
    /// When, nanoseconds on the run's clock.
    pub at_ns: u64,
    /// What it tells of.
    pub kind: EntryKind,
    /// Who printed it; empty for what the program says itself.
    pub source: String,
    /// The text.
    pub text: String,
    /// The kind and subject of a diagnosis: one whose numbers have moved is still the same.
    about: Option<(String, Subject)>,
}

/// The entries.
#[derive(Debug, Default)]
pub struct RunLog {
    run: String,
    entries: VecDeque<LogEntry>,
    /// So many repeats were taken in: those that finished, and those that never will.
    repeats: usize,
    /// The last of them: another one in its place is another part of the run.
    last: Option<RepeatId>,
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

impl RunLog {
    /// Takes in what is new. `result` is given when it was computed anew.
    pub fn update(
        &mut self,
        run: &SnapshotView<'_>,
        past: &PastRepeats,
        result: Option<&RunResult>,
    ) {
        let Some(started) = run.started() else {
            return;
        };
        let repeats = &run.snapshot.repeats;
        let last = self.repeats.checked_sub(1).and_then(|at| repeats.get(at));
        let (findings, output) = (&run.snapshot.findings, &run.snapshot.output);
        let left_out = run.snapshot.left_out.repeats().len();
        if self.run != started.run_id
            || last.map(|repeat| &repeat.id) != self.last.as_ref()
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
        let from = self.repeats;
        self.take_repeats(run);
        for (repeat, again) in run.left_out().skip(self.left_out) {
            let at = repeat.started_ns.saturating_add(repeat.wall_ns);
            if let Some(found) = left_out_finding(repeat, again) {
                self.push(at, EntryKind::Finding(found.severity), found.text);
            }
        }
        self.left_out = left_out;
        self.take_stopped(run);
        self.take_states(run, from);
        for (at_ns, found) in findings.iter().skip(self.findings) {
            let kind = EntryKind::Finding(found.severity);
            self.push(*at_ns, kind, found.text.clone());
        }
        self.findings = findings.len();
        for found in result.iter().flat_map(|r| &r.diagnoses) {
            self.diagnosis(found, run, past);
        }
    }

    fn take_repeats(&mut self, run: &SnapshotView<'_>) {
        let repeats = &run.snapshot.repeats;
        while let Some(repeat) = repeats.get(self.repeats) {
            if let Some(finished) = &repeat.finished {
                let name = repeat_name(&finished.id, run.repeats_each());
                let text = format!("{name}: {}", format::seconds(seconds(finished.wall_ns)));
                let at = finished.started_ns.saturating_add(finished.wall_ns);
                self.push(at, EntryKind::Repeat, text);
            } else if self.repeats + 1 == repeats.len() {
                break;
            }
            self.last = Some(repeat.id.clone());
            self.repeats += 1;
        }
    }

    /// Something that is true now; it replaces what was found of the same kind and subject
    /// before. Its time is the end of what it is about, however late and however often it is
    /// worked out.
    pub fn diagnosis(&mut self, found: &Finding, run: &SnapshotView<'_>, past: &PastRepeats) {
        let about = (found.kind.clone(), found.subject.clone());
        let known = |e: &LogEntry| e.about.as_ref() == Some(&about);
        if let Some(at) = self.entries.iter().position(known) {
            self.entries.remove(at);
        }
        self.keep(LogEntry {
            at_ns: ended_ns(&run.snapshot.repeats, past, &found.subject),
            kind: EntryKind::Diagnosis,
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
            self.keep(LogEntry {
                at_ns: line.t_ns,
                kind: EntryKind::Output(source),
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
                self.push(*at_ns, EntryKind::Stopped, text);
            }
        }
    }

    /// `from`: the first repeat that can have new ones.
    fn take_states(&mut self, run: &SnapshotView<'_>, from: usize) {
        let known = self.stated_ns;
        let is_new = |at_ns: u64| known.is_none_or(|known| at_ns > known);
        let states = run.states(from);
        for (id, (at_ns, state)) in states.filter(|(_, (at_ns, _))| is_new(*at_ns)) {
            self.stated_ns = self.stated_ns.max(Some(*at_ns));
            self.push(
                *at_ns,
                EntryKind::State(severity(state)),
                state_text(id, state),
            );
        }
    }

    fn push(&mut self, at_ns: u64, kind: EntryKind, text: String) {
        self.keep(LogEntry {
            at_ns,
            kind,
            source: String::new(),
            text,
            about: None,
        });
    }

    /// Keeps an entry in its place: what is seen at once need not have happened at once.
    fn keep(&mut self, entry: LogEntry) {
        let before = |e: &LogEntry| e.at_ns <= entry.at_ns;
        let at = self.entries.iter().rposition(before).map_or(0, |at| at + 1);
        self.entries.insert(at, entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &VecDeque<LogEntry> {
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
fn ended_ns(repeats: &[RepeatState], past: &PastRepeats, subject: &Subject) -> u64 {
    let is_about = |arm: &str, workers: u32| {
        let is_subject = (Some(arm), Some(workers)) == (subject.arm.as_deref(), subject.workers);
        is_subject || (subject.workers.is_some() && Some(arm) == subject.against.as_deref())
    };
    let ended = past.ended_ns(repeats, is_about);
    ended
        .or_else(|| past.ended_ns(repeats, |_, _| true))
        .unwrap_or(0)
}
