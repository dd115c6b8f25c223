//! What happened, what was printed and what it means, newest at the bottom: repeats that finished, arms that were
//! stopped, warnings, findings as they become true, and the lines that workers, tasks and libraries printed.
//!
//! A bounded number of entries is kept; the record has them all.

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_clock::seconds;
use workbench_record::{ControllerState, RepeatId, RunStatus, Severity};
use workbench_report::format;
use workbench_result::{RunResult, arm_on};

use super::look::Look;
use super::state::Weight;
use crate::theme::Theme;
use crate::views::ViewAction;
use crate::views::filter::{Filter, has_all};
use crate::views::text::{arm_on_workers, clock, repeat_name, safe, wrap};
use crate::views::widgets::{Row, panel};

/// Entries that are kept.
const KEPT: usize = 2000;
/// Characters of a printed line that are kept.
const LONGEST: usize = 2000;
/// Sources that have a colour of their own; the rest share the last.
const SOURCES: usize = 64;
/// What is printed within so long of a state may speak of it.
const TOGETHER_NS: u64 = 300_000_000;
/// Columns of the time and the mark before the text.
const MARGIN: u16 = 14;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Repeat,
    Stopped,
    /// A state that asks for a look.
    State(Weight),
    /// Something recorded that a reader has to know.
    Finding(Severity),
    /// What the numbers mean so far.
    Diagnosis,
    /// Printed, by the source of this number.
    Output(usize),
}

#[derive(Debug)]
struct Entry {
    at_ns: u64,
    kind: Kind,
    /// Who printed it, with a colon; empty for what the program says itself.
    source: String,
    text: String,
    /// The text without its numbers: a finding whose numbers have moved is still the same finding.
    key: String,
}

/// The entries, and where the reader is.
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
    /// Only what was printed is shown.
    output_only: bool,
    /// Words that what is shown has.
    pub filter: Filter,
    /// Lines that the reader is above the end; 0 follows.
    back: usize,
    page: usize,
}

impl Log {
    /// Takes in what is new. `result` is given when it was computed anew.
    pub fn update(&mut self, look: &Look<'_>, result: Option<&RunResult>) {
        let Some(started) = look.started() else {
            return;
        };
        let finished = look.finished().count();
        let (findings, output) = (look.findings(), look.output());
        if self.run != started.run_id
            || finished < self.repeats
            || findings.len() < self.findings
            || output.len() < self.output
        {
            *self = Self {
                run: started.run_id.clone(),
                output_only: self.output_only,
                filter: std::mem::take(&mut self.filter),
                ..Self::default()
            };
        }
        self.take_output(look);
        for repeat in look.finished().skip(self.repeats) {
            let name = repeat_name(&repeat.id, look.repeats_each());
            let text = format!("{name}: {}", format::seconds(seconds(repeat.wall_ns)));
            let at = repeat.started_ns.saturating_add(repeat.wall_ns);
            self.push(at, Kind::Repeat, text);
        }
        self.repeats = finished;
        self.take_stopped(look);
        self.take_states(look);
        for (at_ns, found) in findings.iter().skip(self.findings) {
            self.push(*at_ns, Kind::Finding(found.severity), found.text.clone());
        }
        self.findings = findings.len();
        for text in result.iter().flat_map(|r| &r.diagnoses) {
            self.finding(text, look);
        }
    }

    /// A sentence that is true now; it replaces what it said with other numbers. Its time is the end of what it speaks
    /// of, however late and however often it is worked out.
    pub fn finding(&mut self, text: &str, look: &Look<'_>) {
        let key = without_numbers(text);
        let known = |e: &Entry| e.kind == Kind::Diagnosis && e.key == key;
        if let Some(at) = self.entries.iter().position(known) {
            self.entries.remove(at);
        }
        self.push(ended_ns(look, text), Kind::Diagnosis, text.to_owned());
    }

    fn take_output(&mut self, look: &Look<'_>) {
        let all = look.output();
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
                source: format!("{}: ", safe(&line.source)),
                text: line.text.chars().take(LONGEST).collect(),
                key: String::new(),
            });
        }
        self.output = all.len();
    }

    fn take_stopped(&mut self, look: &Look<'_>) {
        for (arm, at_ns) in look.stopped_arms() {
            // After a resumption an arm can be stopped again.
            let stop = (arm.to_owned(), at_ns);
            if !self.stopped.contains(&stop) {
                self.stopped.push(stop);
                let text = format!("{} was stopped by hand; the other arms go on", safe(arm));
                self.push(at_ns, Kind::Stopped, text);
            }
        }
    }

    /// States that ask for a look. Where a line that was printed with one says the same, that line is marked instead.
    fn take_states(&mut self, look: &Look<'_>) {
        let over = look.status() != RunStatus::Unfinished;
        let settled_ns = look.now_ns().saturating_sub(TOGETHER_NS);
        for (i, repeat) in (1..).zip(look.repeats()) {
            let states = match look.current().filter(|_| i == look.repeats().len()) {
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

    /// Shows only what was printed, and everything again.
    pub fn turn_output(&mut self) {
        self.output_only = !self.output_only;
        self.back = 0;
    }

    /// Moves the reader.
    pub fn scroll(&mut self, action: ViewAction) {
        let page = self.page.max(1);
        self.back = match action {
            ViewAction::Up => self.back.saturating_add(1),
            ViewAction::Down => self.back.saturating_sub(1),
            ViewAction::PageUp => self.back.saturating_add(page),
            ViewAction::PageDown => self.back.saturating_sub(page),
            ViewAction::Home => usize::MAX / 2,
            ViewAction::End => 0,
            _ => self.back,
        };
    }

    /// The lines from the end up to those that can be seen, each with its entry and its part of the entry. Only as many
    /// entries are broken into lines as that takes.
    fn lines(&self, columns: u16, wanted: usize) -> VecDeque<(usize, usize, String)> {
        let words = self.filter.words();
        let mut lines = VecDeque::new();
        for (i, entry) in self.entries.iter().enumerate().rev() {
            if lines.len() >= wanted {
                break;
            }
            if self.output_only && entry.source.is_empty() {
                continue;
            }
            let text = format!("{}{}", entry.source, entry.text);
            if !has_all(&words, &text) {
                continue;
            }
            for (part, text) in wrap(&text, columns).into_iter().enumerate().rev() {
                lines.push_front((i, part, text));
            }
        }
        lines
    }

    fn title(&self, theme: &Theme) -> String {
        if self.output_only {
            format!("Log {} printed lines only", theme.glyphs.dot)
        } else {
            "Log".to_owned()
        }
    }

    fn nothing(&self) -> &'static str {
        match (self.filter.text().is_empty(), self.output_only) {
            (false, _) => "no entry has all these words",
            (true, true) => "nothing has been printed",
            (true, false) => "nothing to tell yet",
        }
    }
}

/// When the last repeat of the arms that a sentence names was over; where it names none, the last repeat of all.
fn ended_ns(look: &Look<'_>, text: &str) -> u64 {
    let base = look.started().and_then(|started| started.arms.first());
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
        look.finished()
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

/// Draws the panel.
pub fn draw(buf: &mut Buffer, area: Rect, focused: bool, log: &mut Log, theme: &Theme) {
    let columns = area.width.saturating_sub(MARGIN + 4).max(1);
    let typed = u16::from(log.filter.is_shown());
    let page = usize::from(area.height.saturating_sub(2 + typed));
    log.page = page;
    let lines = log.lines(columns, page.saturating_add(log.back));
    log.back = log.back.min(lines.len().saturating_sub(page));
    let end = lines.len() - log.back;
    let window = end.saturating_sub(page)..end;
    let note = if log.back > 0 { "End: follow" } else { "" };
    let mut inner = panel(buf, area, (&log.title(theme), note), focused, theme);
    if typed == 1 {
        let line = Rect {
            x: inner.x + 1,
            width: inner.width.saturating_sub(2),
            height: inner.height.min(1),
            ..inner
        };
        log.filter.draw(buf, line, theme);
        inner.y += line.height;
        inner.height -= line.height;
    }
    if lines.is_empty() {
        Row::new(buf, inner, 0)
            .skip(1)
            .text(log.nothing(), theme.dim, theme);
    }
    for (line, (i, part, text)) in (0..).zip(lines.range(window)) {
        draw_line(
            Row::new(buf, inner, line),
            &log.entries[*i],
            (*part, text),
            theme,
        );
    }
}

fn draw_line(mut row: Row<'_>, entry: &Entry, (part, text): (usize, &str), theme: &Theme) {
    let (mark, style) = match entry.kind {
        Kind::Repeat => (theme.glyphs.ok, theme.good),
        Kind::Stopped => (theme.glyphs.failed, theme.warn),
        Kind::State(weight) => (theme.glyphs.warning, weight.style(theme)),
        Kind::Finding(severity) => (theme.glyphs.warning, severity_style(severity, theme)),
        Kind::Diagnosis => (theme.glyphs.finding, theme.accent),
        Kind::Output(source) => (theme.glyphs.axis, theme.series(source)),
    };
    if part > 0 {
        row.skip(MARGIN);
    } else {
        let time = clock(seconds(entry.at_ns));
        row.right(&time, MARGIN - 3, theme.dim, theme)
            .skip(1)
            .left(mark, 2, style, theme);
    }
    let text_style = match entry.kind {
        Kind::Finding(severity) => severity_style(severity, theme),
        Kind::Stopped => theme.warn,
        Kind::State(weight) => weight.style(theme),
        Kind::Repeat | Kind::Diagnosis | Kind::Output(_) => theme.text,
    };
    // Breaking into lines keeps the start of the first one as it is.
    let source = entry.source.trim_end();
    match text.strip_prefix(source) {
        Some(rest) if part == 0 && !source.is_empty() => {
            row.text(source, bold(style), theme)
                .text(rest, text_style, theme);
        }
        _ => {
            row.text(text, text_style, theme);
        }
    }
}

/// How a finding is drawn.
fn severity_style(severity: Severity, theme: &Theme) -> Style {
    match severity {
        Severity::Note => theme.text,
        Severity::Warning => theme.warn,
        Severity::Error => theme.bad,
    }
}

/// Names of sources stand out without colour as well.
fn bold(style: Style) -> Style {
    style.add_modifier(ratatui::style::Modifier::BOLD)
}
