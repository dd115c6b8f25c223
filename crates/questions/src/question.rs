//! A question, and what is needed to mark an answer to it.

use serde::{Deserialize, Serialize};
use workbench_digest::Hasher;
use workbench_json::Floats;

use crate::formula::{Cause, Formula};

/// The most choices of a question: one for each letter.
pub const MOST_CHOICES: usize = 26;

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Its name among the questions: letters, digits, `-` and `_`.
    pub id: String,
    /// The points that a right answer gives.
    #[serde(with = "Floats::<f64>")]
    pub points: f64,
    /// When it is asked.
    pub when: When,
    /// What is asked, in Markdown.
    pub text: String,
    /// What gives the points.
    #[serde(default)]
    pub credit: Credit,
    /// What kind of answer it takes.
    pub kind: QuestionKind,
}

/// When a question is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the run: a prediction, which the start of the run locks.
    Before,
    /// Once the run has ended.
    #[default]
    After,
}

/// What gives the points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// A right answer.
    #[default]
    Right,
    /// Any answer of the right kind, for predictions that may turn out wrong.
    Given,
}

/// What kind of answer a question takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuestionKind {
    /// A number, compared with one of the student's own run.
    Number {
        /// Which number.
        formula: Formula,
        /// How far from it a right answer may be.
        tolerance: Tolerance,
    },
    /// One or several of some choices.
    Choice {
        /// The choices, called a, b, c, ….
        choices: Vec<Choice>,
        /// Whether several may be chosen.
        #[serde(default)]
        several: bool,
        /// Which are right.
        right: RightChoice,
    },
    /// A text, which a person reads.
    Text {
        /// What it is judged by.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rubric: Vec<RubricItem>,
    },
}

/// How far from the number a right answer may be: by the larger of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// In the unit of the number.
    #[serde(default, with = "Floats::<f64>")]
    pub absolute: f64,
    /// As a share of the number: 0.05 for 5 %.
    #[serde(default, with = "Floats::<f64>")]
    pub relative: f64,
}

impl Tolerance {
    /// Whether a number is near enough to the expected one.
    pub fn takes(&self, given: f64, expected: f64) -> bool {
        let room = self.absolute.max(self.relative * expected.abs());
        // Numbers are typed in decimal, so one at the very edge is inside.
        (given - expected).abs() <= room + 1e-9 * expected.abs().max(room)
    }
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What it says, in Markdown.
    pub text: String,
    /// What it stands for, where the run decides which choice is right: an arm's name, a cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Which choices are right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RightChoice {
    /// These, by their places from 0.
    Places(Vec<usize>),
    /// The one whose value the student's own run has.
    Run(ChoiceRule),
    /// It is not said here; a person decides.
    NotSaid,
}

/// What of a run decides which choice is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum ChoiceRule {
    /// The arm with the largest speed-up; values of choices are names of arms.
    FastestArm,
    /// The largest cause of lost time; values of choices are causes.
    LargestLoss {
        /// The arm; `None` for the one with the largest speed-up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arm: Option<String>,
        /// The number of workers; `None` for the largest at which the arm ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workers: Option<u32>,
    },
}

impl ChoiceRule {
    /// The values that choices may have, where they are known.
    pub(crate) fn values(&self) -> Option<[&'static str; 5]> {
        match self {
            Self::FastestArm => None,
            Self::LargestLoss { .. } => Some(Cause::ALL.map(Cause::name)),
        }
    }
}

/// What a text is judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RubricItem {
    /// The points that it gives.
    #[serde(with = "Floats::<f64>")]
    pub points: f64,
    /// What has to be there.
    pub text: String,
}

/// The letter of a choice by its place from 0.
pub fn letter(place: usize) -> char {
    char::from(b'a' + u8::try_from(place.min(MOST_CHOICES - 1)).unwrap_or_default())
}

impl Question {
    /// Whether it is asked before the run.
    pub fn is_prediction(&self) -> bool {
        self.when == When::Before
    }

    /// The arm that it names, where it names one.
    pub fn arm(&self) -> Option<&str> {
        match &self.kind {
            QuestionKind::Number { formula, .. } => formula.arm.as_deref(),
            QuestionKind::Choice {
                right: RightChoice::Run(ChoiceRule::LargestLoss { arm, .. }),
                ..
            } => arm.as_deref(),
            QuestionKind::Choice { .. } | QuestionKind::Text { .. } => None,
        }
    }
}

/// The questions of a lab or of an assignment, in the order in which they are asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionSet {
    /// The questions.
    pub questions: Vec<Question>,
}

impl QuestionSet {
    /// No questions.
    pub const NONE: Self = Self {
        questions: Vec::new(),
    };

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The question of this name.
    pub fn find(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// The questions that are asked then.
    pub fn asked(&self, when: When) -> impl Iterator<Item = &Question> {
        self.questions
            .iter()
            .filter(move |question| question.when == when)
    }

    /// The points of all questions.
    pub fn points(&self) -> f64 {
        self.questions.iter().map(|question| question.points).sum()
    }

    /// SHA-256 of the questions as compact JSON, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut hasher = Hasher::default();
        // Strings, finite numbers and lists of them: nothing that JSON does not have.
        hasher.update(serde_json::to_vec(self).unwrap_or_default());
        hasher.finish()
    }
}
