//! The mark of an answer.

use std::collections::BTreeSet;

use serde::Serialize;
use workbench_json::Floats;
use workbench_questions::{
    AnswerError, Credit, Given, Question, QuestionKind, Tolerance, TypedAnswer, given,
};
use workbench_result::RunResult;

use crate::expected::{NoBasis, expected, right_choices};

/// What an answer is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnswerMark {
    /// Points; `None` where a person has to decide.
    #[serde(with = "Floats::<Option<f64>>")]
    pub points: Option<f64>,
    /// The most points.
    #[serde(with = "Floats::<f64>")]
    pub of: f64,
    /// The number that the run has, where the question asks for one.
    #[serde(with = "Floats::<Option<f64>>")]
    pub expected: Option<f64>,
    /// The places of the right choices, where they are known.
    pub right: Option<BTreeSet<usize>>,
    /// Why so many points.
    #[serde(flatten)]
    pub verdict: MarkReason,
}

/// Why an answer gives so many points.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum MarkReason {
    /// It is right.
    #[error("right")]
    Right,
    /// Some of the right choices, or some wrong ones beside them.
    #[error("partly right")]
    Partly,
    /// It is wrong.
    #[error("not right")]
    Wrong,
    /// It was given, which is all that was asked for.
    #[error("given")]
    Given,
    /// A person reads it.
    #[error("to be read")]
    ToRead,
    /// There is no answer.
    #[error("no answer")]
    Missing,
    /// It is not of the question's kind.
    #[error("{0}")]
    Unusable(#[serde(serialize_with = "as_text")] AnswerError),
    /// The run does not say what is right.
    #[error("{0}")]
    NoBasis(NoBasis),
}

fn as_text<S: serde::Serializer>(error: &AnswerError, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(error)
}

/// Marks an answer by the result of the student's own run.
pub fn mark(question: &Question, answer: Option<&TypedAnswer>, result: &RunResult) -> AnswerMark {
    let (expected, right, no_basis) = known(question, result);
    let done = |share: Option<f64>, verdict: MarkReason| AnswerMark {
        points: share.map(|share| share * question.points),
        of: question.points,
        expected,
        right: right.clone(),
        verdict,
    };
    let answer = answer.filter(|answer| !answer.text.trim().is_empty());
    let Some(answer) = answer else {
        return done(Some(0.0), MarkReason::Missing);
    };
    let given = match given(question, answer) {
        Ok(given) => given,
        Err(error) => return done(Some(0.0), MarkReason::Unusable(error)),
    };
    if question.credit == Credit::Given && !matches!(given, Given::Text(_)) {
        return done(Some(1.0), MarkReason::Given);
    }
    if let Some(no_basis) = no_basis {
        return done(Some(0.0), MarkReason::NoBasis(no_basis));
    }
    let share = match (&given, &question.kind) {
        (Given::Number(number), QuestionKind::Number { tolerance, .. }) => {
            expected.map(|expected| near(*tolerance, *number, expected))
        }
        (Given::Choices(chosen), QuestionKind::Choice { choices, .. }) => right
            .as_ref()
            .map(|right| share_right(chosen, right, choices.len())),
        _ => None,
    };
    match share {
        None => done(None, MarkReason::ToRead),
        Some(share) if share >= 1.0 => done(Some(1.0), MarkReason::Right),
        Some(share) if share > 0.0 => done(Some(share), MarkReason::Partly),
        Some(_) => done(Some(0.0), MarkReason::Wrong),
    }
}

/// What is right, or why the run does not say.
#[expect(clippy::type_complexity, reason = "taken apart where it is used")]
fn known(
    question: &Question,
    result: &RunResult,
) -> (Option<f64>, Option<BTreeSet<usize>>, Option<NoBasis>) {
    match &question.kind {
        QuestionKind::Number { formula, .. } => match expected(formula, result) {
            Ok(number) => (Some(number), None, None),
            Err(error) => (None, None, Some(error)),
        },
        QuestionKind::Choice { .. } => match right_choices(question, result) {
            Ok(right) => (None, right, None),
            Err(error) => (None, None, Some(error)),
        },
        QuestionKind::Text { .. } => (None, None, None),
    }
}

fn near(tolerance: Tolerance, given: f64, expected: f64) -> f64 {
    if tolerance.takes(given, expected) {
        1.0
    } else {
        0.0
    }
}

/// The share of right choices that were chosen, less the share of wrong ones; not below 0.
fn share_right(chosen: &BTreeSet<usize>, right: &BTreeSet<usize>, choices: usize) -> f64 {
    let wrong = choices.saturating_sub(right.len());
    let hits = chosen.intersection(right).count();
    let slips = chosen.difference(right).count();
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    (share(hits, right.len()) - share(slips, wrong)).clamp(0.0, 1.0)
}
