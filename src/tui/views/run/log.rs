//! What happened and what it means, newest at the bottom: repeats that finished, warnings, findings as they become true.

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_engine::clock::seconds;
use workbench_engine::report::format;
use workbench_engine::result::RunResult;

use super::look::Look;
use crate::tui::theme::Theme;
use crate::tui::views::ViewAction;
use crate::tui::views::text::{repeat_name, wrap};
use crate::tui::views::widgets::{Row, panel};

/// Entries that are kept.
const KEPT: usize = 1000;
/// Columns of the time and the mark before the text.
const MARGIN: u16 = 14;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Repeat,
    Warning,
    Finding,
}

#[derive(Debug)]
struct Entry {
    at_ns: Option<u64>,
    kind: Kind,
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
    warnings: usize,
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
        let warnings = look.warnings();
        if self.run != started.run_id || finished < self.repeats || warnings.len() < self.warnings {
            *self = Self {
                run: started.run_id.clone(),
                ..Self::default()
            };
        }
        for repeat in look.finished().skip(self.repeats) {
            let name = repeat_name(&repeat.id, look.repeats_each());
            let text = format!("{name}: {}", format::seconds(seconds(repeat.wall_ns)));
            let at = repeat.started_ns.saturating_add(repeat.wall_ns);
            self.push(Some(at), Kind::Repeat, text);
        }
        self.repeats = finished;
        // A warning carries no time of its own; when it is seen as it happens, now is its time.
        for text in &warnings[self.warnings..] {
            self.push(Some(look.now_ns()), Kind::Warning, text.clone());
        }
        self.warnings = warnings.len();
        for text in result.iter().flat_map(|r| &r.diagnoses) {
            let key = without_numbers(text);
            let known = self
                .entries
                .iter_mut()
                .find(|e| e.kind == Kind::Finding && e.key == key);
            match known {
                Some(entry) => entry.text.clone_from(text),
                None => self.push(Some(look.now_ns()), Kind::Finding, text.clone()),
            }
        }
    }

    fn push(&mut self, at_ns: Option<u64>, kind: Kind, text: String) {
        let key = if kind == Kind::Finding {
            without_numbers(&text)
        } else {
            String::new()
        };
        self.entries.push_back(Entry {
            at_ns,
            kind,
            text,
            key,
        });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
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
}

fn without_numbers(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_ascii_digit() && *c != '.')
        .collect()
}

/// Draws the panel.
pub fn draw(buf: &mut Buffer, area: Rect, focused: bool, log: &mut Log, theme: &Theme) {
    let columns = area.width.saturating_sub(MARGIN + 4).max(1);
    let page = usize::from(area.height.saturating_sub(2));
    log.page = page;
    // Only as many entries are broken into lines as can be seen.
    let mut lines: VecDeque<(usize, usize, String)> = VecDeque::new();
    let wanted = page.saturating_add(log.back);
    for (i, entry) in log.entries.iter().enumerate().rev() {
        if lines.len() >= wanted {
            break;
        }
        for (part, text) in wrap(&entry.text, columns).into_iter().enumerate().rev() {
            lines.push_front((i, part, text));
        }
    }
    log.back = log.back.min(lines.len().saturating_sub(page));
    let end = lines.len() - log.back;
    let window = end.saturating_sub(page)..end;
    let note = if log.back > 0 {
        "End: follow".to_owned()
    } else {
        String::new()
    };
    let inner = panel(buf, area, ("Log", &note), focused, theme);
    if log.entries.is_empty() {
        Row::new(buf, inner, 0)
            .skip(1)
            .text("nothing to tell yet", theme.dim, theme);
    }
    for (line, (i, part, text)) in (0..).zip(lines.range(window)) {
        let entry = &log.entries[*i];
        let (mark, style) = match entry.kind {
            Kind::Repeat => (theme.glyphs.ok, theme.good),
            Kind::Warning => (theme.glyphs.warning, theme.warn),
            Kind::Finding => (theme.glyphs.finding, theme.accent),
        };
        let text_style = match entry.kind {
            Kind::Warning => theme.warn,
            Kind::Repeat | Kind::Finding => theme.text,
        };
        let mut row = Row::new(buf, inner, line);
        if *part == 0 {
            let time = entry
                .at_ns
                .map_or_else(String::new, |ns| clock(seconds(ns)));
            row.right(&time, MARGIN - 3, theme.dim, theme)
                .skip(1)
                .left(mark, 2, style, theme);
        } else {
            row.skip(MARGIN);
        }
        row.text(text, text_style, theme);
    }
}

/// Time since the run's start: `12.3 s`, `3:25 min`, `2:05:09 h`.
fn clock(s: f64) -> String {
    let whole = s as u64;
    if s < 60.0 {
        format!("{s:.1} s")
    } else if whole < 3600 {
        format!("{}:{:02} min", whole / 60, whole % 60)
    } else {
        format!(
            "{}:{:02}:{:02} h",
            whole / 3600,
            whole / 60 % 60,
            whole % 60
        )
    }
}
