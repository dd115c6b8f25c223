//! The file `questions.toml` of a lab.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::entry::QuestionEntry;
use crate::messages as say;
use crate::problem::{PaperProblem, Problems};
use crate::question::QuestionSet;

/// The file of questions in a lab's folder.
pub const QUESTIONS_FILE: &str = "questions.toml";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionFile {
    #[serde(default, rename = "question")]
    questions: Vec<QuestionEntry>,
}

impl QuestionSet {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line.
    pub fn parse(text: &str) -> Result<Self, Vec<PaperProblem>> {
        let file: QuestionFile =
            toml::from_str(text).map_err(|error| Problems::toml(text, &error))?;
        let mut problems = Problems::of(text);
        let set = question_set(&file.questions, &mut problems);
        problems.or(set)
    }
}

/// The questions of entries; ids have to differ.
pub(crate) fn question_set(entries: &[QuestionEntry], problems: &mut Problems<'_>) -> QuestionSet {
    let mut ids = BTreeSet::new();
    let mut questions = Vec::new();
    for entry in entries {
        if !ids.insert(entry.id.get_ref()) {
            problems.at(entry.id.span().start, say::twice(entry.id.get_ref()));
        }
        questions.push(entry.question(problems));
    }
    QuestionSet { questions }
}
