//! What a run locks when it starts: the questions that were asked, and what was predicted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use workbench_digest::Hasher;

use crate::answer::{AnswerSheet, TypedAnswer};
use crate::question::{QuestionSet, When};

/// The predictions as they were when a run started. The record of the run holds them, so that a
/// later change of a document is seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockedPredictions {
    /// When they were locked, in milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// Runs of this lab that were begun here before. From the second run on, a prediction may have
    /// been made by somebody who has seen a result.
    #[serde(default)]
    pub runs_before: u32,
    /// Everything that is asked, before and after the run.
    pub questions: QuestionSet,
    /// The answers to what is asked before the run, by the ids of their questions.
    pub predictions: BTreeMap<String, TypedAnswer>,
    /// SHA-256 of all this as compact JSON, with this field empty, in hexadecimal.
    pub sha256: String,
}

impl LockedPredictions {
    /// Locks what a sheet predicts.
    pub fn lock(
        questions: QuestionSet,
        sheet: &AnswerSheet,
        runs_before: u32,
        unix_ms: u64,
    ) -> Self {
        let predicted = questions.asked(When::Before);
        let predictions = predicted
            .filter_map(|question| Some((question.id.clone(), sheet.find(&question.id)?.clone())))
            .collect();
        let mut locked = Self {
            unix_ms,
            runs_before,
            questions,
            predictions,
            sha256: String::new(),
        };
        locked.sha256 = locked.hash();
        locked
    }

    fn hash(&self) -> String {
        let empty = Self {
            sha256: String::new(),
            ..self.clone()
        };
        let mut hasher = Hasher::default();
        hasher.update(serde_json::to_vec(&empty).unwrap_or_default());
        hasher.finish()
    }

    /// Whether the hash fits what is locked.
    pub fn holds(&self) -> bool {
        self.sha256 == self.hash()
    }

    /// The ids of predictions that are other on a sheet than they were when they were locked.
    pub fn changed(&self, sheet: &AnswerSheet) -> Vec<String> {
        let asked = self.questions.asked(When::Before);
        let text = |answer: Option<&TypedAnswer>| answer.map(|answer| answer.text.clone());
        let is_other = |id: &str| text(self.predictions.get(id)) != text(sheet.find(id));
        asked
            .filter(|question| is_other(&question.id))
            .map(|question| question.id.clone())
            .collect()
    }

    /// The answer that counts: a prediction as it was locked, anything else as it is on the sheet.
    pub fn answer<'a>(
        &'a self,
        id: &str,
        sheet: Option<&'a AnswerSheet>,
    ) -> Option<&'a TypedAnswer> {
        let question = self.questions.find(id)?;
        if question.is_prediction() {
            self.predictions.get(id)
        } else {
            sheet?.find(id)
        }
    }
}
