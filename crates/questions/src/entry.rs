//! A question as a file has it, and what is wrong with it.

use serde::Deserialize;
use toml::Spanned;

use crate::formula::{Cause, Formula, Measure, TaskOrder};
use crate::messages as say;
use crate::problem::Problems;
use crate::question::{
    Choice, ChoiceRule, Credit, MOST_CHOICES, Question, QuestionKind, RightChoice, RubricItem,
    Tolerance, When, letter,
};

/// The longest text, in characters.
const LONGEST_TEXT: usize = 10_000;
/// The most points of a question.
const MOST_POINTS: f64 = 1000.0;
/// Points when a file says nothing.
const USUAL_POINTS: f64 = 1.0;

/// An entry `[[question]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionEntry {
    pub(crate) id: Spanned<String>,
    points: Option<Spanned<f64>>,
    #[serde(default)]
    ask: When,
    text: Spanned<String>,
    #[serde(default)]
    credit: Option<Spanned<Credit>>,
    kind: Spanned<String>,
    formula: Option<Spanned<String>>,
    arm: Option<Spanned<String>>,
    workers: Option<Spanned<i64>>,
    cause: Option<Spanned<String>>,
    order: Option<Spanned<String>>,
    figure: Option<Spanned<String>>,
    absolute: Option<Spanned<f64>>,
    relative: Option<Spanned<f64>>,
    choices: Option<Spanned<Vec<ChoiceEntry>>>,
    several: Option<Spanned<bool>>,
    right: Option<Spanned<RightEntry>>,
    rubric: Option<Spanned<Vec<RubricItem>>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "a choice is a text, or { text = \"…\", value = \"…\" }"
)]
enum ChoiceEntry {
    Text(String),
    Valued { text: String, value: Option<String> },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "right is a letter, \"b\", or a list of letters, [\"a\", \"c\"]"
)]
enum RightEntry {
    One(String),
    Several(Vec<String>),
}

/// Whether a text is a name of an arm.
pub(crate) fn is_arm(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+');
    (1..=40).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a text is a name of a question or a preset.
pub(crate) fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=40).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a text cannot be shown anywhere as it is.
fn is_odd(text: &str) -> bool {
    let marks = |c| matches!(c, '\u{200e}' | '\u{200f}');
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || marks(c);
    text.contains(|c: char| (c.is_control() && c != '\n' && c != '\t') || turns(c))
}

/// What is wrong with a text for people.
pub(crate) fn text_problem(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some(say::NO_TEXT)
    } else if is_odd(text) {
        Some(say::ODD_TEXT)
    } else if text.chars().count() > LONGEST_TEXT {
        Some(say::LONG_TEXT)
    } else {
        None
    }
}

/// Whether a number may be the points of a question.
pub(crate) fn are_points(points: f64) -> bool {
    (0.0..=MOST_POINTS).contains(&points)
}

impl QuestionEntry {
    /// The question; what is wrong is noted, and something stands in its place.
    pub(crate) fn question(&self, problems: &mut Problems<'_>) -> Question {
        let place = self.id.span().start;
        if !is_id(self.id.get_ref()) {
            problems.at(place, say::BAD_ID);
        }
        if let Some(problem) = text_problem(self.text.get_ref()) {
            problems.at(self.text.span().start, problem);
        }
        let kind = match self.kind.get_ref().as_str() {
            "number" => self.number(problems),
            "choice" => self.choice(problems),
            "text" => self.free_text(problems),
            other => {
                let known = ["number", "choice", "text"];
                problems.at(
                    self.kind.span().start,
                    say::unknown("kind of question", other, &known),
                );
                QuestionKind::Text { rubric: Vec::new() }
            }
        };
        Question {
            id: self.id.get_ref().clone(),
            points: self.points(&kind, problems),
            when: self.ask,
            text: self.text.get_ref().trim_end().to_owned(),
            credit: self
                .credit
                .as_ref()
                .map_or_else(Credit::default, |c| *c.get_ref()),
            kind,
        }
    }

    fn points(&self, kind: &QuestionKind, problems: &mut Problems<'_>) -> f64 {
        let of_rubric = match kind {
            QuestionKind::Text { rubric } if !rubric.is_empty() => {
                Some(rubric.iter().map(|criterion| criterion.points).sum::<f64>())
            }
            _ => None,
        };
        let Some(points) = &self.points else {
            return of_rubric.unwrap_or(USUAL_POINTS);
        };
        let (place, points) = (points.span().start, *points.get_ref());
        if !are_points(points) {
            problems.at(place, say::POINTS);
        } else if of_rubric.is_some_and(|sum| (sum - points).abs() > 1e-9) {
            problems.at(place, say::RUBRIC_POINTS);
        }
        points
    }

    /// Notes fields that are there and belong to questions of another kind.
    fn refuse(&self, fields: &[&str], problems: &mut Problems<'_>) {
        let place = |field: &str| match field {
            "formula" => self.formula.as_ref().map(|f| f.span().start),
            "arm" => self.arm.as_ref().map(|f| f.span().start),
            "workers" => self.workers.as_ref().map(|f| f.span().start),
            "cause" => self.cause.as_ref().map(|f| f.span().start),
            "order" => self.order.as_ref().map(|f| f.span().start),
            "figure" => self.figure.as_ref().map(|f| f.span().start),
            "absolute" => self.absolute.as_ref().map(|f| f.span().start),
            "relative" => self.relative.as_ref().map(|f| f.span().start),
            "choices" => self.choices.as_ref().map(|f| f.span().start),
            "several" => self.several.as_ref().map(|f| f.span().start),
            "right" => self.right.as_ref().map(|f| f.span().start),
            _ => self.rubric.as_ref().map(|f| f.span().start),
        };
        for field in fields {
            if let Some(place) = place(field) {
                problems.at(place, say::foreign(field, self.kind.get_ref()));
            }
        }
    }

    fn number(&self, problems: &mut Problems<'_>) -> QuestionKind {
        self.refuse(&["choices", "several", "right", "rubric"], problems);
        QuestionKind::Number {
            formula: Formula {
                measure: self.measure(problems),
                arm: self.arm(problems),
                workers: self.workers(problems),
            },
            tolerance: self.tolerance(problems),
        }
    }

    fn arm(&self, problems: &mut Problems<'_>) -> Option<String> {
        let arm = self.arm.as_ref()?;
        if !is_arm(arm.get_ref()) {
            problems.at(arm.span().start, say::BAD_ARM);
        }
        Some(arm.get_ref().clone())
    }

    fn workers(&self, problems: &mut Problems<'_>) -> Option<u32> {
        let workers = self.workers.as_ref()?;
        let number = u32::try_from(*workers.get_ref()).ok();
        let number = number.filter(|number| (1..=1024).contains(number));
        if number.is_none() {
            problems.at(workers.span().start, say::WORKERS);
        }
        number
    }

    fn measure(&self, problems: &mut Problems<'_>) -> Measure {
        let Some(formula) = &self.formula else {
            problems.at(self.kind.span().start, say::NO_FORMULA);
            return Measure::SpeedUp;
        };
        let (place, name) = (formula.span().start, formula.get_ref().as_str());
        let all = Measure::all();
        let Some(measure) = all.iter().find(|measure| measure.name() == name) else {
            let known: Vec<&str> = all.iter().map(Measure::name).collect();
            problems.at(place, say::unknown("formula", name, &known));
            return Measure::SpeedUp;
        };
        let measure = match measure.clone() {
            Measure::LostShare { .. } => Measure::LostShare {
                cause: self.cause(problems),
            },
            Measure::LostTime { .. } => Measure::LostTime {
                cause: self.cause(problems),
            },
            Measure::WhatIf { .. } => Measure::WhatIf {
                order: self.order(problems),
            },
            Measure::Work { .. } => Measure::Work {
                figure: self.figure(place, name, problems),
            },
            Measure::Quality { .. } => Measure::Quality {
                figure: self.figure(place, name, problems),
            },
            other => other,
        };
        self.refuse_of(&measure, problems);
        measure
    }

    /// Notes fields that belong to other formulas.
    fn refuse_of(&self, measure: &Measure, problems: &mut Problems<'_>) {
        let has_cause = matches!(
            measure,
            Measure::LostShare { .. } | Measure::LostTime { .. }
        );
        let has_order = matches!(measure, Measure::WhatIf { .. });
        let has_figure = matches!(measure, Measure::Work { .. } | Measure::Quality { .. });
        let fields = [
            ("cause", has_cause, self.cause.as_ref()),
            ("order", has_order, self.order.as_ref()),
            ("figure", has_figure, self.figure.as_ref()),
        ];
        for (name, belongs, field) in fields {
            if let (false, Some(field)) = (belongs, field) {
                problems.at(field.span().start, say::not_of(name, measure));
            }
        }
        if has_order && self.workers.is_none() {
            let place = self
                .formula
                .as_ref()
                .map_or(0, |formula| formula.span().start);
            problems.at(place, say::needs("workers", measure.name()));
        }
    }

    fn figure(&self, place: usize, measure: &str, problems: &mut Problems<'_>) -> String {
        let Some(figure) = &self.figure else {
            problems.at(place, say::needs("figure", measure));
            return String::new();
        };
        if let Some(problem) = text_problem(figure.get_ref()) {
            problems.at(figure.span().start, problem);
        }
        figure.get_ref().clone()
    }

    fn cause(&self, problems: &mut Problems<'_>) -> Option<Cause> {
        let cause = self.cause.as_ref()?;
        let name = cause.get_ref().as_str();
        let found = Cause::ALL.into_iter().find(|cause| cause.name() == name);
        if found.is_none() {
            let known = Cause::ALL.map(Cause::name);
            problems.at(cause.span().start, say::unknown("cause", name, &known));
        }
        found
    }

    fn order(&self, problems: &mut Problems<'_>) -> TaskOrder {
        let Some(order) = &self.order else {
            return TaskOrder::Fifo;
        };
        match order.get_ref().as_str() {
            "fifo" => TaskOrder::Fifo,
            "longest-first" => TaskOrder::LongestFirst,
            other => {
                let known = ["fifo", "longest-first"];
                problems.at(order.span().start, say::unknown("order", other, &known));
                TaskOrder::Fifo
            }
        }
    }

    fn tolerance(&self, problems: &mut Problems<'_>) -> Tolerance {
        let is_for_any = self
            .credit
            .as_ref()
            .is_some_and(|c| *c.get_ref() == Credit::Given);
        let mut read = |field: &Option<Spanned<f64>>| {
            let field = field.as_ref()?;
            let number = *field.get_ref();
            if !(0.0..=1e9).contains(&number) {
                problems.at(field.span().start, say::TOLERANCE);
            }
            Some(number)
        };
        let (absolute, relative) = (read(&self.absolute), read(&self.relative));
        if absolute.is_none() && relative.is_none() && !is_for_any {
            problems.at(self.kind.span().start, say::NO_TOLERANCE);
        }
        Tolerance {
            absolute: absolute.unwrap_or_default(),
            relative: relative.unwrap_or_default(),
        }
    }

    fn choice(&self, problems: &mut Problems<'_>) -> QuestionKind {
        self.refuse(
            &["cause", "order", "figure", "absolute", "relative", "rubric"],
            problems,
        );
        let several = self.several.as_ref().is_some_and(|s| *s.get_ref());
        let choices = self.choices(problems);
        QuestionKind::Choice {
            several,
            right: self.right(&choices, several, problems),
            choices,
        }
    }

    fn choices(&self, problems: &mut Problems<'_>) -> Vec<Choice> {
        let Some(choices) = &self.choices else {
            problems.at(self.kind.span().start, say::TWO_CHOICES);
            return Vec::new();
        };
        let place = choices.span().start;
        if !(2..=MOST_CHOICES).contains(&choices.get_ref().len()) {
            problems.at(place, say::TWO_CHOICES);
        }
        let choice = |entry: &ChoiceEntry| match entry {
            ChoiceEntry::Text(text) => Choice {
                text: text.clone(),
                value: None,
            },
            ChoiceEntry::Valued { text, value } => Choice {
                text: text.clone(),
                value: value.clone(),
            },
        };
        let choices: Vec<Choice> = choices.get_ref().iter().map(choice).collect();
        let texts = choices
            .iter()
            .flat_map(|c| [Some(&c.text), c.value.as_ref()]);
        if let Some(problem) = texts.flatten().find_map(|text| text_problem(text)) {
            problems.at(place, problem);
        }
        choices
    }

    fn right(&self, choices: &[Choice], several: bool, problems: &mut Problems<'_>) -> RightChoice {
        if let Some(formula) = &self.formula {
            return self.right_of_run(formula, choices, several, problems);
        }
        self.refuse(&["arm", "workers"], problems);
        if choices.iter().any(|choice| choice.value.is_some()) {
            let place = self
                .choices
                .as_ref()
                .map_or(0, |choices| choices.span().start);
            problems.at(place, say::VALUES_FOR_NOTHING);
        }
        let Some(right) = &self.right else {
            return RightChoice::NotSaid;
        };
        let letters = match right.get_ref() {
            RightEntry::One(one) => std::slice::from_ref(one),
            RightEntry::Several(letters) => letters.as_slice(),
        };
        let place_of = |word: &String| (0..choices.len()).find(|at| word.chars().eq([letter(*at)]));
        let places: Option<Vec<usize>> = letters.iter().map(place_of).collect();
        let is_one = matches!(right.get_ref(), RightEntry::One(_));
        let mut places = places.unwrap_or_default();
        places.sort_unstable();
        places.dedup();
        if places.is_empty() || places.len() != letters.len() || (!several && !is_one) {
            problems.at(right.span().start, say::RIGHT);
        }
        RightChoice::Places(places)
    }

    /// The rule by which the run decides.
    fn right_of_run(
        &self,
        formula: &Spanned<String>,
        choices: &[Choice],
        several: bool,
        problems: &mut Problems<'_>,
    ) -> RightChoice {
        let place = formula.span().start;
        if self.right.is_some() {
            problems.at(place, say::RIGHT_TWICE);
        }
        if several {
            problems.at(place, say::RUN_HAS_ONE);
        }
        let rule = match formula.get_ref().as_str() {
            "fastest-arm" => {
                self.refuse(&["arm", "workers"], problems);
                ChoiceRule::FastestArm
            }
            "largest-loss" => ChoiceRule::LargestLoss {
                arm: self.arm(problems),
                workers: self.workers(problems),
            },
            _ => {
                problems.at(place, say::CHOICE_RULE);
                return RightChoice::NotSaid;
            }
        };
        let known = rule.values();
        for choice in choices {
            match (&choice.value, known) {
                (None, _) => problems.at(place, say::NO_VALUES),
                (Some(value), Some(known)) if !known.contains(&value.as_str()) => {
                    problems.at(place, say::unknown("cause", value, &known));
                }
                (Some(_), _) => {}
            }
        }
        RightChoice::Run(rule)
    }

    fn free_text(&self, problems: &mut Problems<'_>) -> QuestionKind {
        self.refuse(
            &[
                "formula", "arm", "workers", "cause", "order", "figure", "absolute", "relative",
                "choices", "several", "right",
            ],
            problems,
        );
        if let Some(credit) = &self.credit
            && *credit.get_ref() == Credit::Given
        {
            problems.at(credit.span().start, say::GIVEN_TEXT);
        }
        let Some(rubric) = &self.rubric else {
            return QuestionKind::Text { rubric: Vec::new() };
        };
        for criterion in rubric.get_ref() {
            if !are_points(criterion.points) {
                problems.at(rubric.span().start, say::POINTS);
            }
            if let Some(problem) = text_problem(&criterion.text) {
                problems.at(rubric.span().start, problem);
            }
        }
        QuestionKind::Text {
            rubric: rubric.get_ref().clone(),
        }
    }
}
