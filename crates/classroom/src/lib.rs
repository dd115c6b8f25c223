//! Grading a class: the points of every hand-in, tables and documents for course systems, and pages
//! to read and to show.
//!
//! - **Belongs here:** points per question and criterion, what a course system takes, the page of
//!   the class and the pages of free texts.
//! - **May use:** `submission`, `marks`, `questions`, `report`, `result`, `record`, `json`,
//!   `words`.
//! - **Does not belong here:** whether a hand-in is what a run left, and which answer is right.

mod autograder;
mod chart;
mod class_page;
mod graded;
mod gradescope;
mod reading;
mod tables;

pub use autograder::{AutograderFile, autograder};
pub use class_page::class_page;
pub use graded::{Graded, GradedQuestion, Speed, grade, verify_all};
pub use gradescope::gradescope;
pub use reading::{ReadingPage, reading_pages};
pub use tables::{canvas, json, moodle, table};
