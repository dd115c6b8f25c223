//! What a lab asks its students: questions, what an instructor sets, and what was answered.
//!
//! - **Belongs here:** the files `questions.toml` and `assignment.toml`, the document of answers,
//!   reading an answer as the number or choice that it is, and the predictions that a run locks.
//! - **May use:** `digest`, `json`.
//! - **Does not belong here:** the numbers of a run, and so what is right (`marks`); files, clocks
//!   and terminals.

mod answer;
mod assignment;
mod assignment_file;
mod entry;
mod formula;
mod given;
mod locked;
mod messages;
mod number;
mod problem;
mod question;
mod question_file;

pub use answer::{ANSWERS, AnswerSheet, AnswersUnreadable, TypedAnswer, draft_name};
pub use assignment::{AssignmentPreset, Deadline, LabAssignment, RecordedAssignment};
pub use assignment_file::ASSIGNMENT_FILE;
pub use formula::{Cause, Formula, Measure, MeasureUnit, TaskOrder};
pub use given::{AnswerError, Given, LONGEST_ANSWER, given};
pub use locked::LockedPredictions;
pub use problem::{LONGEST_FILE, PaperProblem};
pub use question::{
    Choice, ChoiceRule, Credit, MOST_CHOICES, Question, QuestionKind, QuestionSet, RightChoice,
    RubricItem, Tolerance, When, letter,
};
pub use question_file::QUESTIONS_FILE;
