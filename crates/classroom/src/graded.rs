//! A hand-in with its points.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use workbench_json::Floats;
use workbench_marks::mark;
use workbench_questions::{
    Question, QuestionKind, QuestionSet, RecordedAssignment, RubricItem, letter,
};
use workbench_record::{Finding, Severity};
use workbench_result::{ArmResult, LostSeconds};
use workbench_submission::{Class, Verified, VerifiedRun, Verifier};

/// A hand-in with its points.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent remarks, columns of a table"
)]
pub struct Graded {
    /// The student, as the name of the file or its folder says.
    pub student: String,
    /// The file.
    pub file: String,
    /// Points that are decided.
    #[serde(with = "Floats::<f64>")]
    pub points: f64,
    /// Points that a person decides.
    #[serde(with = "Floats::<f64>")]
    pub to_read: f64,
    /// The most points.
    #[serde(with = "Floats::<f64>")]
    pub of: f64,
    /// It came after the deadline.
    pub late: bool,
    /// It shares runs with another hand-in.
    pub duplicate: bool,
    /// It cannot be read.
    pub unreadable: bool,
    /// It was handed in as a draft.
    pub draft: bool,
    /// Nothing was found that does not fit.
    pub holds: bool,
    /// Its questions.
    pub questions: Vec<GradedQuestion>,
    /// What its parallel arms gained.
    pub speeds: Vec<Speed>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// A question with its answer and points.
#[derive(Debug, Clone, Serialize)]
pub struct GradedQuestion {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// The answer as it was typed.
    pub answer: String,
    /// The answer as it is counted over a class: the number, or letters of choices.
    pub counted: String,
    /// Points; `None` where a person decides.
    #[serde(with = "Floats::<Option<f64>>")]
    pub points: Option<f64>,
    /// The most points.
    #[serde(with = "Floats::<f64>")]
    pub of: f64,
    /// Why so many points.
    pub why: String,
    /// The number that the student's own run has.
    #[serde(with = "Floats::<Option<f64>>")]
    pub expected: Option<f64>,
    /// What a person judges a text by, with the points of each.
    pub criteria: Vec<RubricItem>,
    /// Whether a person reads it.
    pub is_text: bool,
}

/// What an arm gained at a number of workers.
#[derive(Debug, Clone, Serialize)]
pub struct Speed {
    /// The arm.
    pub arm: String,
    /// Number of workers.
    pub workers: u32,
    /// Usable cores of the machine.
    #[serde(with = "Floats::<f64>")]
    pub cores: f64,
    /// The speed-up.
    #[serde(with = "Floats::<f64>")]
    pub speedup: f64,
    /// The best speed-up that tasks and machine allow.
    #[serde(with = "Floats::<Option<f64>>")]
    pub bound: Option<f64>,
    /// Speed-up over the bound.
    #[serde(with = "Floats::<Option<f64>>")]
    pub of_bound: Option<f64>,
    /// Speed-up over workers.
    #[serde(with = "Floats::<Option<f64>>")]
    pub efficiency: Option<f64>,
    /// Where time was lost, as shares of workers × wall time.
    #[serde(with = "Floats::<BTreeMap<String, f64>>")]
    pub lost: BTreeMap<String, f64>,
}

/// Verifies hand-ins on several threads. A hand-in whose verification fails costs only itself.
/// `progress` is called with the number of those that are done.
pub fn verify_all(
    verifier: &Verifier<'_>,
    paths: &[PathBuf],
    (threads, outputs): (usize, u32),
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Verified> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all: Mutex<Vec<(usize, Verified)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some((at, path)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    paths.get(at).map(|path| (at, path))
                } {
                    let verify = || {
                        let mut verified = verifier.verify(path);
                        if outputs > 0 && verified.fits() {
                            verifier.reexecute(&mut verified, outputs);
                        }
                        verified
                    };
                    let verified = catch_unwind(AssertUnwindSafe(verify));
                    let verified = verified.unwrap_or_else(|_| Verified::failed(path));
                    let mut all = all
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    all.push((at, verified));
                    drop(all);
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let all = all.into_inner();
    let mut all = all.unwrap_or_else(std::sync::PoisonError::into_inner);
    all.sort_by_key(|(at, _)| *at);
    let mut all: Vec<Verified> = all.into_iter().map(|(_, verified)| verified).collect();
    let mut class = Class::default();
    for verified in &all {
        class.add(verified);
    }
    class.compare(&mut all);
    all
}

/// Gives a hand-in its points. Questions of the assignment count as it states them.
pub fn grade(
    verifier: &Verifier<'_>,
    verified: &Verified,
    student: &str,
    assignment: Option<&RecordedAssignment>,
) -> Graded {
    let mut questions: Vec<GradedQuestion> = Vec::new();
    for run in &verified.runs {
        for question in graded(run, &verifier.asked(run)) {
            // The same question in several runs: the better answer counts.
            match questions.iter_mut().find(|known| known.id == question.id) {
                Some(known) if known.points < question.points => *known = question,
                Some(_) => {}
                None => questions.push(question),
            }
        }
    }
    // An assignment's questions count, answered or not.
    let asked = assignment.map(|recorded| recorded.assignment.asked(&QuestionSet::NONE));
    for question in asked.iter().flat_map(|set| &set.questions) {
        if !questions.iter().any(|known| known.id == question.id) {
            questions.push(unanswered(question));
        }
    }
    let has = |kinds: &[&str]| verified.findings.iter().any(|f| kinds.contains(&&*f.kind));
    // A sum of nothing is -0.
    let sum = |points: &mut dyn Iterator<Item = f64>| points.sum::<f64>() + 0.0;
    let is_open = |question: &&GradedQuestion| question.points.is_none();
    Graded {
        student: student.to_owned(),
        file: verified.name.clone(),
        points: sum(&mut questions.iter().filter_map(|question| question.points)),
        to_read: sum(&mut questions.iter().filter(is_open).map(|question| question.of)),
        of: sum(&mut questions.iter().map(|question| question.of)),
        late: has(&["late"]),
        duplicate: has(&["same_log", "same_times"]),
        unreadable: verified.runs.is_empty(),
        draft: verified.is_draft(),
        holds: verified.holds(),
        speeds: verified.runs.iter().flat_map(speeds).collect(),
        findings: verified.findings.clone(),
        questions,
    }
}

fn graded(run: &VerifiedRun, asked: &QuestionSet) -> Vec<GradedQuestion> {
    let questions = asked.questions.iter();
    questions
        .map(|question| {
            let answer = run
                .sheet
                .as_ref()
                .and_then(|sheet| sheet.find(&question.id));
            let locked = run.locked.as_ref();
            let predicted = locked.and_then(|locked| locked.predictions.get(&question.id));
            let answer = if question.is_prediction() {
                predicted
            } else {
                answer
            };
            let mark = mark(question, answer, &run.result);
            let text = answer.map_or_else(String::new, |answer| answer.text.clone());
            GradedQuestion {
                points: mark.points,
                why: mark.verdict.to_string(),
                expected: mark.expected,
                counted: counted(question, &text),
                answer: text,
                ..unanswered(question)
            }
        })
        .collect()
}

fn unanswered(question: &Question) -> GradedQuestion {
    let criteria = match &question.kind {
        QuestionKind::Text { rubric } => rubric.clone(),
        QuestionKind::Number { .. } | QuestionKind::Choice { .. } => Vec::new(),
    };
    GradedQuestion {
        id: question.id.clone(),
        text: question.text.clone(),
        answer: String::new(),
        counted: String::new(),
        points: Some(0.0),
        of: question.points,
        why: "no answer".to_owned(),
        expected: None,
        criteria,
        is_text: matches!(question.kind, QuestionKind::Text { .. }),
    }
}

/// What answers of a class are counted by.
fn counted(question: &Question, answer: &str) -> String {
    let answer = answer.trim();
    match &question.kind {
        QuestionKind::Choice { choices, .. } => {
            let is_letter = |place: &usize| {
                let mut letters = answer.chars().filter(char::is_ascii_alphabetic);
                letters.any(|c| c.eq_ignore_ascii_case(&letter(*place)))
            };
            (0..choices.len()).filter(is_letter).map(letter).collect()
        }
        QuestionKind::Number { .. } => answer.chars().take(20).collect(),
        QuestionKind::Text { .. } => String::new(),
    }
}

fn speeds(run: &VerifiedRun) -> Vec<Speed> {
    let result = &run.result;
    let of = |arm: &ArmResult| {
        let speedup = arm.speedup?;
        let slots_s = f64::from(arm.workers) * arm.wall_median_s;
        Some(Speed {
            arm: arm.name.clone(),
            workers: arm.workers,
            cores: result.machine.cores_usable,
            speedup,
            bound: arm.bound,
            of_bound: arm
                .bound
                .filter(|bound| *bound > 0.0)
                .map(|bound| speedup / bound),
            efficiency: arm.efficiency,
            lost: shares(&arm.lost_s, slots_s),
        })
    };
    result.compared().filter_map(of).collect()
}

fn shares(lost: &LostSeconds, slots_s: f64) -> BTreeMap<String, f64> {
    let share = |seconds: f64| {
        if slots_s > 0.0 {
            seconds / slots_s
        } else {
            0.0
        }
    };
    let shares = lost.by_cause().map(share);
    let causes = LostSeconds::CAUSES.map(str::to_owned);
    causes.into_iter().zip(shares).collect()
}

impl Graded {
    /// Whether it could be read, and something in it does not fit.
    pub fn does_not_fit(&self) -> bool {
        !self.holds && !self.unreadable
    }

    /// What is remarkable, in a word or two each.
    pub fn remarks(&self) -> Vec<&'static str> {
        [
            (self.unreadable, "unreadable"),
            (self.late, "late"),
            (self.duplicate, "duplicate"),
            (self.draft, "draft"),
            (self.does_not_fit(), "does not fit"),
        ]
        .into_iter()
        .filter_map(|(is, remark)| is.then_some(remark))
        .collect()
    }

    /// What does not fit.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        let severe = |found: &&Finding| found.severity == Severity::Error;
        self.findings.iter().filter(severe)
    }
}
