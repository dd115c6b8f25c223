//! A filter that is typed into a view: all of its words have to occur, whatever their case.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::keys::Binding;
use crate::kit::{Row, cells};

/// The longest filter, in characters.
const LONGEST: usize = 80;

/// The keys while a filter is typed, for footer and help.
pub const KEYS: &[Binding] = &[
    Binding {
        keys: &["enter"],
        label: "done",
        help: "Keep the filter and go back to the panel",
    },
    Binding {
        keys: &["esc"],
        label: "clear",
        help: "Take the filter away",
    },
    Binding {
        keys: &["ctrl-u"],
        label: "",
        help: "Empty the filter",
    },
];

/// The words, and whether they are being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    typing: bool,
}

impl Filter {
    /// Whether keys go into the filter.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Lets keys go into the filter.
    pub fn begin(&mut self) {
        self.typing = true;
    }

    /// What was typed so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is a line of it to draw.
    pub fn is_shown(&self) -> bool {
        self.typing || !self.text.is_empty()
    }

    /// Takes a key; `name` is the key's name.
    pub fn type_key(&mut self, key: KeyEvent, name: &str) {
        match (key.code, name) {
            (KeyCode::Enter | KeyCode::Tab | KeyCode::Down | KeyCode::Up, _) => self.typing = false,
            (KeyCode::Esc, _) => {
                self.typing = false;
                self.text.clear();
            }
            (_, "ctrl-u") => self.text.clear(),
            (KeyCode::Backspace, _) => drop(self.text.pop()),
            (KeyCode::Char(c), _) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.paste(c.encode_utf8(&mut [0; 4]));
            }
            _ => {}
        }
    }

    /// Takes text, as much of it as a filter holds.
    pub fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        self.text
            .extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    /// Its words, in small letters.
    pub fn words(&self) -> Vec<String> {
        let words = self.text.split_whitespace();
        words.map(str::to_lowercase).collect()
    }

    /// The line with what was typed: `/ rank 1▏`.
    pub fn draw(&self, row: &mut Row<'_>) {
        let theme = row.theme;
        row.text("/ ", theme.accent);
        // The end is where one types.
        let room = row.rest().saturating_sub(1);
        let mut shown = self.text.as_str();
        while cells(shown) > room {
            let mut rest = shown.chars();
            rest.next();
            shown = rest.as_str();
        }
        row.text(shown, theme.text);
        if self.typing {
            row.cell(theme.either("▏", "_"), theme.accent);
        }
    }
}

/// Whether a text has all the words, which are in small letters.
pub fn has_all(words: &[String], text: &str) -> bool {
    words.is_empty() || {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyModifiers;

    use super::*;

    fn press(filter: &mut Filter, code: KeyCode, name: &str) {
        filter.type_key(KeyEvent::new(code, KeyModifiers::NONE), name);
    }

    #[test]
    fn all_words_have_to_occur_whatever_their_case() {
        let mut filter = Filter::default();
        filter.paste("Rank 1");
        let words = filter.words();
        assert!(has_all(&words, "1 of RANK two"));
        assert!(!has_all(&words, "rank two"));
        assert!(has_all(&[], "anything"));
    }

    #[test]
    fn it_is_typed_kept_emptied_and_taken_away() {
        let mut filter = Filter::default();
        filter.begin();
        for c in ['a', 'b', 'c'] {
            press(&mut filter, KeyCode::Char(c), "x");
        }
        press(&mut filter, KeyCode::Backspace, "backspace");
        press(&mut filter, KeyCode::Char('k'), "ctrl-k");
        assert_eq!(filter.text(), "ab");
        press(&mut filter, KeyCode::Enter, "enter");
        assert!(!filter.is_typing() && filter.is_shown());
        filter.begin();
        press(&mut filter, KeyCode::Char('u'), "ctrl-u");
        assert!(filter.text().is_empty() && filter.is_typing());
        press(&mut filter, KeyCode::Esc, "esc");
        assert!(!filter.is_shown());
    }

    #[test]
    fn a_long_paste_is_cut_and_control_characters_are_left_out() {
        let mut filter = Filter::default();
        filter.paste(&"a\u{1b}\n".repeat(10_000));
        filter.paste("more");
        assert_eq!(filter.text(), "a".repeat(LONGEST));
    }
}
