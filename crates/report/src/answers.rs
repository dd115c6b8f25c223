//! Questions about a run, what was predicted and answered, and what came out: as texts for reports,
//! lists and the screen.

use workbench_marks::{NoBasis, expected, right_choices};
use workbench_questions::{
    AnswerSheet, Formula, Measure, MeasureUnit, Question, QuestionKind, TaskOrder, TypedAnswer,
    letter,
};
use workbench_record::Snapshot;
use workbench_result::RunResult;

use crate::format;

/// The longest text that is shown, in characters.
const LONGEST: usize = 20_000;

/// A question with what was answered and what came out.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedQuestion<'a> {
    /// The question.
    pub question: &'a Question,
    /// What was answered, as it was typed; `None` where nothing was.
    pub answer: Option<&'a str>,
    /// What came out; `None` where nothing was answered, and where a person reads the answer.
    pub came_out: Option<String>,
}

/// All questions about a run; none where nothing is asked. Where nobody has answered and no
/// assignment wants it, they are not in the way of what was measured.
pub fn asked<'a>(
    result: &RunResult,
    snapshot: &'a Snapshot,
    sheet: Option<&'a AnswerSheet>,
) -> Vec<AskedQuestion<'a>> {
    let Some(locked) = snapshot.locked.as_deref() else {
        return Vec::new();
    };
    let of = |question: &'a Question| {
        let answer = locked.answer(&question.id, sheet);
        AskedQuestion {
            question,
            answer: answer.map(|answer| answer.text.as_str()),
            came_out: answer.and_then(|_| came_out(question, result)),
        }
    };
    let all: Vec<AskedQuestion<'_>> = locked.questions.questions.iter().map(of).collect();
    let is_answered = all.iter().any(|asked| asked.answer.is_some());
    let started = snapshot.started.as_ref();
    let is_assigned = started.is_some_and(|started| started.config.assignment.is_some());
    if is_answered || is_assigned {
        all
    } else {
        Vec::new()
    }
}

/// What came out where a question asks for a number or a choice, in words.
pub fn came_out(question: &Question, result: &RunResult) -> Option<String> {
    let no_basis = |error: NoBasis| format::clean(&error.to_string(), 300);
    match &question.kind {
        QuestionKind::Number { formula, .. } => Some(match expected(formula, result) {
            Ok(number) => {
                let number = number_text(number, formula.measure.unit());
                format!("{number} ({})", formula_text(formula))
            }
            Err(error) => no_basis(error),
        }),
        QuestionKind::Choice { choices, .. } => match right_choices(question, result) {
            Ok(right) => {
                let named = |place: usize| {
                    let text = choices.get(place).map_or("", |choice| &choice.text);
                    format!("{} ({})", letter(place), format::clean(text, 200))
                };
                let names: Vec<String> = right?.into_iter().map(named).collect();
                Some(format::join_words(&names, "and"))
            }
            Err(error) => Some(no_basis(error)),
        },
        QuestionKind::Text { .. } => None,
    }
}

/// An answer as it is shown: that to a choice with what the choice says.
pub fn answer_text(question: &Question, answer: &str) -> String {
    let QuestionKind::Choice { choices, .. } = &question.kind else {
        return format::clean(answer, LONGEST);
    };
    let typed = TypedAnswer {
        text: answer.to_owned(),
        saved_unix_ms: 0,
    };
    let Ok(workbench_questions::Given::Choices(places)) =
        workbench_questions::given(question, &typed)
    else {
        return format::clean(answer, LONGEST);
    };
    let named = |place: usize| {
        let text = choices.get(place).map_or("", |choice| &choice.text);
        format!("{} ({})", letter(place), format::clean(text, 200))
    };
    let names: Vec<String> = places.into_iter().map(named).collect();
    format::join_words(&names, "and")
}

/// The text of a question on one line, without the marks of Markdown.
pub fn question_text(question: &Question) -> String {
    let text = question.text.replace("**", "").replace('`', "");
    format::clean(&text.replace('\n', " "), LONGEST)
}

/// Points: `1 point`, `2.5 points`.
pub fn points_text(points: f64) -> String {
    format::counted_number(points, "point")
}

/// What a formula asks for: `speed-up of tasks at 2 workers`.
pub fn formula_text(formula: &Formula) -> String {
    let measure = match &formula.measure {
        Measure::WallTime => "median wall time".to_owned(),
        Measure::CpuTime => "median CPU time".to_owned(),
        Measure::SpeedUp => "speed-up".to_owned(),
        Measure::IntervalLow => "lower end of the speed-up's interval".to_owned(),
        Measure::IntervalHigh => "upper end of the speed-up's interval".to_owned(),
        Measure::Efficiency => "efficiency".to_owned(),
        Measure::KarpFlatt => "Karp–Flatt serial fraction".to_owned(),
        Measure::SerialFraction => "Amdahl's serial fraction".to_owned(),
        Measure::Ideal => "ideal".to_owned(),
        Measure::Bound => "bound".to_owned(),
        Measure::Limit => "total work over the longest task".to_owned(),
        Measure::WhatIf { order } => match order {
            TaskOrder::Fifo => "what-if speed-up".to_owned(),
            TaskOrder::LongestFirst => "what-if speed-up, longest first,".to_owned(),
        },
        Measure::LostShare { cause: None } => "share of lost time".to_owned(),
        Measure::LostShare { cause: Some(cause) } => format!("share of {}", cause.name()),
        Measure::LostTime { cause: None } => "lost time".to_owned(),
        Measure::LostTime { cause: Some(cause) } => format!("time of {}", cause.name()),
        Measure::Tasks => "number of tasks".to_owned(),
        Measure::Work { figure } | Measure::Quality { figure } => {
            format::clean(&figure.replace('_', " "), 60)
        }
    };
    let arm = formula.arm.as_deref().unwrap_or("the fastest arm");
    let arm = format::clean(arm, 40);
    match formula.workers {
        Some(workers) => {
            let workers = format::counted(u64::from(workers), "worker");
            format!("{measure} of {arm} at {workers}")
        }
        None => format!("{measure} of {arm}"),
    }
}

/// A number in the unit of its measure.
pub fn number_text(number: f64, unit: MeasureUnit) -> String {
    match unit {
        MeasureUnit::Plain => format::number(number),
        MeasureUnit::Ratio => format::speedup(number),
        MeasureUnit::Share => format::percent(number),
        MeasureUnit::Seconds => format::seconds(number),
    }
}
