//! A filter of words in a panel: all of its words have to occur, whatever their case.

use crate::field::{Editing, FilterField};
use crate::keys::{Bound, table};
use crate::kit::{PaneRow, cells};

/// The keys while a filter is typed.
pub const KEYS: &[Bound<Editing>] = table! {
    ["enter", "tab", "down", "up"], Editing::Keep, "done",
        "Keep the filter and go back to the panel";
    ["esc"], Editing::Discard, "clear", "Clear the filter";
    ["ctrl-u"], Editing::Empty, "", "Empty the filter";
};

/// The words of a filter, in small letters.
pub fn words(filter: &FilterField) -> Vec<String> {
    let words = filter.text().split_whitespace();
    words.map(str::to_lowercase).collect()
}

/// The line with what was typed: `/ rank 1▏`.
pub fn draw(filter: &FilterField, row: &mut PaneRow<'_>) {
    let theme = row.theme;
    row.text("/ ", theme.accent);
    // The end is where one types.
    let room = row.rest().saturating_sub(1);
    let mut shown = filter.text();
    while cells(shown) > room {
        let mut rest = shown.chars();
        rest.next();
        shown = rest.as_str();
    }
    row.text(shown, theme.text);
    if filter.is_typing() {
        row.cell(theme.either("▏", "_"), theme.accent);
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
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::field::LONGEST_FILTER;
    use crate::keys::{find, name};

    fn press(filter: &mut FilterField, code: KeyCode) {
        press_with(filter, code, KeyModifiers::NONE);
    }

    fn press_with(filter: &mut FilterField, code: KeyCode, modifiers: KeyModifiers) {
        let key = KeyEvent::new(code, modifiers);
        filter.key(key, find(KEYS, &name(key)));
    }

    #[test]
    fn all_words_have_to_occur_whatever_their_case() {
        let mut filter = FilterField::default();
        filter.paste("Rank 1");
        let words = words(&filter);
        assert!(has_all(&words, "1 of RANK two"));
        assert!(!has_all(&words, "rank two"));
        assert!(has_all(&[], "anything"));
    }

    #[test]
    fn it_is_typed_kept_emptied_and_taken_away() {
        let mut filter = FilterField::default();
        filter.begin();
        for c in ['a', 'b', 'c'] {
            press(&mut filter, KeyCode::Char(c));
        }
        press(&mut filter, KeyCode::Backspace);
        press_with(&mut filter, KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(filter.text(), "ab");
        press(&mut filter, KeyCode::Enter);
        assert!(!filter.is_typing() && filter.is_shown());
        filter.begin();
        press_with(&mut filter, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert!(filter.text().is_empty() && filter.is_typing());
        press(&mut filter, KeyCode::Esc);
        assert!(!filter.is_shown());
    }

    #[test]
    fn a_long_paste_is_cut_and_control_characters_are_left_out() {
        let mut filter = FilterField::default();
        filter.paste(&"a\u{1b}\n".repeat(10_000));
        filter.paste("more");
        assert_eq!(filter.text(), "a".repeat(LONGEST_FILTER));
    }
}
