//! A line of text that is typed, and a filter that is typed into a list: the same keys everywhere.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The longest filter of a panel, in characters.
pub const LONGEST_FILTER: usize = 80;

/// What can be asked of a text that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editing {
    /// End typing and keep the text.
    Keep,
    /// End typing and take the text back.
    Discard,
    /// Empty the field.
    Empty,
    /// Begin a new line, in a field that has several.
    Line,
}

/// A text that is typed, of one line or of several. Control characters and what is too long are
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextField {
    text: String,
    /// The longest text, in characters.
    longest: usize,
    /// Whether it has several lines.
    of_lines: bool,
}

impl TextField {
    /// A field with a text in it.
    pub fn new(text: &str, longest: usize) -> Self {
        let mut this = Self {
            text: String::new(),
            longest,
            of_lines: false,
        };
        this.paste(text);
        this
    }

    /// A field for a text of several lines.
    pub fn of_lines(text: &str, longest: usize) -> Self {
        let mut this = Self::new("", longest);
        this.of_lines = true;
        this.paste(text);
        this
    }

    /// What is in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.paste(text);
    }

    /// Adds text at the end.
    pub fn paste(&mut self, text: &str) {
        let room = self.longest.saturating_sub(self.text.chars().count());
        let breaks = self.of_lines;
        let is_text = |c: &char| !c.is_control() || (*c == '\n' && breaks);
        let fitting = text.chars().filter(is_text).take(room);
        self.text.extend(fitting);
    }

    /// Takes a key that changes the text; whether it is one.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Backspace => drop(self.text.pop()),
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.paste(c.encode_utf8(&mut [0; 4]));
            }
            _ => return false,
        }
        true
    }
}

/// A filter: its text, and whether keys go into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterField {
    field: TextField,
    typing: bool,
}

impl Default for FilterField {
    fn default() -> Self {
        Self::new(LONGEST_FILTER)
    }
}

impl FilterField {
    /// An empty filter of at most so many characters.
    pub fn new(longest: usize) -> Self {
        Self {
            field: TextField::new("", longest),
            typing: false,
        }
    }

    /// What was typed so far.
    pub fn text(&self) -> &str {
        self.field.text()
    }

    /// Whether keys go into the filter.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Whether there is a line of it to draw.
    pub fn is_shown(&self) -> bool {
        self.typing || !self.text().is_empty()
    }

    /// Lets keys go into the filter.
    pub fn begin(&mut self) {
        self.typing = true;
    }

    /// Takes a key, and what it stands for while a filter is typed.
    pub fn key(&mut self, key: KeyEvent, meaning: Option<Editing>) {
        match meaning {
            Some(Editing::Keep) => self.typing = false,
            Some(Editing::Discard) => {
                self.typing = false;
                self.clear();
            }
            Some(Editing::Empty) => self.clear(),
            // A filter has one line.
            Some(Editing::Line) => {}
            None => _ = self.field.key(key),
        }
    }

    /// Empties the filter.
    pub fn clear(&mut self) {
        self.field.set("");
    }

    /// Empties the filter; whether there was anything in it.
    pub fn step_back(&mut self) -> bool {
        let had_text = !self.text().is_empty();
        self.clear();
        had_text
    }

    /// Takes text, as much of it as a filter holds.
    pub fn paste(&mut self, text: &str) {
        self.field.paste(text);
    }
}
