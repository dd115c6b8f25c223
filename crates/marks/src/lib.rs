//! From a run's result to the right answers of its questions, and to the mark of an answer.
//!
//! - **Belongs here:** the value of every named formula, and the points of an answer: pure
//!   functions of the result document.
//! - **May use:** `questions`, `result`, `record`, `json`.
//! - **Does not belong here:** questions and answers themselves (`questions`), new numbers of a run
//!   (`result`), hand-ins and classes.

mod expected;
mod mark;
mod messages;

pub use expected::{NoBasis, expected, right_choices};
pub use mark::{AnswerMark, MarkReason, mark};
