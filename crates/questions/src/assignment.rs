//! What an instructor sets: how a lab is to be run, and what is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use workbench_digest::Hasher;
use workbench_json::Floats;

use crate::question::QuestionSet;

/// An assignment, as its `assignment.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabAssignment {
    /// Its title, for people.
    pub title: String,
    /// The lab's name.
    pub lab: String,
    /// Until when it is handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// What tells this course's hand-ins from those of others, and by which tasks are drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The preset with which the lab has to be run; `None` for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_preset: Option<String>,
    /// Presets that the lab has not, or has otherwise, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub presets: BTreeMap<String, AssignmentPreset>,
    /// Arms that have to run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_arms: Vec<String>,
    /// Repeats that every arm needs at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_repeats: Option<u32>,
    /// The seed with which the lab has to be run; `None` for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The lab's questions that are asked, by id; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lab_questions: Option<Vec<String>>,
    /// Points of the lab's questions, where they are other than the lab's.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        with = "Floats::<BTreeMap<String, f64>>"
    )]
    pub points: BTreeMap<String, f64>,
    /// Questions of the assignment's own; one with the id of a lab's question takes its place.
    #[serde(skip_serializing_if = "QuestionSet::is_empty")]
    pub questions: QuestionSet,
}

/// A preset that an assignment defines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentPreset {
    /// One sentence for people.
    pub help: String,
    /// Repeats of every arm when none are asked for.
    pub repeats: u32,
    /// Parameters that differ from their defaults, as they are typed.
    pub set: BTreeMap<String, String>,
}

/// Until when an assignment is handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// As the file says it, with its time zone.
    pub text: String,
    /// Milliseconds since the Unix epoch.
    pub unix_ms: i64,
}

/// An assignment as runs record it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedAssignment {
    /// SHA-256 of the bytes of its file, in hexadecimal.
    pub sha256: String,
    /// The file's name, without its folder.
    pub file: String,
    /// What it says.
    pub assignment: LabAssignment,
}

impl RecordedAssignment {
    /// An assignment with the hash of its file.
    pub fn of(assignment: LabAssignment, file: &str, text: &str) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(text.as_bytes());
        Self {
            sha256: hasher.finish(),
            file: file.to_owned(),
            assignment,
        }
    }
}

impl LabAssignment {
    /// What is asked under it, of a lab with these questions.
    pub fn asked(&self, lab: &QuestionSet) -> QuestionSet {
        let is_asked = |id: &String| {
            self.lab_questions
                .as_ref()
                .is_none_or(|ids| ids.contains(id))
        };
        let own = &self.questions;
        let mut questions: Vec<_> = lab
            .questions
            .iter()
            .filter(|question| is_asked(&question.id) || own.find(&question.id).is_some())
            .map(|question| own.find(&question.id).unwrap_or(question).clone())
            .collect();
        for question in &own.questions {
            if lab.find(&question.id).is_none() {
                questions.push(question.clone());
            }
        }
        for question in &mut questions {
            if let Some(points) = self.points.get(&question.id) {
                question.points = *points;
            }
        }
        QuestionSet { questions }
    }

    /// The ids under `questions` and `[points]` that no question has.
    pub fn unknown_ids<'a>(&'a self, lab: &QuestionSet) -> Vec<&'a str> {
        let named = self
            .lab_questions
            .iter()
            .flatten()
            .chain(self.points.keys());
        let is_known = |id: &str| lab.find(id).is_some() || self.questions.find(id).is_some();
        named
            .map(String::as_str)
            .filter(|id| !is_known(id))
            .collect()
    }
}
