//! The document of answers: what a student typed, question by question.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The file of answers in a run's directory.
pub const ANSWERS: &str = "answers.json";

/// Version of the document.
const SCHEMA: u32 = 1;

/// An answer as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedAnswer {
    /// What was typed.
    pub text: String,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub saved_unix_ms: u64,
}

/// All answers to the questions of a lab or of an assignment: `answers.json` of a run, and the
/// draft before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSheet {
    /// Version of the document.
    pub schema: u32,
    /// The lab's name.
    pub lab: String,
    /// SHA-256 of the assignment's file, in hexadecimal; `None` without an assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment_sha256: Option<String>,
    /// The answers, by the ids of their questions.
    #[serde(default)]
    pub answers: BTreeMap<String, TypedAnswer>,
}

/// Why a document of answers cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswersUnreadable {
    /// It is no such document.
    #[error("it holds no answers: {0}")]
    Damaged(String),
    /// A newer version wrote it.
    #[error("a newer workbench wrote it (schema {0}); read it with that one")]
    Newer(u32),
}

impl AnswerSheet {
    /// No answers yet.
    pub fn empty(lab: &str, assignment_sha256: Option<&str>) -> Self {
        Self {
            schema: SCHEMA,
            lab: lab.to_owned(),
            assignment_sha256: assignment_sha256.map(str::to_owned),
            answers: BTreeMap::new(),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`AnswersUnreadable`].
    pub fn parse(json: &[u8]) -> Result<Self, AnswersUnreadable> {
        let sheet: Self = serde_json::from_slice(json).map_err(|error| {
            AnswersUnreadable::Damaged(error.to_string().replace(char::is_control, " "))
        })?;
        if sheet.schema > SCHEMA {
            return Err(AnswersUnreadable::Newer(sheet.schema));
        }
        Ok(sheet)
    }

    /// The answer to a question, where there is one that is not empty.
    pub fn find(&self, id: &str) -> Option<&TypedAnswer> {
        let answer = self.answers.get(id);
        answer.filter(|answer| !answer.text.trim().is_empty())
    }

    /// Keeps what was typed; an empty text takes the answer away. Whether anything changed.
    pub fn set(&mut self, id: &str, text: &str, unix_ms: u64) -> bool {
        let before = self.answers.get(id).map_or("", |answer| &answer.text);
        if before == text {
            return false;
        }
        if text.is_empty() {
            self.answers.remove(id);
        } else {
            let answer = TypedAnswer {
                text: text.to_owned(),
                saved_unix_ms: unix_ms,
            };
            self.answers.insert(id.to_owned(), answer);
        }
        true
    }
}

/// The name of the draft of answers before a run.
pub fn draft_name(lab: &str, assignment_sha256: Option<&str>) -> String {
    match assignment_sha256.and_then(|hash| hash.get(..12)) {
        Some(hash) => format!("{lab}-{hash}.json"),
        None => format!("{lab}.json"),
    }
}
