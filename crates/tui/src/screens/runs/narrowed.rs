//! The filter of the history as it is typed, and the runs that it leaves. Reading the filter and
//! matching the runs happens when one of the two changes, never while drawing.

use jiff::Timestamp;
use ratatui::crossterm::event::KeyEvent;
use workbench_history::filter::{self, Parsed};
use workbench_history::list::RunRow;

use crate::action::Action;
use crate::field::Field;

/// The longest filter, in characters.
const LONGEST: usize = 120;

/// A filter and what it leaves.
#[derive(Debug)]
pub struct Narrowed {
    field: Field,
    typing: bool,
    parsed: Parsed,
    shown: Vec<usize>,
    /// What time it is, for `since:7d`.
    pub now: fn() -> Timestamp,
    /// How often the runs were matched.
    #[cfg(test)]
    pub times: u32,
}

impl Default for Narrowed {
    fn default() -> Self {
        Self {
            field: Field::new("", LONGEST),
            typing: false,
            parsed: Parsed::default(),
            shown: Vec::new(),
            now: Timestamp::now,
            #[cfg(test)]
            times: 0,
        }
    }
}

impl Narrowed {
    /// What was typed.
    pub fn text(&self) -> &str {
        self.field.text()
    }

    /// Whether keys go into the filter.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Starts typing.
    pub fn begin(&mut self) {
        self.typing = true;
    }

    /// What is wrong with the filter.
    pub fn problem(&self) -> Option<&str> {
        self.parsed.problem.as_deref()
    }

    /// The field whose value is being typed.
    pub fn field(&self) -> Option<filter::Field> {
        filter::field_at_end(self.text())
    }

    /// Places of the runs that match, in their order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Takes the filter away.
    pub fn clear(&mut self, rows: &[RunRow]) {
        self.field.set("");
        self.refresh(rows);
    }

    /// Takes a key, and what it stands for while a filter is typed.
    pub fn key(&mut self, key: KeyEvent, action: Option<&Action>, rows: &[RunRow]) {
        match action {
            Some(Action::Keep) => self.typing = false,
            Some(Action::Discard) => {
                self.typing = false;
                self.clear(rows);
            }
            Some(Action::Empty) => self.clear(rows),
            _ => {
                if self.field.key(key) {
                    self.refresh(rows);
                }
            }
        }
    }

    /// Takes text.
    pub fn paste(&mut self, text: &str, rows: &[RunRow]) {
        self.field.paste(text);
        self.refresh(rows);
    }

    /// Matches the runs anew.
    pub fn refresh(&mut self, rows: &[RunRow]) {
        self.parsed = filter::parse(self.text(), (self.now)());
        self.shown.clear();
        let matching = (0..)
            .zip(rows)
            .filter(|(_, row)| self.parsed.filter.matches(&row.facts));
        self.shown.extend(matching.map(|(place, _)| place));
        #[cfg(test)]
        {
            self.times += 1;
        }
    }
}
