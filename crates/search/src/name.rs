//! The names of parameters.

/// The words that stand between the values of a parameter and its condition.
pub(crate) const CONDITION: &str = "if";
pub(crate) const MEMBER: &str = "in";

/// Whether a word can be a name.
pub(crate) fn is_name(word: &str) -> bool {
    let reserved = [CONDITION, MEMBER].contains(&word);
    !word.is_empty() && !reserved && word.chars().all(is_letter)
}

/// Whether a letter can stand in a name or a number.
pub(crate) fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || "_-./".chars().any(|known| known == letter)
}
