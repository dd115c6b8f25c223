//! Questions and answers as texts and as JSON.

use std::fmt::Write as _;

use serde::Serialize;
use workbench_questions::{Credit, Question, QuestionKind, When, given, letter};
use workbench_report::{answers, format};
use workbench_tui::text::wrap_words;

use super::sheet::Target;
use crate::commands::show::pretty;
use crate::exit_error::ExitError;
use crate::output;

/// The widest line of texts.
const WIDEST: usize = 100;

/// How a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum QuestionState {
    /// There is no answer.
    Open,
    /// There is one, which can be changed.
    Answered,
    /// What is there is no answer to it.
    Unusable,
    /// The run has locked it.
    Locked,
    /// It is asked after a run, and there is none yet.
    AfterRun,
}

fn state(target: &Target, question: &Question) -> QuestionState {
    match target.answer(question) {
        _ if target.is_locked(question) => QuestionState::Locked,
        None if target.run.is_none() && !question.is_prediction() => QuestionState::AfterRun,
        None => QuestionState::Open,
        Some(answer) if given(question, answer).is_err() => QuestionState::Unusable,
        Some(_) => QuestionState::Answered,
    }
}

/// All questions, in the order in which they are asked.
pub fn list(target: &Target) -> String {
    let mut out = match &target.assignment {
        Some(title) => format!("{} ({})\n", format::clean(title, 200), target.lab),
        None => format!("Questions about {}\n", target.lab),
    };
    for when in [When::Before, When::After] {
        let mut asked = target.questions.asked(when).peekable();
        if asked.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "\n{}", heading(target, when));
        for question in asked {
            out.push('\n');
            out.push_str(&entry(target, question));
        }
    }
    let points = answers::points_text(target.questions.points());
    let _ = writeln!(
        out,
        "\n{points} in all. `workbench answer ID VALUE` answers, `workbench answer ID` shows one."
    );
    out
}

fn heading(target: &Target, when: When) -> String {
    match (when, &target.run) {
        (When::Before, _) if target.draft.is_some() => {
            "Before the run; the next run locks these".to_owned()
        }
        (When::Before, _) => "Before the run; locked".to_owned(),
        (When::After, Some(run)) => format!("After the run, about {}", run.dir.id()),
        (When::After, None) => "After the run; there is none yet".to_owned(),
    }
}

/// One question with its choices.
pub fn one(target: &Target, question: &Question) -> String {
    let mut out = entry(target, question);
    let how = match &question.kind {
        QuestionKind::Number { .. } => "VALUE is a number, with a unit where it has one",
        QuestionKind::Choice { several: true, .. } => "VALUE is letters, such as a,c",
        QuestionKind::Choice { .. } => "VALUE is a letter",
        QuestionKind::Text { .. } => "VALUE is a text; `-` takes it from the standard input",
    };
    if !target.is_locked(question) {
        let _ = writeln!(out, "\n  `workbench answer {} VALUE`; {how}.", question.id);
    }
    out
}

fn entry(target: &Target, question: &Question) -> String {
    let room = output::room().min(WIDEST);
    let mark = match state(target, question) {
        QuestionState::Open | QuestionState::AfterRun => "[ ]",
        QuestionState::Answered => "[x]",
        QuestionState::Unusable => "[?]",
        QuestionState::Locked => "[=]",
    };
    let points = answers::points_text(question.points);
    let credit = match question.credit {
        Credit::Given => ", for any answer",
        Credit::Right => "",
    };
    let mut out = format!("{mark} {} ({points}{credit})\n", question.id);
    let mut add = |text: &str| {
        out.push_str(&wrap_words(text, room, "      ", "      "));
    };
    add(&answers::question_text(question));
    if let QuestionKind::Choice { choices, .. } = &question.kind {
        for (place, choice) in choices.iter().enumerate() {
            let text = format::clean(&choice.text.replace('`', ""), 500);
            add(&format!("{}) {text}", letter(place)));
        }
    }
    if let Some(answer) = target.answer(question) {
        let said = if question.is_prediction() {
            "Predicted"
        } else {
            "Answer"
        };
        let text = answers::answer_text(question, &answer.text);
        add(&format!("{said}: {text}"));
        if let Err(error) = given(question, answer) {
            add(&error.to_string());
        }
        if let (None, Some(run)) = (&target.draft, &target.run)
            && let Some(came_out) = answers::came_out(question, &run.result)
        {
            add(&format!("Came out: {came_out}"));
        }
    }
    out
}

/// A question as `--json` prints it.
#[derive(Serialize)]
struct QuestionJson<'a> {
    #[serde(flatten)]
    question: &'a Question,
    state: QuestionState,
    answer: Option<&'a str>,
    saved_unix_ms: Option<u64>,
}

/// The document of `--json`.
#[derive(Serialize)]
struct AnswersJson<'a> {
    lab: &'a str,
    assignment: Option<&'a str>,
    run: Option<String>,
    questions: Vec<QuestionJson<'a>>,
}

/// All questions, or one, as JSON.
pub fn json(target: &Target, only: Option<&Question>) -> Result<String, ExitError> {
    let is_meant = |question: &&Question| only.is_none_or(|only| only.id == question.id);
    let of = |question| {
        let answer = target.answer(question);
        QuestionJson {
            question,
            state: state(target, question),
            answer: answer.map(|answer| answer.text.as_str()),
            saved_unix_ms: answer.map(|answer| answer.saved_unix_ms),
        }
    };
    let questions = target.questions.questions.iter();
    let document = AnswersJson {
        lab: &target.lab,
        assignment: target.assignment.as_deref(),
        run: target.run.as_ref().map(|run| run.dir.id()),
        questions: questions.filter(is_meant).map(of).collect(),
    };
    Ok(pretty(&document)? + "\n")
}
