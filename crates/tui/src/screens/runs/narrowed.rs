//! The filter of the history as it is typed, and the runs that it leaves. Reading the filter and matching the runs happens
//! when one of the two changes, never while drawing.

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use workbench_history::filter::{self, Field, Parsed};
use workbench_history::list::RunRow;

/// The longest filter, in characters.
const LONGEST: usize = 120;

/// A filter and what it leaves.
#[derive(Debug, Default)]
pub struct Narrowed {
    text: String,
    typing: bool,
    parsed: Parsed,
    shown: Vec<usize>,
    /// How often the runs were matched.
    #[cfg(test)]
    pub times: u32,
}

impl Narrowed {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
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
    pub fn field(&self) -> Option<Field> {
        filter::field_at_end(&self.text)
    }

    /// Places of the runs that match, in their order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Takes the filter away.
    pub fn clear(&mut self, rows: &[RunRow], now: Timestamp) {
        self.text.clear();
        self.refresh(rows, now);
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent, name: &str, rows: &[RunRow], now: Timestamp) {
        match (key.code, name) {
            (KeyCode::Enter | KeyCode::Tab | KeyCode::Down | KeyCode::Up, _) => self.typing = false,
            (KeyCode::Esc, _) => {
                self.typing = false;
                self.clear(rows, now);
            }
            (_, "ctrl-u") => self.clear(rows, now),
            (KeyCode::Backspace, _) => {
                self.text.pop();
                self.refresh(rows, now);
            }
            (KeyCode::Char(c), name) if !name.starts_with("ctrl-") => {
                self.paste(c.encode_utf8(&mut [0; 4]), rows, now);
            }
            _ => {}
        }
    }

    /// Takes text.
    pub fn paste(&mut self, text: &str, rows: &[RunRow], now: Timestamp) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        let fitting = text.chars().filter(|c| !c.is_control()).take(room);
        self.text.extend(fitting);
        self.refresh(rows, now);
    }

    /// Matches the runs anew.
    pub fn refresh(&mut self, rows: &[RunRow], now: Timestamp) {
        self.parsed = filter::parse(&self.text, now);
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
