//! Whether the terminal is dark or light. It is asked (OSC 11) once the first picture is drawn,
//! and its answer comes among the keys whenever it comes, over a slow connection too: nothing waits
//! for it, and no key that a person types meanwhile is lost.

use std::io::{self, Write as _, stdout};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What text stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Text is lighter.
    Dark,
    /// Text is darker.
    Light,
}

/// Asks the terminal for the colour of its ground. Terminals that do not know the question pass
/// over it.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn ask() -> io::Result<()> {
    let mut out = stdout();
    out.write_all(b"\x1b]11;?\x1b\\")?;
    out.flush()
}

/// The ground that `COLORFGBG` names, as rxvt and others set it: `15;0` or `0;default;15`, numbers
/// of the 16 colours, the last one the ground's.
pub fn of_variable(text: &str) -> Option<Ground> {
    match text.rsplit(';').next()?.parse().ok()? {
        0..=6 | 8 => Some(Ground::Dark),
        7 | 9..=15_u8 => Some(Ground::Light),
        _ => None,
    }
}

/// The longest answer, in characters: `11;rgba:ffff/ffff/ffff/ffff`.
const LONGEST: usize = 27;

/// What a key was.
#[derive(Debug, PartialEq)]
pub enum Sifted {
    /// Keys that a person pressed.
    Keys(Vec<KeyEvent>),
    /// Perhaps a part of the answer: the next key tells.
    Held,
    /// The end of the answer.
    Answer(Ground),
}

/// Takes the terminal's answer out of the keys. It comes as Alt+], characters, and Alt+\ or Ctrl+G.
#[derive(Debug, Default)]
pub struct AnswerSieve {
    held: Vec<KeyEvent>,
    text: String,
}

impl AnswerSieve {
    /// Takes the next key.
    pub fn take(&mut self, key: KeyEvent) -> Sifted {
        if self.held.is_empty() {
            if (key.code, key.modifiers) != (KeyCode::Char(']'), KeyModifiers::ALT) {
                return Sifted::Keys(vec![key]);
            }
            self.held.push(key);
            return Sifted::Held;
        }
        self.held.push(key);
        let is_end = matches!(
            (key.code, key.modifiers),
            (KeyCode::Char('\\'), KeyModifiers::ALT) | (KeyCode::Char('g'), KeyModifiers::CONTROL)
        );
        match (key.code, is_end) {
            (_, true) => match of_answer(&self.text) {
                Some(ground) => {
                    self.release();
                    Sifted::Answer(ground)
                }
                None => Sifted::Keys(self.release()),
            },
            (KeyCode::Char(c), false)
                if key.modifiers.difference(KeyModifiers::SHIFT).is_empty() =>
            {
                self.text.push(c);
                let start = self.text.len().min(START.len());
                if self.text.len() <= LONGEST && self.text.get(..start) == START.get(..start) {
                    Sifted::Held
                } else {
                    Sifted::Keys(self.release())
                }
            }
            _ => Sifted::Keys(self.release()),
        }
    }

    /// Whether keys are held back.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// The keys that were held back; nothing more of an answer came.
    pub fn release(&mut self) -> Vec<KeyEvent> {
        self.text.clear();
        std::mem::take(&mut self.held)
    }
}

/// How every answer begins.
const START: &str = "11;rgb";

/// The ground of an answer such as `11;rgb:1616/1818/1d1d`, by the lightness of its colour.
fn of_answer(text: &str) -> Option<Ground> {
    let colour = text.strip_prefix(START)?;
    let (_, parts) = colour.split_once(':')?;
    let share = |part: &str| {
        let value = u32::from_str_radix(part, 16).ok()?;
        let most = 16_u32.checked_pow(u32::try_from(part.len()).ok()?)? - 1;
        Some(f64::from(value) / f64::from(most))
    };
    let mut parts = parts.split('/').map(share);
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    // Luma of Rec. 709, without its gamma: enough to tell dark from light.
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    Some(if luma < 0.5 {
        Ground::Dark
    } else {
        Ground::Light
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), modifiers)
    }

    /// The keys as which an answer is read.
    fn answer(text: &str) -> Vec<KeyEvent> {
        let mut keys = vec![key(']', KeyModifiers::ALT)];
        keys.extend(text.chars().map(|c| match c {
            'A'..='Z' => key(c, KeyModifiers::SHIFT),
            c => key(c, KeyModifiers::NONE),
        }));
        keys
    }

    fn last(keys: Vec<KeyEvent>) -> Sifted {
        let mut sieve = AnswerSieve::default();
        let sifted: Vec<Sifted> = keys.into_iter().map(|key| sieve.take(key)).collect();
        let (end, before) = sifted.split_last().unwrap();
        assert!(before.iter().all(|one| *one == Sifted::Held), "{before:?}");
        match end {
            Sifted::Answer(ground) => Sifted::Answer(*ground),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_answer_among_the_keys_is_taken_out() {
        let ends = [
            key('\\', KeyModifiers::ALT),
            key('g', KeyModifiers::CONTROL),
        ];
        for (text, ground) in [
            ("11;rgb:1616/1818/1d1d", Ground::Dark),
            ("11;rgb:ffff/ffff/ffff", Ground::Light),
            ("11;rgb:FD/F6/E3", Ground::Light),
            ("11;rgb:0/2/3", Ground::Dark),
            ("11;rgba:eeee/eeee/eeee/ffff", Ground::Light),
        ] {
            for end in ends {
                let mut keys = answer(text);
                keys.push(end);
                assert_eq!(last(keys), Sifted::Answer(ground), "{text}");
            }
        }
    }

    #[test]
    fn keys_that_are_no_answer_come_out_as_they_went_in() {
        for typed in [
            "q",
            "1]",
            "11;rgx",
            "11;rgb:zz/zz/zz",
            "11;rgb:1/2",
            &"1".repeat(60),
        ] {
            let mut keys = answer(typed);
            keys.push(key('\\', KeyModifiers::ALT));
            keys.push(key('x', KeyModifiers::NONE));
            let mut sieve = AnswerSieve::default();
            let mut out = Vec::new();
            for key in &keys {
                match sieve.take(*key) {
                    Sifted::Keys(keys) => out.extend(keys),
                    Sifted::Held => {}
                    Sifted::Answer(ground) => panic!("{typed}: {ground:?}"),
                }
            }
            out.extend(sieve.release());
            assert_eq!(out, keys, "{typed}");
        }
    }

    #[test]
    fn the_last_number_of_the_variable_is_the_ground() {
        for (text, ground) in [
            ("15;0", Some(Ground::Dark)),
            ("0;15", Some(Ground::Light)),
            ("0;default;15", Some(Ground::Light)),
            ("12;8", Some(Ground::Dark)),
            ("0;7", Some(Ground::Light)),
            ("15;default", None),
            ("", None),
            ("15;16", None),
        ] {
            assert_eq!(of_variable(text), ground, "{text:?}");
        }
    }
}
