//! What is asked about a run, and locking what was predicted before it.

use workbench_questions::{AnswerSheet, LockedPredictions, QuestionSet, When};
use workbench_record::{Event, RecordError, Recorder, RunDir, RunStore};

use crate::lab::{Lab, RunConfig};

/// The questions about a run that is about to begin, and its draft of answers.
pub(super) struct BeforeRun {
    questions: QuestionSet,
    draft: AnswerSheet,
    runs_before: u32,
}

impl BeforeRun {
    /// Reads what was predicted.
    ///
    /// # Errors
    /// When the draft cannot be read: a run without its predictions is not what was wanted.
    pub(super) fn read(
        lab: &dyn Lab,
        config: &RunConfig,
        store: &RunStore,
    ) -> Result<Self, RecordError> {
        let questions = lab.questions().clone();
        let hash = config.assignment.as_deref();
        let hash = hash.map(|recorded| recorded.sha256.as_str());
        if questions.is_empty() {
            return Ok(Self {
                draft: AnswerSheet::empty(&config.lab, hash),
                questions,
                runs_before: 0,
            });
        }
        let mut draft = store.read_draft(&config.lab, hash)?;
        let is_predicted = |id: &str| {
            let asked = questions.find(id);
            asked.is_some_and(|question| question.when == When::Before)
        };
        draft.answers.retain(|id, _| is_predicted(id));
        Ok(Self {
            draft,
            questions,
            runs_before: store.count_of(&config.lab)?,
        })
    }

    /// Puts the predictions where the run's answers are.
    pub(super) fn keep(&self, run: &RunDir) -> Result<(), RecordError> {
        if self.draft.answers.is_empty() {
            return Ok(());
        }
        run.write_answers(&self.draft)
    }

    /// Records the predictions, after which a change of them is seen.
    pub(super) fn lock(self, recorder: &Recorder, unix_ms: u64) {
        if self.questions.is_empty() {
            return;
        }
        let locked =
            LockedPredictions::lock(self.questions, &self.draft, self.runs_before, unix_ms);
        recorder.emit(Event::PredictionsLocked(Box::new(locked)));
    }
}
