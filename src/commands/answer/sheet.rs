//! Which questions are meant, and where their answers are.

use std::time::{SystemTime, UNIX_EPOCH};

use workbench_experiment::lab::Lab;
use workbench_questions::{AnswerSheet, Question, QuestionSet, TypedAnswer};
use workbench_record::{RunDir, RunStore, Snapshot};
use workbench_result::RunResult;

use crate::commands::show::load;
use crate::exit_error::ExitError;
use crate::registry;

/// The questions about a lab or about one of its runs, and their answers.
pub struct Target {
    /// The lab's name.
    pub lab: String,
    /// The assignment's title, where there is one.
    pub assignment: Option<String>,
    /// What is asked.
    pub questions: QuestionSet,
    /// The draft for the next run; `None` where one run is meant.
    pub draft: Option<AnswerSheet>,
    /// The run that questions after it are about.
    pub run: Option<RunAnswered>,
}

/// A run and what was answered about it.
pub struct RunAnswered {
    /// The run.
    pub dir: RunDir,
    /// Its events, folded.
    pub snapshot: Snapshot,
    /// Its result.
    pub result: RunResult,
    /// The answers.
    pub sheet: AnswerSheet,
}

/// What is meant by the name of a lab, or by a run, where one is given.
pub fn target(
    labs: &[Box<dyn Lab>],
    store: &RunStore,
    (lab, run): (Option<&str>, Option<&str>),
) -> Result<Target, ExitError> {
    if let Some(run) = run {
        return of_run(store, run);
    }
    let lab = match lab {
        Some(name) => registry::find(labs, name)?,
        None => usual(labs, store)?,
    };
    let definition = lab.definition();
    let questions = lab.questions().clone();
    if questions.is_empty() {
        return Err(ExitError::usage(format!(
            "the {} lab asks nothing; put a questions.toml into its folder, or give an assignment with --assignment FILE",
            definition.name
        )));
    }
    let assignment = definition.assignment.as_deref();
    let hash = assignment.map(|recorded| recorded.sha256.as_str());
    Ok(Target {
        lab: definition.name.clone(),
        assignment: assignment.map(|recorded| recorded.assignment.title.clone()),
        questions,
        draft: Some(store.read_draft(&definition.name, hash)?),
        run: latest(store, &definition.name, hash)?,
    })
}

/// The lab that is meant where none is named: the only one with an assignment, or that of the
/// latest run.
fn usual<'a>(labs: &'a [Box<dyn Lab>], store: &RunStore) -> Result<&'a dyn Lab, ExitError> {
    let mut assigned = labs
        .iter()
        .filter(|lab| lab.definition().assignment.is_some());
    if let (Some(lab), None) = (assigned.next(), assigned.next()) {
        return Ok(lab.as_ref());
    }
    let which = || ExitError::usage("say which lab's questions are meant, with --lab NAME");
    let run = store.list()?.pop().ok_or_else(which)?;
    let started = run.snapshot()?.started.ok_or_else(which)?;
    registry::find(labs, &started.config.lab)
}

/// The questions about one run.
fn of_run(store: &RunStore, run: &str) -> Result<Target, ExitError> {
    let answered = answered(store, run)?;
    let started = answered.snapshot.started.as_deref();
    let config = started.map(|started| &started.config);
    let assignment = config.and_then(|config| config.assignment.as_deref());
    let locked = answered.snapshot.locked.as_deref();
    let questions = locked
        .map(|locked| locked.questions.clone())
        .ok_or_else(|| {
            ExitError::usage(format!(
                "{}: nothing was asked about this run when it was made",
                answered.dir.id()
            ))
        })?;
    Ok(Target {
        lab: answered.result.lab.clone(),
        assignment: assignment.map(|recorded| recorded.assignment.title.clone()),
        questions,
        draft: None,
        run: Some(answered),
    })
}

/// The latest run of a lab under an assignment about which something is asked.
fn latest(
    store: &RunStore,
    lab: &str,
    hash: Option<&str>,
) -> Result<Option<RunAnswered>, ExitError> {
    for run in store.list_of(lab)?.into_iter().rev() {
        // A run that cannot be read is none to answer questions about.
        let Ok(snapshot) = run.snapshot() else {
            continue;
        };
        let config = snapshot.started.as_deref().map(|started| &started.config);
        let of = config.and_then(|config| config.assignment.as_deref());
        let is_of = of.map(|recorded| recorded.sha256.as_str()) == hash;
        if is_of && snapshot.locked.is_some() {
            return answered(store, &run.path().display().to_string()).map(Some);
        }
    }
    Ok(None)
}

fn answered(store: &RunStore, run: &str) -> Result<RunAnswered, ExitError> {
    let (dir, snapshot, result) = load(store, run)?;
    let started = snapshot.started.as_deref();
    let assignment = started.and_then(|started| started.config.assignment.as_deref());
    let hash = assignment.map(|recorded| recorded.sha256.as_str());
    let sheet = dir.read_answers()?;
    Ok(RunAnswered {
        sheet: sheet.unwrap_or_else(|| AnswerSheet::empty(&result.lab, hash)),
        dir,
        snapshot,
        result,
    })
}

impl Target {
    /// The answer to a question: for the next run where it is a prediction and no run is meant.
    pub fn answer(&self, question: &Question) -> Option<&TypedAnswer> {
        match (&self.draft, question.is_prediction()) {
            (Some(draft), true) => draft.find(&question.id),
            _ => {
                let run = self.run.as_ref()?;
                let locked = run.snapshot.locked.as_deref()?;
                locked.answer(&question.id, Some(&run.sheet))
            }
        }
    }

    /// Whether a question cannot be answered any more: the run has locked it.
    pub fn is_locked(&self, question: &Question) -> bool {
        question.is_prediction() && self.draft.is_none()
    }

    /// Keeps what was typed; says where it is.
    ///
    /// # Errors
    /// When it is locked, when there is no run that it could be about, or when it cannot be
    /// written.
    pub fn keep(
        &mut self,
        store: &RunStore,
        question: &Question,
        text: &str,
    ) -> Result<String, ExitError> {
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix_ms = unix_ms.map_or(0, |since| since.as_millis() as u64);
        let (id, lab) = (&question.id, &self.lab);
        match (&mut self.draft, &mut self.run) {
            (Some(draft), _) if question.is_prediction() => {
                draft.set(id, text, unix_ms);
                store.write_draft(draft)?;
                Ok(format!("for the next run of {lab}, which locks it"))
            }
            (_, Some(run)) if question.is_prediction() => Err(ExitError::usage(format!(
                "`{id}` is a prediction, and {} has locked it; leave --run out to predict the next run",
                run.dir.id()
            ))),
            (_, Some(run)) => {
                run.sheet.set(id, text, unix_ms);
                run.dir.write_answers(&run.sheet)?;
                Ok(format!("about {}", run.dir.id()))
            }
            (_, None) => Err(ExitError::usage(format!(
                "`{id}` is asked after a run, and there is none yet; run `workbench --lab {lab}`{} first",
                if self.assignment.is_some() {
                    ", with the assignment,"
                } else {
                    ""
                }
            ))),
        }
    }
}
