//! What a person says about a run: its name, a note, tags, one line each.

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_record::{RunDir, RunLabel};
use workbench_report::format;

use crate::action::Action;
use crate::field::{Editing, TextField};
use crate::kit::{dialog, lines, typed};
use crate::theme::Theme;

/// The longest line, in characters.
const LONGEST: usize = 300;
/// What the lines are.
const NAMES: [&str; 3] = ["Name", "Note", "Tags"];

/// The dialog's state.
#[derive(Debug)]
pub struct Label {
    run: RunDir,
    starred: bool,
    fields: [TextField; 3],
    at: usize,
}

impl Label {
    /// Changes what is said about a run; the cursor is in the line of its name.
    pub fn new(run: RunDir, label: &RunLabel) -> Self {
        let field = |text: &str| TextField::new(text, LONGEST);
        Self {
            run,
            starred: label.starred,
            fields: [
                field(&label.name),
                field(&label.note),
                field(&label.tags.join(" ")),
            ],
            at: 0,
        }
    }

    fn label(&self) -> RunLabel {
        let [name, note, tags] = &self.fields;
        RunLabel {
            name: name.text().trim().to_owned(),
            note: note.text().trim().to_owned(),
            tags: tags.text().split_whitespace().map(str::to_owned).collect(),
            starred: self.starred,
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let count = self.fields.len();
        match action {
            Action::Choose => {
                let label = Box::new(self.label());
                return Some(Action::Label(self.run.clone(), label));
            }
            Action::Next => self.at = (self.at + 1) % count,
            Action::Previous => self.at = (self.at + count - 1) % count,
            Action::Edit(Editing::Empty) => self.fields[self.at].set(""),
            _ => {}
        }
        None
    }

    /// Takes a key into the line at the cursor.
    pub fn type_key(&mut self, key: KeyEvent) {
        self.fields[self.at].key(key);
    }

    /// Takes text into it.
    pub fn paste(&mut self, text: &str) {
        self.fields[self.at].paste(text);
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let size = (area.width.saturating_sub(4).min(76), 8);
        let inner = dialog(frame, area, size, "About this run", theme);
        let id = Line::styled(format::clean(&self.run.id(), 60), theme.dim);
        lines(frame, inner, &[id]);
        for (line, (name, field)) in (2..).zip(NAMES.iter().zip(&self.fields)) {
            let at = usize::from(line - 2) == self.at;
            let style = if at { theme.accent } else { theme.dim };
            let row = Rect {
                y: inner.y.saturating_add(line),
                height: u16::from(line < inner.height),
                ..inner
            };
            lines(frame, row, &[Line::styled(*name, style)]);
            let rest = Rect {
                x: row.x + 6.min(row.width),
                width: row.width.saturating_sub(6),
                ..row
            };
            let mark = if at { theme.either("› ", "> ") } else { "  " };
            typed(
                frame,
                (rest, 0),
                mark,
                (field.text(), theme.text, at),
                theme,
            );
        }
    }
}
