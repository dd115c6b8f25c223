//! The log, newest at the bottom: everything, or what was printed, or what has the words
//! of a filter.

use std::collections::VecDeque;

use ratatui::style::Modifier;
use workbench_clock::seconds;
use workbench_record::Severity;
use workbench_report::format;

use crate::field::FilterField;
use crate::kit::Motion;
use crate::kit::text::wrap_text;
use crate::kit::{Pane, PaneRow};
use crate::model::log::{EntryKind, LogEntry, RunLog};
use crate::theme::Theme;
use crate::views::filter::{self, has_all};

/// Columns of the time and the mark before the text.
const MARGIN: u16 = 15;

/// What is shown of the log, and where the reader is.
#[derive(Debug, Clone, Default)]
pub struct LogView {
    /// Only what was printed is shown.
    output_only: bool,
    /// Words that what is shown has.
    pub filter: FilterField,
    /// Lines that the reader is above the end; 0 follows.
    back: usize,
    page: usize,
}

/// A line: its entry, its part of the entry, and its text.
type Shown<'a> = (&'a LogEntry, usize, String);

impl LogView {
    /// Shows only what was printed, and everything again.
    pub fn turn_output(&mut self) {
        self.output_only = !self.output_only;
        self.back = 0;
    }

    /// Moves the reader, who counts lines from the end.
    pub fn scroll(&mut self, motion: Motion) {
        let page = self.page.max(1);
        self.back = match motion {
            Motion::Up => self.back.saturating_add(1),
            Motion::Down => self.back.saturating_sub(1),
            Motion::PageUp => self.back.saturating_add(page),
            Motion::PageDown => self.back.saturating_sub(page),
            Motion::Home => usize::MAX / 2,
            Motion::End => 0,
        };
    }

    /// The lines from the end up to those that can be seen. Only as many entries are broken into
    /// lines as that takes.
    fn lines<'a>(&self, log: &'a RunLog, columns: u16, wanted: usize) -> VecDeque<Shown<'a>> {
        let words = filter::words(&self.filter);
        let mut lines = VecDeque::new();
        for entry in log.entries().iter().rev() {
            if lines.len() >= wanted {
                break;
            }
            let text = match entry.source.as_str() {
                "" if self.output_only => continue,
                "" => entry.text.clone(),
                source => format!("{source}: {}", entry.text),
            };
            if !has_all(&words, &text) {
                continue;
            }
            for (part, text) in wrap_text(&text, columns).into_iter().enumerate().rev() {
                lines.push_front((entry, part, text));
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
            (true, false) => "no entries yet",
        }
    }
}

/// Draws the panel.
pub fn draw(pane: Pane<'_>, view: &mut LogView, log: &RunLog) {
    let theme = pane.theme;
    let columns = pane.area.width.saturating_sub(MARGIN + 4).max(1);
    let typed = u16::from(view.filter.is_shown());
    let page = usize::from(pane.area.height.saturating_sub(2 + typed));
    view.page = page;
    let lines = view.lines(log, columns, page.saturating_add(view.back));
    view.back = view.back.min(lines.len().saturating_sub(page));
    let end = lines.len() - view.back;
    let window = end.saturating_sub(page)..end;
    let note = if view.back > 0 { "End: follow" } else { "" };
    let mut inner = pane.panel((&view.title(theme), note));
    if typed == 1 {
        filter::draw(&view.filter, &mut inner.row(0));
    }
    let mut inner = inner.below(typed);
    if lines.is_empty() {
        inner.nothing(view.nothing());
    }
    for (line, shown) in (0..).zip(lines.range(window)) {
        draw_line(inner.row(line), shown, theme);
    }
}

fn draw_line(mut row: PaneRow<'_>, (entry, part, text): &Shown<'_>, theme: &Theme) {
    let (mark, style) = match entry.kind {
        EntryKind::Repeat => (theme.glyphs.ok, theme.good),
        EntryKind::Stopped => (theme.glyphs.failed, theme.warn),
        EntryKind::State(Severity::Note) => (theme.glyphs.running, theme.dim),
        EntryKind::State(severity) | EntryKind::Finding(severity) => {
            (theme.glyphs.warning, theme.severity(severity))
        }
        EntryKind::Diagnosis => (theme.glyphs.finding, theme.accent),
        EntryKind::Output(source) => (theme.glyphs.axis, theme.series(source)),
    };
    if *part > 0 {
        row.skip(MARGIN - 1);
    } else {
        let time = format::moment(seconds(entry.at_ns));
        row.right(&time, MARGIN - 4, theme.dim)
            .skip(1)
            .left(mark, 2, style);
    }
    let text_style = match entry.kind {
        EntryKind::State(severity) | EntryKind::Finding(severity) => theme.severity(severity),
        EntryKind::Stopped => theme.warn,
        EntryKind::Repeat | EntryKind::Diagnosis | EntryKind::Output(_) => theme.text,
    };
    // Breaking into lines keeps the start of the first one as it is.
    let source = text.get(..entry.source.len()).filter(|_| *part == 0);
    let (source, rest) = text.split_at(source.map_or(0, str::len));
    // Names of sources stand out without colour as well.
    row.text(source, style.add_modifier(Modifier::BOLD))
        .text(rest, text_style);
}
