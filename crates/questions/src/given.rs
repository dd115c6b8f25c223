//! What an answer says: the number, the choices or the text that was typed.

use std::collections::BTreeSet;

use crate::answer::TypedAnswer;
use crate::formula::MeasureUnit;
use crate::messages::number_form;
use crate::number::read_number;
use crate::question::{Question, QuestionKind, letter};

/// The longest answer, in characters.
pub const LONGEST_ANSWER: usize = 20_000;

/// An answer as what it means.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A number, in the unit of the formula.
    Number(f64),
    /// Places of choices, from 0.
    Choices(BTreeSet<usize>),
    /// A text.
    Text(String),
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is no number.
    #[error("that is no number; type {}", number_form(*.0))]
    NoNumber(MeasureUnit),
    /// It names no choice, or one that there is not.
    #[error("that is no choice; type a letter from a to {0}")]
    NoChoice(char),
    /// It names several choices.
    #[error("only one choice can be right; type one letter from a to {0}")]
    SeveralChoices(char),
    /// It is too long.
    #[error("that has {0} characters, and an answer has at most {LONGEST_ANSWER}; shorten it")]
    TooLong(usize),
}

/// Reads an answer to a question.
///
/// # Errors
/// When it is not of the question's kind.
pub fn given(question: &Question, answer: &TypedAnswer) -> Result<Given, AnswerError> {
    let text = answer.text.as_str();
    if text.len() > LONGEST_ANSWER {
        let characters = text.chars().count();
        if characters > LONGEST_ANSWER {
            return Err(AnswerError::TooLong(characters));
        }
    }
    match &question.kind {
        QuestionKind::Number { formula, .. } => {
            let unit = formula.measure.unit();
            let number = read_number(text, unit);
            number.map(Given::Number).ok_or(AnswerError::NoNumber(unit))
        }
        QuestionKind::Choice {
            choices, several, ..
        } => read_choices(text, choices.len(), *several).map(Given::Choices),
        QuestionKind::Text { .. } => Ok(Given::Text(text.to_owned())),
    }
}

/// Letters with commas or blanks between them.
fn read_choices(text: &str, count: usize, several: bool) -> Result<BTreeSet<usize>, AnswerError> {
    let last = letter(count.saturating_sub(1));
    let words = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let mut places = BTreeSet::new();
    for word in words.filter(|word| !word.is_empty()) {
        let word = word.trim_end_matches([')', '.']).to_ascii_lowercase();
        let place = (0..count).find(|place| word.chars().eq([letter(*place)]));
        places.insert(place.ok_or(AnswerError::NoChoice(last))?);
    }
    match places.len() {
        0 => Err(AnswerError::NoChoice(last)),
        2.. if !several => Err(AnswerError::SeveralChoices(last)),
        _ => Ok(places),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_letters() {
        let read = |text, several| {
            let places = read_choices(text, 3, several)?;
            Ok(places.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(read("b", false), Ok(vec![1]));
        assert_eq!(read(" C) ", false), Ok(vec![2]));
        assert_eq!(read("a, c", true), Ok(vec![0, 2]));
        assert_eq!(read("c a", true), Ok(vec![0, 2]));
        assert_eq!(read("a,b", false), Err(AnswerError::SeveralChoices('c')));
        assert_eq!(read("d", false), Err(AnswerError::NoChoice('c')));
        assert_eq!(read("ab", true), Err(AnswerError::NoChoice('c')));
        assert_eq!(read("", true), Err(AnswerError::NoChoice('c')));
    }
}
