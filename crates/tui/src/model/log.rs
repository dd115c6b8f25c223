//! What happened, what was printed and what it means, oldest first: repeats that finished, arms
//! that were stopped, warnings, findings as they become true, and the lines that workers, tasks
//! and libraries printed.
//!
//! A bounded number of entries is kept; the record has them all.

use std::collections::VecDeque;

use workbench_clock::seconds;
use workbench_record::{ControllerState, RepeatId, RunStatus, Severity};
use workbench_report::format;
use workbench_result::{RunResult, arm_on};

use super::snapshot_view::SnapshotView;
use super::state::Weight;
use crate::kit::safe;
use crate::model::names::{arm_on_workers, repeat_name};

/// Entries that are kept.
const KEPT: usize = 2000;
/// Characters of a printed line that are kept.
const LONGEST: usize = 2000;
/// Sources that have a colour of their own; the rest share the last.
const SOURCES: usize = 64;
/// What is printed within so long of a state may speak of it.
const TOGETHER_NS: u64 = 300_000_000;
/// What an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A repeat that finished.
    Repeat,
    /// An arm that was stopped.
    Stopped,
    /// A state that asks for a run.
    State(Weight),
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
    /// The text without its numbers: a finding whose numbers have moved is still the same finding.
    key: String,
}

/// The entries.
#[derive(Debug, Default)]
pub struct Log {
    run: String,
    entries: VecDeque<Entry>,
    repeats: usize,
    findings: usize,
    output: usize,
    /// Arms that were stopped, and when.
    stopped: Vec<(String, u64)>,
    /// When the last state was taken in.
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
        let (findings, output) = (run.findings(), run.output());
        if self.run != started.run_id
            || finished < self.repeats
            || findings.len() < self.findings
            || output.len() < self.output
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
        self.take_stopped(run);
        self.take_states(run);
        for (at_ns, found) in findings.iter().skip(self.findings) {
            let kind = Kind::Finding(found.severity);
            self.push(*at_ns, kind, found.text.clone());
        }
        self.findings = findings.len();
        for text in result.iter().flat_map(|r| &r.diagnoses) {
            self.diagnosis(text, run);
        }
    }

    /// A sentence that is true now; it replaces what it said with other numbers. Its time is the
    /// end of what it speaks of, however late and however often it is worked out.
    pub fn diagnosis(&mut self, text: &str, run: &SnapshotView<'_>) {
        let key = without_numbers(text);
        let known = |e: &Entry| e.kind == Kind::Diagnosis && e.key == key;
        if let Some(at) = self.entries.iter().position(known) {
            self.entries.remove(at);
        }
        self.push(ended_ns(run, text), Kind::Diagnosis, text.to_owned());
    }

    fn take_output(&mut self, run: &SnapshotView<'_>) {
        let all = run.output();
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
                key: String::new(),
            });
        }
        self.output = all.len();
    }

    fn take_stopped(&mut self, run: &SnapshotView<'_>) {
        for (arm, at_ns) in run.stopped_arms() {
            // After a resumption an arm can be stopped again.
            let stop = (arm.to_owned(), at_ns);
            if !self.stopped.contains(&stop) {
                self.stopped.push(stop);
                let text = format!("{} was stopped by hand; the other arms go on", safe(arm));
                self.push(at_ns, Kind::Stopped, text);
            }
        }
    }

    /// States that ask for a run. Where a line that was printed with one says the same, that line
    /// is marked instead.
    fn take_states(&mut self, run: &SnapshotView<'_>) {
        let over = run.status() != RunStatus::Unfinished;
        let settled_ns = run.now_ns().saturating_sub(TOGETHER_NS);
        for (i, repeat) in (1..).zip(run.repeats()) {
            let states = match run.current().filter(|_| i == run.repeats().len()) {
                Some(current) => current.states,
                None => &repeat.states,
            };
            // What is printed with a state comes a little later.
            let new = states.iter().filter(|(at, _)| {
                self.stated_ns.is_none_or(|known| *at > known) && (over || *at <= settled_ns)
            });
            let new: Vec<&(u64, ControllerState)> = new.collect();
            for (at, state) in new {
                self.stated_ns = Some(*at);
                let weight = Weight::of(state);
                if weight != Weight::Plain {
                    self.state(*at, (&state.text, weight), &repeat.id);
                }
            }
        }
    }

    fn state(&mut self, at_ns: u64, (name, weight): (&str, Weight), id: &RepeatId) {
        let said = self.entries.iter_mut().find(|entry| {
            matches!(entry.kind, Kind::Output(_))
                && entry.at_ns.abs_diff(at_ns) <= TOGETHER_NS
                && entry.text.contains(name)
        });
        if let Some(entry) = said {
            entry.kind = Kind::State(weight);
        } else {
            let arm = arm_on_workers(&id.arm, id.workers);
            self.push(at_ns, Kind::State(weight), format!("{arm}: {}", safe(name)));
        }
    }

    fn push(&mut self, at_ns: u64, kind: Kind, text: String) {
        let key = if kind == Kind::Diagnosis {
            without_numbers(&text)
        } else {
            String::new()
        };
        self.keep(Entry {
            at_ns,
            kind,
            source: String::new(),
            text,
            key,
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

/// When the last repeat of the arms that a sentence names was over; where it names none, the last
/// repeat of all.
fn ended_ns(run: &SnapshotView<'_>, text: &str) -> u64 {
    let base = run.started().and_then(|started| started.arms.first());
    let base = base.filter(|base| {
        text.split(|c: char| c.is_whitespace() || ",.:;()".contains(c))
            .any(|word| word == base.name)
    });
    let lower = text.to_lowercase();
    let speaks_of = |id: &RepeatId| {
        // At the beginning of a sentence names are capitalised.
        let name = arm_on(&id.arm, id.workers).to_lowercase();
        lower.contains(&name) || base.is_some_and(|base| base.name == id.arm)
    };
    let latest = |named: bool| {
        run.finished()
            .filter(|repeat| !named || speaks_of(&repeat.id))
            .map(|repeat| repeat.started_ns.saturating_add(repeat.wall_ns))
            .max()
    };
    latest(true).or_else(|| latest(false)).unwrap_or(0)
}

fn without_numbers(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_ascii_digit() && *c != '.')
        .collect()
}
