//! What is said of files of questions and of answers that cannot be used.

use crate::formula::{Measure, MeasureUnit};

pub(crate) const BAD_ID: &str =
    "a question's id has 1 to 40 letters, digits, `-` and `_`, for example speedup-tasks";
pub(crate) const NO_TEXT: &str = "the text of the question is empty; write what is asked";
pub(crate) const ODD_TEXT: &str = "the text holds control characters, or characters that turn the direction of writing; take them out";
pub(crate) const LONG_TEXT: &str = "the text has more than 10,000 characters; shorten it";
pub(crate) const POINTS: &str = "points are a number from 0 to 1000";
pub(crate) const TOLERANCE: &str = "a tolerance is a number from 0 on: absolute in the unit of the answer, relative as a share, for example relative = 0.05";
pub(crate) const NO_TOLERANCE: &str =
    "say how near a right answer has to be: relative = 0.05, absolute = 0.1, or both";
pub(crate) const NO_FORMULA: &str =
    "a question for a number needs `formula`, for example formula = \"speed-up\"";
pub(crate) const WORKERS: &str = "workers is a whole number from 1 to 1024";
pub(crate) const TWO_CHOICES: &str = "give 2 to 26 choices: choices = [\"…\", \"…\"]";
pub(crate) const RIGHT: &str = "right is the letter of a choice, \"b\", or with several = true a list of letters, [\"a\", \"c\"]";
pub(crate) const RIGHT_TWICE: &str =
    "`right` and `formula` both say which choice is right; leave one out";
pub(crate) const CHOICE_RULE: &str =
    "which choice a run makes right is formula = \"fastest-arm\" or \"largest-loss\"";
pub(crate) const NO_VALUES: &str =
    "with a formula every choice says what it stands for: { text = \"…\", value = \"…\" }";
pub(crate) const VALUES_FOR_NOTHING: &str =
    "values of choices are for a formula; leave them out, or say formula = \"fastest-arm\"";
pub(crate) const RUN_HAS_ONE: &str = "a run makes one choice right; leave several = true out";
pub(crate) const RUBRIC_POINTS: &str = "the points of the rubric do not add up to those of the question; mend one of them, or leave `points` of the question out";
pub(crate) const GIVEN_TEXT: &str =
    "credit = \"given\" is for numbers and choices; a text is read by a person";
pub(crate) const REPEATS: &str = "repeats are a whole number from 1 to 10,000";
pub(crate) const NONCE: &str =
    "a nonce has 8 to 64 letters and digits, for example the output of `openssl rand -hex 8`";
pub(crate) const BAD_NAME: &str = "a name has 1 to 40 letters, digits, `-` and `_`";
pub(crate) const BAD_ARM: &str =
    "the name of an arm has 1 to 40 letters, digits, `-`, `_`, `.` and `+`";
pub(crate) const DEADLINE: &str = "a deadline is a date and a time with its time zone: \"2026-12-15T23:59:00+01:00\" or \"2026-12-15T23:59[Europe/Berlin]\"";
pub(crate) const PRESET_VALUE: &str = "a preset sets parameters to numbers, texts, true or false";

/// A field that belongs to another kind of question.
pub(crate) fn foreign(field: &str, kind: &str) -> String {
    format!("`{field}` does not belong to a question of kind \"{kind}\"; leave it out")
}

/// A field that a formula does not have.
pub(crate) fn not_of(field: &str, measure: &Measure) -> String {
    format!(
        "the formula \"{}\" has no `{field}`; leave it out",
        measure.name()
    )
}

/// A field that a formula needs.
pub(crate) fn needs(field: &str, measure: &str) -> String {
    format!("the formula \"{measure}\" needs `{field}`")
}

/// Nothing has this name.
pub(crate) fn unknown(what: &str, given: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let given: String = given.chars().filter(|c| !c.is_control()).take(40).collect();
    match near {
        Some((_, name)) => format!("there is no {what} \"{given}\"; did you mean \"{name}\"?"),
        None => format!(
            "there is no {what} \"{given}\"; there are {}",
            known.join(", ")
        ),
    }
}

/// Two have the same name.
pub(crate) fn twice(id: &str) -> String {
    format!("there are two questions called {id}; give one another id")
}

/// What a number may be typed as.
pub(crate) fn number_form(unit: MeasureUnit) -> &'static str {
    match unit {
        MeasureUnit::Plain => "a number, for example 12.5",
        MeasureUnit::Ratio => "a number, for example 1.9",
        MeasureUnit::Share => "a share, for example 0.12 or 12 %",
        MeasureUnit::Seconds => "a time, for example 1.5 s or 300 ms",
    }
}
