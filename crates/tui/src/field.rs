//! A line of text that is typed: the same keys in every field.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A line of text. Control characters and what is too long are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// The longest text, in characters.
    longest: usize,
}

impl Field {
    /// A field with a text in it.
    pub fn new(text: &str, longest: usize) -> Self {
        let mut this = Self {
            text: String::new(),
            longest,
        };
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
        let fitting = text.chars().filter(|c| !c.is_control()).take(room);
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
